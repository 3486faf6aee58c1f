"""Closed sets of states and statuses, in the words of the interface specification."""

from enum import Enum


class CertificateStatus(Enum):
    """Standing of a certificate in the repository.

    Clause: sec-app-o:web-service
    """

    PENDING = "P"
    IN_USE = "I"
    NOT_IN_USE = "N"
    EXPIRED = "E"
    REVOKED = "R"

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower


class BatchStatus(Enum):
    """State of a batch of device CSRs.

    Clause: sec-app-m:F
    """

    PENDING = "PENDING"
    REJECTED = "REJECTED"
    PARSING = "PARSING"
    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    TAMPERED = "TAMPERED"
    FORMAT_ERROR = "FORMAT_ERROR"
    WORKFLOW_ERROR = "WORKFLOW_ERROR"


class ItemStatus(Enum):
    """Outcome of one CSR of a batch.

    Clause: sec-app-m:F
    """

    SUCCESS = "SUCCESS"
    ISSUANCE_ANOMALY = "ISSUANCE_ANOMALY"
    INELIGIBLE = "INELIGIBLE"
    CSR_ERROR = "CSR_ERROR"
    CA_ERROR = "CA_ERROR"
    WORKFLOW_ERROR = "WORKFLOW_ERROR"


class AdHocStatus(Enum):
    """Outcome of an ad hoc device CSR.

    Clause: sec-app-m:2.4
    """

    SUCCESS = "SUCCESS"
    UNKNOWN_DEVICE = "UNKNOWN_DEVICE"
    ISSUANCE_ANOMALY = "ISSUANCE_ANOMALY"
    CSR_ERROR = "CSR_ERROR"
    CA_ERROR = "CA_ERROR"
    FORMAT_ERROR = "FORMAT_ERROR"
    WORKFLOW_ERROR = "WORKFLOW_ERROR"


class SmiStatus(Enum):
    """Status of a device in the smart metering inventory.

    Clause: sec:L3.16
    """

    NOT_IN_INVENTORY = "not in the inventory"
    PENDING = "pending"
    INSTALLED_NOT_COMMISSIONED = "installed not commissioned"
    COMMISSIONED = "commissioned"
    SUSPENDED = "suspended"
    DECOMMISSIONED = "decommissioned"
    WITHDRAWN = "withdrawn"

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower

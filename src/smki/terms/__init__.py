"""Our nouns: identifiers, roles, usages, states and errors. Frozen values and closed enums.

Nothing here parses a document, reads a clock or touches a file.
"""

from smki.terms.demand import RequestType
from smki.terms.errors import Finding, Inconsistent, Malformed, Refused, SmkiError, Unavailable
from smki.terms.identifiers import EUI64, SerialNumber
from smki.terms.instants import instant_of, instant_text
from smki.terms.kinds import CertificateKind, Interface, SubscriberKind
from smki.terms.recovery import Compromised, Method
from smki.terms.roles import KeyUsage, RemotePartyRole
from smki.terms.states import AdHocStatus, BatchStatus, CertificateStatus, ItemStatus, SmiStatus

__all__ = [
    "EUI64",
    "AdHocStatus",
    "BatchStatus",
    "CertificateKind",
    "CertificateStatus",
    "Compromised",
    "Finding",
    "Inconsistent",
    "Interface",
    "ItemStatus",
    "KeyUsage",
    "Malformed",
    "Method",
    "Refused",
    "RemotePartyRole",
    "RequestType",
    "SerialNumber",
    "SmiStatus",
    "SmkiError",
    "SubscriberKind",
    "Unavailable",
    "instant_of",
    "instant_text",
]

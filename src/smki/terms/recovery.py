"""Which keys may be lost, and the ways to recover: names that decisions, files and commands share."""

from enum import Enum


class Compromised(Enum):
    """The keys of which a compromise is foreseen; the value is how commands and files name it."""

    ORGANISATION = "organisation"
    RECOVERY = "recovery"
    ISSUING_OCA = "issuing-oca"
    ROOT_OCA = "root-oca"
    CONTINGENCY = "contingency"
    CONTINGENCY_SYMMETRIC = "contingency-symmetric"


class Method(Enum):
    """The ways to recover; the value is how commands, decisions and files name it."""

    ONE = "method-1"
    TWO = "method-2"
    THREE = "method-3"
    BY_RECOVERY = "by-recovery"
    BY_CONTINGENCY = "by-contingency"
    ROOT_UPDATE = "root-update"
    NONE = "do-not-use-the-key"

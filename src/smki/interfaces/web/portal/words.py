"""The words for people of codes, and the choices that a form offers of them."""

from collections.abc import Mapping
from typing import Final

from smki.governance import Body, DecisionKind
from smki.merkle.leaf import LeafType
from smki.policy.apikeys import KeyStanding
from smki.policy.revocation import Circumstance
from smki.terms import (
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    RemotePartyRole,
    RequestType,
)

NAVIGATION: Final[tuple[tuple[str, str, str], ...]] = (  # section of the page, address, words
    ("search", "/portal", "Search"),
    ("register", "/portal/register", "Register"),
    ("documents", "/portal/documents", "Documents"),
    ("decisions", "/portal/decisions", "Decisions"),
    ("lists", "/portal/lists", "Revocation lists"),
    ("configurations", "/portal/configurations", "Configuration"),
    ("messages", "/portal/messages", "Messages"),
    ("recovery", "/portal/recovery", "Recovery"),
    ("access", "/portal/access", "Access"),
    ("password", "/portal/password", "Password"),
)
REQUEST_TYPES: Final[Mapping[RequestType, str]] = {
    RequestType.PORTAL: "Portal: pages",
    RequestType.SEARCH: "Web service: searches",
    RequestType.RETRIEVE: "Web service: retrievals",
    RequestType.SFTP: "SFTP: files",
}
KEY_STANDINGS: Final[Mapping[KeyStanding, str]] = {
    KeyStanding.GOOD: "Good",
    KeyStanding.ENDING: "Good until its end",
    KeyStanding.ENDED: "Ended",
    KeyStanding.REVOKED: "Revoked",
}
_K, _S, _U, _R = CertificateKind, CertificateStatus, KeyUsage, RemotePartyRole

KINDS: Final[Mapping[CertificateKind, str]] = {
    _K.DEVICE: "Device",
    _K.ORGANISATION: "Organisation",
    _K.ROOT_OCA: "Root OCA",
    _K.ISSUING_OCA: "Issuing OCA",
    _K.ROOT_DCA: "Root DCA",
    _K.ISSUING_DCA: "Issuing DCA",
    _K.ROOT_ICA: "Root ICA",
    _K.ISSUING_ICA: "Issuing ICA",
    _K.IKI_OFFICER: "IKI: officer",
    _K.IKI_AD_HOC: "IKI: ad hoc service",
    _K.IKI_BATCH: "IKI: batch service",
    _K.IKI_FILE_SIGNING: "IKI: file signing",
    _K.IKI_SERVER: "IKI: server",
}
STATUSES: Final[Mapping[CertificateStatus, str]] = {
    _S.PENDING: "Pending",
    _S.IN_USE: "In use",
    _S.NOT_IN_USE: "Not in use",
    _S.EXPIRED: "Expired",
    _S.REVOKED: "Revoked",
}
USAGES: Final[Mapping[KeyUsage, str]] = {
    _U.DIGITAL_SIGNATURE: "Digital signature",
    _U.KEY_AGREEMENT: "Key agreement",
    _U.CERTIFICATE_AND_CRL_SIGNING: "Signing of certificates and lists",
}
_ABBREVIATIONS: Final = {"Cos": "CoS", "Wan": "WAN", "Xml": "XML", "Dsp": "DSP"}
ROLES: Final[Mapping[RemotePartyRole, str]] = {
    role: " ".join(
        _ABBREVIATIONS.get(word.capitalize(), word if place else word.capitalize())
        for place, word in enumerate(role.name.lower().split("_"))
    )
    for role in _R
}
ENTRIES: Final[Mapping[LeafType, str]] = {
    LeafType.CERTIFICATE: "certificate",
    LeafType.CRL: "revocation list",
    LeafType.ARL: "revocation list",
    LeafType.DOCUMENT: "document",
    LeafType.STANDING: "change of standing",
    LeafType.DECISION: "decision",
    LeafType.TRANSCRIPT: "transcript, or commitment to confidential content",
    LeafType.LOG_KEY: "key of the log",
    LeafType.INDEX_ROOT: "root of the index by EUI-64",
    LeafType.STATUS_NOTE: "note",
    LeafType.TOMBSTONE: "removal of confidential content",
    LeafType.CONFIGURATION: "configuration",
}
SAID: Final[Mapping[str, str]] = {  # keys of what entries say
    "act": "Asked for",
    "by": "In favour of",
    "circumstance": "Why",
    "covers": "Entries that it covers",
    "device": "Device",
    "incident": "Incident",
    "issued": "Certificates issued until then",
    "key": "SHA-256 of the public key",
    "limit": "Certificates that it may be issued",
    "name": "Name",
    "outcome": "Outcome",
    "purpose": "Purpose",
    "reason": "Reason",
    "reasons": "Reasons",
    "decision": "Decision",
    "log": "Log",
    "refers": "About",
    "root": "Root",
    "serial": "Certificate",
    "standing": "New standing",
    "title": "Title",
}
STANDINGS: Final[Mapping[str, str]] = {
    "current": "In force",
    "superseded": "Superseded",
    "withdrawn": "Withdrawn",
    "waiting": "Not in force yet",
    "open": "Open",
    "used": "Used",
    "over": "Over",
    "nothing": "Counts for nothing",
    "unsigned": "Lacks a signature",
}
BODIES: Final[Mapping[Body, str]] = {
    Body.SMKI_PMA: "SMKI Policy Management Authority",
    Body.CODE_ADMINISTRATOR: "Code Administrator",
    Body.PANEL: "Panel",
    Body.SECURITY_SUB_COMMITTEE: "Security Sub-Committee",
    Body.TEST_ASSURANCE_BOARD: "Test Assurance Board",
}
DECISIONS: Final[Mapping[DecisionKind, str]] = {
    DecisionKind.SUPERSEDE_DOCUMENT: "A document is superseded",
    DecisionKind.WITHDRAW_DOCUMENT: "A document is withdrawn",
    DecisionKind.DIRECT_LODGING: "The DCC is directed to lodge",
    DecisionKind.REVOKE_CERTIFICATE: "A certificate is revoked",
    DecisionKind.WITHHOLD_REVOCATION: "Revocation is withheld",
    DecisionKind.REMOVE_CONTENT: "Confidential content is removed",
    DecisionKind.CONDITIONS_MET: "Conditions are met",
    DecisionKind.USE_KEY: "A key may be used",
    DecisionKind.APPROVE_CUSTODIAN: "A key custodian is approved",
    DecisionKind.RECOVER: "A method of recovery may be carried out",
    DecisionKind.CHANGE_PROFILES: "Profiles or policy OIDs change",
    DecisionKind.GO_LIVE: "The test criteria are met",
    DecisionKind.REMOVE_PRODUCT: "A product is removed",
    DecisionKind.APPROVE_WORKAROUND: "A workaround is approved",
    DecisionKind.WITHDRAW_DECISION: "A decision is withdrawn",
    DecisionKind.RATIFY_DECISION: "A decision is ratified",
}
CIRCUMSTANCES: Final[Mapping[Circumstance, str]] = {
    Circumstance.REJECTED: "Its subscriber rejects it: it is not as it was asked for",
    Circumstance.REQUESTED: "Its subscriber does not want it any more",
    Circumstance.COMPROMISE: "Its private key is, or may be, in other hands",
    Circumstance.INELIGIBLE: "Its subscriber may not have it any more",
    Circumstance.WRONG: "What it says is not right, or not any more",
    Circumstance.BREACH: "Its subscriber broke the rules",
    Circumstance.DIRECTION: "The policy authority directs it",
}

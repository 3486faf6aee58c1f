"""The words for people of codes, and the choices that a form offers of them."""

from collections.abc import Mapping
from typing import Final

from smki.terms import CertificateKind, CertificateStatus, KeyUsage, RemotePartyRole

NAVIGATION: Final[tuple[tuple[str, str, str], ...]] = (  # section of the page, address, words
    ("search", "/portal", "Search"),
    ("lists", "/portal/lists", "Revocation lists"),
    ("password", "/portal/password", "Password"),
)
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

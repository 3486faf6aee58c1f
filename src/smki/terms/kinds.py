"""Kinds of certificate and of subscriber, and the interfaces that an IKI credential can open."""

from enum import Enum


class CertificateKind(Enum):
    """Every kind of certificate that the infrastructure issues; the value is its lasting name.

    Clause: sec-app-b:1, sec-app-a:1, sec-app-q:1
    """

    ROOT_OCA = "root-oca"
    ISSUING_OCA = "issuing-oca"
    ORGANISATION = "organisation"
    ROOT_DCA = "root-dca"
    ISSUING_DCA = "issuing-dca"
    DEVICE = "device"
    ROOT_ICA = "root-ica"
    ISSUING_ICA = "issuing-ica"
    IKI_OFFICER = "iki-officer"
    IKI_AD_HOC = "iki-ad-hoc"
    IKI_BATCH = "iki-batch"
    IKI_FILE_SIGNING = "iki-file-signing"
    IKI_SERVER = "iki-server"

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower

    @property
    def is_authority(self) -> bool:
        """True for the certificates of certification authorities."""
        return self in _AUTHORITIES

    @property
    def issuer(self) -> "CertificateKind":
        """The kind of the certificate that signs this one; a root signs itself."""
        return _ISSUERS[self]


_K = CertificateKind
_ISSUERS = {
    _K.ROOT_OCA: _K.ROOT_OCA,
    _K.ISSUING_OCA: _K.ROOT_OCA,
    _K.ORGANISATION: _K.ISSUING_OCA,
    _K.ROOT_DCA: _K.ROOT_DCA,
    _K.ISSUING_DCA: _K.ROOT_DCA,
    _K.DEVICE: _K.ISSUING_DCA,
    _K.ROOT_ICA: _K.ROOT_ICA,
    _K.ISSUING_ICA: _K.ROOT_ICA,
    _K.IKI_OFFICER: _K.ISSUING_ICA,
    _K.IKI_AD_HOC: _K.ISSUING_ICA,
    _K.IKI_BATCH: _K.ISSUING_ICA,
    _K.IKI_FILE_SIGNING: _K.ISSUING_ICA,
    _K.IKI_SERVER: _K.ISSUING_ICA,
}
_AUTHORITIES = frozenset(
    {_K.ROOT_OCA, _K.ISSUING_OCA, _K.ROOT_DCA, _K.ISSUING_DCA, _K.ROOT_ICA, _K.ISSUING_ICA}
)


class Interface(Enum):
    """The service interfaces; one IKI credential opens exactly one of them.

    Clause: sec-app-m:G
    """

    PORTAL = "portal"
    AD_HOC = "adhoc"
    BATCH = "batch"

    @property
    def credential(self) -> CertificateKind:
        """The kind of IKI certificate that opens this interface."""
        return _CREDENTIALS[self]


_CREDENTIALS = {
    Interface.PORTAL: _K.IKI_OFFICER,
    Interface.AD_HOC: _K.IKI_AD_HOC,
    Interface.BATCH: _K.IKI_BATCH,
}


class SubscriberKind(Enum):
    """The kinds of requester that the eligibility rules tell apart; a party may be several.

    Clause: sec:L3.16
    """

    IMPORT_SUPPLIER = "import supplier"
    GAS_SUPPLIER = "gas supplier"
    NETWORK_OPERATOR = "network operator"
    DCC = "DCC"
    MANUFACTURER = "manufacturer"
    OTHER_USER = "other user"

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower

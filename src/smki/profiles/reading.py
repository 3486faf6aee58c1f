"""What a certificate says, found in the values that the parser gives.

Lenient where the profiles are strict: reads what is there, and says None where it is not. Judging
is the linter's.
"""

from smki.profiles import table
from smki.profiles.drafts import Issuer
from smki.profiles.settings import ProfileSettings
from smki.terms import EUI64, CertificateKind, KeyUsage, Malformed, Refused, RemotePartyRole
from smki.wire import der
from smki.wire.certificate import (
    Attribute,
    TbsCertificate,
    parse_certificate,
    parse_name,
    parse_public_key,
)
from smki.wire.der import Reader

_K = CertificateKind
_ENTITY_OCTETS = 9  # the octet of unused bits, and an EUI-64
_AUTHORITIES = {  # by algorithm, whether the name has an OU, and whether it names itself
    (table.Algorithm.ECDSA_SHA256, True, True): _K.ROOT_OCA,
    (table.Algorithm.ECDSA_SHA256, True, False): _K.ISSUING_OCA,
    (table.Algorithm.ECDSA_SHA256, False, True): _K.ROOT_DCA,
    (table.Algorithm.ECDSA_SHA256, False, False): _K.ISSUING_DCA,
    (table.Algorithm.RSA_SHA256, True, True): _K.ROOT_ICA,
    (table.Algorithm.RSA_SHA256, True, False): _K.ISSUING_ICA,
    (table.Algorithm.RSA_SHA256, False, True): _K.ROOT_ICA,
    (table.Algorithm.RSA_SHA256, False, False): _K.ISSUING_ICA,
}


def attributes(name: bytes) -> tuple[Attribute, ...]:
    """All attributes of a Name, in order, whatever RDN they stand in.

    Raises:
        Malformed: not a Name in DER.
    """
    return tuple(attribute for rdn in parse_name(name) for attribute in rdn)


def attribute_text(name: bytes, oid: bytes) -> str | None:
    """The first attribute of this type as text; None if there is none, or it is not text."""
    for attribute in attributes(name):
        if attribute.oid == oid and attribute.tag != der.BIT_STRING:
            return attribute.value.decode("utf-8", "backslashreplace")
    return None


def common_name(octets: bytes) -> str | None:
    """The common name of the certificate's subject; None if it has none.

    Raises:
        Malformed: not a certificate.
    """
    return attribute_text(parse_certificate(octets).tbs.subject, table.COMMON_NAME)


def key_usage(tbs: TbsCertificate) -> KeyUsage | None:
    """The one key usage that the profiles know by these octets; None for any other."""
    extension = tbs.extension(table.KEY_USAGE.oid)
    if extension is None:
        return None
    return next((usage for usage in KeyUsage if usage.value == extension.value), None)


def subject_key_identifier(tbs: TbsCertificate) -> bytes | None:
    """The content of the subjectKeyIdentifier; None if it is missing or not an OCTET STRING."""
    extension = tbs.extension(table.SUBJECT_KEY.oid)
    if extension is None:
        return None
    try:
        reader = Reader(extension.value, table.SUBJECT_KEY.name)
        identifier = reader.take(der.OCTET_STRING, "KeyIdentifier")
        reader.done()
    except Malformed:
        return None
    return identifier


def authority_key_identifier(tbs: TbsCertificate) -> bytes | None:
    """The `[0] keyIdentifier` of the authorityKeyIdentifier; None if there is none."""
    extension = tbs.extension(table.AUTHORITY_KEY.oid)
    if extension is None:
        return None
    try:
        body = Reader(extension.value, table.AUTHORITY_KEY.name).enter(der.SEQUENCE, "value")
        return body.take(der.context(0, constructed=False), "keyIdentifier")
    except Malformed:
        return None


def policies(tbs: TbsCertificate) -> tuple[bytes, ...]:
    """Content octets of the policy OIDs, in order; empty if there are none or they do not parse."""
    extension = tbs.extension(table.POLICIES.oid)
    if extension is None:
        return ()
    found: list[bytes] = []
    try:
        body = Reader(extension.value, table.POLICIES.name).enter(der.SEQUENCE, "value")
        while not body.at_end:
            found.append(body.enter(der.SEQUENCE, "PolicyInformation").take(der.OID, "policy"))
    except Malformed:
        return ()
    return tuple(found)


def hardware_module(tbs: TbsCertificate) -> tuple[bytes, bytes] | None:
    """Content octets of hwType and hwSerialNum of the hardwareModuleName; None if there is none.

    Clause: sec-app-a:B
    """
    extension = tbs.extension(table.HARDWARE_NAME.oid)
    if extension is None:
        return None
    try:
        names = Reader(extension.value, table.HARDWARE_NAME.name).enter(der.SEQUENCE, "value")
        other = names.enter(der.context(0, constructed=True), "otherName")
        if other.take(der.OID, "type-id") != table.HARDWARE_MODULE_NAME:
            return None
        value = other.enter(der.context(0, constructed=True), "value")
        module = value.enter(der.SEQUENCE, "HardwareModuleName")
        hw_type = module.take(der.OID, "hwType")
        serial = module.take(der.OCTET_STRING, "hwSerialNum")
        for reader in (module, value, other, names):
            reader.done()
    except Malformed:
        return None
    return hw_type, serial


def identity(tbs: TbsCertificate) -> EUI64 | None:
    """The Device ID or the Entity Identifier of the subject; None if it has neither.

    Clause: gbcs:4.3.1
    """
    module = hardware_module(tbs)
    if module is not None and len(module[1]) == _ENTITY_OCTETS - 1:
        return EUI64(module[1])
    for attribute in attributes(tbs.subject):
        if attribute.oid == table.UNIQUE_IDENTIFIER and len(attribute.value) == _ENTITY_OCTETS:
            return EUI64(attribute.value[1:])
    return None


def role(tbs: TbsCertificate) -> RemotePartyRole | None:
    """The remote party role in the subject's OU; None if there is no such OU.

    Clause: gbcs:4.3.2.2
    """
    unit = attribute_text(tbs.subject, table.ORGANISATIONAL_UNIT)
    try:
        return None if unit is None else RemotePartyRole.from_organisational_unit(unit)
    except Malformed:
        return None


def public_key_octets(tbs: TbsCertificate) -> bytes:
    """The 65-octet point of a P-256 key, else the whole SubjectPublicKeyInfo.

    Raises:
        Malformed: not a SubjectPublicKeyInfo.
    """
    algorithm, key = parse_public_key(tbs.public_key)
    return key if algorithm == table.Algorithm.ECDSA_SHA256.key else tbs.public_key


def kind_by_policy(tbs: TbsCertificate, settings: ProfileSettings) -> CertificateKind | None:
    """The kind that the one policy OID stands for under `settings`; None if for none.

    Clause: gbcs:12
    """
    found = policies(tbs)
    return settings.kind_of(found[0]) if len(found) == 1 else None


def guess_kind(tbs: TbsCertificate, settings: ProfileSettings | None = None) -> CertificateKind:
    """The kind that the policy OID says, or else the one that the content looks most like.

    Raises:
        Malformed: the subject or the key does not parse.
    """
    known = None if settings is None else kind_by_policy(tbs, settings)
    if known is not None:
        return known
    algorithm, _ = parse_public_key(tbs.public_key)
    of_rsa = algorithm == table.Algorithm.RSA_SHA256.key
    scheme = table.Algorithm.RSA_SHA256 if of_rsa else table.Algorithm.ECDSA_SHA256
    if key_usage(tbs) is KeyUsage.CERTIFICATE_AND_CRL_SIGNING:
        has_unit = attribute_text(tbs.subject, table.ORGANISATIONAL_UNIT) is not None
        return _AUTHORITIES[scheme, has_unit, tbs.issuer == tbs.subject]
    if of_rsa:
        return _guess_credential(tbs)
    return _K.ORGANISATION if attributes(tbs.subject) else _K.DEVICE


def _guess_credential(tbs: TbsCertificate) -> CertificateKind:
    extension = tbs.extension(table.PURPOSES.oid)
    value = b"" if extension is None else extension.value
    if table.SERVER_AUTH in value:
        return _K.IKI_SERVER
    if table.EMAIL_PROTECTION in value:
        return _K.IKI_OFFICER if table.CLIENT_AUTH in value else _K.IKI_FILE_SIGNING
    return _K.IKI_AD_HOC


def kind_of(octets: bytes, settings: ProfileSettings | None = None) -> CertificateKind | None:
    """The kind that `octets` are or look most like; None if they are not a certificate."""
    try:
        return guess_kind(parse_certificate(octets).tbs, settings)
    except Malformed:
        return None


def purpose_of(octets: bytes, settings: ProfileSettings) -> CertificateKind | None:
    """The kind of certificate that this is by its policy OID; None if the OID is not ours.

    Raises:
        Malformed: not a certificate.

    Clause: gbcs:12, sec-app-m:G
    """
    return kind_by_policy(parse_certificate(octets).tbs, settings)


def issuer_from_certificate(octets: bytes, settings: ProfileSettings | None = None) -> Issuer:
    """The authority that this certificate is of.

    Its kind is told by the policy OID under `settings`; without settings, or where that says
    nothing, by what the certificate looks like.

    Raises:
        Malformed: not a certificate, or without a subjectKeyIdentifier.
        Refused: not the certificate of a certification authority.

    Clause: rfc5280:4.2.1.9
    """
    tbs = parse_certificate(octets).tbs
    kind = guess_kind(tbs, settings)
    if not kind.is_authority:
        raise Refused(
            f"issuer: {kind.value} certificate of {attribute_text(tbs.subject, table.COMMON_NAME) or 'no name'},"
            " must be a certification authority's",
            clause="rfc5280:4.2.1.9",
            rule="issuer.authority",
        )
    identifier = subject_key_identifier(tbs)
    if identifier is None:
        raise Malformed(
            "issuer: no subjectKeyIdentifier, an authority's certificate must have one",
            clause="gbcs:12",
            rule="issuer.key-identifier",
        )
    return Issuer(kind=kind, name=tbs.subject, key_identifier=identifier)

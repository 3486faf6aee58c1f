"""What a certificate's fields mean, in words for people; the octets are shown beside them.

Lenient like `reading`: a value that cannot be read has no words, and judging is the linter's.
"""

import ipaddress
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from smki.crypto import WRAP_ALGORITHMS
from smki.profiles import reading, table
from smki.profiles.settings import LIVE_KINDS, NEVER, ProfileSettings
from smki.terms import EUI64, Malformed, RemotePartyRole
from smki.terms.identifiers import EUI64_OCTETS
from smki.wire import der
from smki.wire.certificate import Extension, TbsCertificate, parse_certificate, parse_public_key

_USAGES: Final = (  # rfc5280:4.2.1.3, bit 0 first
    "digital signature",
    "content commitment",
    "key encipherment",
    "data encipherment",
    "key agreement",
    "certificate signing",
    "CRL signing",
    "encipher only",
    "decipher only",
)
_PURPOSES: Final = MappingProxyType(
    {
        table.SERVER_AUTH: "TLS server",
        table.CLIENT_AUTH: "TLS client",
        table.EMAIL_PROTECTION: "signed messages (CMS)",
    }
)
_DNS_NAME: Final = der.context(2, constructed=False)
_ADDRESS: Final = der.context(7, constructed=False)
_ADDRESS_OCTETS: Final = (4, 16)


def explain(octets: bytes, settings: ProfileSettings | None = None) -> Mapping[str, str]:
    """Words for those fields of the certificate that have any, by their names in `view`.

    With `settings` a policy OID is told by the kind of certificate that it stands for.

    Raises:
        Malformed: not a certificate.

    Clause: rfc5280:4.2.1.3, gbcs:4.3.2.2
    """
    tbs = parse_certificate(octets).tbs
    words = {
        "issuer": _role(tbs.issuer),
        "notAfter": "without end" if tbs.not_after.instant == NEVER else "",
        "subject": _role(tbs.subject),
        "subjectPublicKey": _key(tbs),
    }
    for extension in tbs.extensions:
        row = next((row for row in _ROWS if row.oid == extension.oid), None)
        if row is not None:
            mark = " (critical)" if extension.critical else ""
            with suppress(Malformed):
                words[row.name + mark] = _ROWS[row](tbs, extension, settings)
    return MappingProxyType({name: text for name, text in words.items() if text})


def _role(name: bytes) -> str:
    unit = reading.attribute_text(name, table.ORGANISATIONAL_UNIT)
    if unit is None:
        return ""
    try:
        role = RemotePartyRole.from_organisational_unit(unit)
    except Malformed:
        return f"role {unit[:20]}: none that is known"
    return f"role {role.organisational_unit}: {role.name.lower().replace('_', ' ')}"


def _key(tbs: TbsCertificate) -> str:
    with suppress(Malformed):
        algorithm, key = parse_public_key(tbs.public_key)
        if algorithm == table.Algorithm.ECDSA_SHA256.key:
            return f"P-256 point of {len(key)} octets"
        if algorithm == table.Algorithm.RSA_SHA256.key:
            modulus = der.Reader(key, "RSAPublicKey").enter(der.SEQUENCE, "key")
            octets = modulus.take(der.INTEGER, "modulus").lstrip(bytes(1))
            return f"RSA, {8 * len(octets)} bits"
    return ""


def _key_usage(_: TbsCertificate, extension: Extension, __: ProfileSettings | None) -> str:
    octets = der.Reader(extension.value, table.KEY_USAGE.name).take(der.BIT_STRING, "value")[1:]
    bits = "".join(f"{octet:08b}" for octet in octets)
    return ", ".join(name for name, bit in zip(_USAGES, bits, strict=False) if bit == "1")


def _constraints(_: TbsCertificate, extension: Extension, __: ProfileSettings | None) -> str:
    body = der.Reader(extension.value, table.BASIC_CONSTRAINTS.name).enter(der.SEQUENCE, "value")
    if body.peek() != der.BOOLEAN or body.take(der.BOOLEAN, "cA") == bytes(1):
        return "no authority"
    if body.peek() is None:
        return "an authority"
    length = body.take(der.INTEGER, "pathLenConstraint")
    below = int.from_bytes(length, "big") if len(length) == 1 else f"0x{length.hex()}"
    return f"an authority, authorities below it: {below or 'none'}"


def _policies(tbs: TbsCertificate, _: Extension, settings: ProfileSettings | None) -> str:
    return ", ".join(_policy(oid, settings) for oid in reading.policies(tbs))


def _policy(oid: bytes, settings: ProfileSettings | None) -> str:
    kind = None if settings is None else settings.kind_of(oid)
    return der.dotted(oid) + (
        f" ({_mode(oid, settings)}{kind.value} certificates of this environment)" if kind else ""
    )


def _mode(oid: bytes, settings: ProfileSettings | None) -> str:
    """Whether such certificates are live or for tests, where the environment has both."""
    if settings is None or not settings.live_policies:
        return ""
    if settings.is_live(oid):
        return "live "
    return "test " if settings.kind_of(oid) in LIVE_KINDS else ""


def _subject_key(tbs: TbsCertificate, _: Extension, __: ProfileSettings | None) -> str:
    return _identifier(reading.subject_key_identifier(tbs))


def _authority_key(tbs: TbsCertificate, _: Extension, __: ProfileSettings | None) -> str:
    return _identifier(reading.authority_key_identifier(tbs))


def _identifier(octets: bytes | None) -> str:
    return "" if octets is None else f"key {octets.hex().upper()}"


def _alternative(tbs: TbsCertificate, extension: Extension, _: ProfileSettings | None) -> str:
    module = reading.hardware_module(tbs)
    if module is None:
        return _server_names(extension)
    whole = len(module[1]) == EUI64_OCTETS
    device = EUI64(module[1]) if whole else f"{module[1].hex()}, no EUI-64"
    return f"hardwareModuleName: device {device}, hwType {der.dotted(module[0])}"


def _server_names(extension: Extension) -> str:
    names = der.Reader(extension.value, table.SERVER_NAMES.name).enter(der.SEQUENCE, "value")
    found = []
    while not names.at_end:
        name = names.element("name")
        tag, content = name[0], der.Reader(name, "name").take(name[0], "name")
        if tag == _DNS_NAME:
            found.append(f"host {content.decode('ascii', 'backslashreplace')}")
        elif tag == _ADDRESS and len(content) in _ADDRESS_OCTETS:
            found.append(f"address {ipaddress.ip_address(content)}")
    return ", ".join(found)


def _contingency(_: TbsCertificate, extension: Extension, __: ProfileSettings | None) -> str:
    body = der.Reader(extension.value, table.CONTINGENCY_KEY.name).enter(der.SEQUENCE, "value")
    oid = der.dotted(body.enter(der.SEQUENCE, "wrapAlgorithm").take(der.OID, "algorithm"))
    wrapped = body.take(der.OCTET_STRING, "wrappedContinPubKey")
    known = WRAP_ALGORITHMS.get(oid)
    return f"{len(wrapped)} octets, wrapped by {known.name if known else oid}"


def _purposes(_: TbsCertificate, extension: Extension, __: ProfileSettings | None) -> str:
    body = der.Reader(extension.value, table.PURPOSES.name).enter(der.SEQUENCE, "value")
    found = []
    while not body.at_end:
        oid = body.take(der.OID, "KeyPurposeId")
        found.append(_PURPOSES.get(oid) or der.dotted(oid))
    return ", ".join(found)


_ROWS: Final[
    Mapping[table.ExtensionRow, Callable[[TbsCertificate, Extension, ProfileSettings | None], str]]
] = MappingProxyType(
    {
        table.KEY_USAGE: _key_usage,
        table.BASIC_CONSTRAINTS: _constraints,
        table.POLICIES: _policies,
        table.SUBJECT_KEY: _subject_key,
        table.AUTHORITY_KEY: _authority_key,
        table.HARDWARE_NAME: _alternative,
        table.CONTINGENCY_KEY: _contingency,
        table.PURPOSES: _purposes,
    }
)

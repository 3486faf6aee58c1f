"""The lint: names everything in a certificate that its profile does not allow, with the clause.

Works on the octets as received, against the same table that the composer reads. Expiry is not its
question. Rules are small generators; `_RULES` and `_VALUES` list them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from smki.crypto.identifiers import key_identifier
from smki.profiles import composing, reading, table
from smki.profiles.settings import LIFETIMES, NEVER, ProfileSettings, last_second
from smki.profiles.signatures import ecdsa_fault, key_loads, signature_holds
from smki.profiles.table import PROFILES, Algorithm, NameRow, Profile
from smki.terms import CertificateKind, Finding, KeyUsage, Malformed
from smki.terms.identifiers import SERIAL_MAX_OCTETS, SERIAL_OCTETS
from smki.wire import der
from smki.wire.certificate import (
    Certificate,
    Extension,
    TbsCertificate,
    Time,
    parse_certificate,
    parse_name,
    parse_public_key,
    parse_tbs,
)

_VERSION_3: Final = 2
_COMMON_NAME_CHARACTERS: Final = 4
_RSA_KEY: Final = re.compile(  # RSAPublicKey: modulus of 2048 bits, exponent 65537
    rb"\x30\x82\x01\x0a\x02\x82\x01\x01\x00[\x80-\xff].{255}\x02\x03\x01\x00\x01", re.DOTALL
)
_POINT: Final = re.compile(rb"\x04.{64}", re.DOTALL)
_KEY_IDENTIFIER: Final = re.compile(rb"[\x40-\x4f].{7}", re.DOTALL)
_ROOTS: Final = frozenset(kind for kind in CertificateKind if kind.issuer is kind)
_OBJECT_BOUND: Final = frozenset(  # OCA and DCA, whose names are short
    kind for kind in CertificateKind if PROFILES[kind].algorithm is Algorithm.ECDSA_SHA256
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exhibit:
    tbs: TbsCertificate
    profile: Profile
    settings: ProfileSettings | None

    def finding(self, rule: str, message: str, where: str, clause: str = "") -> Finding:
        kind = self.profile.kind.value
        return Finding(
            rule=f"{kind}.{rule}",
            message=f"{kind} certificate: {where}: {message}",
            where=where,
            clause=clause or self.profile.clause,
        )


def lint_certificate(
    octets: bytes,
    settings: ProfileSettings | None = None,
    kind: CertificateKind | None = None,
    *,
    issuer: bytes | None = None,
    issuer_key: bytes | None = None,
) -> tuple[Finding, ...]:
    """Every deviation of the certificate from its profile; empty if there is none.

    Without `settings` the certificate is somebody else's: policy OID, hwType and whole days are
    not compared with ours. Without `kind` it is told by policy OID or guessed from the content.
    `issuer` is the issuer's certificate, `issuer_key` its SubjectPublicKeyInfo alone; with either
    the signature is checked. Octets that are not a certificate give one finding that says where.

    Clause: gbcs:12, sec-app-a:B, sec-app-b:B, sec-app-q:B
    """
    try:
        certificate = parse_certificate(octets)
        exhibit = _exhibit(certificate.tbs, settings, kind)
        findings = [
            *_lint(exhibit),
            *_signature(exhibit, certificate),
            *_signed_by_itself(exhibit, certificate),
            *_issued(exhibit, certificate, issuer, issuer_key),
        ]
    except Malformed as malformed:
        return (_unreadable(malformed),)
    return tuple(findings)


def lint_tbs(
    octets: bytes, settings: ProfileSettings | None = None, kind: CertificateKind | None = None
) -> tuple[Finding, ...]:
    """Every deviation of the TBSCertificate from its profile; as `lint_certificate`, unsigned.

    Clause: gbcs:12
    """
    try:
        return tuple(_lint(_exhibit(parse_tbs(octets), settings, kind)))
    except Malformed as malformed:
        return (_unreadable(malformed),)


def _unreadable(malformed: Malformed) -> Finding:
    return Finding(
        rule=malformed.rule or "certificate.malformed",
        message=malformed.message,
        where=malformed.where,
        clause=malformed.clause,
    )


def _exhibit(
    tbs: TbsCertificate, settings: ProfileSettings | None, kind: CertificateKind | None
) -> _Exhibit:
    profile = PROFILES[kind or reading.guess_kind(tbs, settings)]
    return _Exhibit(tbs=tbs, profile=profile, settings=settings)


def _lint(exhibit: _Exhibit) -> Iterator[Finding]:
    for rule in _RULES:
        yield from rule(exhibit)


# -- one rule each -------------------------------------------------------------------------------


def _version(exhibit: _Exhibit) -> Iterator[Finding]:
    if exhibit.tbs.version != _VERSION_3:
        yield exhibit.finding(
            "version", f"v{exhibit.tbs.version + 1}, must be v3", "version", "rfc5280:4.1.2.1"
        )


def _serial(exhibit: _Exhibit) -> Iterator[Finding]:
    serial = exhibit.tbs.serial
    value = int.from_bytes(serial, "big", signed=True)
    if value <= 0 or len(serial) > SERIAL_MAX_OCTETS or der.integer(value)[2:] != serial:
        yield exhibit.finding(
            "serial",
            f"{serial.hex()[:60]}, must be positive, in its shortest form, at most 20 octets",
            "serialNumber",
            "rfc5280:4.1.2.2",
        )
    elif exhibit.settings is not None and len(serial) != SERIAL_OCTETS:
        yield exhibit.finding(
            "serial", f"{len(serial)} octets, ours have {SERIAL_OCTETS}", "serialNumber"
        )


def _algorithm(exhibit: _Exhibit) -> Iterator[Finding]:
    yield from _algorithm_is(exhibit, exhibit.tbs.algorithm, "signature")


def _algorithm_is(exhibit: _Exhibit, found: bytes, where: str) -> Iterator[Finding]:
    expected = exhibit.profile.algorithm
    if found == expected.value:
        return
    bare = Algorithm.ECDSA_SHA256.value[2:]
    said = " (NULL parameters, must be left out)" if found[2:] == bare + b"\x05\x00" else ""
    yield exhibit.finding(
        "algorithm",
        f"{found.hex()[:80]}{said}, must be {expected.name}, {expected.value.hex()}",
        where,
        "gbcs:12" if expected is Algorithm.ECDSA_SHA256 else "",
    )


def _names(exhibit: _Exhibit) -> Iterator[Finding]:
    profile, tbs = exhibit.profile, exhibit.tbs
    yield from _name(exhibit, tbs.issuer, PROFILES[profile.kind.issuer].subject, "issuer")
    yield from _name(exhibit, tbs.subject, profile.subject, "subject")


def _name(
    exhibit: _Exhibit, name: bytes, rows: tuple[NameRow, ...], where: str
) -> Iterator[Finding]:
    found = reading.attributes(name)
    present = {attribute.oid for attribute in found}
    wanted = [row for row in rows if row.oid in present or not row.optional]
    if [attribute.oid for attribute in found] != [row.oid for row in wanted]:
        labels = {row.oid: row.name for row in (*rows, *_KNOWN_NAMES)}
        shown = ", ".join(labels.get(one.oid) or der.dotted(one.oid) for one in found)
        expected = ", ".join(row.name + "?" * row.optional for row in rows)
        yield exhibit.finding(
            f"{where}.attributes",
            f"{shown or 'empty'}, must be {expected or 'empty'}, in this order",
            where,
        )
        return
    if len(parse_name(name)) != len(found):
        yield exhibit.finding(f"{where}.rdn", "several attributes in an RDN, must be one", where)
    for attribute, row in zip(found, wanted, strict=True):
        place = f"{where}.{row.name}"
        if attribute.tag != row.tag:
            yield exhibit.finding(
                f"{where}.string-type", f"tag {attribute.tag:02X}, must be {row.tag:02X}", place
            )
        if not row.pattern.fullmatch(attribute.value):
            yield exhibit.finding(
                f"{where}.value", f"{attribute.value[:40]!r}, must be {row.expected}", place
            )


_KNOWN_NAMES: Final = (
    *PROFILES[CertificateKind.IKI_OFFICER].subject,
    *PROFILES[CertificateKind.ORGANISATION].subject,
)


def _authority_names(exhibit: _Exhibit) -> Iterator[Finding]:
    kind = exhibit.profile.kind
    if kind not in _OBJECT_BOUND:
        return
    settings = exhibit.settings
    most = _COMMON_NAME_CHARACTERS if settings is None else settings.common_name_length
    names = {"issuer": exhibit.tbs.issuer}
    if kind.is_authority:
        names["subject"] = exhibit.tbs.subject
    for where, name in names.items():
        text = reading.attribute_text(name, table.COMMON_NAME) or ""
        if len(text) > most:
            yield exhibit.finding(
                f"{where}.length", f"{len(text)} characters, must be at most {most}", f"{where}.CN"
            )


def _time_form(exhibit: _Exhibit) -> Iterator[Finding]:
    times: tuple[tuple[str, Time], ...] = (
        ("notBefore", exhibit.tbs.not_before),
        ("notAfter", exhibit.tbs.not_after),
    )
    for where, time in times:
        if der.element(time.tag, time.text) != composing.compose_time(time.instant):
            yield exhibit.finding(
                "validity.form",
                f"{time.text.decode()} as tag {time.tag:02X}, must be UTCTime through 2049 and"
                " GeneralizedTime from 2050",
                where,
                "rfc5280:4.1.2.5",
            )


def _lifetime(exhibit: _Exhibit) -> Iterator[Finding]:
    kind, settings = exhibit.profile.kind, exhibit.settings
    first, last = exhibit.tbs.not_before.instant, exhibit.tbs.not_after.instant
    years = LIFETIMES[kind] if settings is None else settings.lifetime(kind)
    end = NEVER if years is None else last_second(first, years)
    if last < first:
        message = f"{last:%Y-%m-%d %H:%M:%S}, before notBefore {first:%Y-%m-%d %H:%M:%S}"
    elif years is None:
        message = (
            "" if last == NEVER else f"{last:%Y-%m-%d %H:%M:%S}, must be {NEVER:%Y%m%d%H%M%SZ}"
        )
    elif (last - end).total_seconds() > 1:  # real ones run to the same second as well
        message = f"{last:%Y-%m-%d %H:%M:%S}, must be at most {years} years after notBefore"
    elif settings is not None and exhibit.profile.exact_lifetime and last != end:
        message = f"{last:%Y-%m-%d %H:%M:%S}, must be {end:%Y-%m-%d %H:%M:%S}"
    else:
        message = ""
    if message:
        yield exhibit.finding("validity.lifetime", message, "notAfter")
    if (
        settings is not None
        and years is not None
        and (first.hour, first.minute, first.second)
        != (
            0,
            0,
            0,
        )
    ):
        yield exhibit.finding(
            "validity.whole-days", f"{first:%H:%M:%S}, must be 00:00:00", "notBefore"
        )


def _public_key(exhibit: _Exhibit) -> Iterator[Finding]:
    algorithm, key = parse_public_key(exhibit.tbs.public_key)
    scheme = exhibit.profile.algorithm
    of_p256 = scheme is Algorithm.ECDSA_SHA256
    form, words = (
        (_POINT, "an uncompressed point on P-256") if of_p256 else (_RSA_KEY, "2048 bits and 65537")
    )
    clause = "gbcs:12" if of_p256 else ""
    if algorithm != scheme.key:
        yield exhibit.finding(
            "key.algorithm",
            f"{algorithm.hex()[:80]}, must be {scheme.key.hex()}",
            "subjectPublicKeyInfo",
            clause,
        )
    elif not form.fullmatch(key) or not key_loads(exhibit.tbs.public_key):
        yield exhibit.finding(
            "key", f"{len(key)} octets, must be {words}", "subjectPublicKeyInfo", clause
        )


def _unique_identifiers(exhibit: _Exhibit) -> Iterator[Finding]:
    if exhibit.tbs.unique_identifiers:
        yield exhibit.finding(
            "unique-identifiers",
            "issuerUniqueID or subjectUniqueID is there, must be left out",
            "tbsCertificate",
            "rfc5280:4.1.2.8",
        )


def _extension_set(exhibit: _Exhibit) -> Iterator[Finding]:
    rows, found = exhibit.profile.extensions, [one.oid for one in exhibit.tbs.extensions]
    for row in rows:
        if row.oid not in found:
            yield exhibit.finding(
                "extension.missing", "missing, must be there", row.name, row.clause
            )
    for number, oid in enumerate(found):
        if oid in found[:number]:
            yield exhibit.finding("extension.twice", "there twice", _label(oid), "rfc5280:4.2")
        elif oid not in {row.oid for row in rows}:
            yield exhibit.finding(
                "extension.unexpected", "there, the profile has no such extension", _label(oid)
            )
    wanted = [row.oid for row in rows if row.oid in found]
    ours = [oid for oid in found if oid in wanted]
    if ours != wanted and len(ours) == len(wanted):
        yield exhibit.finding(
            "extension.order",
            f"{', '.join(map(_label, ours))}, must be in the order"
            f" {', '.join(map(_label, wanted))}",
            "extensions",
        )


def _label(oid: bytes) -> str:
    known = {row.oid: row.name for profile in PROFILES.values() for row in profile.extensions}
    return known.get(oid) or der.dotted(oid)


def _extension_flags(exhibit: _Exhibit) -> Iterator[Finding]:
    for row in exhibit.profile.extensions:
        extension = exhibit.tbs.extension(row.oid)
        if extension is None:
            continue
        if extension.critical is not row.critical:
            yield exhibit.finding(
                "extension.critical",
                f"{_critical(flag=extension.critical)}, must be {_critical(flag=row.critical)}",
                row.name,
                row.clause,
            )
        if extension.explicit_default:
            yield exhibit.finding(
                "extension.default", "critical FALSE is written out", row.name, "x690:11.5"
            )


def _critical(*, flag: bool) -> str:
    return "critical" if flag else "not critical"


def _extension_values(exhibit: _Exhibit) -> Iterator[Finding]:
    for row in exhibit.profile.extensions:
        extension = exhibit.tbs.extension(row.oid)
        message = "" if extension is None else _VALUES[row.name](exhibit, extension)
        if message:
            yield exhibit.finding(f"extension.{row.name}", message, row.name, row.clause)


_RULES: Final[tuple[Callable[[_Exhibit], Iterator[Finding]], ...]] = (
    _version,
    _serial,
    _algorithm,
    _names,
    _authority_names,
    _time_form,
    _lifetime,
    _public_key,
    _unique_identifiers,
    _extension_set,
    _extension_flags,
    _extension_values,
)

# -- the value of each extension: what is wrong with it, or nothing ------------------------------


def _usage_value(exhibit: _Exhibit, extension: Extension) -> str:
    usages: tuple[KeyUsage, ...] = exhibit.profile.usages
    if extension.value in {usage.value for usage in usages}:
        return ""
    names = " or ".join(f"{usage.name} {usage.value.hex()}" for usage in usages)
    return f"{extension.value.hex()[:40]}, must be exactly one usage, {names}"


def _constraints_value(exhibit: _Exhibit, extension: Extension) -> str:
    expected = composing.basic_constraints_value(exhibit.profile.path_length)
    return _same(extension.value, expected)


def _policies_value(exhibit: _Exhibit, extension: Extension) -> str:
    found = reading.policies(exhibit.tbs)
    if len(found) != 1:
        return f"{len(found)} policies, must be one"
    if extension.value != der.sequence(der.sequence(der.element(der.OID, found[0]))):
        return f"{extension.value.hex()[:80]}, must be one policy without qualifiers"
    settings = exhibit.settings
    if settings is not None and settings.policy(exhibit.profile.kind) != found[0]:
        expected = der.dotted(settings.policy(exhibit.profile.kind))
        return f"{der.dotted(found[0])}, must be {expected} in this environment"
    return ""


def _subject_key_value(exhibit: _Exhibit, extension: Extension) -> str:
    _, key = parse_public_key(exhibit.tbs.public_key)
    return _same(extension.value, der.octet_string(key_identifier(key)))


def _authority_key_value(exhibit: _Exhibit, extension: Extension) -> str:
    identifier = reading.authority_key_identifier(exhibit.tbs)
    if identifier is None or extension.value != composing.authority_key_value(identifier):
        return f"{extension.value.hex()[:80]}, must be [0] keyIdentifier alone"
    if not _KEY_IDENTIFIER.fullmatch(identifier):
        return f"{identifier.hex()}, must be 8 octets beginning with the digit 4"
    return ""


def _hardware_value(exhibit: _Exhibit, extension: Extension) -> str:
    module = reading.hardware_module(exhibit.tbs)
    if module is None or len(module[1]) != 8:
        return f"{extension.value.hex()[:80]}, must be one hardwareModuleName of 8 octets"
    if exhibit.settings is not None and not exhibit.settings.permits_hw_type(module[0]):
        return f"hwType {der.dotted(module[0])}, is not permitted in this environment"
    return ""


def _purposes_value(exhibit: _Exhibit, extension: Extension) -> str:
    purposes = (der.element(der.OID, oid) for oid in exhibit.profile.purposes)
    return _same(extension.value, der.sequence(*purposes))


def _server_value(_: _Exhibit, extension: Extension) -> str:
    names = der.Reader(extension.value, table.SERVER_NAMES.name).enter(der.SEQUENCE, "value")
    count = 0
    while not names.at_end:
        tag, name = names.peek(), names.element("name")
        if tag not in (0x82, 0x87):
            return f"{name.hex()[:40]}, must be dNSName or iPAddress"
        count += 1
    return "" if count else "empty, must name the server"


def _contingency_value(exhibit: _Exhibit, extension: Extension) -> str:
    body = der.Reader(extension.value, table.CONTINGENCY_KEY.name).enter(der.SEQUENCE, "value")
    algorithm = body.enter(der.SEQUENCE, "wrapAlgorithm").take(der.OID, "algorithm")
    wrapped = body.take(der.OCTET_STRING, "wrappedContinPubKey")
    body.done()
    settings = exhibit.settings
    if settings is not None and der.element(der.OID, algorithm) != der.oid(settings.wrap_algorithm):
        return f"wrapped by {der.dotted(algorithm)}, must be {settings.wrap_algorithm}"
    return "" if wrapped else "wrapped key is empty, must hold one"


def _same(found: bytes, expected: bytes) -> str:
    return "" if found == expected else f"{found.hex()[:80]}, must be {expected.hex()}"


_VALUES: Final[dict[str, Callable[[_Exhibit, Extension], str]]] = {
    table.KEY_USAGE.name: _usage_value,
    table.BASIC_CONSTRAINTS.name: _constraints_value,
    table.POLICIES.name: _policies_value,
    table.SUBJECT_KEY.name: _subject_key_value,
    table.AUTHORITY_KEY.name: _authority_key_value,
    table.HARDWARE_NAME.name: _hardware_value,
    table.PURPOSES.name: _purposes_value,
    table.SERVER_NAMES.name: _server_value,
    table.CONTINGENCY_KEY.name: _contingency_value,
}

# -- the signature and who made it ---------------------------------------------------------------


def _signature(exhibit: _Exhibit, certificate: Certificate) -> Iterator[Finding]:
    yield from _algorithm_is(exhibit, certificate.algorithm, "signatureAlgorithm")
    if exhibit.profile.algorithm is Algorithm.ECDSA_SHA256:
        fault = ecdsa_fault(certificate.signature)
        if fault:
            yield exhibit.finding("signature.form", fault, "signatureValue", "x690:8.3.2")


def _signed_by_itself(exhibit: _Exhibit, certificate: Certificate) -> Iterator[Finding]:
    tbs = certificate.tbs
    itself = signature_holds(tbs.public_key, tbs.octets, certificate.signature)
    if exhibit.profile.kind in _ROOTS and (not itself or tbs.issuer != tbs.subject):
        yield exhibit.finding(
            "signature", "not signed by itself, a root must be", "signatureValue", "gbcs:12"
        )
    elif exhibit.profile.kind not in _ROOTS and itself:
        yield exhibit.finding(
            "self-signed",
            "signed with its own key, only a root may be",
            "signatureValue",
            "gbcs:12",
        )


def _issued(
    exhibit: _Exhibit, certificate: Certificate, issuer: bytes | None, issuer_key: bytes | None
) -> Iterator[Finding]:
    tbs, key = certificate.tbs, issuer_key
    if issuer is not None:
        authority = parse_certificate(issuer).tbs
        key = authority.public_key
        if tbs.issuer != authority.subject:
            yield exhibit.finding(
                "issuer.name",
                f"{tbs.issuer.hex()}, must be the issuer's subject {authority.subject.hex()}",
                "issuer",
                "rfc5280:4.1.2.4",
            )
        named = reading.authority_key_identifier(tbs)
        if named is not None and named != reading.subject_key_identifier(authority):
            yield exhibit.finding(
                "issuer.key-identifier",
                f"{named.hex()}, is not the issuer's",
                table.AUTHORITY_KEY.name,
                "gbcs:12",
            )
    if key is not None and not signature_holds(key, tbs.octets, certificate.signature):
        yield exhibit.finding(
            "signature", "does not hold with the issuer's key", "signatureValue", "gbcs:12"
        )

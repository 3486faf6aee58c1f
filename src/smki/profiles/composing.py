"""Composes certificates: a draft and the table in, the exact octets out. The only composer.

    TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject,
                                  subjectPublicKeyInfo, [3] extensions }

Does not decide whether the draft is a good one; `lint_tbs` does.

Clause: rfc5280:4.1
"""

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, assert_never

from smki.crypto.identifiers import key_identifier
from smki.profiles import table
from smki.profiles.drafts import (
    AuthoritySubject,
    DeviceSubject,
    Draft,
    OfficerSubject,
    OrganisationSubject,
    ServerSubject,
    Subject,
    SystemSubject,
)
from smki.profiles.settings import ProfileSettings
from smki.profiles.table import PROFILES, NameRow
from smki.terms import CertificateKind, Malformed, Refused
from smki.wire import der
from smki.wire.certificate import parse_public_key

_VERSION_3: Final = bytes.fromhex("a003020102")
_UTC_TIME_ENDS: Final = 2050  # rfc5280:4.1.2.5
_DNS_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
_DNS_CHARACTERS: Final = 253
_K = CertificateKind

_SUBJECTS: Final[dict[CertificateKind, tuple[type[Subject], ...]]] = {
    _K.ROOT_OCA: (AuthoritySubject,),
    _K.ISSUING_OCA: (AuthoritySubject,),
    _K.ORGANISATION: (OrganisationSubject,),
    _K.ROOT_DCA: (AuthoritySubject,),
    _K.ISSUING_DCA: (AuthoritySubject,),
    _K.DEVICE: (DeviceSubject,),
    _K.ROOT_ICA: (AuthoritySubject,),
    _K.ISSUING_ICA: (AuthoritySubject,),
    _K.IKI_OFFICER: (OfficerSubject,),
    _K.IKI_AD_HOC: (SystemSubject,),
    _K.IKI_BATCH: (SystemSubject,),
    _K.IKI_FILE_SIGNING: (SystemSubject, OfficerSubject),
    _K.IKI_SERVER: (ServerSubject,),
}


def compose(draft: Draft, settings: ProfileSettings) -> bytes:
    """The TBSCertificate, DER, that says what `draft` says, in the form of its profile.

    Raises:
        Malformed: the public key is not a SubjectPublicKeyInfo, or a time has no zone.
        Refused: the subject, the issuer or the contingency key does not fit the kind, or a text
            cannot be written in its string type.

    Clause: rfc5280:4.1, sec-app-a:B, sec-app-b:B, sec-app-q:B
    """
    profile = PROFILES[draft.kind]
    _fits(draft)
    subject = compose_name(draft.subject, profile.subject)
    extensions = [_extension(row, _VALUES[row.name](draft, settings)) for row in profile.extensions]
    return der.sequence(
        _VERSION_3,
        der.element(der.INTEGER, draft.serial.to_octets()),
        profile.algorithm.value,
        subject if draft.issuer is None else draft.issuer.name,
        der.sequence(compose_time(draft.not_before), compose_time(draft.not_after)),
        subject,
        draft.public_key,
        der.element(der.context(3, constructed=True), der.sequence(*extensions)),
    )


def assemble(tbs: bytes, signature: bytes, kind: CertificateKind) -> bytes:
    """The Certificate, DER: what was signed, how, and the signature as its algorithm gives it.

    `kind` is the kind of the certificate; each hierarchy signs with one algorithm.

    Clause: rfc5280:4.1.1
    """
    return der.sequence(tbs, PROFILES[kind].algorithm.value, der.bit_string(signature))


def compose_name(subject: Subject, rows: tuple[NameRow, ...]) -> bytes:
    """The Name, DER, of a subject: the attributes of `rows`, in their order, one to an RDN.

    Raises:
        Refused: an attribute is missing, or does not match its row.

    Clause: rfc5280:4.1.2.4
    """
    values = _attributes(subject)
    return der.sequence(
        *(
            der.set_of(der.sequence(der.element(der.OID, row.oid), _value(row, values)))
            for row in rows
            if row.oid in values or not row.optional
        )
    )


@lru_cache(maxsize=1024)  # a batch has few instants
def compose_time(instant: datetime) -> bytes:
    """A Time: UTCTime through 2049, GeneralizedTime from 2050, whole seconds, UTC.

    Raises:
        Malformed: no time zone.

    Clause: rfc5280:4.1.2.5
    """
    if instant.tzinfo is None:
        raise Malformed("time: without time zone, must have one", clause="rfc5280:4.1.2.5")
    utc = instant.astimezone(UTC)
    text = f"{utc.year:04}{utc.month:02}{utc.day:02}{utc.hour:02}{utc.minute:02}{utc.second:02}Z"
    if _UTC_TIME_ENDS - 100 <= utc.year < _UTC_TIME_ENDS:
        return der.element(der.UTC_TIME, text[2:].encode())
    return der.element(der.GENERALIZED_TIME, text.encode())


def compose_extension(oid: bytes, value: bytes, *, critical: bool) -> bytes:
    """An Extension; `critical` is written only if true.

    Clause: rfc5280:4.2
    """
    flag = der.boolean(value=True) if critical else b""
    return der.sequence(der.element(der.OID, oid), flag, der.octet_string(value))


def authority_key_value(identifier: bytes) -> bytes:
    """The value of an authorityKeyIdentifier: `[0] keyIdentifier` alone.

    Clause: gbcs:12
    """
    return der.sequence(der.element(der.context(0, constructed=False), identifier))


def _fits(draft: Draft) -> None:
    kind = draft.kind
    if not isinstance(draft.subject, _SUBJECTS[kind]):
        raise Refused(
            f"draft: subject is {type(draft.subject).__name__}, a {kind.value} certificate needs"
            f" {' or '.join(form.__name__ for form in _SUBJECTS[kind])}",
            clause=PROFILES[kind].clause,
            rule="draft.subject",
        )
    expected = None if kind.issuer is kind else kind.issuer
    found = None if draft.issuer is None else draft.issuer.kind
    if found is not expected:
        raise Refused(
            f"draft: issuer is {found.value if found else 'itself'}, a {kind.value} certificate"
            f" is issued by {expected.value if expected else 'itself'}",
            clause=PROFILES[kind].clause,
            rule="draft.issuer",
        )
    if (draft.wrapped_contingency_key is not None) is not (kind is _K.ROOT_OCA):
        raise Refused(
            f"draft: wrapped contingency key {'missing from' if kind is _K.ROOT_OCA else 'in'} a"
            f" {kind.value} certificate, must be in a root-oca certificate and in no other",
            clause="sec-app-b:B",
            rule="draft.contingency-key",
        )


def _attributes(subject: Subject) -> dict[bytes, bytes | str]:
    match subject:
        case DeviceSubject():
            return {}
        case OrganisationSubject():
            named: dict[bytes, bytes | str] = (
                {} if subject.common_name is None else {table.COMMON_NAME: subject.common_name}
            )
            return named | {
                table.ORGANISATIONAL_UNIT: subject.role.organisational_unit,
                table.UNIQUE_IDENTIFIER: b"\x00" + subject.entity.octets,
            }
        case AuthoritySubject():
            unit = "" if subject.role is None else subject.role.organisational_unit
            return {table.ORGANISATIONAL_UNIT: unit, table.COMMON_NAME: subject.common_name}
        case SystemSubject() | OfficerSubject():
            return {
                table.ORGANISATION_NAME: subject.organisation,
                table.ORGANISATIONAL_UNIT: subject.role_code.upper(),
                table.COMMON_NAME: subject.common_name,
            }
        case ServerSubject():
            return {table.COMMON_NAME: next(iter((*subject.dns_names, *subject.addresses)), "")}
    assert_never(subject)


def _value(row: NameRow, values: dict[bytes, bytes | str]) -> bytes:
    value = values.get(row.oid, "")
    octets = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if not row.pattern.fullmatch(octets) or len(value) > table.NAME_CHARACTERS:
        raise Refused(
            f"subject.{row.name}: {value!r}, must be {row.expected}",
            where=f"subject.{row.name}",
            clause="rfc5280:4.1.2.6",
            rule="draft.name",
        )
    return der.element(row.tag, octets)


def _extension(row: table.ExtensionRow, value: bytes) -> bytes:
    return compose_extension(row.oid, value, critical=row.critical)


# -- the value of each extension -----------------------------------------------------------------


def _key_usage(draft: Draft, _: ProfileSettings) -> bytes:
    return draft.usage.value


def _basic_constraints(draft: Draft, _: ProfileSettings) -> bytes:
    return basic_constraints_value(PROFILES[draft.kind].path_length)


def basic_constraints_value(path_length: int | None) -> bytes:
    """The value of an authority's basicConstraints.

    Clause: rfc5280:4.2.1.9
    """
    limit = b"" if path_length is None else der.integer(path_length)
    return der.sequence(der.boolean(value=True), limit)


def _policies(draft: Draft, settings: ProfileSettings) -> bytes:
    return der.sequence(
        der.sequence(der.element(der.OID, settings.policy(draft.kind, live=draft.live)))
    )


def _subject_key(draft: Draft, _: ProfileSettings) -> bytes:
    return der.octet_string(key_identifier(parse_public_key(draft.public_key)[1]))


def _authority_key(draft: Draft, _: ProfileSettings) -> bytes:
    if draft.issuer is None:
        return authority_key_value(key_identifier(parse_public_key(draft.public_key)[1]))
    return authority_key_value(draft.issuer.key_identifier)


def _hardware_name(draft: Draft, _: ProfileSettings) -> bytes:
    subject = draft.subject
    if not isinstance(subject, DeviceSubject):
        raise Refused("draft: no device, a device certificate needs one", clause="sec-app-a:B")
    module = der.sequence(
        der.element(der.OID, subject.hw_type), der.octet_string(subject.device.octets)
    )
    explicit = der.context(0, constructed=True)
    other = der.element(
        explicit, der.element(der.OID, table.HARDWARE_MODULE_NAME), der.element(explicit, module)
    )
    return der.sequence(other)


def _purposes(draft: Draft, _: ProfileSettings) -> bytes:
    return der.sequence(*(der.element(der.OID, oid) for oid in PROFILES[draft.kind].purposes))


def _server_names(draft: Draft, _: ProfileSettings) -> bytes:
    subject = draft.subject
    if not isinstance(subject, ServerSubject):
        raise Refused("draft: no server, a server certificate needs one", clause="sec-app-q:B")
    return der.sequence(
        *(der.element(der.context(2, constructed=False), _dns(name)) for name in subject.dns_names),
        *(
            der.element(der.context(7, constructed=False), _address(text))
            for text in subject.addresses
        ),
    )


def _dns(name: str) -> bytes:
    if not _DNS_NAME.fullmatch(name) or len(name) > _DNS_CHARACTERS:
        raise Refused(
            f"subject.dNSName: {name[:80]!r}, must be a host name in ASCII",
            clause="rfc5280:4.2.1.6",
            rule="draft.name",
        )
    return name.encode("ascii")


def _address(text: str) -> bytes:
    try:
        return ipaddress.ip_address(text).packed
    except ValueError:
        raise Refused(
            f"subject.iPAddress: {text[:80]!r}, must be an IP address",
            clause="rfc5280:4.2.1.6",
            rule="draft.name",
        ) from None


def _contingency_key(draft: Draft, settings: ProfileSettings) -> bytes:
    # ApexContingencyKey ::= SEQUENCE { wrapAlgorithm AlgorithmIdentifier,
    #                                   wrappedContinPubKey OCTET STRING }
    return der.sequence(
        der.sequence(der.oid(settings.wrap_algorithm)),
        der.octet_string(draft.wrapped_contingency_key or b""),
    )


_VALUES: Final[dict[str, Callable[[Draft, ProfileSettings], bytes]]] = {
    table.KEY_USAGE.name: _key_usage,
    table.BASIC_CONSTRAINTS.name: _basic_constraints,
    table.POLICIES.name: _policies,
    table.SUBJECT_KEY.name: _subject_key,
    table.AUTHORITY_KEY.name: _authority_key,
    table.HARDWARE_NAME.name: _hardware_name,
    table.PURPOSES.name: _purposes,
    table.SERVER_NAMES.name: _server_names,
    table.CONTINGENCY_KEY.name: _contingency_key,
}

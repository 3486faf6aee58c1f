"""The path from a certificate to its root, checked from the root downwards.

Numbered steps: 1 names, 2 signatures, 3 validity, 4 key identifiers, 5 authority, 6 policies and
usage, 7 nothing critical that is unknown. Revocation is not checked here, nor what kind of
certificate it is: that is for whoever holds the lists and the profiles.

Clause: rfc5280:6.1.3
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.crypto.signatures import verify_certificate_signature
from smki.terms import Finding, Malformed, Refused

PATH_CERTIFICATES_MAX: Final = 5  # the deepest hierarchy here has three: root, issuing, end entity

_UNDERSTOOD: Final = frozenset(
    {
        x509.KeyUsage.oid,
        x509.BasicConstraints.oid,
        x509.CertificatePolicies.oid,
        x509.SubjectAlternativeName.oid,
        x509.ExtendedKeyUsage.oid,
    }
)
_E = TypeVar("_E", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A certificate of the path, read once."""

    name: str
    subject: x509.Name
    issuer: x509.Name
    start: datetime
    end: datetime
    extensions: x509.Extensions
    public_key: bytes
    der: bytes


def verify_chain(leaf: bytes, intermediates: Sequence[bytes], root: bytes, at: datetime) -> None:
    """`leaf` was issued, through `intermediates`, under `root`, and all were valid at `at`.

    Args:
        leaf: the certificate in question, DER.
        intermediates: the certificates between, DER, from the leaf's issuer upwards.
        root: the self-signed certificate that is trusted, DER.
        at: the instant in question, aware.

    Raises:
        Malformed: `certificate.der`: one of them cannot be read.
        Refused: every finding, each with its clause.

    Clause: rfc5280:6.1.3
    """
    if len(intermediates) + 2 > PATH_CERTIFICATES_MAX:
        raise Refused(
            f"chain: {len(intermediates) + 2} certificates, at most {PATH_CERTIFICATES_MAX}",
            clause="rfc5280:6.1.3",
            rule="chain.length",
        )
    names = ("leaf", *(f"intermediate {number}" for number in range(1, len(intermediates) + 1)))
    members = [
        _read(name, der)
        for name, der in zip((*names, "root"), (leaf, *intermediates, root), strict=True)
    ]
    members.reverse()
    findings = tuple(_findings(members, at))
    if findings:
        raise Refused(findings=findings)


def _read(name: str, der: bytes) -> _Member:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return _Member(
            name=name,
            subject=certificate.subject,
            issuer=certificate.issuer,
            start=certificate.not_valid_before_utc,
            end=certificate.not_valid_after_utc,
            extensions=certificate.extensions,
            public_key=certificate.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            ),
            der=der,
        )
    except (
        ValueError,
        TypeError,  # a name of a type that names are not
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as fault:
        raise Malformed(
            f"{name}: {fault}, must be a certificate in DER",
            where=name,
            clause="rfc5280:4.1",
            rule="certificate.der",
        ) from None


def _findings(members: list[_Member], at: datetime) -> Iterator[Finding]:
    """Everything wrong with the path; `members` from the root downwards."""
    root = members[0]
    yield from _link(root, root)
    for issuer, subject in pairwise(members):
        yield from _link(issuer, subject)
        yield from _key_identifiers(issuer, subject)
        yield from _policies(subject)
    for below, member in enumerate(reversed(members)):
        yield from _validity(member, at)
        yield from _usage(member)
        yield from _unknown(member)
        if below:
            yield from _authority(member, below - 1)


def _link(issuer: _Member, subject: _Member) -> Iterator[Finding]:
    if subject.issuer != issuer.subject:
        yield _finding(
            "names",
            subject,
            f"issuer is not the subject of {issuer.name}, must be the same name",
        )
    try:
        verify_certificate_signature(subject.der, issuer.public_key)
    except Malformed as fault:
        yield _finding("signature", subject, f"{fault.message} ({issuer.name})")


def _validity(member: _Member, at: datetime) -> Iterator[Finding]:
    if not member.start <= at <= member.end:
        yield _finding(
            "validity",
            member,
            f"valid from {member.start:%F %T} to {member.end:%F %T} UTC, asked for {at:%F %T}",
        )


def _key_identifiers(issuer: _Member, subject: _Member) -> Iterator[Finding]:
    authority = _value(subject, x509.AuthorityKeyIdentifier)
    own = _value(issuer, x509.SubjectKeyIdentifier)
    if (
        authority is None
        or own is None
        or authority.key_identifier is None
        or authority.key_identifier != own.digest
    ):
        yield _finding(
            "key-identifier",
            subject,
            f"authority key identifier is not the subject key identifier of {issuer.name},"
            " must be there and the same",
            "rfc5280:4.2.1.1",
        )


def _authority(member: _Member, authorities_below: int) -> Iterator[Finding]:
    constraints = _extension(member, x509.BasicConstraints)
    if constraints is None or not constraints.critical or not constraints.value.ca:
        yield _finding(
            "authority", member, "no critical basic constraints with cA TRUE", "rfc5280:4.2.1.9"
        )
    elif (limit := constraints.value.path_length) is not None and authorities_below > limit:
        yield _finding(
            "path-length",
            member,
            f"{authorities_below} authorities below, at most {limit}",
            "rfc5280:4.2.1.9",
        )
    usage = _value(member, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        yield _finding("usage", member, "key usage lacks keyCertSign", "rfc5280:4.2.1.3")


def _policies(member: _Member) -> Iterator[Finding]:
    policies = _extension(member, x509.CertificatePolicies)
    if policies is None or not policies.critical:
        yield _finding(
            "policies",
            member,
            "certificate policies absent or not critical, must be both there and critical",
            "gbcs:12",
        )


def _usage(member: _Member) -> Iterator[Finding]:
    usage = _extension(member, x509.KeyUsage)
    if usage is None or not usage.critical:
        yield _finding(
            "usage",
            member,
            "key usage absent or not critical, must be both there and critical",
            "gbcs:12",
        )


def _unknown(member: _Member) -> Iterator[Finding]:
    for extension in member.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            yield _finding(
                "critical",
                member,
                f"critical extension {extension.oid.dotted_string} is not understood",
                "rfc5280:4.2",
            )


def _extension(member: _Member, kind: type[_E]) -> x509.Extension[_E] | None:
    try:
        return member.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _value(member: _Member, kind: type[_E]) -> _E | None:
    extension = _extension(member, kind)
    return None if extension is None else extension.value


def _finding(rule: str, member: _Member, message: str, clause: str = "rfc5280:6.1.3") -> Finding:
    return Finding(
        rule=f"chain.{rule}", message=f"{member.name}: {message}", where=member.name, clause=clause
    )

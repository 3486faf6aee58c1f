"""The lint: names everything in a certificate that its profile does not allow, with the clause.

Works on the octets as received, against the same table that the composer reads. Expiry is not its
question. Rules are small generators, one file to a subject; `_RULES` lists them.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from smki.profiles import reading
from smki.profiles.lint import authority, extensions, fields, names
from smki.profiles.lint.exhibit import Exhibit
from smki.profiles.settings import ProfileSettings
from smki.profiles.table import PROFILES
from smki.terms import CertificateKind, Finding, Malformed
from smki.wire.certificate import TbsCertificate, parse_certificate, parse_tbs

__all__ = ["lint_certificate", "lint_tbs"]

_RULES: Final[tuple[Callable[[Exhibit], Iterator[Finding]], ...]] = (
    fields.version,
    fields.serial,
    fields.algorithm,
    names.names,
    names.authority_names,
    fields.time_form,
    fields.lifetime,
    fields.public_key,
    fields.unique_identifiers,
    extensions.extension_set,
    extensions.extension_flags,
    extensions.extension_values,
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
            *authority.signature(exhibit, certificate),
            *authority.signed_by_itself(exhibit, certificate),
            *authority.issued(exhibit, certificate, issuer, issuer_key),
        ]
    except Malformed as malformed:
        return (_unreadable(malformed),)
    return tuple(findings)


def lint_tbs(
    octets: bytes,
    settings: ProfileSettings | None = None,
    kind: CertificateKind | None = None,
    *,
    live: bool | None = None,
) -> tuple[Finding, ...]:
    """Every deviation of the TBSCertificate from its profile; as `lint_certificate`, unsigned.

    `live` says that it must be a live certificate, or must be one for tests.

    Clause: gbcs:12
    """
    try:
        return tuple(_lint(replace(_exhibit(parse_tbs(octets), settings, kind), live=live)))
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
) -> Exhibit:
    profile = PROFILES[kind or reading.guess_kind(tbs, settings)]
    return Exhibit(tbs=tbs, profile=profile, settings=settings)


def _lint(exhibit: Exhibit) -> Iterator[Finding]:
    for rule in _RULES:
        yield from rule(exhibit)

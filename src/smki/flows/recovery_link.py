"""The certificate by which an old root vouches for a new root's key: what a root update rests upon.

It is an issuing authority's by its profile, under the old root, in the name and for the key of the
new one. Devices look for that key on the path of the command; nothing is ever issued under the
certificate itself. Composes, assembles and checks; the old root's key signs in a ceremony.

Clause: sec:L10, sec-app-b:B
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from smki.devices import DeviceState
from smki.devices.kinds import ROOT
from smki.devices.path import CertificationPath
from smki.profiles import (
    AuthoritySubject,
    Draft,
    ProfileSettings,
    assemble,
    common_name,
    compose,
    issuer_from_certificate,
    lint_certificate,
    validity,
)
from smki.profiles.reading import public_key_octets
from smki.terms import CertificateKind, KeyUsage, Refused, RemotePartyRole, SerialNumber
from smki.wire.certificate import parse_certificate

_KIND: Final = CertificateKind.ISSUING_OCA


def link_to_sign(
    old: bytes, new: bytes, *, serial: SerialNumber, at: datetime, settings: ProfileSettings
) -> bytes:
    """What the old root's key is to sign, DER.

    Args:
        old: certificate (DER) of the root that devices have.
        new: that of the root that they shall have.
        serial: of the certificate.
        at: from when it is valid.
        settings: profiles of the environment.

    Clause: sec-app-b:B
    """
    not_before, not_after = validity(_KIND, at, settings)
    return compose(
        Draft(
            kind=_KIND,
            serial=serial,
            issuer=issuer_from_certificate(old),
            subject=AuthoritySubject(
                common_name=common_name(new) or "", role=RemotePartyRole.ISSUING_AUTHORITY
            ),
            usage=KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
            public_key=parse_certificate(new).tbs.public_key,
            not_before=not_before,
            not_after=not_after,
        ),
        settings,
    )


def link_signed(to_sign: bytes, signature: bytes) -> bytes:
    """The certificate (DER), with the old root's signature (DER)."""
    return assemble(to_sign, signature, _KIND)


def must_vouch(
    link: bytes, before: Iterable[bytes], new: bytes, *, at: datetime, settings: ProfileSettings
) -> None:
    """By the link one of the roots before vouches for the key of the new one, at that instant.

    Args:
        link: the certificate (DER).
        before: certificates (DER) of the roots before the new one.
        new: that of the root that devices shall have.
        at: when it is to be believed.
        settings: profiles of the environment.

    Raises:
        Malformed: it is no certificate.
        Refused: it is for another key, by none of these roots, not valid then, or not after the
            profile of an Issuing OCA, signature and all.

    Clause: sec:L10, sec-app-b:B, rfc5280:6.1.3
    """
    read, root = parse_certificate(link).tbs, parse_certificate(new).tbs
    if public_key_octets(read) != public_key_octets(root):
        raise _refused("vouches for another key, must be for that of the root in force")
    named = [one for one in before if parse_certificate(one).tbs.subject == read.issuer]
    if not named:
        raise _refused(
            "names as its issuer none of the roots before, must be one of them", "issuer"
        )
    start, end = read.not_before.instant, read.not_after.instant
    if not start <= at <= end:
        raise _refused(
            f"valid from {start:%F %T} to {end:%F %T} UTC, must be at {at:%F %T}", "validity"
        )
    findings = lint_certificate(link, settings, _KIND, issuer=named[-1])
    if findings:
        raise Refused(
            findings=tuple(replace(one, message=f"link: {one.message}") for one in findings)
        )


def must_lead(link: bytes, state: DeviceState) -> None:
    """The device believes the key of the link, by the root that it holds.

    Raises:
        Refused: its root is another than the one that vouches.

    Clause: sec:L10, gbcs:CS02b
    """
    held = state.anchors[ROOT]
    point = public_key_octets(parse_certificate(link).tbs)
    if point not in CertificationPath(held, (link,), None).points:
        raise _refused(
            f"device {state.device}: holds the root with the key identifier"
            f" {held.key_identifier.hex()}, which did not sign it, must have"
        )


def _refused(what: str, where: str = "link") -> Refused:
    return Refused(f"link: {what}", where=where, clause="sec-app-b:B", rule="recovery.link")

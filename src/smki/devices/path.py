"""Certification paths by a device's rules: up to a trust anchor cell, not to a system store.

1. The certificate can be read; P-256, ECDSA with SHA-256, nothing critical that is unknown.
2. Its key usage is critical and the cell's; policies are there and critical; its key identifier is
   that of its key.
3. An issuer is found by name and key identifier: the anchor, or a certificate of the path that may
   issue; each signature holds.
4. Each is within its validity, unless the command says otherwise or the clock is not reliable.

There is no revocation check on a device. `badCertificate` is a certificate that is wrong by
itself, has expired, or was not signed by the issuer it names; `noTrustAnchor` is one whose issuer
is not there, or leads nowhere.

Clause: rfc5280:6.1.3
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from smki.crypto import key_identifier, verify_p256
from smki.devices.state import TrustAnchor
from smki.profiles.reading import (
    authority_key_identifier,
    identity,
    policies,
    public_key_octets,
    subject_key_identifier,
)
from smki.terms import Malformed
from smki.wire import der
from smki.wire.certificate import P256_SPKI, POINT_OCTETS, Certificate, Extension, parse_certificate
from smki.wire.der import Reader
from smki.wire.gbcs.asn1 import Source
from smki.wire.gbcs.trust_anchors import KEY_USAGE, KeyUsageBits, StatusCode

_REMEMBERED: Final = 512  # certificates, and signatures: some 3 MB
PATH_MAX: Final = 4  # certificates between a replacement and the anchor; the data has one

_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_KEY_USAGE: Final = bytes.fromhex("551d0f")
_BASIC_CONSTRAINTS: Final = bytes.fromhex("551d13")
_POLICIES: Final = bytes.fromhex("551d20")
_SUBJECT_ALT_NAME: Final = bytes.fromhex("551d11")
_UNDERSTOOD: Final = frozenset({_KEY_USAGE, _BASIC_CONSTRAINTS, _POLICIES, _SUBJECT_ALT_NAME})
_CONTINGENCY_KEY: Final = bytes.fromhex("2b060105050701" + "14")
_ROOT_ID: Final = bytes(8)


class _NotGood(Exception):
    """Why a path does not hold."""

    def __init__(self, status: StatusCode) -> None:
        super().__init__(status)
        self.status = status


_BAD: Final = StatusCode.BAD_CERTIFICATE
_NO_ANCHOR: Final = StatusCode.NO_TRUST_ANCHOR


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authority:
    """Who may issue: the root cell, or a certificate that leads to it.

    Attributes:
        point: the public key, 65 octets.
        below: how many authorities may follow on a path.
    """

    point: bytes
    below: int


class CertificationPath:
    """A root cell, and what of the certificates that came with a command leads to it.

    Each signature among them is verified once, for however many certificates they are needed.

    Args:
        anchor: of the root cell.
        path: the certificates that came (DER), in any order; what does not lead is passed over.
        at: when all must be valid; None if time is not looked at.

    Clause: rfc5280:6.1.3
    """

    def __init__(self, anchor: TrustAnchor, path: Iterable[bytes], at: datetime | None) -> None:
        self.at = at
        self._named: dict[tuple[bytes, bytes], list[_Authority]] = {
            (anchor.subject, anchor.key_identifier): [
                _Authority(point=anchor.point, below=PATH_MAX)
            ]
        }
        waiting = list(_issuers(path))
        grown = True
        while grown:
            grown = False
            for certificate in waiting[:]:
                authority = self._authority(certificate)
                if authority is not None:
                    waiting.remove(certificate)
                    name = (certificate.subject, certificate.holds.key_identifier)
                    self._named.setdefault(name, []).append(authority)
                    grown = True

    @property
    def points(self) -> frozenset[bytes]:
        """The public keys of all who may issue."""
        return frozenset(each.point for named in self._named.values() for each in named)

    def issuers_of(self, certificate: "_Read") -> list[_Authority]:
        """Who may have issued it, by name and key identifier."""
        return self._named.get(certificate.issuer, [])

    def _authority(self, certificate: "_Read") -> _Authority | None:
        """What the certificate may do, once a path leads from it to the anchor."""
        if not certificate.in_time(self.at):
            return None
        for issuer in self.issuers_of(certificate):
            if issuer.below > 0 and certificate.signed_by(issuer.point):
                below = min(issuer.below - 1, certificate.below or 0)
                return _Authority(point=certificate.holds.point, below=below)
        return None


def validate(
    octets: bytes, path: CertificationPath, usage: KeyUsageBits
) -> TrustAnchor | StatusCode:
    """What the cell is to hold of the certificate, or why it is not good.

    Args:
        octets: the certificate (DER).
        path: to the root cell.
        usage: of the cell.

    Clause: rfc5280:6.1.3
    """
    try:
        leaf = _readable(octets)
    except _NotGood as fault:
        return fault.status
    if leaf.usage != usage or leaf.constrained:
        return _BAD
    issuers = path.issuers_of(leaf)
    if not issuers:
        return _NO_ANCHOR
    if not leaf.in_time(path.at) or not any(leaf.signed_by(each.point) for each in issuers):
        return _BAD
    return leaf.holds


def validate_root(
    octets: bytes, path: CertificationPath, *, normal: bool
) -> TrustAnchor | StatusCode:
    """What the root cell is to hold of a new root certificate, or why it is not good.

    The certificate is signed by its own key. Normally that key must be certified under the present
    root too, by a certificate of the path. By contingency it need not.

    Clause: rfc5280:6.1.3
    """
    try:
        root = _readable(octets)
    except _NotGood as fault:
        return fault.status
    point = root.holds.point
    if not (root.may_issue and root.signed_by(point) and root.in_time(path.at)):
        return _BAD
    if normal and point not in path.points:
        return _NO_ANCHOR
    return root.holds


def held(certificate: Certificate) -> TrustAnchor:
    """What a cell keeps of a certificate; a certificate without an EUI-64 is a root's."""
    tbs = certificate.tbs
    entity = identity(tbs)
    contingency = tbs.extension(_CONTINGENCY_KEY)
    return TrustAnchor(
        unique_id=entity.octets if entity else _ROOT_ID,
        key_identifier=subject_key_identifier(tbs) or b"",
        point=_point(certificate),
        subject=b"" if entity else tbs.subject,
        contingency_key=contingency.value if contingency else b"",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a device reads in a certificate.

    Attributes:
        certificate: with all that is understood and wanted of any.
        issuer: by name and key identifier.
        holds: what a cell keeps of it.
        usage: of its key, where that is critical.
        constrained: it has basicConstraints.
        below: how many authorities may follow it; None if it is no authority.
    """

    certificate: Certificate
    issuer: tuple[bytes, bytes]
    holds: TrustAnchor
    usage: KeyUsageBits | None
    constrained: bool
    below: int | None

    @property
    def subject(self) -> bytes:
        """Its name."""
        return self.certificate.tbs.subject

    @property
    def may_issue(self) -> bool:
        """Whether it is an authority's, by both extensions."""
        signs = self.usage is not None and self.usage & KeyUsageBits.KEY_CERT_SIGN
        return bool(signs) and self.below is not None

    def in_time(self, at: datetime | None) -> bool:
        """Whether it is valid then; None asks for no time."""
        tbs = self.certificate.tbs
        return at is None or tbs.not_before.instant <= at <= tbs.not_after.instant

    def signed_by(self, point: bytes) -> bool:
        """Whether the holder of that key signed it."""
        return _verified(self.certificate.tbs.octets, self.certificate.signature, point)


# The same certificates come to millions of devices: what is in one is looked at once.
@lru_cache(maxsize=_REMEMBERED)
def _readable(octets: bytes) -> _Read:
    try:
        certificate = parse_certificate(octets)
        holds = held(certificate)
    except Malformed:
        raise _NotGood(_BAD) from None
    tbs = certificate.tbs
    if (
        certificate.algorithm != _ECDSA_SHA256
        or any(each.critical and each.oid not in _UNDERSTOOD for each in tbs.extensions)
        or len({each.oid for each in tbs.extensions}) != len(tbs.extensions)
        or subject_key_identifier(tbs) != key_identifier(holds.point)
        or not _critical(tbs.extension(_POLICIES))
        or not policies(tbs)
    ):
        raise _NotGood(_BAD)
    constraints = tbs.extension(_BASIC_CONSTRAINTS)
    return _Read(
        certificate=certificate,
        issuer=(tbs.issuer, authority_key_identifier(tbs) or b""),
        holds=holds,
        usage=_usage_of(tbs.extension(_KEY_USAGE)),
        constrained=constraints is not None,
        below=_constraints(constraints) if constraints and constraints.critical else None,
    )


def _point(certificate: Certificate) -> bytes:
    spki = certificate.tbs.public_key
    if len(spki) != len(P256_SPKI) + POINT_OCTETS or not spki.startswith(P256_SPKI):
        raise _NotGood(_BAD)
    return public_key_octets(certificate.tbs)


def _critical(extension: Extension | None) -> bool:
    return extension is not None and extension.critical


def _usage_of(extension: Extension | None) -> KeyUsageBits | None:
    """What the key is for; None if the extension is not there, not critical, or not its type."""
    if extension is None or not extension.critical:
        return None
    octets = extension.value
    try:
        usage, end = KEY_USAGE.read(Source(octets), 0, len(octets), "keyUsage", KEY_USAGE.tag)
    except Malformed:
        return None
    return usage if end == len(octets) else None


def _constraints(extension: Extension) -> int | None:
    """The path length of an authority, `PATH_MAX` if none is said; None if it is no authority."""
    try:
        reader = Reader(extension.value, "basicConstraints")
        body = reader.enter(der.SEQUENCE, "constraints")
        reader.done()
        if body.at_end or body.take(der.BOOLEAN, "cA") != b"\xff":
            return None
        length = PATH_MAX if body.at_end else int.from_bytes(body.take(der.INTEGER, "pathLen"))
        body.done()
    except Malformed:
        return None
    return length


def _issuers(path: Iterable[bytes]) -> tuple[_Read, ...]:
    """Those of the path that may issue; what cannot be read leads nowhere."""
    found = []
    for octets in path:
        try:
            certificate = _readable(octets)
        except _NotGood:
            continue
        if certificate.may_issue:
            found.append(certificate)
    return tuple(found)


@lru_cache(maxsize=_REMEMBERED)
def _verified(signed: bytes, signature: bytes, point: bytes) -> bool:
    try:
        verify_p256(point, signature, signed)
    except Malformed:
        return False
    return True

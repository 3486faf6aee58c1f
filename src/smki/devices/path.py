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
                    name = (certificate.tbs.subject, held(certificate).key_identifier)
                    self._named.setdefault(name, []).append(authority)
                    grown = True

    @property
    def points(self) -> frozenset[bytes]:
        """The public keys of all who may issue."""
        return frozenset(each.point for named in self._named.values() for each in named)

    def issuers_of(self, certificate: Certificate) -> list[_Authority]:
        """Who may have issued it, by name and key identifier."""
        key = authority_key_identifier(certificate.tbs) or b""
        return self._named.get((certificate.tbs.issuer, key), [])

    def _authority(self, certificate: Certificate) -> _Authority | None:
        """What the certificate may do, once a path leads from it to the anchor."""
        if not _in_time(certificate, self.at):
            return None
        for issuer in self.issuers_of(certificate):
            if issuer.below > 0 and _signed_by(certificate, issuer.point):
                below = min(issuer.below - 1, _path_length(certificate))
                return _Authority(point=_point(certificate), below=below)
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
        _end_entity(leaf, usage)
    except _NotGood as fault:
        return fault.status
    issuers = path.issuers_of(leaf)
    if not issuers:
        return _NO_ANCHOR
    if not _in_time(leaf, path.at) or not any(_signed_by(leaf, each.point) for each in issuers):
        return _BAD
    return held(leaf)


def validate_root(
    octets: bytes, path: CertificationPath, *, normal: bool
) -> TrustAnchor | StatusCode:
    """What the root cell is to hold of a new root certificate, or why it is not good.

    The certificate is signed by its own key. Normally that key must be certified under the present
    root too, by a certificate of the path. By contingency it need not.

    Clause: rfc5280:6.1.3
    """
    try:
        root = _root(octets)
    except _NotGood as fault:
        return fault.status
    if not _in_time(root, path.at):
        return _BAD
    if normal and _point(root) not in path.points:
        return _NO_ANCHOR
    return held(root)


def _root(octets: bytes) -> Certificate:
    """A certificate that its own key signed, and that may issue."""
    root = _readable(octets)
    may = _usage_of(root) & KeyUsageBits.KEY_CERT_SIGN and _may_issue(root)
    if not may or not _signed_by(root, _point(root)):
        raise _NotGood(_BAD)
    return root


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


def _readable(octets: bytes) -> Certificate:
    try:
        certificate = parse_certificate(octets)
        _point(certificate)
    except Malformed:
        raise _NotGood(_BAD) from None
    tbs = certificate.tbs
    if (
        certificate.algorithm != _ECDSA_SHA256
        or any(each.critical and each.oid not in _UNDERSTOOD for each in tbs.extensions)
        or len({each.oid for each in tbs.extensions}) != len(tbs.extensions)
        or subject_key_identifier(tbs) != key_identifier(_point(certificate))
        or not _critical(tbs.extension(_POLICIES))
        or not policies(tbs)
    ):
        raise _NotGood(_BAD)
    return certificate


def _point(certificate: Certificate) -> bytes:
    spki = certificate.tbs.public_key
    if len(spki) != len(P256_SPKI) + POINT_OCTETS or not spki.startswith(P256_SPKI):
        raise _NotGood(_BAD)
    return public_key_octets(certificate.tbs)


def _critical(extension: Extension | None) -> bool:
    return extension is not None and extension.critical


def _usage_of(certificate: Certificate) -> KeyUsageBits:
    extension = certificate.tbs.extension(_KEY_USAGE)
    if extension is None or not extension.critical:
        raise _NotGood(_BAD)
    octets = extension.value
    try:
        usage, end = KEY_USAGE.read(Source(octets), 0, len(octets), "keyUsage", KEY_USAGE.tag)
    except Malformed:
        raise _NotGood(_BAD) from None
    if end != len(octets):
        raise _NotGood(_BAD)
    return usage


def _end_entity(leaf: Certificate, usage: KeyUsageBits) -> None:
    if _usage_of(leaf) != usage or leaf.tbs.extension(_BASIC_CONSTRAINTS) is not None:
        raise _NotGood(_BAD)


def _may_issue(certificate: Certificate) -> bool:
    """Whether critical basicConstraints say that it is an authority's."""
    extension = certificate.tbs.extension(_BASIC_CONSTRAINTS)
    return extension is not None and extension.critical and _constraints(extension) is not None


def _path_length(certificate: Certificate) -> int:
    """How many authorities it lets follow."""
    extension = certificate.tbs.extension(_BASIC_CONSTRAINTS)
    return (_constraints(extension) or 0) if extension is not None else 0


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


def _issuers(path: Iterable[bytes]) -> tuple[Certificate, ...]:
    """Those of the path that may issue; what cannot be read leads nowhere."""
    found = []
    for octets in path:
        try:
            certificate = _readable(octets)
            if _usage_of(certificate) & KeyUsageBits.KEY_CERT_SIGN and _may_issue(certificate):
                found.append(certificate)
        except _NotGood:
            continue
    return tuple(found)


def _in_time(certificate: Certificate, at: datetime | None) -> bool:
    tbs = certificate.tbs
    return at is None or tbs.not_before.instant <= at <= tbs.not_after.instant


def _signed_by(certificate: Certificate, point: bytes) -> bool:
    try:
        verify_p256(point, certificate.signature, certificate.tbs.octets)
    except Malformed:
        return False
    return True

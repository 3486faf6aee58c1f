"""Certification paths by a device's rules: up to a trust anchor cell, not to a system store.

1. The certificate can be read; P-256, ECDSA with SHA-256, nothing critical that is unknown.
2. Its key usage is critical and the cell's; policies are there and critical; its key identifier is
   that of its key.
3. An issuer is found by name and key identifier: the anchor, or a certificate of the path that may
   issue; each signature holds.
4. Each is within its validity, unless the command says otherwise or the clock is not reliable.

There is no revocation check on a device. `badCertificate` is a certificate that is wrong by
itself, `noTrustAnchor` one from which no path leads to the anchor.

Clause: rfc5280:6.1.3
"""

from collections.abc import Iterable
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
from smki.wire.certificate import Certificate, Extension, parse_certificate
from smki.wire.der import Reader
from smki.wire.gbcs.asn1 import Source
from smki.wire.gbcs.trust_anchors import KEY_USAGE, KeyUsageBits, StatusCode

PATH_MAX: Final = 4  # certificates between a replacement and the anchor; the data has one

_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_P256_SPKI: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
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


def validate(
    octets: bytes,
    path: Iterable[bytes],
    anchor: TrustAnchor,
    usage: KeyUsageBits,
    at: datetime | None,
) -> TrustAnchor | StatusCode:
    """What the cell is to hold of the certificate, or why it is not good.

    Args:
        octets: the certificate (DER).
        path: the certificates that came with it, in any order.
        anchor: of the root cell.
        usage: of the cell.
        at: when all must be valid; None if time is not looked at.

    Clause: rfc5280:6.1.3
    """
    try:
        leaf = _readable(octets)
        _end_entity(leaf, usage)
        _up(leaf, _issuers(path), anchor, at)
        return held(leaf)
    except _NotGood as fault:
        return fault.status


def validate_root(
    octets: bytes, path: Iterable[bytes], anchor: TrustAnchor, at: datetime | None, *, normal: bool
) -> TrustAnchor | StatusCode:
    """What the root cell is to hold of a new root certificate, or why it is not good.

    The certificate is signed by its own key. Normally that key must be certified under the present
    root too, by a certificate of the path. By contingency it need not.

    Clause: rfc5280:6.1.3
    """
    try:
        root = _root(octets, at)
        if normal and not _linked(root, path, anchor, at):
            return _NO_ANCHOR
    except _NotGood as fault:
        return fault.status
    return held(root)


def _root(octets: bytes, at: datetime | None) -> Certificate:
    """A certificate that its own key signed, and that may issue."""
    root = _readable(octets)
    may = _usage_of(root) & KeyUsageBits.KEY_CERT_SIGN and _may_issue(root)
    if not may or not _signed_by(root, _point(root)):
        raise _NotGood(_BAD)
    _in_time(root, at)
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
    if len(spki) != len(_P256_SPKI) + 65 or not spki.startswith(_P256_SPKI):
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
    """Whether basicConstraints say that it is an authority's; a path length of 0 is enough here."""
    extension = certificate.tbs.extension(_BASIC_CONSTRAINTS)
    if extension is None or not extension.critical:
        return False
    try:
        body = Reader(extension.value, "basicConstraints").enter(der.SEQUENCE, "constraints")
        return body.take(der.BOOLEAN, "cA") == b"\xff"
    except Malformed:
        return False


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


def _up(
    certificate: Certificate,
    issuers: tuple[Certificate, ...],
    anchor: TrustAnchor,
    at: datetime | None,
    depth: int = 0,
) -> None:
    """A path leads from the certificate to the anchor."""
    _in_time(certificate, at)
    key = authority_key_identifier(certificate.tbs)
    if key == anchor.key_identifier and certificate.tbs.issuer == anchor.subject:
        if _signed_by(certificate, anchor.point):
            return
        raise _NotGood(_NO_ANCHOR if depth else _BAD)
    for issuer in issuers:
        tbs = issuer.tbs
        if (
            tbs.subject == certificate.tbs.issuer
            and subject_key_identifier(tbs) == key
            and depth < PATH_MAX
        ):
            if not _signed_by(certificate, _point(issuer)):
                raise _NotGood(_BAD)
            _up(issuer, issuers, anchor, at, depth + 1)
            return
    raise _NotGood(_NO_ANCHOR)


def _in_time(certificate: Certificate, at: datetime | None) -> None:
    tbs = certificate.tbs
    if at is not None and not tbs.not_before.instant <= at <= tbs.not_after.instant:
        raise _NotGood(_BAD)


def _signed_by(certificate: Certificate, point: bytes) -> bool:
    try:
        verify_p256(point, certificate.signature, certificate.tbs.octets)
    except Malformed:
        return False
    return True


def _linked(
    root: Certificate, path: Iterable[bytes], anchor: TrustAnchor, at: datetime | None
) -> bool:
    """Whether the present root certified the new root's key."""
    for issuer in _issuers(path):
        if _point(issuer) == _point(root):
            try:
                _up(issuer, (), anchor, at)
            except _NotGood:
                continue
            return True
    return False

"""Certificates of devices: whose they are, and that a believed authority issued them.

Those of one authority and one sort of hardware have one shape. It is learnt from one that was read
whole; of the others it is enough that every octet between what varies is the same.

Clause: sec-app-a:B
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from smki.crypto import key_identifier
from smki.crypto.gbcs_protection import public_point
from smki.crypto.signatures import p256_holds
from smki.profiles.reading import (
    identity,
    key_usage,
    policies,
    public_key_octets,
    subject_key_identifier,
)
from smki.profiles.template import DeviceFields, DeviceShape
from smki.recovery.proving_authority import NO_ONE, Authorities
from smki.terms import EUI64, KeyUsage, Malformed, Refused
from smki.wire.certificate import Certificate, parse_certificate

SHAPES_MAX: Final = 16  # issuers times sorts of hardware; others are read whole, each time
_TBS_AT: Final = 4  # of a certificate of 256 to 65,535 octets: 30 82 xx xx
_SIGNED: Final = bytes.fromhex("300a06082a8648ce3d040302" + "03")  # ECDSA-SHA256, BIT STRING
_SERIAL_OCTETS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDevice:
    """What is known of a device's certificate.

    Attributes:
        key: its public key.
        policy: content octets of its policy OID; empty if it has not exactly one.
    """

    key: EllipticCurvePublicKey
    policy: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A shape, the key of the authority that issues so, and the policy that stands in it."""

    of: DeviceShape
    issuing: EllipticCurvePublicKey
    policy: bytes


class DeviceCertificates:
    """Reads certificates of devices.

    Args:
        authorities: who may have issued them.
    """

    def __init__(self, authorities: Authorities) -> None:
        self._authorities = authorities
        self._shapes: list[_Shape] = []

    def read(self, device: EUI64, octets: bytes) -> OfDevice:
        """The device's key for signatures, by its certificate (DER).

        Raises:
            Malformed: not a certificate of this device, or nobody believed issued it.

        Clause: sec-app-a:B
        """
        for shape in self._shapes:
            values = shape.of.values(octets, _TBS_AT)
            if values is not None:
                return _like(shape, values, device, octets)
        return self._whole(device, octets)

    def _whole(self, device: EUI64, octets: bytes) -> OfDevice:
        certificate = parse_certificate(octets)
        tbs = certificate.tbs
        point = public_key_octets(tbs)
        if identity(tbs) != device:
            raise _malformed(f"is of {identity(tbs)}, must be of this device")
        if key_usage(tbs) is not KeyUsage.DIGITAL_SIGNATURE:
            raise _malformed("is for another use, must be for signatures")
        if subject_key_identifier(tbs) != key_identifier(point):
            raise _malformed("its key identifier is not of its key, must be")
        issuer = self._authorities.issuer_of(certificate)
        if issuer is None:
            raise _malformed(NO_ONE)
        found = policies(tbs)
        read = OfDevice(key=public_point(point), policy=found[0] if len(found) == 1 else b"")
        self._learn(certificate, device, issuer, read.policy)
        return read

    def _learn(
        self, certificate: Certificate, device: EUI64, issuer: Certificate, policy: bytes
    ) -> None:
        tbs = certificate.tbs
        in_place = certificate.octets[_TBS_AT : _TBS_AT + len(tbs.octets)] == tbs.octets
        if not in_place or len(self._shapes) >= SHAPES_MAX or len(tbs.serial) != _SERIAL_OCTETS:
            return
        fields = DeviceFields(
            serial=tbs.serial,
            not_before=tbs.not_before.text,
            point=public_key_octets(tbs),
            key_identifier=subject_key_identifier(tbs) or b"",
            device=device.octets,
        )
        with suppress(Refused):  # another form than the profile's: each is read whole
            shape = DeviceShape(tbs.octets, fields)
            issuing = public_point(public_key_octets(issuer.tbs))
            self._shapes.append(_Shape(of=shape, issuing=issuing, policy=policy))


def _like(shape: _Shape, values: tuple[bytes, ...], device: EUI64, octets: bytes) -> OfDevice:
    """One of a shape that is known: what varies, and the signature, are looked at."""
    end = _TBS_AT + shape.of.length
    _, _, point, identifier, of = values
    signature = _signature(octets, end)
    if of != device.octets:
        raise _malformed(f"is of {EUI64(of)}, must be of this device")
    if identifier != key_identifier(point):
        raise _malformed("its key identifier is not of its key, must be")
    if not p256_holds(shape.issuing, signature, octets[_TBS_AT:end]):
        raise _malformed("its signature does not hold, must be of its issuer")
    return OfDevice(key=public_point(point), policy=shape.policy)


def _signature(octets: bytes, at: int) -> bytes:
    """The signature behind the TBSCertificate, in DER; all lengths are exact.

    Raises:
        Malformed: something else stands there.
    """
    begin = at + len(_SIGNED)
    length = octets[begin] if len(octets) > begin else 0
    whole = b"\x30\x82" + (len(octets) - _TBS_AT).to_bytes(2, "big")
    if (
        octets[:_TBS_AT] != whole
        or octets[at:begin] != _SIGNED
        or octets[begin + 1 : begin + 2] != b"\0"
        or begin + 1 + length != len(octets)
    ):
        raise _malformed("its signature stands elsewhere, must end it")
    return octets[begin + 2 :]


def _malformed(what: str) -> Malformed:
    return Malformed(what, clause="sec-app-a:B", rule="recovery.certificate")

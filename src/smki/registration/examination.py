"""Step 3, examined: is it well formed, and does its signature prove possession of the key?

Pure; a whole chunk of a batch can be examined in another process.
"""

from collections.abc import Sequence

from smki.crypto import verify_p256, verify_rsa_sha256
from smki.steps import Examined, Refusal
from smki.terms import EUI64, Finding, Inconsistent, KeyUsage, Malformed
from smki.wire.encodings import read_bare_base64
from smki.wire.pkcs10 import (
    parse_device_request,
    parse_organisation_request,
    parse_system_request,
)
from smki.wire.requests import DeviceRequest, SignedRequest, SystemRequest


def examine_device(text: str) -> Examined | Refusal:
    """The device CSR in this bare base64 text, with its proof of possession; or why not.

    Clause: sec-app-m:2.3.1.7
    """
    try:
        return _possessed(parse_device_request(read_bare_base64(text)))
    except Malformed as error:
        return _refusal(error)


def examine_devices(texts: Sequence[str]) -> list[Examined | Refusal]:
    """The outcome of `examine_device` for each, in order."""
    return [examine_device(text) for text in texts]


PackedOutcome = tuple[bytes, int, bytes, bytes, bytes] | Refusal
"""An outcome that travels cheaply between processes; for device CSRs only."""


def examine_packed(texts: Sequence[str]) -> list[PackedOutcome]:
    """The outcome of `examine_device` for each, in order, packed; `unpack` gives it back."""
    return [_pack(examine_device(text)) for text in texts]


def _pack(outcome: Examined | Refusal) -> PackedOutcome:
    if isinstance(outcome, Refusal):
        return outcome
    request = outcome.request
    if not isinstance(request, DeviceRequest):
        raise Inconsistent(f"a {type(request).__name__} among device requests")
    usage = _USAGES.index(request.usage)
    return request.device.octets, usage, request.hw_type, request.point, request.digest


def unpack(packed: PackedOutcome) -> Examined | Refusal:
    """The outcome that was packed."""
    if isinstance(packed, Refusal):
        return packed
    device, usage, hw_type, point, digest = packed
    return Examined(
        request=DeviceRequest(
            device=EUI64(device),
            hw_type=hw_type,
            usage=_USAGES[usage],
            point=point,
            digest=digest,
        )
    )


_USAGES = tuple(KeyUsage)


def examine_organisation(octets: bytes) -> Examined | Refusal:
    """The organisation CSR in this DER, with its proof of possession; or why not.

    Clause: sec-app-m:2.3.1.2
    """
    try:
        return _possessed(parse_organisation_request(octets))
    except Malformed as error:
        return _refusal(error)


def examine_system(octets: bytes) -> Examined | Refusal:
    """The CSR for an IKI credential in this DER, with its proof of possession; or why not.

    Clause: sec-app-m:G
    """
    try:
        return _possessed(parse_system_request(octets))
    except Malformed as error:
        return _refusal(error)


def _possessed(signed: SignedRequest) -> Examined:
    request = signed.request
    if isinstance(request, SystemRequest):
        verify_rsa_sha256(request.public_key, signed.signature, signed.info)
    else:
        verify_p256(request.point, signed.signature, signed.info)
    return Examined(request=request)


def _refusal(error: Malformed) -> Refusal:
    return Refusal(
        finding=Finding(
            rule=error.rule or "csr.der",
            message=error.message,
            where=error.where,
            clause=error.clause,
        )
    )

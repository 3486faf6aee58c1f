import base64
import os
import signal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.device_keys import Asked, KeyMakers, make_keys
from smki.simulator import ScalarKeys
from smki.terms import EUI64, KeyUsage
from smki.wire.pkcs10 import parse_device_request
from smki.wire.requests import DeviceRequest

HARDWARE = b"\x2a\x03\x04"


def _asked(count: int) -> list[Asked]:
    return [Asked((0x0A534E00_00000000 + number).to_bytes(8, "big")) for number in range(count)]


@pytest.mark.clause("sec-app-m:F")
def test_each_request_is_for_its_device_and_key() -> None:
    """Both are requests of the device, for both usages, signed by the keys that are kept."""
    for keys in make_keys(HARDWARE, _asked(3)):
        for key, usage in (
            (keys.signing, KeyUsage.DIGITAL_SIGNATURE),
            (keys.agreement, KeyUsage.KEY_AGREEMENT),
        ):
            octets = base64.b64decode(key.request)
            request = parse_device_request(octets).request
            assert isinstance(request, DeviceRequest)
            assert (request.device, request.usage) == (EUI64(keys.device), usage)
            outside = x509.load_der_x509_csr(octets)
            assert outside.is_signature_valid
            point = outside.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            assert point == key.point == ScalarKeys(os.urandom).point(key.scalar)


@pytest.mark.clause("rfc6979:3.2")
def test_the_same_keys_ask_with_the_same_octets() -> None:
    """What was asked can be asked again from the keys alone."""
    first = make_keys(HARDWARE, _asked(3))
    again = [Asked(keys.device, keys.signing.scalar, keys.agreement.scalar) for keys in first]
    assert make_keys(HARDWARE, again) == first
    assert make_keys(HARDWARE, _asked(3)) != first


def test_processes_keep_the_order_and_may_die() -> None:
    """What a process that was killed had been asked is made here."""
    asked = _asked(1_100)
    makers = KeyMakers(2)
    try:
        parts = makers.make(HARDWARE, asked)
        made = next(parts)
        os.kill(makers.pids[0], signal.SIGKILL)
        made += [keys for part in parts for keys in part]
    finally:
        makers.close()
    assert [keys.device for keys in made] == [one.device for one in asked]
    scalars = {key.scalar for keys in made for key in (keys.signing, keys.agreement)}
    assert len(scalars) == 2 * len(asked)

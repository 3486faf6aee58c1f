"""Renewal under a running server: shown and gone by within a second, nobody is turned away."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from smki.interfaces.client import ClientCredential
from smki.terms import AdHocStatus, Interface

if TYPE_CHECKING:
    from tests.journeys.conftest import House

SECONDS = 60.0
EVERYTHING = "800"  # days: the lists of the roots and all credentials, which live two years


@pytest.fixture
def served(new_house: Callable[[Mapping[str, str]], House]) -> Iterator[House]:
    """A house of its own, served."""
    house = new_house({})
    house.move_in()
    house.start("serve")
    yield house
    house.stop()


def shown(house: House) -> int:
    """The serial number of the certificate that the server shows to whoever connects."""
    parts = urlsplit(house.address("adhoc"))
    credential = house.credential("supplier", Interface.AD_HOC)
    context = house.tls(credential, ssl.TLSVersion.TLSv1_2)
    with (
        socket.create_connection((parts.hostname or "", parts.port or 0), 10) as raw,
        context.wrap_socket(raw, server_hostname=parts.hostname) as tls,
    ):
        octets = tls.getpeercert(binary_form=True)
    assert octets is not None
    return x509.load_der_x509_certificate(octets).serial_number


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:G", "sec-app-b:B-crl")
def test_a_running_server_goes_by_what_is_renewed(served: House) -> None:
    """Certificate, lists and credentials renewed: the same process shows them, old and new get in."""
    kept = {suffix: (served.state.parent / f"earlier.{suffix}") for suffix in ("pem", "key")}
    for suffix, path in kept.items():
        path.write_bytes((served.state / "parties" / "supplier" / f"adhoc.{suffix}").read_bytes())
    before, process = shown(served), served.process
    done = served.command("renew", "--within", EVERYTHING, "--json")
    assert done.returncode == 0, done
    renewed = {one["name"] for one in json.loads(done.stdout)["renewed"]}
    assert renewed >= {"server", "list/root-ica", "supplier/adhoc", "dcc/portal"}
    now = x509.load_pem_x509_certificate((served.state / "tls" / "server.pem").read_bytes())
    end = time.monotonic() + SECONDS
    while shown(served) != now.serial_number:
        assert time.monotonic() < end, "the server shows its earlier certificate"
        time.sleep(0.1)
    assert now.serial_number != before
    earlier = ClientCredential(
        ca=served.state / "tls" / "ca.pem", certificate=kept["pem"], key=kept["key"]
    )
    for credential in (earlier, served.credential("supplier", Interface.AD_HOC)):
        request = served.device_request(served.fresh_device())
        answer = served.ad_hoc(request, credential=credential)
        assert answer.status is AdHocStatus.UNKNOWN_DEVICE
    assert served.process is process
    assert process is not None
    assert process.poll() is None
    assert served.status()["ready"] is True
    assert served.command("repository", "audit").returncode == 0

"""An ad hoc request that is sent again, because its answer was lost, is the same request."""

from __future__ import annotations

import base64
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.bootstrap import open_office
from smki.flows.adhoc import replace_device_certificates
from smki.flows.issue import issue_devices
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.registration import examine_devices, requester_for
from smki.steps import Channel, Published
from smki.terms import AdHocStatus, Interface, KeyUsage
from smki.wire import der
from smki.wire.pkcs10 import assemble_request, device_request_info

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.journeys.conftest import House

    from smki.flows.office import Office
    from smki.steps import Requester
    from smki.steps.answers import AdHocAnswer
    from smki.terms import EUI64

HARDWARE = der.oid(DEVELOPMENT_HARDWARE)[2:]


@pytest.fixture(scope="module")
def quiet(new_house: Callable[[Mapping[str, str]], House]) -> House:
    """A house that is not served."""
    made = new_house({})
    made.move_in()
    return made


@pytest.fixture
def office(quiet: House) -> Iterator[Office]:
    """Its office, with all keys."""
    with open_office(quiet.settings, quiet.variables) as opened:
        yield opened


@pytest.fixture
def device(quiet: House, office: Office) -> EUI64:
    """A device that has a certificate, from a batch."""
    made = quiet.fresh_device()
    outcome = _batch(office, quiet.device_request(made))
    assert isinstance(outcome, Published)
    return made


def _requester(office: Office, party: str) -> Requester:
    known = office.front.registry.party(party)
    assert known is not None
    return requester_for(known, Interface.AD_HOC, None)


def _batch(office: Office, request: bytes) -> object:
    text = base64.b64encode(request).decode()
    asking = [_requester(office, "supplier")]
    return issue_devices(office, asking, Channel.BATCH, examine_devices([text]))[0]


def _ask(office: Office, *requests: bytes, party: str = "supplier") -> tuple[AdHocAnswer, ...]:
    asking = _requester(office, party)
    texts = [base64.b64encode(request).decode() for request in requests]
    return replace_device_certificates(office, [(asking, text) for text in texts])


def _size(office: Office) -> int:
    return office.front.reader.checkpoint().size


@pytest.mark.clause("sec-app-m:2.4")
def test_the_same_octets_are_answered_with_the_same_certificate(
    quiet: House, office: Office, device: EUI64
) -> None:
    """Sent again, and after another replacement too, a CSR brings its certificate and no new one."""
    request = quiet.device_request(device)
    (first,) = _ask(office, request)
    assert first.status is AdHocStatus.SUCCESS
    size = _size(office)
    (again,) = _ask(office, request)
    assert again.certificate == first.certificate
    assert again.transaction_id != first.transaction_id
    assert _size(office) == size
    (other,) = _ask(office, quiet.device_request(device))
    assert other.certificate != first.certificate
    (late,) = _ask(office, request)
    assert late.certificate == first.certificate
    assert _size(office) == size + 1


@pytest.mark.clause("sec-app-m:2.4")
def test_duplicates_in_one_group_are_issued_once(
    quiet: House, office: Office, device: EUI64
) -> None:
    """Of requests that wait together each is decided once, and each client has its answer."""
    one, two = quiet.device_request(device), quiet.device_request(device)
    unknown = quiet.device_request(quiet.fresh_device())
    _ask(office, two)
    size = _size(office)
    answers = _ask(office, one, b"no CSR", one, two, unknown, b"no CSR", one, unknown)
    assert [answer.status.value for answer in answers] == [
        *("SUCCESS", "CSR_ERROR", "SUCCESS", "SUCCESS"),
        *("UNKNOWN_DEVICE", "CSR_ERROR", "SUCCESS", "UNKNOWN_DEVICE"),
    ]
    certificates = [answer.certificate for answer in answers]
    assert certificates[0] == certificates[2] == certificates[6] != certificates[3]
    assert _size(office) == size + 1


@pytest.mark.clause("sec-app-m:2.4")
def test_what_is_not_the_same_request(quiet: House, office: Office, device: EUI64) -> None:
    """A signature made anew, the end of the time, a batch before: each brings a new certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    info = device_request_info(
        device=device,
        hw_type=HARDWARE,
        usage=KeyUsage.DIGITAL_SIGNATURE,
        point=key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    )
    request, anew = (
        assemble_request(info, key.sign(info, ec.ECDSA(hashes.SHA256()))) for _ in range(2)
    )
    assert anew != request
    (first,) = _ask(office, request)
    (other,) = _ask(office, anew)
    assert other.status is AdHocStatus.SUCCESS
    assert other.certificate != first.certificate

    def later(by: timedelta) -> Office:
        return dataclasses.replace(office, front=quiet.moved(office.front, by))

    repeat = office.front.repeat
    assert repeat == timedelta(days=1)
    (soon,) = _ask(later(repeat - timedelta(minutes=1)), request)
    (late,) = _ask(later(repeat + timedelta(minutes=1)), request)
    assert soon.certificate == first.certificate
    assert late.certificate not in (None, first.certificate)
    fresh = quiet.device_request(device)
    batched = _batch(office, fresh)
    assert isinstance(batched, Published)
    (asked,) = _ask(office, fresh)
    assert asked.certificate not in (None, batched.certificate)


@pytest.mark.clause("sec-app-m:2.4")
def test_another_party_is_not_answered_for_it(quiet: House, office: Office, device: EUI64) -> None:
    """The same octets from another party are its own request, decided for itself."""
    request = quiet.device_request(device)
    (first,) = _ask(office, request)
    (other,) = _ask(office, request, party="network")
    assert first.status is AdHocStatus.SUCCESS
    assert other.status is AdHocStatus.WORKFLOW_ERROR


@pytest.mark.clause("sec-app-m:2.4")
def test_repeats_can_be_switched_off(quiet: House, office: Office, device: EUI64) -> None:
    """With no time for repeats every request brings a certificate of its own."""
    always = dataclasses.replace(
        office, front=dataclasses.replace(office.front, repeat=timedelta())
    )
    request = quiet.device_request(device)
    (first,), (second,) = _ask(always, request), _ask(always, request)
    assert None not in (first.certificate, second.certificate)
    assert first.certificate != second.certificate


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.4")
def test_repeats_over_the_network(house: House, known_devices: Iterator[EUI64]) -> None:
    """Eight at once, and once more: one certificate for all who send the same octets."""
    request = house.device_request(next(known_devices))
    size, _ = house.stored()
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: house.ad_hoc(request), range(8)))
    answers.append(house.ad_hoc(request))
    assert {answer.status for answer in answers} == {AdHocStatus.SUCCESS}
    assert len({answer.certificate for answer in answers}) == 1
    assert house.stored()[0] == size + 1

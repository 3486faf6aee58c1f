"""What an enemy, a wrong clock or a long sleep may try: nothing is signed or lost by it."""

from __future__ import annotations

import asyncio
import dataclasses
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.adapters.helpers import helpers
from smki.adapters.requesters import request_for_device, request_for_system
from smki.authority import journal
from smki.bootstrap import open_office
from smki.bootstrap.initialising import write_lists
from smki.flows.batch import process_batch, receive_batch
from smki.flows.issue import settle
from smki.flows.revocation import (
    current_list,
    publish_list,
    refresh_lists,
    revoke_credential,
)
from smki.flows.services import HouseServices
from smki.interfaces.serving import _follow
from smki.interfaces.worker import _Worker
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.registration import admit_server, examine_system, operator, requester_for
from smki.steps import Admitted, Channel, Prepared, Refusal, Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import (
    EUI64,
    AdHocStatus,
    CertificateKind,
    Inconsistent,
    Interface,
    KeyUsage,
    Refused,
    RemotePartyRole,
    SerialNumber,
    Unavailable,
)
from smki.wire import der
from smki.wire.requests import OrganisationRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.journeys.conftest import House

    from smki.flows.office import FrontOffice, Office

ICA = CertificateKind.ISSUING_ICA
SUPPLIER = EUI64.parse("0A534D4B49020001")


@pytest.fixture(scope="module")
def quiet(new_house: Callable[[Mapping[str, str]], House]) -> House:
    """A house that is not served, whose devices must have the sample hardware type."""
    made = new_house({"SMKI_HW_TYPES": f'["{DEVELOPMENT_HARDWARE}"]'})
    made.move_in()
    return made


@pytest.fixture
def office(quiet: House) -> Iterator[Office]:
    """Its office, with all keys."""
    with open_office(quiet.settings, quiet.variables) as opened:
        yield opened


def supplier(front: FrontOffice, interface: Interface) -> Requester:
    """The supplier as one who asks."""
    party = front.registry.party("supplier")
    assert party is not None
    return requester_for(party, interface, None)


@pytest.mark.clause("sec-app-b:B")
def test_a_forged_journal_makes_no_authority(quiet: House, office: Office) -> None:
    """An intent that says `organisation` and holds an authority's TBSCertificate is not signed."""
    front = office.front
    (authority,) = office.hierarchy.chain_of(CertificateKind.ORGANISATION)[:1]
    forged = Prepared(
        admitted=Admitted(
            request=OrganisationRequest(
                entity=SUPPLIER,
                role=RemotePartyRole.SUPPLIER,
                common_name=None,
                usage=KeyUsage.DIGITAL_SIGNATURE,
                point=b"\x04" + bytes(64),
                digest=bytes(32),
            ),
            kind=CertificateKind.ORGANISATION,
            subscriber=SUPPLIER,
            channel=Channel.PORTAL,
        ),
        serial=SerialNumber(1 << 100),
        tbs=x509.load_der_x509_certificate(authority).tbs_certificate_bytes,
    )
    before = front.reader.checkpoint().size
    entry = journal(front.workbook, (forged,), office.seal, size=before)
    try:
        with pytest.raises(Inconsistent, match="nothing is signed"):
            settle(office)
    finally:
        front.workbook.close(entry.journal, rows=(), size=0)
    assert front.reader.checkpoint().size == before


@pytest.mark.clause("sec-app-m:G")
def test_no_party_gets_a_server_certificate(office: Office) -> None:
    """What makes a server of the infrastructure is asked for by the operator and nobody else."""
    examined = examine_system(request_for_system("smki", "7F", "localhost").request)
    for party in ("supplier", "dcc"):
        known = office.front.registry.party(party)
        assert known is not None
        requester = requester_for(known, Interface.PORTAL, None)
        assert isinstance(admit_server(examined, requester), Refusal)
    assert isinstance(admit_server(examined, operator("smki")), Admitted)


@pytest.mark.clause("sec-app-a:B", "sec-app-m:2.3.1.7")
def test_foreign_hardware_is_refused_alone(quiet: House, office: Office) -> None:
    """One request of a batch with a hwType that is not permitted takes no other down with it."""
    front = office.front
    foreign = request_for_device(
        quiet.fresh_device(), KeyUsage.DIGITAL_SIGNATURE, der.oid("2.25.1")[2:]
    )
    document = quiet.document_of(
        [
            ("a", quiet.device_request(quiet.fresh_device())),
            ("b", foreign.request),
            ("c", quiet.device_request(quiet.fresh_device())),
        ]
    )
    receipt = receive_batch(front, supplier(front, Interface.BATCH), [document])
    assert receipt.number is not None
    batch = front.workbook.batch(receipt.number)
    assert batch is not None
    examine = helpers(1, dict)
    assert list(process_batch(office, batch, examine)) == [3]
    examine.close()
    outcomes = {one.item: one.code for one in front.workbook.outcomes(batch.number)}
    assert outcomes == {"a": "", "b": "CR:CD2", "c": ""}


@pytest.mark.clause("sec-app-b:B-crl")
def test_a_list_of_a_wrong_clock_is_replaced(quiet: House, office: Office) -> None:
    """A list dated a year ahead is followed at once by one of now, with the next number."""
    ahead = dataclasses.replace(office, front=quiet.moved(office.front, timedelta(days=365)))
    wrong = publish_list(ahead, ICA)
    assert refresh_lists(office) == (ICA,)
    right = current_list(office.front, ICA)
    assert right is not None
    assert right.number == wrong.number + 1
    assert right.this_update <= datetime.now(UTC) < right.next_update
    assert refresh_lists(office) == ()


@pytest.mark.clause("sec-app-b:B-crl")
def test_lists_follow_the_settings(quiet: House, office: Office) -> None:
    """Interval and validity are those configured; a list of before is renewed while it holds."""
    refresh_lists(office)
    chosen = dataclasses.replace(
        office.front.settings, crl_interval=timedelta(days=10), crl_validity=timedelta(days=11)
    )

    def at(by: timedelta) -> Office:
        front = dataclasses.replace(quiet.moved(office.front, by), settings=chosen)
        return dataclasses.replace(office, front=front)

    soon, before_the_end = at(timedelta(hours=20)), at(timedelta(hours=30))
    assert refresh_lists(soon) == ()
    assert ICA in refresh_lists(before_the_end)
    made = current_list(office.front, ICA)
    assert made is not None
    assert made.next_update - made.this_update == timedelta(days=11)
    assert refresh_lists(at(timedelta(days=10))) == ()
    assert ICA in refresh_lists(at(timedelta(days=12)))


@pytest.mark.clause("sec-app-b:B-crl")
def test_revocations_outlive_the_index(quiet: House, office: Office) -> None:
    """With the index thrown away, the next list has the next number, and all entries."""
    mine = x509.load_pem_x509_certificate(
        quiet.credential("network", Interface.BATCH).certificate.read_bytes()
    )
    last = revoke_credential(office, SerialNumber(mine.serial_number))
    office.front.index.clear()
    settle(office)
    found = publish_list(office, ICA)
    assert found.number == last.number + 1
    assert found.entries == last.entries != ()


@pytest.mark.clause("sec-app-n:3.1.2")
def test_a_clock_put_back_delays_nobody(quiet: House, office: Office) -> None:
    """After the clock was put back an hour the next ad hoc request is asked, not refused."""
    asked: list[str] = []

    async def ask(_: Requester, text: str) -> AdHocAnswer:
        asked.append(text)
        return AdHocAnswer(transaction_id=1, status=AdHocStatus.CSR_ERROR)

    def services_at(by: timedelta, interval: float) -> HouseServices:
        front = quiet.moved(office.front, by)
        made = HouseServices(front, ask, lambda: None, dict, lambda _: interval)
        made._last_ad_hoc = known  # one service whose clock jumps
        return made

    requester = supplier(office.front, Interface.AD_HOC)
    for seconds in (0.0, 60.0):
        known: dict[str, datetime] = {}
        asked.clear()
        asyncio.run(services_at(timedelta(hours=1), seconds).ad_hoc(requester, "ahead"))
        asyncio.run(services_at(timedelta(), seconds).ad_hoc(requester, "back"))
        assert asked == ["ahead", "back"]
    answer = asyncio.run(services_at(timedelta(seconds=30), 60.0).ad_hoc(requester, "early"))
    assert answer.status is AdHocStatus.WORKFLOW_ERROR


@pytest.mark.clause("sec-app-m:G")
def test_a_list_that_could_not_be_read_is_tried_again() -> None:
    """A list that cannot be read is tried again until it can: following it never ends."""
    tries: list[int] = []
    done = asyncio.Event()

    def refresh() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise Unavailable("TLS: revocation list cannot be used")
        done.set()

    async def scene() -> None:
        following = asyncio.create_task(_follow(refresh))
        await asyncio.wait_for(done.wait(), 60)
        assert not following.done()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(scene())
    assert tries == [0, 1, 2]


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:G", "sec-app-b:B-crl")
def test_a_house_that_stood_for_a_week_lets_its_parties_in(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """Its list expired while nobody served; whoever comes when it is ready is let in at once."""
    house = new_house({})
    house.move_in()
    with open_office(house.settings, house.variables) as office:
        week_ago = dataclasses.replace(office, front=house.moved(office.front, -timedelta(days=7)))
        expired = publish_list(week_ago, ICA)
        assert expired.next_update < datetime.now(UTC)
        write_lists(house.settings, office)
    house.start("serve")
    answer = house.ad_hoc(house.device_request(house.fresh_device()))
    assert answer.status is AdHocStatus.UNKNOWN_DEVICE
    house.stop()


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:G")
def test_the_worker_looks_at_the_credential_again(house: House) -> None:
    """Whatever the server let in, a credential that opens nothing by then gets nothing."""
    with house.front() as front:
        assert front.registry.credential(SerialNumber(1 << 90)) is None
    with pytest.raises(Refused, match="opens nothing any more"):
        house.perform("adhoc", party="supplier", credential=str(SerialNumber(1 << 90)), csr="AAAA")
    assert house.status()["ready"]


@pytest.mark.clause("sec-app-m:G")
def test_the_worker_believes_no_other_party(quiet: House, office: Office) -> None:
    """A server that was taken over cannot name another party, or another interface's credential."""
    worker = _Worker(
        quiet.settings, office, helpers(1, dict), queue.SimpleQueue(), threading.Event()
    )

    def ask(party: str, interface: Interface) -> Requester:
        pem = quiet.credential("supplier", interface).certificate.read_bytes()
        serial = SerialNumber(x509.load_pem_x509_certificate(pem).serial_number)
        return worker._requester({"party": party, "credential": str(serial)})

    for party, interface in (
        ("dcc", Interface.AD_HOC),
        ("nobody", Interface.AD_HOC),
        ("supplier", Interface.BATCH),
    ):
        with pytest.raises(Refused, match="opens nothing any more"):
            ask(party, interface)
    assert ask("supplier", Interface.AD_HOC).party == "supplier"


@pytest.mark.slow
def test_an_operation_that_makes_no_sense_ends_nothing(house: House) -> None:
    """A fault while the worker does what an operator asked is answered; the worker lives on."""
    with pytest.raises(Unavailable, match="fault of ours"):
        house.perform("approve")
    assert house.perform("ping")["size"] > 0


def test_two_state_directories_never_share_a_database(
    new_house: Callable[[Mapping[str, str]], House], tmp_path: Path
) -> None:
    """What ends a path in a URL does not end it here; long paths and spaces are served too."""
    state = tmp_path / "a?b#c %41 d" / ("long" * 30)
    house = new_house({"SMKI_STATE": str(state)})
    house.state = state
    state.parent.mkdir()
    house.initialise()
    assert (state / "smki.sqlite").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a?b#c %41 d"]
    house.start("serve")
    assert house.status()["ready"]
    house.stop()


@pytest.mark.parametrize("command", ["init", "serve", "run", "status"])
def test_a_state_directory_that_cannot_be_is_said(
    command: str, new_house: Callable[[Mapping[str, str]], House], tmp_path: Path
) -> None:
    """A file where the state directory should be: exit code 3 and one sentence."""
    file = tmp_path / "file"
    file.touch()
    done = new_house({"SMKI_STATE": str(file)}).command(command)
    assert done.returncode == 3
    assert "unavailable: " in done.stderr
    assert "Traceback" not in done.stderr


def test_serving_nothing_says_what_to_do(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """Without an SMKI there is nothing to serve: exit code 3, and the command that makes one."""
    done = new_house({}).command("serve")
    assert done.returncode == 3
    assert "run 'smki init'" in done.stderr


@pytest.mark.slow
def test_two_that_make_it_at_once_make_one_house(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """`smki init` twice at the same moment in one directory: both end well, the record is whole."""
    house = new_house({})
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda _: house.command("init"), range(2)))
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    assert house.command("repository", "audit").returncode == 0

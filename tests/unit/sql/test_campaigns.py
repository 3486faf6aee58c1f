"""Campaigns as both databases keep them."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from sqlalchemy import inspect

from smki.adapters.sql.campaign_parts import at_work
from smki.adapters.sql.campaign_residue import ResidueQuery, residue
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.store import Store
from smki.ports.campaigns import Became, CampaignState, Evidence, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method, WaveCounts
from smki.terms import EUI64, Refused
from smki.wire.gbcs.forms import Form, Formed

Opening = Callable[[], SqlCampaigns]
AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEFT: Final = AT + timedelta(hours=48)
NAME: Final = "first"
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=60),
    per_second={},
)
FORM: Final = Form(pieces=(b"\xdf", b"!"), gaps=(8,))


@pytest.fixture
def opened(store: Callable[[], Store]) -> Opening:
    """Opens the campaigns; there is one, of twelve devices in two waves and two regions."""
    campaigns = SqlCampaigns(store())
    campaigns.begin(NAME, PLAN, AT)
    assert campaigns.enlist(NAME, map(_member, range(12))) == 12
    return lambda: SqlCampaigns(store())


def _member(number: int) -> Member:
    return Member(
        device=_device(number),
        kind="ESME",
        make="a",
        region=("north", "south")[number % 2],
        wave=number // 6,
    )


def _device(number: int) -> EUI64:
    return EUI64(number.to_bytes(8, "big"))


def _leased(campaigns: SqlCampaigns, worker: str, at: datetime = AT) -> list[int]:
    most = {"north": 2, "south": 1}
    taken = campaigns.lease(NAME, 0, worker, at=at, until=LEFT, most=most)
    assert {member.fate for member in taken} <= {Fate.UNDER_WAY}
    return [int(member.device) for member in taken]


def _became(number: int, fate: Fate, due: datetime | None = None) -> Became:
    device = _device(number)
    return Became(
        device=device,
        fate=fate,
        why=f"{number % 2} said it",
        due=due,
        command=Formed(form=FORM, filling=device.octets),
        response=b"said",
        at=AT,
    )


def _counts(campaigns: SqlCampaigns) -> list[WaveCounts]:
    """As they are told; they are those of the devices, and so are the totals."""
    told = list(campaigns.counts(NAME))
    members = campaigns.members(NAME, None, 100)
    found = Counter((member.wave, member.fate) for member in members)
    assert {(one.wave, fate): n for one in told for fate, n in one.fates.items()} == found
    assert campaigns.totals(NAME) == Counter(
        (one.kind, one.make, one.region, one.fate, one.why) for one in members
    )
    return told


def test_a_device_is_leased_to_one_process_and_counted_in_every_fate(opened: Opening) -> None:
    """From planned to its end, by who has it; another's word of it counts for nothing."""
    one, two = opened(), opened()
    assert _leased(one, "one") == [0, 2, 1]
    assert _leased(two, "two") == [4, 3]
    assert _counts(two)[0].fates == {Fate.PLANNED: 1, Fate.UNDER_WAY: 5}
    again = AT + timedelta(minutes=5)
    became = [_became(0, Fate.RECOVERED), _became(1, Fate.PLANNED, again), _became(4, Fate.REFUSED)]
    assert one.settle(NAME, "one", became) == 2
    assert one.settle(NAME, "one", became) == 0
    assert one.settle(NAME, "one", ()) == 0
    assert _counts(one)[0].fates == {Fate.PLANNED: 2, Fate.UNDER_WAY: 3, Fate.RECOVERED: 1}
    assert _leased(two, "two", again) == [5]
    assert _leased(two, "two", again) == [1]
    assert one.next_due(NAME, 0) == LEFT
    assert sorted(_leased(one, "one", LEFT)) == [1, 2, 4]
    assert _counts(one)[0].fates == {Fate.UNDER_WAY: 5, Fate.RECOVERED: 1}


@pytest.mark.clause("sec:L10")
def test_what_is_told_as_it_was_leased_is_settled_alike(opened: Opening) -> None:
    """Without reading it again; of what another took over meanwhile nothing is settled all the same."""
    one, two = opened(), opened()
    members = one.lease(NAME, 0, "one", at=AT, until=LEFT, most={"north": 2, "south": 2})
    became = [
        replace(_became(int(member.device), Fate.RECOVERED), leased=member) for member in members
    ]
    assert one.settle(NAME, "one", became[:1]) == 1
    assert _counts(one)[0].fates == {Fate.PLANNED: 2, Fate.UNDER_WAY: 3, Fate.RECOVERED: 1}
    taken = two.lease(NAME, 0, "two", at=LEFT, until=LEFT + timedelta(1), most={"south": 2})
    assert [int(member.device) for member in taken] == [5, 1]
    assert one.settle(NAME, "one", became[1:]) == 2
    assert _counts(two)[0].fates == {Fate.PLANNED: 1, Fate.UNDER_WAY: 2, Fate.RECOVERED: 3}
    assert [(int(each.device), each.attempt) for each in two.evidence(NAME, None, 9)] == [
        (0, 2),
        (2, 2),
        (3, 2),
    ]


@pytest.mark.clause("sec:L10")
def test_no_try_is_lost_by_who_is_killed(opened: Opening) -> None:
    """Taken over again and again it is in its first try; one that came to nothing is one more."""
    campaigns, at = opened(), AT

    def leased(worker: str, until: datetime) -> dict[int, Member]:
        taken = campaigns.lease(NAME, 0, worker, at=at, until=until, most={"north": 6})
        return {int(member.device): member for member in taken}

    for worker in ("one", "two", "three", "four", "five"):
        until = at + timedelta(minutes=5)
        for member in leased(worker, until).values():
            assert (member.tries, member.taken_over) == (1, worker != "one")
            assert member.maybe_commanded is member.taken_over
        at = until
    campaigns.settle(NAME, "five", [_became(0, Fate.PLANNED, at)])
    told = {n: (one.tries, one.taken_over) for n, one in leased("six", LEFT).items()}
    assert told == {0: (2, False), 2: (1, True), 4: (1, True)}


@pytest.mark.clause("sec:L10")
def test_evidence_is_given_back_octet_for_octet(opened: Opening) -> None:
    """Of each try, whether its command was kept whole or as what fills its form.

    A command that nobody answered is kept beside the question that was.
    """
    campaigns = opened()
    taken = _leased(campaigns, "one")
    campaigns.settle(NAME, "one", [_became(number, Fate.PLANNED, AT) for number in taken])
    assert sorted(_leased(campaigns, "two")) == sorted(taken)
    whole = Became(
        device=_device(0),
        fate=Fate.REFUSED,
        command=b"\xdf whole",
        response=b"told",
        at=AT,
        unanswered=(_became(0, Fate.PLANNED).command, AT),
    )
    campaigns.settle(NAME, "two", [whole])
    found = [
        (int(one.device), one.attempt, one.command, one.response)
        for one in opened().evidence(NAME, None, 2)
    ]
    formed = [b"\xdf" + _device(number).octets + b"!" for number in (0, 1)]
    assert found == [
        (0, 2, formed[0], b"said"),
        (0, 3, formed[0], b""),
        (0, 4, b"\xdf whole", b"told"),
        (1, 2, formed[1], b"said"),
    ]
    (last,) = opened().evidence(NAME, _device(1), 10)
    assert last.device == _device(2)


def test_who_leases_at_once_gets_different_devices(opened: Opening) -> None:
    """Four processes until there are none: each device once, and all are counted."""
    workers = [opened() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: _leased(workers[n % 4], f"w{n % 4}"), range(16)))
    assert sorted(number for some in taken for number in some) == list(range(6))
    assert _counts(workers[0])[0].fates == {Fate.UNDER_WAY: 6}


def test_nothing_is_leased_of_a_campaign_that_does_not_run(opened: Opening) -> None:
    """Paused it has devices that are due, and gives none."""
    campaigns = opened()
    campaigns.let(NAME, CampaignState.PAUSED)
    assert _leased(campaigns, "one") == []
    campaigns.let(NAME, CampaignState.RUNNING)
    assert len(_leased(campaigns, "one")) == 3


def test_a_campaign_from_before_there_was_a_tally_is_counted(
    opened: Opening, store: Callable[[], Store]
) -> None:
    """By its devices as long as nothing changes, then once, and from then on by the tally."""
    campaigns = opened()
    store().write(lambda connection: connection.exec_driver_sql("DELETE FROM campaign_sorts"))
    assert [one.fates for one in _counts(campaigns)] == [{Fate.PLANNED: 6}, {Fate.PLANNED: 6}]
    taken = _leased(campaigns, "one")
    assert _counts(campaigns)[0].fates == {Fate.PLANNED: 3, Fate.UNDER_WAY: 3}
    campaigns.settle(NAME, "one", [_became(taken[0], Fate.SILENT)])
    assert _counts(campaigns)[0].fates == {Fate.PLANNED: 3, Fate.UNDER_WAY: 2, Fate.SILENT: 1}
    assert campaigns.enlist(NAME, map(_member, range(12))) == 12
    assert _counts(campaigns)[0].fates == {Fate.PLANNED: 3, Fate.UNDER_WAY: 2, Fate.SILENT: 1}


def test_nobody_joins_a_campaign_that_has_all_its_devices(opened: Opening) -> None:
    """The roster does not know who comes later: refused, and none of them is in it."""
    campaigns = opened()
    assert campaigns.enlist(NAME, map(_member, range(3))) == 12
    with pytest.raises(Refused, match="without 2 of these devices, must be another name"):
        campaigns.enlist(NAME, map(_member, range(10, 14)))
    assert sum(one.devices for one in _counts(campaigns)) == 12


def test_totals_are_told_by_the_tally(opened: Opening, store: Callable[[], Store]) -> None:
    """No device is read for them: in a campaign of a million they cost what they do in one of six."""
    campaigns = opened()
    campaigns.settle(NAME, "one", [_became(n, Fate.SILENT) for n in _leased(campaigns, "one")])
    told = campaigns.totals(NAME)
    assert told["ESME", "a", "north", Fate.SILENT, "0 said it"] == 2
    assert told["ESME", "a", "south", Fate.SILENT, "1 said it"] == 1
    assert sum(told.values()) == 12
    store().write(lambda connection: connection.exec_driver_sql("DELETE FROM campaign_member"))
    assert campaigns.totals(NAME) == told


def test_who_is_at_work_is_asked_without_a_write(store: Callable[[], Store]) -> None:
    """A page that looks at a campaign that nobody has carried yet makes no table of its own."""
    there = store()
    SqlCampaigns(there).begin(NAME, PLAN, AT)
    before = inspect(there.engine).get_table_names()
    assert at_work(there, NAME, AT) == 0
    assert inspect(there.engine).get_table_names() == before


STRADDLING: Final = tuple(
    EUI64.parse(text)
    for text in ("000D6F0000000001", "7FFF840000000001", "887384000000000F", "90B3D51F30000001")
)


@pytest.mark.parametrize("together", [1, 2, 3, 10])
def test_devices_come_in_the_order_of_their_identifiers(
    store: Callable[[], Store], together: int
) -> None:
    """Those of makers whose identifiers begin with 80 and above come last, as evidence wants it."""
    campaigns = SqlCampaigns(store())
    campaigns.begin(NAME, PLAN, AT)
    members = [replace(_member(0), device=one) for one in reversed(STRADDLING)]
    campaigns.enlist(NAME, members)
    most = {"north": 10, "south": 10}
    campaigns.lease(NAME, 0, "one", at=AT, until=LEFT, most=most)
    became = [
        Became(device=one, fate=Fate.RECOVERED, command=b"\xdf", response=b"!", at=AT)
        for one in STRADDLING
    ]
    assert campaigns.settle(NAME, "one", became) == len(STRADDLING)
    for read in (campaigns.members, campaigns.evidence):
        assert tuple(_walked(read, together)) == STRADDLING
    query = ResidueQuery(campaign=NAME, fates=frozenset(Fate))
    assert tuple(one.device for one in residue(store(), query, together)) == STRADDLING


def _walked(read: Callable[..., Sequence[Member | Evidence]], together: int) -> Iterator[EUI64]:
    after = None
    while page := read(NAME, after, together):
        yield from (one.device for one in page)
        after = page[-1].device

"""The record commits to the register; what was rewritten, lost or opened to others since is named."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from tests.support.founding import copied, founded

from smki.adapters.sql import open_database
from smki.bootstrap import Settings, load_settings, open_office
from smki.bootstrap.opening import open_confidential
from smki.flows.confiding import audit_confidential, confide
from smki.flows.keeping import keep
from smki.flows.office import Office
from smki.flows.register_heads import EVERY_SECONDS, LodgedHead, commit_head_if_due, lodged_heads
from smki.flows.register_verifying import Verified, mend_register, verify_register
from smki.governance.entities import Entity, Key
from smki.governance.entities.bodies import BodyKind, Committee, MinutesSet, Person
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Minutes, MinutesState
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.reading import audience_of
from smki.interfaces.cli import main
from smki.interfaces.register_heads import follow_register
from smki.ports.confidential import Confidential
from smki.ports.register import Inside
from smki.terms import Unavailable

Decided = tuple[Change, Mapping[Key, frozenset[str]]]
START = datetime(2026, 11, 21, 10, tzinfo=UTC)
BODY = Committee(ref="PMA", name="Policy Authority", kind=BodyKind.COMMITTEE)
MEETING = Meeting(
    ref="PMA_21_2111", label=Label.WHITE, body="PMA", number=21, held_on=date(2026, 11, 21)
)


@dataclass
class Stopped:
    """A clock that goes on when it is told to."""

    instant: datetime = START

    def now(self) -> datetime:
        """The instant."""
        return self.instant


@dataclass
class House:
    """An office with a register, and a clock that goes on when it is told to."""

    settings: Settings
    office: Office
    clock: Stopped

    @property
    def kept(self) -> Confidential:
        """Where salts and digests are."""
        return open_confidential(self.settings)

    def put(self, *entities: Entity) -> int:
        """They are kept, by the rules; the number of the entry."""
        change = Change(at=self.clock.instant, by="", said="so", entities=entities)
        return keep(self.office.front.proceedings, change).number

    def put_person(self) -> int:
        """Somebody more is kept."""
        number = self.office.front.proceedings.head().number
        return self.put(Person(ref=f"p{number}", name="Somebody"))

    def commit(self) -> int | None:
        """The record commits, if that is due; the leaf."""
        return commit_head_if_due(self.office, self.kept)

    def pass_by(self, seconds: int) -> None:
        """So much time goes by."""
        self.clock.instant += timedelta(seconds=seconds)

    def verify(self) -> Verified:
        """What is wrong with the register."""
        return verify_register(self.office.front, self.kept)

    def heads(self) -> list[LodgedHead | str]:
        """What the record commits to."""
        return list(lodged_heads(self.office.front, self.kept))

    def change(self, statement: str, **values: object) -> None:
        """Somebody changes the database past the register."""
        engine = create_engine(self.settings.database_url)
        with engine.begin() as connection:
            connection.execute(text(statement), values)
        engine.dispose()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A small house whose register has a body and a meeting; the record commits to both."""
    state = copied(founded(tmp_path_factory), tmp_path_factory.mktemp("heads") / "state")
    environment = {"SMKI_STATE": str(state)}
    settings, clock = load_settings(environment), Stopped()
    with open_office(settings, environment) as opened:
        front = dataclasses.replace(opened.front, clock=clock)
        made = House(settings, dataclasses.replace(opened, front=front), clock)
        assert made.commit() is None  # of an empty register there is nothing to say
        made.put(BODY)
        made.put(MEETING)
        assert made.commit() is not None
        yield made


@pytest.mark.clause("sec:L1")
def test_a_head_is_lodged_once_a_minute(house: House) -> None:
    """While it grows at most once a minute; what did not grow is not lodged again."""
    house.pass_by(EVERY_SECONDS)
    assert house.commit() is None
    number, lodged = house.put_person(), len(house.heads())
    assert house.commit() is not None
    for _ in range(3):
        house.put_person()
        house.pass_by(EVERY_SECONDS // 4)
        assert house.commit() is None
    assert (house.verify().vouched, house.verify().entries) == (number, number + 3)
    house.pass_by(EVERY_SECONDS // 4)
    assert house.commit() is not None
    assert house.verify() == Verified(
        entries=number + 3, vouched=number + 3, heads=lodged + 2, problems=()
    )


@pytest.mark.clause("sec:L1")
def test_what_is_given_out_does_not_wait(house: House) -> None:
    """An output is committed to at once, and all before it; a clock that went back keeps nothing waiting."""
    house.put_person()
    house.pass_by(EVERY_SECONDS)
    house.commit()
    of = MEETING.key
    number = house.put(
        Output(ref="o1", act=OutputAct.PUBLISH, of_kind=of.kind, of=of.ref, on=START.date())
    )
    assert house.commit() is not None
    assert house.verify().vouched == number
    house.put_person()
    house.clock.instant -= timedelta(days=1)
    assert house.commit() is not None
    house.clock.instant += timedelta(days=1)


@pytest.mark.clause("sec:L1")
def test_what_is_approved_does_not_wait(house: House) -> None:
    """Drafts of minutes wait for their minute, approved minutes do not."""
    register = house.office.front.proceedings
    house.put_person()
    house.pass_by(EVERY_SECONDS)
    house.commit()
    draft = Minutes(ref=f"{MEETING.ref}/open", meeting=MEETING.ref, set=MinutesSet.OPEN)
    approved = replace(draft, state=MinutesState.APPROVED_AS_WRITTEN)
    for minutes, waits in ((draft, True), (approved, False)):
        change = Change(at=house.clock.instant, by="", said="", entities=(minutes,))
        decided = (change, {minutes.key: audience_of(minutes, register)})
        register.change(partial(_already, decided))
        assert (house.commit() is None) is waits


def _already(decided: Decided, _: Inside) -> Decided:
    return decided


@pytest.mark.clause("sec:L1")
def test_the_record_says_nothing_of_the_register(house: House) -> None:
    """The leaf is a salted commitment: the same head twice gives two that have nothing in common."""
    front, leaves = (
        house.office.front,
        [one.leaf for one in house.heads() if isinstance(one, LodgedHead)],
    )
    digest = front.proceedings.head().digest
    for leaf in leaves:
        octets = front.reader.leaf(leaf)
        assert len(octets) < 64
        assert digest not in octets
    assert len({front.reader.leaf(leaf)[-32:] for leaf in leaves}) == len(leaves)
    assert not [one for one in audit_confidential(front, house.kept) if isinstance(one, str)]


@pytest.mark.clause("sec:L1")
def test_a_transcript_of_that_name_is_no_head(house: House) -> None:
    """Whoever lodges a transcript called as heads are commits to no entry."""
    heads = house.heads()
    confide(house.office, house.kept, "register", bytes(32))
    assert house.heads() == heads


@pytest.mark.clause("sec:L1")
@pytest.mark.parametrize("at", ["keep", "append", "note"])
@pytest.mark.parametrize("done", [False, True])
def test_cut_off_between_register_and_record(
    house: House, monkeypatch: pytest.MonkeyPatch, at: str, *, done: bool
) -> None:
    """Cut off before or after each effect, it is tried again: the record commits, and nothing is wrong."""
    house.put_person()
    house.pass_by(EVERY_SECONDS)
    kept = house.kept
    of = {"keep": kept, "append": house.office.record, "note": house.office.front.workbook}[at]
    real = getattr(of, at)

    def cut_off(*arguments: Any) -> None:
        if done:
            real(*arguments)
        raise Unavailable("power: lost")

    with monkeypatch.context() as patch:
        patch.setattr(type(of), at, lambda _, *arguments: cut_off(*arguments))
        with pytest.raises(Unavailable, match="power"):
            commit_head_if_due(house.office, kept)
    again = house.commit()
    assert (again is None) is (at == "note" and done)
    found = house.verify()
    assert (found.vouched, found.problems) == (found.entries, ())


@pytest.fixture
def spoilt(house: House, tmp_path: Path) -> Iterator[House]:
    """The house over a copy of its database, that may be spoilt; its record vouches for all of it."""
    house.put_person()
    house.pass_by(EVERY_SECONDS)
    house.commit()
    url = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    engine = create_engine(house.settings.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM INTO :path"), {"path": str(tmp_path / "copy.sqlite")})
    engine.dispose()
    with open_database(url) as database:
        front = dataclasses.replace(house.office.front, proceedings=database.proceedings)
        settings = house.settings.model_copy(update={"database": url})
        made = House(settings, dataclasses.replace(house.office, front=front), house.clock)
        assert made.verify().problems == ()
        yield made


@pytest.mark.clause("sec:L1")
def test_rewritten_and_chained_anew(spoilt: House) -> None:
    """Whoever rewrites an entry and mends the chain contradicts the record: named, with the leaf."""
    register = spoilt.office.front.proceedings
    heads = [one for one in spoilt.heads() if isinstance(one, LodgedHead)]
    spoilt.change("UPDATE proceedings_entry SET said = 'else' WHERE number = 2")
    for number in range(2, register.head().number + 1):
        digest = sha256(next(register.entries(number - 1))).digest()
        statement = "UPDATE proceedings_entry SET digest = :digest WHERE number = :number"
        spoilt.change(statement, digest=digest, number=number)
    found = spoilt.verify()
    assert (found.vouched, len(found.problems)) == (0, len(heads))
    assert found.problems[0].startswith(
        f"the record commits to entry 2 (leaf {heads[0].leaf}, 2026-"
    )
    assert found.problems[0].endswith("that is another now: one of 1 to 2 was rewritten")


@pytest.mark.clause("sec:L1")
def test_a_state_was_rewritten(spoilt: House) -> None:
    """A state that is another now breaks the chain where it is, and is not what the record commits to."""
    spoilt.change(
        "UPDATE proceedings_state SET octets = CAST(replace(octets, :was, :now) AS BLOB)"
        " WHERE entity = (SELECT number FROM proceedings_standing WHERE kind = 'meeting')",
        was='"number":21',
        now='"number":22',
    )
    found = spoilt.verify()
    assert found.problems[0] == "entry 2: is not what entry 3 was chained to"
    assert "entry 2 (leaf" in found.problems[1]
    assert found.vouched == found.entries


@pytest.mark.clause("sec:L1")
def test_the_newest_entries_were_lost(spoilt: House) -> None:
    """A register that ends earlier than the record says has lost entries."""
    newest = spoilt.office.front.proceedings.head().number
    spoilt.change("DELETE FROM proceedings_entry WHERE number = :number", number=newest)
    found = spoilt.verify()
    assert found.vouched <= found.entries == newest - 1
    assert any("entries were lost" in one for one in found.problems)


@pytest.mark.clause("sec:L1")
def test_a_salt_was_lost(spoilt: House) -> None:
    """Of a commitment whose content is gone nobody can tell what it vouched for: said."""
    (leaf, *_) = (one.leaf for one in spoilt.heads() if isinstance(one, LodgedHead))
    commitment = spoilt.office.front.reader.leaf(leaf)[-32:]
    octets = spoilt.kept.read(commitment)
    assert octets is not None
    spoilt.kept.remove(commitment)
    (problem,) = spoilt.verify().problems
    assert problem.startswith(f"record: entry {leaf}: its content is missing")
    spoilt.kept.keep(commitment, octets)


@pytest.mark.clause("sec:M4.13")
def test_opened_to_others(spoilt: House) -> None:
    """Who may read what is worked out again from the policy: what was opened past it is named."""
    spoilt.change(
        "UPDATE proceedings_standing SET audience = (SELECT audience FROM proceedings_standing"
        " WHERE ref = 'o1' OR kind = 'person' LIMIT 1) WHERE kind = 'meeting'"
    )
    problems = spoilt.verify().problems
    assert f"{MEETING.key}: may be read by others than it should be" in problems
    mend_register(spoilt.office.front)
    assert spoilt.verify().problems == ()


@pytest.mark.clause("sec:L1")
def test_the_worker_and_the_command(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker has the record commit; the command says how far it vouches, and exits 1 for a problem."""
    house.put_person()
    house.pass_by(EVERY_SECONDS)
    follow_register(house.settings, house.office)
    environment = {"SMKI_STATE": str(house.settings.state)}
    run = CliRunner().invoke(main, ["governance", "verify", "--mend", "--json"], env=environment)
    said = json.loads(run.stdout)
    assert (run.exit_code, said["vouched"], said["problems"]) == (0, said["entries"], [])
    house.put_person()
    text_run = CliRunner().invoke(main, ["governance", "verify"], env=environment)
    assert "1 are newer, the worker lodges the next head" in text_run.stdout
    monkeypatch.setattr(
        "smki.interfaces.cli.governance_verify.verify_register",
        lambda *_: Verified(entries=2, vouched=1, heads=1, problems=("entry 2: no",)),
    )
    failed = CliRunner().invoke(main, ["governance", "verify"], env=environment)
    assert (failed.exit_code, failed.stdout.splitlines()[0]) == (1, "entry 2: no")

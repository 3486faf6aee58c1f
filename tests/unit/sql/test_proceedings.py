"""The register on both databases: what stands and what is found, beside a model that looks at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from smki.adapters.sql import Database
from smki.adapters.sql.proceedings_tables import (
    AUDIENCE,
    BELONGS,
    ENTRY,
    MARK,
    SEEN,
    STANDING,
    STATE,
)
from smki.governance.encoding import parse_entity
from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import BodyKind, Committee, Person
from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingState
from smki.governance.entities.minutes import Action, ActionState, Due, DueKind
from smki.governance.entries import Change, Entry, digest, encode_entry, parse_entry
from smki.governance.wording import words_of
from smki.ports.register import Head, Inside, Kept, Page, Register, Seen, Wanted, holds
from smki.terms import Inconsistent, Malformed

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAYS = [date(2026, 1, 1) + timedelta(days=one) for one in range(8)]
WORDS = ["Key", "règle", "REGLE", "certificate", "Root", "key-ring", "PMA_21", "ß", "Ελλάδα"]
TOKENS = ["everybody", "let-in", "body PMA", "body SEC", "person ann"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
AUDIENCES = st.frozensets(st.sampled_from(TOKENS), max_size=3)
BODY, MEETING, ITEM = Key(Kind.BODY, "PMA"), Key(Kind.MEETING, "M"), Key(Kind.AGENDA_ITEM, "M/1")
WRONG_REFS = ("", "ann\n", "a" * 121)
DUE = Due(kind=DueKind.NEXT_MEETING)


def action(number: int, words: str = "", **changes: object) -> Action:
    """An action of the one agenda item."""
    made = Action(
        ref=f"PMA 21/{number:02}", text=words, item=ITEM.ref, raised=DAYS[0], owner="", due=DUE
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


FOUNDED: tuple[Entity, ...] = (
    Committee(ref="PMA", name="Policy Authority", kind=BodyKind.COMMITTEE),
    Meeting(ref="M", body="PMA", number=21, held_on=DAYS[3]),
    AgendaItem(ref="M/1", meeting="M", number=1, heading="Règles"),
)
CHANGED = st.one_of(
    st.builds(
        action,
        st.integers(1, 6),
        TEXTS,
        state=st.sampled_from([ActionState.OPEN, ActionState.CLOSED]),
        due_on=st.none() | st.sampled_from(DAYS),
    ),
    st.builds(Person, ref=st.sampled_from(["ann", "bob"]), name=TEXTS),
    st.builds(
        Meeting,
        ref=st.just("M"),
        body=st.just("PMA"),
        number=st.just(21),
        held_on=st.sampled_from(DAYS),
        state=st.sampled_from(MeetingState),
    ),
)
HISTORIES = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.lists(CHANGED, max_size=3, unique_by=lambda one: one.key),
        st.dictionaries(
            st.sampled_from([BODY, MEETING, ITEM, *(action(one).key for one in range(1, 7))]),
            AUDIENCES,
            max_size=3,
        ),
    ),
    max_size=8,
)
ASKED = st.builds(
    Wanted,
    tokens=st.none() | AUDIENCES,
    kinds=st.lists(st.sampled_from([Kind.ACTION, Kind.MEETING, Kind.PERSON]), max_size=2).map(
        tuple
    ),
    under=st.sampled_from([None, None, BODY, MEETING, ITEM, Key(Kind.BODY, "nobody")]),
    standings=st.lists(st.sampled_from(["open", "closed", "planned", ""]), max_size=2).map(tuple),
    since=st.none() | st.sampled_from(DAYS),
    until=st.none() | st.sampled_from(DAYS),
    words=TEXTS,
)


@dataclass
class Model:
    """What must stand: a dictionary, and a look at all of it."""

    states: dict[Key, list[Kept]] = field(default_factory=dict)
    places: dict[Key, tuple[date, int, int]] = field(default_factory=dict)
    entry: int = 0

    def take(self, change: Change, audiences: dict[Key, frozenset[str]]) -> None:
        """The change is the newest."""
        self.entry += 1
        for within, one in enumerate(change.entities):
            place = self.places.setdefault(one.key, (change.at.date(), self.entry, within))
            states = self.states.setdefault(one.key, [])
            audience = states[0].audience if states else frozenset[str]()
            state = Kept(entity=one, entry=self.entry, first=place[1], audience=audience)
            states.insert(0, state)
        for key, audience in audiences.items():
            self.states[key] = [replace(one, audience=audience) for one in self.states[key]]

    def find(self, wanted: Wanted) -> tuple[Kept, ...]:
        """All of them that are wanted, in order."""
        found = [each[0] for each in self.states.values() if _is_wanted(wanted, each[0])]
        return tuple(sorted(found, key=self._place))

    def _place(self, one: Kept) -> tuple[int, int, int]:
        day, entry, within = self.places[one.entity.key]
        return -(one.entity.day or day).toordinal(), -entry, within


def _is_wanted(wanted: Wanted, one: Kept) -> bool:
    entity, day = one.entity, one.entity.day
    return all(
        (
            wanted.tokens is None or holds(one, wanted.tokens),
            not wanted.kinds or entity.KIND in wanted.kinds,
            wanted.under is None or wanted.under in entity.parents,
            not wanted.standings or entity.standing in wanted.standings,
            wanted.since is None or (day is not None and day >= wanted.since),
            wanted.until is None or (day is not None and day <= wanted.until),
            words_of((wanted.words,)) <= words_of(entity.texts),
        )
    )


def change(entities: tuple[Entity, ...], day: int = 0, said: str = "") -> Change:
    """A change so many days after the first."""
    return Change(at=START + timedelta(days=day), by="", said=said, entities=entities)


def put(
    register: Register, made: Change, audiences: dict[Key, frozenset[str]] | None = None
) -> Head:
    """The change is the newest entry; who may read what is as given."""
    return register.change(lambda _: (made, audiences or {}))


def all_pages(register: Register, wanted: Wanted, limit: int) -> Iterator[Kept]:
    """What is found, page by page."""
    page = register.find(wanted, limit=limit)
    yield from page.kept
    while page.more:
        page = register.find(wanted, after=page.more, limit=limit)
        assert page.kept
        yield from page.kept


def empty(database: Database) -> Register:
    """Its register, with nothing in it any more."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(
                text("INSERT INTO proceedings_terms(proceedings_terms) VALUES ('delete-all')")
            )
        for table in (ENTRY, STATE, STANDING, BELONGS, MARK, AUDIENCE, SEEN):
            connection.execute(delete(table))
    return database.proceedings


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=HISTORIES, asked=st.lists(ASKED, min_size=1, max_size=6), limit=st.integers(1, 5))
def test_what_stands_and_what_is_found(
    database: Database,
    history: list[tuple[int, list[Entity], dict[Key, frozenset[str]]]],
    asked: list[Wanted],
    limit: int,
) -> None:
    """After random changes each entity stands as the last one said, and a search finds what a look at all does."""
    register, model = empty(database), Model()
    founded = change(FOUNDED)
    for made, audiences in (
        (founded, {one.key: frozenset({"body PMA"}) for one in FOUNDED}),
        *((change(tuple(them), day), tokens) for day, them, tokens in history),
    ):
        there = {*model.states, *(one.key for one in made.entities)}
        known = {key: tokens for key, tokens in audiences.items() if key in there}
        assert put(register, made, known).number == model.entry + 1
        model.take(made, known)
    for key, states in model.states.items():
        assert register.kept(key) == states[0]
        assert list(register.history(key)) == states
    for wanted in asked:
        assert tuple(all_pages(register, wanted, limit)) == model.find(wanted)
    for kind in (Kind.MEETING, Kind.ACTION):
        for parent in (BODY, ITEM):
            below = [
                one[0].entity
                for key, one in sorted(model.states.items(), key=lambda it: model.places[it[0]][1:])
                if parent in one[0].entity.parents and key.kind is kind
            ]
            assert list(register.under(parent, kind)) == below
    assert list(register.problems()) == []


def test_entries_are_chained(database: Database) -> None:
    """Each entry is as it was written, has the digest of the one before, and the head is the last.

    From the entries alone the same register can be made again.
    """
    register = database.proceedings
    assert (register.head(), list(register.entries())) == (Head(), [])
    heads = [Head()]
    for number in range(1, 60):
        said = f'entry "{number}" é'
        entities: tuple[Entity, ...] = FOUNDED if number == 1 else (action(number % 7),)
        heads.append(put(register, change(entities, said=said)))
    written = list(register.entries())
    assert register.head() == heads[-1]
    for octets, before, head in zip(written, heads, heads[1:], strict=False):
        entry = parse_entry(octets)
        assert encode_entry(entry) == octets
        assert (entry.number, entry.previous) == (head.number, before.digest)
        assert digest(octets) == head.digest
        assert entry.said == f'entry "{head.number}" é'
    assert list(register.entries(after=117)) == written[117:]
    again = empty(database)
    for octets in written:
        put(again, change_of(parse_entry(octets)))
    assert (again.head(), list(again.entries())) == (heads[-1], written)


def change_of(entry: Entry) -> Change:
    """The change that the entry was made of."""
    return Change(
        at=datetime.fromisoformat(entry.at),
        by=entry.by,
        said=entry.said,
        entities=tuple(parse_entity(key, octets) for key, octets in entry.states),
    )


def test_all_below_once(database: Database) -> None:
    """What belongs to something that belongs to it is below it, once; itself is not."""
    register = database.proceedings
    put(register, change((*FOUNDED, action(1), action(2), Person(ref="ann", name="Ann"))))
    found = [one.key for one in register.below(BODY)]
    assert found == [MEETING, ITEM, action(1).key, action(2).key]
    assert list(register.below(action(1).key)) == []


def test_what_decides_sees_what_stands(database: Database) -> None:
    """Inside, the register is as the entry before left it; what is refused there changes nothing."""
    register = database.proceedings
    put(register, change(FOUNDED))

    def decide(known: Inside) -> tuple[Change, dict[Key, frozenset[str]]]:
        assert known.get(MEETING) == FOUNDED[1]
        assert known.under(MEETING, Kind.AGENDA_ITEM) == (FOUNDED[2],)
        assert [one.key for one in known.below(BODY)] == [MEETING, ITEM]
        assert known.get(action(1).key) is None
        raise Malformed("no")

    with pytest.raises(Malformed, match="no"):
        register.change(decide)
    assert register.head().number == 1


def test_what_could_not_be_read_is_not_written(database: Database) -> None:
    """What names itself twice, belongs to nothing or has no spelling is no entry."""
    nobody = Person(ref="ann", name="")
    wrong: list[tuple[tuple[Entity, ...], type[Exception], str]] = [
        ((action(1), action(1)), Inconsistent, "names something twice"),
        ((action(1),), Inconsistent, "agenda-item M/1 is not there"),
        ((replace(nobody, name="\x00"),), Malformed, "printable"),
        ((replace(nobody, name="\ud800"),), Malformed, "cannot be written"),
        *(((replace(nobody, ref=one),), Malformed, "ref must be 1 to 120") for one in WRONG_REFS),
    ]
    for entities, error, said in wrong:
        with pytest.raises(error, match=said):
            put(database.proceedings, change(entities))
    with pytest.raises(Malformed, match="by and said must be printable"):
        put(database.proceedings, change(FOUNDED, said="\x00"))
    assert database.proceedings.head() == Head()


def test_words_are_folded(database: Database) -> None:
    """Letter case, accents and punctuation do not matter; a part of a word is no word."""
    register = database.proceedings
    put(register, change((*FOUNDED, action(1, 'Straße, "Ἑλλάς" PMA_21_0803 x' + "y" * 90))))
    find = partial(_found, register)
    for words in ("STRASSE", "ελλασ", "Ελλάς", "0803 pma", "straße; 21", "x" + "y" * 90, "!"):
        assert action(1).key in find(words)
    for words in ("stra", "PMA_21_0804", "strasse other", "OR", "w", "k1", "t1"):
        assert find(words) == []
    with pytest.raises(Malformed, match="33 words, must be at most 32"):
        find(" ".join(map(str, range(33))))


def _found(register: Register, words: str) -> list[Key]:
    return [one.entity.key for one in register.find(Wanted(tokens=None, words=words)).kept]


@pytest.mark.clause("sec:M4.13")
def test_a_page_after_what_was_not_shown(database: Database) -> None:
    """What is withheld is no page's end: the same answer as for what is not there."""
    register = database.proceedings
    secret, open_to_all = frozenset({"person ann"}), frozenset({"everybody"})
    audiences = {action(1).key: open_to_all, action(2).key: secret, action(3).key: open_to_all}
    put(register, change((*FOUNDED, *map(action, (1, 2, 3)))), audiences)
    page = register.find(Wanted(tokens=open_to_all), limit=1)
    assert _keys(page) == [action(1).key]
    assert _keys(register.find(Wanted(tokens=open_to_all), after=page.more)) == [action(3).key]
    withheld = register.find(Wanted(tokens=secret | open_to_all), limit=2).more
    never = page.more[:-4] + "AAAA"
    said = set()
    for after in (withheld, never, "%", "x", "cGVyc29uIMM", "é"):
        with pytest.raises(Malformed) as caught:
            register.find(Wanted(tokens=open_to_all), after=after)
        said.add(str(caught.value))
    assert len(said) == 1


def _keys(page: Page) -> list[Key]:
    return [one.entity.key for one in page.kept]


def test_who_saw_it(database: Database) -> None:
    """A day's repeat is noted once; another reader, day, state or way is another."""
    register = database.proceedings
    noon = 1_795_000_000
    first = Seen(reader="ann", key=MEETING, entry=1, at=noon, by="page")
    register.note_seen([first, replace(first, at=noon + 60)])
    register.note_seen([replace(first, at=noon + 120)])
    assert [replace(one, at=noon) for one in register.seen(MEETING)] == [first]
    others = [
        replace(first, at=noon + 86_400),
        replace(first, reader="bob", at=noon + 2),
        replace(first, entry=2, at=noon + 3),
        replace(first, by="search", at=noon + 4),
    ]
    register.note_seen([first, *others])
    found = register.seen(MEETING)
    assert set(others) < set(found)
    assert len(found) == 5
    assert list(found) == sorted(found, key=lambda one: -one.at)
    assert register.seen(MEETING, limit=1) == found[:1]
    assert register.seen(BODY) == ()
    register.note_seen(())


def test_names_of_nothing(database: Database) -> None:
    """Whatever somebody asks by: what is no name of anything is not there, and no fault of ours."""
    register, everything = database.proceedings, Wanted(tokens=None)
    put(register, change(FOUNDED))
    for ref in ("", "\x00", "\ud800", "M\n", "'; --", "é" * 10_000):
        key = Key(Kind.MEETING, ref)
        assert (register.get(key), register.kept(key), register.seen(key)) == (None, None, ())
        assert (tuple(register.history(key)), tuple(register.below(key))) == ((), ())
        assert register.under(key, Kind.AGENDA_ITEM) == ()
        assert register.find(replace(everything, under=key)).kept == ()
        assert register.find(replace(everything, standings=(f"{ref}!",))).kept == ()
        assert register.find(replace(everything, words=f"{ref}nothing")).kept == ()


SPOILT = {
    "state": "UPDATE proceedings_standing SET state = first WHERE ref = 'M'",
    "first": "UPDATE proceedings_standing SET first = state WHERE ref = 'M'",
    "place": "UPDATE proceedings_standing SET place = place + 100 WHERE ref = 'ann'",
    "audience": "UPDATE proceedings_standing SET audience = 1 WHERE ref = 'ann'",
    "audience of none": "UPDATE proceedings_standing SET audience = 99 WHERE ref = 'ann'",
    "parent gone": "DELETE FROM proceedings_belongs WHERE kind = 'action'",
    "parent another": "UPDATE proceedings_belongs SET parent = parent + 1 WHERE kind = 'action'",
    "another kind": "UPDATE proceedings_belongs SET kind = 'paper' WHERE kind = 'action'",
}


@pytest.mark.clause("sec:L1")
def test_what_does_not_stand_is_said(database: Database) -> None:
    """Whatever is changed in a table that follows from the entries is noticed, and made again."""
    sqlite, tokens = database.engine.dialect.name == "sqlite", frozenset({"body PMA"})
    terms = "'wann'" if sqlite else "ARRAY['wann']"
    held = Meeting(ref="M", body="PMA", number=21, held_on=DAYS[3], state=MeetingState.HELD)
    spoilt = {
        **SPOILT,
        "nothing": "SELECT 1",
        "terms": f"UPDATE proceedings_standing SET terms = {terms} WHERE ref = 'ann'",  # noqa: S608 - ours
    }
    for what, statement in spoilt.items():
        register = empty(database)
        there = change((*FOUNDED, action(1), Person(ref="ann", name="Ann")))
        put(register, there, {MEETING: tokens})
        put(register, change((held,), 1), {action(1).key: tokens})
        with database.engine.begin() as connection:
            connection.execute(text(statement))
        assert (what, bool(list(register.problems()))) == (what, what != "nothing")
        written = list(register.entries())
        register.make_again(lambda known: partial(_audience, known))
        assert (what, list(register.problems()), list(register.entries())) == (what, [], written)
        assert register.get(MEETING) == held
        seen = register.find(Wanted(tokens=tokens, words="ann"))
        assert [one.audience for one in seen.kept] == [tokens | {"persons"}]
        assert register.under(ITEM, Kind.ACTION) == (action(1),)


def _audience(known: Known, one: Entity) -> frozenset[str]:
    """Who may read it, as a policy could say that looks at what it belongs to."""
    assert all(known.get(parent) is not None for parent in one.parents)
    return frozenset({"body PMA", "persons"} if isinstance(one, Person) else {"body PMA"})

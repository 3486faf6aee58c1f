"""Entries of the register: one spelling each, read back whole; words: folded the same for all."""

from datetime import UTC, datetime
from unicodedata import combining

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smki.governance.encoding import encode_entity
from smki.governance.entities.bodies import Person
from smki.governance.entries import (
    NO_ENTRY,
    Change,
    Entry,
    digest,
    encode_entry,
    entry_of,
    parse_entry,
)
from smki.governance.wording import WORD_MAX, words_of
from smki.merkle.canonical import encode_json, parse_json
from smki.terms import Malformed

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PEOPLE = st.builds(Person, ref=TEXTS, name=TEXTS, credentials=st.lists(TEXTS).map(tuple))
ENTRIES = st.builds(
    lambda at, by, said, people, number, previous: entry_of(
        Change(at=at, by=by, said=said, entities=people), number, previous
    ),
    st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is beside it
    TEXTS,
    TEXTS,
    st.lists(PEOPLE, max_size=4).map(tuple),
    st.integers(1, 1 << 40),
    st.binary(min_size=32, max_size=32),
)
ANY = Entry(number=1, at="2026-11-21T10:00:00Z", by="", said="", previous=NO_ENTRY, states=())


@pytest.mark.clause("sec:L1")
@given(ENTRIES)
def test_an_entry_has_one_spelling(entry: Entry) -> None:
    """It is canonical JSON with these keys, and is read as the entry that was written."""
    octets = encode_entry(entry)
    assert parse_entry(octets) == entry
    changes = [
        {"kind": key.kind.value, "ref": key.ref, "entity": parse_json(state, "state")}
        for key, state in entry.states
    ]
    assert octets == encode_json(
        {
            "number": entry.number,
            "at": entry.at,
            "by": entry.by,
            "said": entry.said,
            "previous": entry.previous.hex(),
            "changes": changes,
        }
    )
    assert len(digest(octets)) == 32


@given(entry=ENTRIES, at=st.integers(0), octet=st.integers(0, 255))
def test_another_octet_is_another_entry_or_none(entry: Entry, at: int, octet: int) -> None:
    """Whatever is changed in it: it is malformed, or the one spelling of another entry."""
    spoilt = bytearray(encode_entry(entry))
    spoilt[at % len(spoilt)] = octet
    try:
        found = parse_entry(bytes(spoilt))
    except Malformed:
        return
    assert encode_entry(found) == spoilt


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{}",
        encode_entry(ANY).replace(b'"number":1', b'"number":true'),
        encode_entry(ANY).replace(b'"changes":[]', b'"changes":{}'),
        encode_entry(ANY).replace(b'"changes":[]', b'"changes":[{}]'),
        encode_entry(ANY).replace(
            b'"changes":[]', b'"changes":[{"entity":{},"kind":"x","ref":""}]'
        ),
        encode_entry(ANY).replace(b'"by":""', b'"by":1'),
        encode_entry(ANY).replace(b'"previous":"00', b'"previous":"'),
        encode_entry(ANY).replace(b'"previous":"00', b'"previous":"AA'),
        encode_entry(ANY).replace(b'"previous":"00', b'"previous":"xx'),
    ],
)
def test_what_is_no_entry(octets: bytes) -> None:
    """A key too few, a number that is none, a kind that there is not: malformed."""
    with pytest.raises(Malformed):
        parse_entry(octets)


@given(st.text(), st.text())
@example("Straße", "STRASSE")
@example("İ ﬁ Ǆ", "i̇ FI dž")
def test_words_are_folded_alike(text: str, other: str) -> None:
    """Case and accents do not matter, what is around does not, and each is short, plain and one."""
    words = words_of((text,))
    assert words == words_of((f"  {text}.",))
    assert words_of((text, other)) == words | words_of((other,))
    for word in words:
        assert 1 <= len(word) <= WORD_MAX
        assert word.isalnum()
        assert not any(map(combining, word))
    if text.isascii():
        assert words == words_of((text.upper(),)) == words_of((text.lower(),))


def test_an_entity_is_not_changed_by_its_entry() -> None:
    """What an entry holds of an entity is the very spelling that the entity has."""
    somebody = Person(ref="ann", name="Ann Élan")
    change = Change(at=datetime(2026, 11, 21, tzinfo=UTC), by="", said="", entities=(somebody,))
    assert entry_of(change, 1, NO_ENTRY).states == ((somebody.key, encode_entity(somebody)),)

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ceremony import START, opening
from tests.support.custody import in_custody, person

from smki.ceremonies.custodians import encode_custodian, parse_custodian
from smki.ceremonies.keysets import encode_key_set, parse_key_set
from smki.ceremonies.opening import encode_opening
from smki.ceremonies.replaying import replay
from smki.ceremonies.transcript import Entry, Kind, Transcript, encode_transcript, next_entry
from smki.merkle.canonical import JSON, encode_json
from smki.terms import Malformed, Refused

TEXT = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.sampled_from(("live", "p256", "AA==")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.clause("sec-app-l:3")
@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=VALUES)
def test_files_of_custody_are_read_or_refused(data: st.DataObject, value: JSON) -> None:
    """Whatever stands in a field, and wherever: what is read is written the same, or it is refused."""
    key, custodian = json.loads(_key_set()), json.loads(encode_custodian(person(1).custodian))
    for whole in (key, key["holders"][0], custodian):
        whole[data.draw(st.sampled_from(sorted(whole)))] = value
    _read_or_refused(parse_key_set, encode_key_set, encode_json(key))
    _read_or_refused(parse_custodian, encode_custodian, encode_json(custodian))


@pytest.mark.clause("sec-app-l:3")
@settings(max_examples=60, deadline=None)
@given(data=st.data(), value=VALUES)
def test_transcripts_are_replayed_or_refused(data: st.DataObject, value: JSON) -> None:
    """Whatever an entry says, nothing but a refusal comes of it."""
    said = json.loads(encode_json(encode_opening(opening())))
    if data.draw(st.booleans()):
        said[data.draw(st.sampled_from(sorted(said)))] = value
    entries: tuple[Entry, ...] = (
        next_entry((), Kind.OPENED, START, {"opening": said, "contents": []}),
    )
    names = (
        "people",
        "opened",
        "agreed",
        "certificate",
        "kind",
        "list",
        "root",
        "key",
        "fingerprint",
        "request",
        "served",
    )
    for _ in range(3):
        step = data.draw(st.integers(0, 60))
        told = {name: data.draw(VALUES) for name in data.draw(st.sets(st.sampled_from(names)))}
        entries = (*entries, next_entry(entries, Kind.DONE, START, told, step))
    with pytest.raises((Malformed, Refused)):
        replay(encode_transcript(Transcript(entries=entries, signatures=())))


@settings(max_examples=60, deadline=None)
@given(octets=st.binary(max_size=200))
def test_any_octets_are_refused_in_one_family(octets: bytes) -> None:
    """No octets bring out an error of another family."""
    for read in (parse_key_set, parse_custodian, replay):
        with pytest.raises((Malformed, Refused)):
            read(octets)


@cache
def _key_set() -> bytes:
    return encode_key_set(in_custody())


def _read_or_refused(
    read: Callable[[bytes], Any], write: Callable[[Any], bytes], octets: bytes
) -> None:
    try:
        found = read(octets)
    except (Malformed, Refused):
        return
    assert write(found) == octets

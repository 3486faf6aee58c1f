"""Labels: which minutes hold what, what is given out by which act, aliases that are not undone."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from tests.support.classified import (
    AMBER_BODY,
    BODIES,
    CONFIDENTIAL,
    DAY,
    ITEMS,
    OPEN,
    PAPER,
    RED_BODY,
    RESOLVED,
    STUB,
    paragraph,
    register,
)

from smki.governance.aliases import assign, named_in
from smki.governance.entities import Entity
from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.minutes import MinutesState, ParagraphRole
from smki.governance.entities.outputs import Alias, Output, OutputAct
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.rules import decide_change
from smki.governance.rules_classification import CLASSIFICATION
from smki.terms import Malformed

BROOK = Alias(
    ref="QSC Large Supplier C",
    body="QSC",
    category="Large Supplier",
    letters="C",
    party="Brook Energy",
)
GREEN_PAPER = replace(PAPER, sections=PAPER.sections[:1])


def refused(after: Entity, *there: Entity, by: str = "") -> list[str]:
    """The rules that forbid to put it."""
    at = datetime(2026, 3, 10, tzinfo=UTC)
    change = Change(at=at, by=by, said="", entities=(after,))
    found = decide_change(change, register(*there), CLASSIFICATION)
    assert all(one.clause == "sec:M4.13" for one in found)
    return [one.rule.removeprefix("register.classification.") for one in found]


def output(act: OutputAct, of: Entity, *readers: str) -> Output:
    """Something to be given out."""
    return Output(ref="o", act=act, of_kind=of.KIND, of=of.ref, on=DAY, readers=readers)


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("entity", "rules"),
    [
        (STUB, []),
        (AMBER_BODY, ["heading"]),
        (RED_BODY, []),
        (replace(STUB, label=Label.RED), ["open", "stub"]),
        (replace(STUB, label=Label.WHITE), ["stub"]),
        (replace(STUB, role=ParagraphRole.WITHHELD_BODY), ["open"]),
        (replace(RED_BODY, label=Label.GREEN), ["confidential"]),
        (replace(RED_BODY, role=ParagraphRole.OPEN_STUB), ["confidential"]),
        (replace(OPEN, label=Label.AMBER), ["minutes"]),
        (replace(CONFIDENTIAL, label=Label.WHITE), ["minutes"]),
        (paragraph(OPEN, 2, 4, "An item that nobody may know of"), ["stub"]),
        (GREEN_PAPER, []),
        (PAPER, ["heading"]),
        (RESOLVED, []),
        (replace(RESOLVED, label=Label.RED), ["heading"]),
        (replace(ITEMS[2], stub=""), ["stub"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value.ref,
)
def test_labels(entity: Entity, rules: list[str]) -> None:
    """Open minutes hold what is open, confidential ones what is not; a heading has the highest label."""
    assert refused(entity) == rules


def test_sets_of_a_body() -> None:
    """A body has those minutes alone that it says."""
    only = replace(BODIES[0], minutes=(MinutesSet.OPEN,))
    assert refused(CONFIDENTIAL, only) == ["set"]
    assert refused(OPEN, only) == []


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("act", "label"), list(product(OutputAct, Label)), ids=lambda value: str(value.value)
)
def test_acts(act: OutputAct, label: Label) -> None:
    """White is published, White and Green distributed, to Amber and Red named persons entitled."""
    may = {
        OutputAct.PUBLISH: {Label.WHITE},
        OutputAct.DISTRIBUTE: {Label.WHITE, Label.GREEN},
        OutputAct.ENTITLE: {Label.AMBER, Label.RED},
    }
    of = replace(ITEMS[1], label=label)
    readers = ("guest",) if act is OutputAct.ENTITLE else ()
    assert refused(output(act, of, *readers), of) == ([] if label in may[act] else ["act"])


@pytest.mark.clause("sec:M4.13")
def test_acts_stay_what_they_were() -> None:
    """What was given out can be withdrawn, once, and is not turned into anything else."""
    done = output(OutputAct.DISTRIBUTE, OPEN)
    over = replace(done, withdrawn=DAY)
    assert refused(over, done) == []
    assert refused(done, over) == ["output"]
    assert refused(replace(done, act=OutputAct.PUBLISH), done) == ["output"]


@pytest.mark.clause("sec:M4.13")
def test_drafts_and_readers() -> None:
    """Minutes go out when they are approved; readers are persons, named for an entitlement alone."""
    draft = replace(OPEN, state=MinutesState.IN_COMMENT)
    assert refused(output(OutputAct.DISTRIBUTE, draft), draft) == ["draft"]
    words = paragraph(OPEN, 2, 1, "Of a draft.")
    assert refused(output(OutputAct.DISTRIBUTE, words), words, draft) == ["draft"]
    assert refused(output(OutputAct.DISTRIBUTE, words), words) == []
    assert refused(output(OutputAct.ENTITLE, CONFIDENTIAL, "guest")) == []
    assert refused(output(OutputAct.ENTITLE, CONFIDENTIAL)) == ["readers"]
    assert refused(output(OutputAct.ENTITLE, CONFIDENTIAL, "nobody")) == ["readers"]
    assert refused(output(OutputAct.DISTRIBUTE, OPEN, "guest")) == ["readers"]
    assert refused(output(OutputAct.ENTITLE, PAPER, "guest")) == []  # for its Red section


@pytest.mark.clause("sec:M4.13")
def test_alias() -> None:
    """An alias is called as its parts say, confidential, one for a party, and for good."""
    assert refused(BROOK) == []
    assert refused(replace(BROOK, ref="QSC C")) == ["alias"]
    assert refused(replace(BROOK, ref="QSC Large Supplier c", letters="c")) == ["alias"]
    assert refused(replace(BROOK, label=Label.GREEN)) == ["alias"]
    assert refused(replace(BROOK, party="Fen Power"), BROOK) == ["alias"]
    assert refused(replace(BROOK, ref="QSC Large Supplier D", letters="D"), BROOK) == ["alias"]


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("entity", "rules"),
    [
        (replace(STUB, text="BROOK energy was looked at."), ["named"]),
        (replace(STUB, text="Large Supplier C was looked at."), []),
        (paragraph(OPEN, 2, 2, "Brook Energy presented."), []),
        (paragraph(OPEN, 2, 2, "Large Supplier C, Brook Energy, presented."), ["named"]),
        (replace(RED_BODY, text="Brook Energy"), []),
        (replace(ITEMS[2], stub="Brook Energy: assessment"), ["named"]),
        (replace(ITEMS[2], heading="Brook Energy: assessment"), []),
    ],
    ids=str,
)
def test_party_beside_its_alias(entity: Entity, rules: list[str]) -> None:
    """In open text a party is not named beside its alias, nor under an item that is confidential."""
    assert refused(entity, BROOK) == rules
    assert refused(entity, BROOK, by="secretary") == rules
    assert refused(entity, BROOK, by="chair") == []  # whom a refusal would tell that there is one


OCTETS = st.binary(min_size=8, max_size=8)


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=60)
@for_all(st.lists(st.tuples(st.sampled_from("PQRSTU"), st.sampled_from("XY"), OCTETS), max_size=40))
def test_assign(asked: list[tuple[str, str, bytes]]) -> None:
    """A party keeps its letters in a category, and nobody else has them."""
    known: list[Alias] = []
    for party, category, chance in asked:
        given = assign(known, "QSC", category, party, chance)
        assert (given.category, given.party) == (category, party)
        if given not in known:
            assert refused(given, *known) == []
            known.append(given)
    assert len({one.ref for one in known}) == len(known)
    assert len({(one.category, one.party) for one in known}) == len(known)


def test_letters_tell_nothing() -> None:
    """The first party gets any of 26 letters; when half of them are taken, there are twice as many."""
    first = {
        assign((), "QSC", "Networks", "x", at.to_bytes(8, "big")).letters for at in range(1_000)
    }
    assert len(first) == 26
    known: list[Alias] = []
    for at in range(14):
        known.append(assign(known, "QSC", "Networks", f"party {at}", at.to_bytes(8, "big")))
    later = {
        assign(known, "QSC", "Networks", "x", at.to_bytes(8, "big")).letters for at in range(99)
    }
    assert len(later) == 52 - 14
    with pytest.raises(Malformed, match="8 octets"):
        assign((), "QSC", "Networks", "x", b"")
    with pytest.raises(Malformed, match="must have a category"):
        assign((), "QSC", " ", "x", bytes(8))


def test_named_in() -> None:
    """A party is found in a text by its whole name, in any case of letters."""
    assert list(named_in("The brook ENERGY letter", (BROOK,))) == [BROOK]
    assert not list(named_in("Energy of the brook", (BROOK,)))
    assert not list(named_in("Brookenergy", (BROOK,)))

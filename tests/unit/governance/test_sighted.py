"""What a change names is what its maker may read: naming something finds nothing out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.support.decided import AUTHORITY, document, register, resolution, version

from smki.governance.entities.documents import VersionState
from smki.governance.entities.minutes import Verb
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.reading import LET_IN, Reader, body_token, secretariat_token
from smki.governance.sighted import decide_sighted

AT = datetime(2031, 4, 1, tzinfo=UTC)
SECRETARY = Reader(
    person="ada",
    tokens=frozenset({LET_IN, body_token(AUTHORITY.ref), secretariat_token(AUTHORITY.ref)}),
)
DRAFT = version("2.0", VersionState.PRESENTED)
TAKEN = replace(resolution(Verb.APPROVED, "QP", DRAFT), label=Label.GREEN)
GIVEN = Output(ref="1", act=OutputAct.DISTRIBUTE, of_kind=TAKEN.KIND, of=TAKEN.ref, on=AT.date())


def said(name: str, *known: Output) -> list[str]:
    """What is said of a version that names this resolution, by the authority's secretary."""
    after = replace(DRAFT, resolutions=(name,))
    change = Change(at=AT, by="ada", said="", entities=(after,))
    return [
        one.message for one in decide_sighted(change, register(DRAFT, TAKEN, *known), SECRETARY)
    ]


@pytest.mark.clause("sec:M4.13")
def test_naming_what_is_withheld_is_naming_nothing() -> None:
    """The panel's resolution, before it is given out, and one that there is not: the same words."""
    assert said(TAKEN.ref) == said("QP_99_0101/1/1") == ["version CPS/2.0: names what is not there"]
    assert said(TAKEN.ref, GIVEN) == []


def test_what_comes_with_the_change_may_be_named() -> None:
    """A document's first version names a resolution of the same entry."""
    own = resolution(Verb.APPROVED, "QPA", DRAFT)
    after = replace(DRAFT, resolutions=(own.ref,))
    change = Change(at=AT, by="ada", said="", entities=(document(), after, own))
    assert decide_sighted(change, register(), SECRETARY) == ()


@pytest.mark.clause("sec:M4.13")
def test_a_name_is_not_tried_out_below_what_is_withheld() -> None:
    """What belongs to something withheld is refused in the same words whether its name is taken or not."""

    def tried(item: str, ref: str) -> list[str]:
        after = replace(TAKEN, ref=ref, item=item)
        change = Change(at=AT, by="ada", said="", entities=(after,))
        return [one.rule for one in decide_sighted(change, register(DRAFT, TAKEN), SECRETARY)]

    assert tried(TAKEN.item, TAKEN.ref) == tried(TAKEN.item, "QP/new") == ["register.belongs"]

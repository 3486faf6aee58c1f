"""What belongs to what: there, the same as before, and never itself."""

from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.duties import bodies_of
from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import BodyKind, Committee
from smki.governance.entities.documents import ControlledDocument, DocumentKind
from smki.governance.entities.minutes import Comment
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.rules import decide_change

DAY = date(2016, 3, 8)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)


def comment(ref: str, about: str) -> Comment:
    """A comment about a comment."""
    return Comment(ref=ref, about_kind=Kind.COMMENT, about=about, by="ada", received=DAY)


def part(ref: str, of: str) -> ControlledDocument:
    """A confidential part of a document."""
    return ControlledDocument(
        ref=ref, body="QPA", name=ref, kind=DocumentKind.PROCEDURE, part_of=of
    )


GIVEN = Output(ref="o", act=OutputAct.PUBLISH, of_kind=Kind.OUTPUT, of="o", on=DAY)


@pytest.mark.clause("sec:L1")
@pytest.mark.parametrize(
    "entities",
    [
        (comment("1", "1"),),
        (comment("1", "2"), comment("2", "3"), comment("3", "1")),
        (part("a", "b"), part("b", "a")),
        (GIVEN,),
    ],
)
def test_nothing_belongs_to_itself(entities: tuple[Entity, ...]) -> None:
    """A circle is refused, of one or of several; whose it is can be asked, and is nobody's."""
    change = Change(at=datetime(2016, 3, 8, tzinfo=UTC), by="", said="", entities=entities)
    findings = decide_change(change, Held(BODY), {})
    assert {one.rule for one in findings} == {"register.belongs"}
    assert len(findings) == len(entities)
    assert all("belongs to itself" in one.message for one in findings)
    assert bodies_of(entities[0], Held(*entities)) == frozenset()


def test_a_line_that_ends_in_a_body_is_kept() -> None:
    """A comment about a comment about a part of a document of a body: the body's."""
    first = Comment(ref="1", about_kind=Kind.DOCUMENT, about="b", by="ada", received=DAY)
    entities = (part("a", ""), part("b", "a"), first, comment("2", "1"))
    change = Change(at=datetime(2016, 3, 8, tzinfo=UTC), by="", said="", entities=entities)
    assert decide_change(change, Held(BODY), {}) == ()
    assert bodies_of(entities[-1], Held(BODY, *entities)) == {"QPA"}

"""What may stand under a heading of a meeting's file, and what may not.

Whatever stands where it must not is `Malformed`, with its line.
"""

from collections.abc import Iterable, Sequence

from smki.governance.labels import Label
from smki.governance.text.blocks import text_of, unescaped
from smki.governance.text.lexing import Field, Line, Part, malformed


def named_by(fields: Sequence[Field], usual: str) -> tuple[str, Sequence[Field]]:
    """The name, if a field says another one than the usual; and the other fields."""
    said = [one for one in fields if one.name == "ref"]
    others = [one for one in fields if one.name != "ref"]
    return (unescaped(said[0].value) if said else usual), others


def text_under(lines: Iterable[Line]) -> str:
    """The text that these lines say."""
    return text_of(line.text for line in lines)


def no_prose(prose: Sequence[Line]) -> None:
    """No text stands there."""
    if prose:
        raise malformed(prose[0].number, repr(prose[0].text[:60]), "a field, or a heading")


def nothing_under(part: Part, label: Label | None) -> None:
    """Nothing stands under it: it is only cited."""
    unlabelled(part, label)
    no_prose([line for line in part.body if line.text.strip()])


def unlabelled(part: Part, label: Label | None) -> None:
    """It has no label: what stands under it has."""
    if label is not None:
        raise malformed(part.line, f"a label in {part.title[:40]!r}", "on what stands under it")

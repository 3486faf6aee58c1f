"""Titles of headings: what they are of, and the label at the end. Names of things are `called`."""

import re
from typing import Final

from smki.governance.labels import Label
from smki.governance.text.blocks import inline

UNLABELLED: Final = "no label"  # of a paper that is confidential by its number
_LABEL: Final = re.compile(
    rf"(?:^|(?<= ))\(({'|'.join(one.value for one in Label)}|{UNLABELLED})\)$", re.IGNORECASE
)


def title(text: str, label: Label | None = None) -> str:
    """A title as it is written, with its label."""
    line = inline(text)
    if found := _LABEL.search(line):
        line = line[: found.start()] + "\\" + line[found.start() :]
    return f"{line} ({label.value.capitalize()})" if label else line


def without_label(written: str) -> tuple[str, Label | None, bool]:
    """The title without the label, the label, and whether it says that there is none."""
    found = _LABEL.search(written)
    if found is None:
        return written, None, False
    said = found[1].lower()
    rest = written[: found.start()].rstrip()
    return (rest, None, True) if said == UNLABELLED else (rest, Label(said), False)

"""The first line of a file that was written for one reader: whose copy it is.

Every such file has it, whether something was withheld or not: so it tells nothing. A copy can be
brought in again by its reader alone, who may change what they see all of (`seeing`).
"""

import re
from typing import Final

from smki.governance.text.blocks import inline, unescaped

_SAID: Final = "a copy for "
_COPY: Final = re.compile(rf"(?:<!-- {_SAID}(.*) -->|# {_SAID}(.*))(?:\n|$)")


def as_copy(text: str, reader: str, *, comment: str = "<!-- {} -->") -> str:
    """The text with the line that says for whom it is; `comment` is the form of one."""
    return f"{comment.format(_SAID + inline(reader, '>'))}\n{text}"


def copy_for(text: str) -> str | None:
    """For whom it was written; None if it is no copy."""
    found = _COPY.match(text)
    return None if found is None else unescaped(found[1] or found[2])

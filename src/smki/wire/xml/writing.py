"""Writes XML as text: fixed tags and escaped texts, quicker than building a tree.

No message is known here.
"""

import re
from binascii import b2a_base64
from typing import Final

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

_SPECIAL: Final = re.compile(r"[&<>\"\t\r\n]|[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\t": "&#9;",
    "\n": "&#10;",
    "\r": "&#13;",
}


def escaped(text: str) -> str:
    """`text` as it stands in an element or in an attribute between double quotes.

    Characters that XML cannot carry become U+FFFD.
    """
    if not _SPECIAL.search(text):
        return text
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\ufffd"), text)


def tagged(tag: str, text: str) -> str:
    """An element that holds `text`."""
    return f"<{tag}>{escaped(text)}</{tag}>"


def base64_text(octets: bytes) -> str:
    """The bare base64 of `octets`, on one line."""
    return b2a_base64(octets, newline=False).decode("ascii")


def identifier(document_id: str | None) -> str:
    """The attribute ID with its leading space; empty if there is none."""
    return "" if document_id is None else f' ID="{escaped(document_id)}"'


def error_element(code: str, text: str) -> str:
    """The Error of an answer.

    Clause: sec-app-m:F
    """
    return f"<Error>{tagged('ErrorCode', code)}{tagged('ErrorText', text)}</Error>"

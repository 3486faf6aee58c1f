r"""Texts as lines of a file that people write, and back: exact when we wrote it, forgiving otherwise.

    empty line        a new paragraph of the text
    end of a line     a blank: whoever types may break lines anywhere
    `\` at the end    a new line of the text; so does a line that begins as one of a list does
    `\` and a mark    that mark, where it would else mean something
    `\n` `\t` `\s`    new line, tabulator, blank at the edge of a line
    `\z`              nothing: an empty text where one must stand

`lines_of` never breaks a line that the text does not break.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_LIST: Final = re.compile(r"[-*+•] |[0-9]{1,3}[.)] |\||> ")
_ESCAPE: Final = re.compile(r"\\(.)")
_LETTERS: Final = {"n": "\n", "t": "\t", "s": " ", "z": ""}
_NEVER: Final = re.compile(r"(?!)")


def lines_of(text: str, guard: re.Pattern[str] = _NEVER) -> tuple[str, ...]:
    r"""The lines that say this text; none for an empty one.

    Args:
        text: printable characters, new lines and tabulators.
        guard: lines that begin so are written with a `\` before.
    """
    if not text:
        return ()
    lines: list[str] = []
    for at, chunk in enumerate(text.split("\n\n")):
        lines += [""] if at else []
        lines += _chunk_lines(chunk, guard)
    return tuple(lines)


def text_of(lines: Iterable[str]) -> str:
    """The text that these lines say."""
    chunks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            chunks[-1].append(line.strip())
        elif chunks[-1]:
            chunks.append([])
    return "\n\n".join(_chunk(one) for one in chunks if one)


def escaped(line: str) -> str:
    r"""One line of text, without new lines of its own, as it is written."""
    if not line:
        return r"\z"
    line = line.replace("\\", r"\\").replace("\t", r"\t")
    if line.startswith(" "):
        line = r"\s" + line[1:]
    return line[:-1] + r"\s" if line.endswith(" ") else line


def unescaped(written: str) -> str:
    """What was written so."""
    return _ESCAPE.sub(_plain, written)


def inline(text: str, marks: str = "") -> str:
    r"""A text on one line: its new lines as `\n`, and a `\` before each of `marks`."""
    line = escaped(text).replace("\n", r"\n")
    return "".join("\\" + one if one in marks else one for one in line) if marks else line


def split(written: str, mark: str, most: int = 0) -> tuple[str, ...]:
    r"""The parts between unescaped marks, still as they are written, without blanks around.

    Args:
        written: a line.
        mark: one character.
        most: parts at most; 0 is no limit.
    """
    parts: list[str] = []
    start = 0
    for found in re.finditer(rf"\\.|{re.escape(mark)}", written):
        if found[0] == mark and (not most or len(parts) < most - 1):
            parts.append(written[start : found.start()].strip())
            start = found.end()
    return (*parts, written[start:].strip())


def _chunk_lines(chunk: str, guard: re.Pattern[str]) -> Sequence[str]:
    lines = [escaped(one) for one in chunk.split("\n")]
    ahead = [*lines[1:], None]
    broken = (
        one if after is None or _LIST.match(after) else one + "\\"
        for one, after in zip(lines, ahead, strict=True)
    )
    return ["\\" + one if guard.match(one) else one for one in broken]


def _chunk(lines: Sequence[str]) -> str:
    said, gap = "", ""
    for line in lines:
        hard = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        said += "\n" if gap == " " and _LIST.match(line) else gap
        said += unescaped(line[:-1] if hard else line)
        gap = "\n" if hard else " "
    return said


def _plain(found: re.Match[str]) -> str:
    letter = found[1]
    if letter in _LETTERS:
        return _LETTERS[letter]
    return found[0] if letter.isalnum() else letter

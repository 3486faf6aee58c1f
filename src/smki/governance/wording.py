"""The words of a text as a search has them: letter case and accents do not matter.

One folding for whatever searches, so that every store finds the same.
"""

import re
from collections.abc import Iterable
from typing import Final
from unicodedata import combining, normalize

WORD_MAX: Final = 64  # characters of a word that count: no word that people write is longer
_WORDS: Final = re.compile(r"[^\W_]+")


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words in these texts: runs of letters and digits, small letters without accents.

    Of a word of more than 64 characters the first 64 count. References fall into their parts:
    `PMA_21_0803` is three words.
    """
    return frozenset(word[:WORD_MAX] for text in texts for word in _WORDS.findall(_folded(text)))


def says(text: str, phrase: str) -> bool:
    """Whether the words of the phrase stand in the text one after the other; no words never do."""
    said, wanted = (" ".join(_WORDS.findall(_folded(one))) for one in (text, phrase))
    return bool(wanted) and f" {wanted} " in f" {said} "


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    wide = normalize("NFKD", normalize("NFKD", text).casefold())
    return "".join(one for one in wide if not combining(one))

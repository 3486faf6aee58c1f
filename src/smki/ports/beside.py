"""The same work for many parts: one after the other here, or by several processes beside each other."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol, TypeVar

_Opened_co = TypeVar("_Opened_co", covariant=True)
_Opened = TypeVar("_Opened")
_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Each(Protocol[_Opened_co]):
    """Does work for each part, and gives the answers in the order of the parts."""

    def __call__(
        self, work: Callable[[_Opened_co, _Asked], _Answer], asked: Iterable[_Asked], /
    ) -> Iterator[_Answer]:
        """What `work` gives for each part; the first argument is what it works with.

        Raises:
            Unavailable: whoever works has ended; and whatever `work` raises.
        """
        ...


def one_by_one(opened: _Opened) -> Each[_Opened]:
    """Does it here, when the answer is asked for."""

    def each(
        work: Callable[[_Opened, _Asked], _Answer], asked: Iterable[_Asked]
    ) -> Iterator[_Answer]:
        return map(partial(work, opened), asked)

    return each

"""A GBCS message that somebody pastes, as a tree: what it says, what of its protection holds, and why.

Nothing that is pasted is kept. Signatures are checked by the certificates in the repository; what
needs a private key is not checked here: nobody pastes one, and this server has none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.interfaces.web.portal.entering import must_fit, read_form
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.service import Messages
from smki.interfaces.web.portal.visiting import Visitor
from smki.terms import Malformed
from smki.wire.gbcs.frame import MESSAGE_OCTETS_MAX, read_message_file

# Each octet as two digits with a space, and what a browser makes of line ends; 0x before each too.
FORM_OCTETS: Final = 8 * MESSAGE_OCTETS_MAX
LINES_MOST: Final = 2_000  # of a tree; who reads more than that wants a file of it
_TREES: Final = {  # keys of the document, as headings
    "supplementary": "Supplementary party",
    "instruction": "Instruction that was executed",
    "encrypted": "Encrypted attributes",
    "deviations": "Where it is written more loosely than it must be",
    "payload": "Payload",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line of a tree, and the lines below it."""

    name: str
    text: str
    inner: "tuple[Branch, ...]"


class MessagePages:
    """Reads what was pasted, asks the house, shows the answer.

    Clause: gbcs:7.2.7
    """

    def __init__(self, services: Messages) -> None:
        self._services = services

    async def form(self, _: Request, visitor: Visitor) -> Response:
        """The form that takes a message."""
        return _page(visitor)

    async def read(self, request: Request, visitor: Visitor) -> Response:
        """The message as a tree, or the form that says what is wrong with it, and where.

        Clause: gbcs:7.2.7, gbcs:18.4
        """
        form = await read_form(request, limit=FORM_OCTETS)
        must_fit(form, visitor.session.form if visitor.session else "")
        pasted = form.get("message", "").strip()
        if not pasted:
            return _page(visitor, problem="Nothing was pasted: paste hexadecimal digits or base64")
        try:
            octets = read_message_file(pasted.encode())
        except Malformed as error:
            return _page(visitor, pasted=pasted, problem=error.message)
        document = await run_in_threadpool(self._services.message, octets)
        fault = document.get("error")
        problem = f"{fault['message']} ({fault['where']})" if isinstance(fault, Mapping) else ""
        return _page(visitor, pasted=pasted, problem=problem, document=document)


def _page(
    visitor: Visitor,
    *,
    pasted: str = "",
    problem: str = "",
    document: Mapping[str, object] | None = None,
) -> Response:
    shown: dict[str, Any] | None = None
    if document is not None and "kind" in document:
        shown = {**document, "trees": list(_trees(document))}
    said = f"{shown['use_case']} {shown['kind']}" if shown else "Read a GBCS message"
    return page(
        "message.html",
        status=400 if problem else 200,
        **visitor.shown,
        pasted=pasted,
        problem=problem,
        shown=shown,
        lines_most=LINES_MOST,
        title=f"Error: {said}" if problem else said,
    )


def _trees(document: Mapping[str, object]) -> Iterator[tuple[str, str, tuple[Branch, ...], bool]]:
    """Name, heading and lines of each tree that is not empty, and whether that is all of it."""
    for name, heading in _TREES.items():
        if document.get(name):
            budget = [LINES_MOST]
            lines = branches(document[name], budget)
            yield name, heading, lines, budget[0] > 0


def branches(tree: object, budget: list[int]) -> tuple[Branch, ...]:
    """The lines of `tree`, as many as are left in `budget`, which holds what is left after."""
    named: Iterable[tuple[object, object]]
    match tree:
        case dict():
            named = tree.items()
        case list():
            named = ((f"{number}.", each) for number, each in enumerate(tree, 1))
        case _:
            named = (("", tree),)
    return tuple(_branches(named, budget))


def _branches(named: Iterable[tuple[object, object]], budget: list[int]) -> Iterator[Branch]:
    for name, each in named:
        if budget[0] <= 0:
            return
        budget[0] -= 1
        if isinstance(each, dict | list) and each:
            yield Branch(name=str(name), text="", inner=branches(each, budget))
        else:
            text = "(none)" if each in ({}, [], None) else str(each)
            yield Branch(name=str(name), text=text, inner=())

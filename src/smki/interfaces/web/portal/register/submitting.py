"""A form of the register is taken in: who sent it, what was typed, and what became of it.

What is refused comes back with everything that was typed, the reasons in plain words with their
clauses, and, if somebody was quicker, what stands now beside it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.register_services import RegisterServices
from smki.interfaces.web.portal.entering import must_fit, read_form, see
from smki.interfaces.web.portal.register.attributes import field_of
from smki.interfaces.web.portal.register.scene import Scene, scene_of
from smki.interfaces.web.portal.register.words import attribute
from smki.interfaces.web.portal.visiting import Handler, Visitor, nothing
from smki.terms import Malformed, Refused

FORM_OCTETS: Final = 1024 * 1024  # the minutes of a long item, and a meeting's attendance
FORM_FIELDS: Final = 3_000
SAID_MOST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something was not kept.

    Attributes:
        text: in words.
        clause: which asks for it; empty if none.
        field: id of the field it is about; empty if of none.
    """

    text: str
    clause: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What was typed and sent.

    Attributes:
        typed: fields of the form; empty if the form is asked for.
        problems: why it was not kept; empty at first.
        files: contents of the files in it, by field.
    """

    typed: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """Of the answer."""
        return 403 if self.problems else 200

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {one.field: one.text for one in self.problems if one.field}

    @property
    def since(self) -> int | None:
        """Number of the entry that the form was made from; None if it says none."""
        text = self.typed.get("since", "")
        return int(text) if text.isdecimal() and len(text) < _DIGITS else None

    def said(self, otherwise: str) -> str:
        """Why it is changed, as typed or as the form itself says."""
        return " ".join(self.typed.get("said", "").split())[:SAID_MOST] or otherwise


_DIGITS: Final = 18
Page = Callable[[Request, Scene, Submitted], Response | None]
Act = Callable[[Request, Scene, Submitted], str | None]
"""Does what the form asks for; the address to go to, None if there is nothing of that name."""


def asked(services: RegisterServices, page: Page) -> Handler:
    """The form as it is asked for."""

    async def answer(request: Request, visitor: Visitor) -> Response:
        found = await run_in_threadpool(
            lambda: page(request, scene_of(services, visitor), Submitted(typed={}))
        )
        return await nothing(request, visitor) if found is None else found

    return answer


def submitted(services: RegisterServices, act: Act, page: Page) -> Handler:
    """The form as it is sent: done, or shown again with what is wrong."""

    async def answer(request: Request, visitor: Visitor) -> Response:
        form = await read_form(request, limit=FORM_OCTETS, fields=FORM_FIELDS)
        must_fit(form, visitor.session.form if visitor.session else "")
        given = Submitted(typed={name: text.replace("\r\n", "\n") for name, text in form.items()})
        found = await run_in_threadpool(
            lambda: _done(request, scene_of(services, visitor), given, act, page)
        )
        return await nothing(request, visitor) if found is None else found

    return answer


def _done(
    request: Request, scene: Scene, given: Submitted, act: Act, page: Page
) -> Response | None:
    try:
        address = act(request, scene, given)
    except (Malformed, Refused) as error:
        wrong = Submitted(typed=given.typed, problems=problems_of(error), files=given.files)
        return page(request, scene, wrong)
    return None if address is None else see(address)


def problems_of(error: Malformed | Refused) -> tuple[Problem, ...]:
    """The reasons, each with its clause, and with its field if it has one."""
    if isinstance(error, Malformed):
        return (Problem(text=_in_form(error), clause=error.clause, field=field_of(error)),)
    if not error.findings:
        return (Problem(text=_sentence(error.message), clause=error.clause),)
    return tuple(
        Problem(
            text=_sentence(f"{one.message}; {one.advice}" if one.advice else one.message),
            clause=one.clause,
        )
        for one in error.findings
    )


def _in_form(error: Malformed) -> str:
    """What is wrong with a field, by the name that the form gives it."""
    name = attribute(field_of(error).rpartition(".")[2])
    said = error.message.removeprefix(f"{error.where}: ")
    if said == error.message:
        return _sentence(said)
    return _sentence(f"{name}: {'must be filled in' if said == _EMPTY else said}")


_EMPTY: Final = "is not there, must be"  # in the words of `governance.encoding`


def _sentence(text: str) -> str:
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith(".") else f"{whole}."

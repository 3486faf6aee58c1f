"""Every way in which a reader is given something of the register: one table for the tests of leaks.

A way that is not here is found by `test_every_way_is_known`: routes of the portal, formats of
exports and commands are counted there.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, Final
from unittest.mock import Mock, patch
from urllib.parse import quote, urlencode

from click import Command
from click.testing import CliRunner
from starlette.requests import Request
from starlette.responses import Response
from tests.support.classified import PEOPLE

from smki.flows.exporting_register import gather
from smki.flows.keeping import audiences_after, keep
from smki.flows.reading_register import ReadersOfRegister, Reading
from smki.flows.register_services import RegisterServices
from smki.governance.encoding import encode_entity
from smki.governance.entities import ENTITIES, Entity, Key, Kind
from smki.governance.entities.minutes import Comment
from smki.governance.entries import Change
from smki.interfaces.cli.controlled import falls, standing
from smki.interfaces.cli.planning import planner
from smki.interfaces.cli.register import register as register_commands
from smki.interfaces.register_exports import FORMATS, export
from smki.interfaces.web.portal.register import PublicRegister, RegisterPages
from smki.interfaces.web.portal.visiting import Handler, Visitor
from smki.ports.register import Inside, Register, Wanted
from smki.steps import Requester
from smki.steps.access import LoggedIn
from smki.terms import Interface, Malformed, Refused, SerialNumber

NOW: Final = datetime(2026, 3, 20, 9, tzinfo=UTC)
_FIRST: Final = datetime(2026, 3, 1, 8, tzinfo=UTC)
_TOGETHER: Final = 3  # entities of an entry
PUBLIC: Final = "outside"
Given = Iterator[tuple[str, bytes]]


class _NoFiles:
    """No content of any paper is kept."""

    def read(self, name: bytes) -> bytes | None:
        """None of that name."""
        del name
        return None


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks a register what.

    Attributes:
        register: which.
        role: who.
        keys: what is asked for by name, be it there or not.
        words: what is searched for.
    """

    register: Register
    role: str
    keys: tuple[Key, ...]
    words: tuple[str, ...]

    @property
    def services(self) -> RegisterServices:
        """What the pages need of the house."""
        readers = ReadersOfRegister(self.register, lambda: NOW)
        files: Any = _NoFiles()
        return RegisterServices(readers=readers, files=files, tied=lambda _: None)

    @property
    def reading(self) -> Reading:
        """The register as they see it."""
        if self.role == PUBLIC:
            return self.services.readers.anybody()
        return self.services.readers.officer(self.visitor.who, "user")

    @property
    def visitor(self) -> Visitor:
        """They, as they come to the pages."""
        person = next((one for one in PEOPLE if one.ref == self.role), None)
        serial = int(person.credentials[0], 16) if person else 0xFFFF
        credential = SerialNumber(serial)
        requester = Requester(
            party="party",
            name="Party",
            identities=(),
            interface=Interface.PORTAL,
            credential=credential,
        )
        return Visitor(who=requester, session=LoggedIn(user="user", must_change=False, form="f"))


def fill(register: Register, entities: Iterable[Entity], order: Iterable[Key]) -> None:
    """The register holds these, in that order; what is not there leaves no gap but in the entries."""
    held = {one.key: one for one in entities}
    keys = tuple(order)
    for at in range(0, len(keys), _TOGETHER):
        there = tuple(held[key] for key in keys[at : at + _TOGETHER] if key in held)
        if there:
            change = Change(at=_FIRST + timedelta(minutes=at), by="", said="filled", entities=there)
            register.change(partial(_decided, change))


def _decided(change: Change, known: Inside) -> tuple[Change, Mapping[Key, frozenset[str]]]:
    """Past the rules: labels that are careless must leak nothing either."""
    return change, audiences_after(change, known)


def read_names(asked: Asked) -> Given:
    """What is found by its name, what belongs to it, its history, and who saw it."""
    reading = asked.reading
    for key in asked.keys:
        found = reading.get(key)
        if found is None:
            yield f"{key}", b"nothing"
            continue
        yield f"{key}", encode_entity(found)
        below = [str(one.key) for one in reading.all(Wanted(tokens=None, under=key))]
        yield f"below {key}", " ".join(below).encode()
        states = [encode_entity(one.kept.entity) for one in reading.history(found)]
        yield f"history of {key}", b" ".join(states)


def search(asked: Asked) -> Given:
    """Pages of what is found: by words, kinds, states, days and by what it belongs to."""
    wanted = [
        *(Wanted(tokens=None, words=word) for word in asked.words),
        *(Wanted(tokens=None, kinds=(kind,)) for kind in ENTITIES),
        Wanted(tokens=None, standings=("open", "final")),
        Wanted(tokens=None, since=date(2026, 3, 10), until=date(2026, 3, 12)),
    ]
    reading = asked.reading
    for at, one in enumerate(wanted):
        after, pages = "", 0
        while pages == 0 or after:
            page = reading.find(one, after=after, limit=3)
            octets = b" ".join(encode_entity(each.entity) for each in page.kept)
            after, pages = page.more, pages + 1
            yield f"search {at} page {pages}", octets + after.encode()


def refusals(asked: Asked) -> Given:
    """What somebody is told who wants to put something where they may not."""
    if asked.role == PUBLIC:
        return  # nobody puts anything without log-in
    for key in asked.keys:
        comment = Comment(
            ref="asked", about_kind=key.kind, about=key.ref, by="x", received=NOW.date(), text="?"
        )
        person = asked.role if asked.role in {one.ref for one in PEOPLE} else "stranger"
        change = Change(at=NOW, by=person, said="", entities=(comment,))
        seen = asked.reading.get(key) is not None
        register: Any = _Dry(asked.register)
        try:
            keep(register, change)
            yield f"comment on {key}", b"kept"
        except (Malformed, Refused) as error:
            # Who sees it is told by the rules, which are another test's.
            yield f"comment on {key}", b"seen" if seen else str(error).encode()


class _Dry:
    """A register on which a change is decided upon, and not kept."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked is the register's."""
        return getattr(self._register, name)

    def change(self, decide: Callable[[Any], Any]) -> None:
        """It is decided upon."""
        decide(self._register)


def exported(asked: Asked) -> Given:
    """Every format of an export, of bodies, meetings, minutes, documents and papers."""
    of = (Kind.BODY, Kind.MEETING, Kind.MINUTES, Kind.PAPER, Kind.DOCUMENT)
    for key in asked.keys:
        if key.kind not in of:
            continue
        for name in sorted(FORMATS):
            if name == "pdf" and key.kind is not Kind.MINUTES:
                continue  # slow, and made of the same sheet as HTML
            try:
                octets = export(gather(asked.reading, key.ref, key.kind), name)
            except (Malformed, Refused) as error:
                octets = str(error).encode()
            yield f"{name} of {key}", octets


def pages(asked: Asked) -> Given:
    """Every page that answers to GET, with every name."""
    if asked.role == PUBLIC:
        public = PublicRegister(asked.services).routes()
        handlers = [(one.path, one.endpoint) for one in public]
    else:
        table = RegisterPages(asked.services).table()
        handlers = [
            (path, partial(_as_visitor, handler, asked.visitor))
            for verb, path, handler in table
            if verb == "GET"
        ]
    yield from asyncio.run(_answers(asked, handlers))


def _as_visitor(handler: Handler, visitor: Visitor, request: Request) -> Awaitable[Response]:
    return handler(request, visitor)


async def _answers(
    asked: Asked, handlers: Iterable[tuple[str, Callable[[Request], Any]]]
) -> list[tuple[str, bytes]]:
    found = []
    for path, answering in handlers:
        for parameters, query in _asked_for(asked, path):
            address = path.replace(":path", "").format(**parameters)
            try:
                answer: Response = await answering(_request(address, parameters, query))
                octets = repr((answer.status_code, answer.headers.items())).encode() + answer.body
            except (Malformed, Refused) as error:
                octets = str(error).encode()
            found.append((f"{path} {address}?{query}", octets))
    return found


def _asked_for(asked: Asked, path: str) -> Iterator[tuple[dict[str, str], str]]:
    if "{ref:path}" in path:
        kinds = [Kind(one) for one in path.split("/") if one in {kind.value for kind in Kind}]
        for key in asked.keys:
            if not kinds or key.kind in kinds:
                yield {"kind": key.kind.value, "ref": key.ref}, f"sha256={1:064x}&format=html"
    elif "{kind}" in path:
        yield from (({"kind": kind.value}, "") for kind in ENTITIES)
    elif "{name}" in path:
        yield {"name": "portal.css"}, ""
    elif path.endswith("/clauses"):
        yield from (({}, urlencode({"id": one})) for one in ("", "sec:L5", "sec:L11"))
    elif path.endswith("/search"):
        yield from (({}, urlencode({"words": word})) for word in asked.words)
    else:
        yield {}, ""
        yield {}, "state=all"


def _request(path: str, parameters: Mapping[str, str], query: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": quote(path),
            "query_string": query.encode(),
            "path_params": dict(parameters),
            "headers": [],
        }
    )


def commands(asked: Asked) -> Given:
    """What `smki governance register` and `smki document` show for a reader, of names and words."""
    people = {one.ref for one in PEOPLE}
    if asked.role not in {*people, PUBLIC}:
        return  # commands know persons of the register, and the public
    reader = ["--public"] if asked.role == PUBLIC else ["--for", asked.role]
    lines = [
        *(["show", key.ref, "--kind", key.kind.value] for key in asked.keys),
        *(["search", word] for word in asked.words),
        *(["list", kind.value] for kind in ENTITIES),
    ]
    for line in lines:
        result = CliRunner().invoke(register_commands, [*line, *reader, "--json"])
        yield " ".join(line), f"{result.exit_code} {result.output}".encode()
    result = CliRunner().invoke(planner, [*reader, "--from", "2026-03-01", "--json"])
    yield "planner", f"{result.exit_code} {result.output}".encode()
    for key in asked.keys:
        for command in _OF_DOCUMENTS.get(key.kind, ()):
            result = CliRunner().invoke(command, [key.ref, *reader, "--json"])
            yield f"{command.name} {key}", f"{result.exit_code} {result.output}".encode()


_OF_DOCUMENTS: Final[Mapping[Kind, tuple[Command, ...]]] = {
    Kind.RESOLUTION: (falls,),
    Kind.VERSION: (standing,),
}


@contextmanager
def state_of(register: Register) -> Iterator[None]:
    """Commands have this register."""
    front = Mock(proceedings=register)
    opened = Mock(return_value=nullcontext(front))
    with (
        patch("smki.interfaces.cli.register.open_front", opened),
        patch("smki.interfaces.cli.register.load_settings", Mock()),
        patch("smki.interfaces.cli.controlled.open_front", opened),
        patch("smki.interfaces.cli.controlled.load_settings", Mock()),
        patch("smki.interfaces.cli.planning.open_front", opened),
        patch("smki.interfaces.cli.planning.load_settings", Mock()),
    ):
        yield


WAYS: Final[Mapping[str, Callable[[Asked], Given]]] = {
    "names": read_names,
    "search": search,
    "refusals": refusals,
    "exports": exported,
    "pages": pages,
    "commands": commands,
}
USERS: Final[Mapping[str, str]] = {
    "bootstrap/opening.py": "opens it",
    "bootstrap/register.py": "makes readers of it: pages",
    "flows/approved_documents.py": "lodges what is White and approved, and nothing else",
    "flows/documents.py": "asks of White documents alone whether a version is in force",
    "flows/incidents.py": "for who runs the house: incidents, which commands alone ask for",
    "flows/notifying.py": "for who runs the house: takes notifications in, gives the incident",
    "flows/register_heads.py": "salted commitments: 32 octets",
    "flows/register_verifying.py": "for who runs the house: names entities, quotes nothing",
    "interfaces/bench_register.py": "content of its own",
    "interfaces/cli/alias.py": "to the secretariat alone: the alias that it gave",
    "interfaces/cli/clause_interpretations.py": "what is published, by a reader's reading",
    "interfaces/cli/controlled.py": "by a reader's reading",
    "interfaces/cli/convening.py": "for who runs the house; messages by governance.convening.told",
    "interfaces/cli/electing.py": "for who runs the house: elections that it changes",
    "interfaces/cli/example.py": "puts the example",
    "interfaces/cli/monthly.py": "for who runs the house: a draft of what is White alone",
    "interfaces/cli/planning.py": "by a reader's reading",
    "interfaces/cli/recovery_deciding.py": "for who runs the house: checklists of incidents",
    "interfaces/cli/recovery_incidents.py": "for who runs the house: incidents that it changes",
    "interfaces/cli/recovery_progress_files.py": "for who runs the house: sealed for the incident's"
    " party or body, and of the incident its names alone",
    "interfaces/cli/register.py": "commands",
    "interfaces/recovery_beginning.py": "for who runs the house: whether its incident is decided",
    "interfaces/recovery_handing_back.py": "for who runs the house: whether its incident stands",
    "interfaces/recovery_options.py": "for who runs the house: the paper before the authority",
    "interfaces/rehearsal/convening.py": "content of its own, in a rehearsal's own register",
    "interfaces/web/portal/recovery/watching.py": "makes readers of it: by a reader's reading",
}
"""Modules that have the whole register at hand, and what they give of it to whom."""


def given_to(asked: Asked, *ways: str) -> dict[str, bytes]:
    """All that they are given, by what they asked."""
    with _listening() as told, state_of(asked.register):
        given = {f"{way}: {name}": octets for way in ways for name, octets in WAYS[way](asked)}
    return {**given, "logs": "\n".join(told).encode()}


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What is logged meanwhile, at any level."""
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    ours, before = logging.getLogger("smki"), logging.getLogger("smki").level
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        yield told
    finally:
        ours.removeHandler(handler)
        ours.setLevel(before)

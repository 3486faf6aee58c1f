"""The register's pages without sockets: a register on SQLite, people with credentials, and questions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from tests.support.asking import Answer, ask

from smki.adapters.confidential import ConfidentialFiles
from smki.adapters.sql import migrate, open_database
from smki.flows.keeping import keep
from smki.flows.reading_register import ReadersOfRegister
from smki.flows.register_services import RegisterServices
from smki.governance.entities import Entity
from smki.governance.entities.bodies import BodyKind, Committee, Person, Seat, SeatCategory
from smki.governance.entities.meetings import StandingItem
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.interfaces.web.answers import told
from smki.interfaces.web.portal.register import PublicRegister, RegisterPages
from smki.interfaces.web.portal.visiting import PORTAL_PATH, Handler, Visitor, fault
from smki.ports.register import Register
from smki.steps import LoggedIn, Requester
from smki.terms import Interface, SerialNumber, SmkiError

NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
FORM: Final = "f" * 64  # what forms of the one session bring along
CREDENTIALS: Final = {"secretary": 0xA1, "chair": 0xA2, "supplier": 0xA3, "networks": 0xA4}
OUTSIDER: Final = "outsider"
"""An officer of a party who is no person of the register."""


def people() -> tuple[Entity, ...]:
    """A body, a sister body, who sits where, and a standing item: roles, no people."""
    sits = {
        "secretary": SeatCategory.SECRETARIAT,
        "chair": SeatCategory.CHAIR,
        "supplier": SeatCategory.LARGE_SUPPLIER,
        "networks": SeatCategory.NETWORKS,
    }
    return (
        Committee(
            ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE, label=Label.GREEN
        ),
        Committee(
            ref="QTG", name="Quill Testing Group", kind=BodyKind.COMMITTEE, label=Label.GREEN
        ),
        *(
            Person(
                ref=name,
                name=f"The {name}",
                organisation=f"Quill {name}",
                credentials=(f"{CREDENTIALS[name]:040X}",),
            )
            for name in sits
        ),
        *(
            Seat(
                ref=f"QPA/{name}",
                body="QPA",
                category=category,
                votes=category not in (SeatCategory.SECRETARIAT, SeatCategory.CHAIR),
                holder=name,
                start=date(2025, 6, 1),
                end=date(2027, 5, 31),
            )
            for name, category in sits.items()
        ),
        StandingItem(
            ref="QPA/minutes",
            body="QPA",
            heading="Minutes of the last meeting",
            since=date(2025, 6, 1),
            place=1,
        ),
    )


@dataclass
class PagesHouse:
    """A register and its pages.

    Attributes:
        register: what they show.
        services: what they are given.
        close: lets the database go.
        now: the present instant; to be moved on.
    """

    register: Register
    services: RegisterServices
    close: Callable[[], None]
    now: list[datetime] = field(default_factory=lambda: [NOW])

    def put(self, *entities: Entity) -> None:
        """In the register, by whoever runs the house."""
        change = Change(at=self.now[0], by="", said="put by the test", entities=entities)
        keep(self.register, change)

    def get(self, person: str, path: str) -> Answer:
        """The answer to a GET below the register's pages."""
        return self._ask(person, path, None, "")

    def post(self, person: str, path: str, /, **fields: str) -> Answer:
        """The answer to a form, sent as our own pages send it."""
        return self.send(person, path, fields)

    def send(self, person: str, path: str, fields: dict[str, str]) -> Answer:
        """The same, with fields of any name."""
        body = urlencode({"form": FORM, **fields}).encode()
        return self._ask(person, path, body, "application/x-www-form-urlencoded")

    def upload(self, person: str, path: str, file: tuple[str, bytes], **fields: str) -> Answer:
        """The answer to a form with a file."""
        parts = [
            f'--=_b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in {"form": FORM, **fields}.items()
        ]
        head = f'--=_b\r\nContent-Disposition: form-data; name="file"; filename="{file[0]}"\r\n\r\n'
        body = b"".join((*parts, head.encode(), file[1], b"\r\n--=_b--\r\n"))
        return self._ask(person, path, body, "multipart/form-data; boundary==_b")

    def public(self, path: str) -> Answer:
        """The answer to a GET of what is published."""
        routes = PublicRegister(self.services).routes()
        return ask(Starlette(routes=routes), f"/register{path}")

    def _ask(self, person: str, path: str, body: bytes | None, kind: str) -> Answer:
        visitor = Visitor(
            who=Requester(
                party="quill",
                name="Quill Energy",
                identities=(),
                interface=Interface.PORTAL,
                credential=SerialNumber(CREDENTIALS.get(person, 0xFF)),
            ),
            session=LoggedIn(user=person, must_change=False, form=FORM),
        )
        routes = [
            Route(PORTAL_PATH + at, _for(one, visitor), methods=[verb])
            for verb, at, one in RegisterPages(self.services).table()
        ]
        headers = {
            "host": "smki.test",
            "origin": "https://smki.test",
            "content-type": kind,
        }
        return ask(
            Starlette(routes=routes), f"{PORTAL_PATH}/register{path}", body=body, headers=headers
        )


def open_pages_house(folder: Path) -> PagesHouse:
    """An empty register in that folder, with its people in it."""
    url = f"sqlite:///{folder / 'register.sqlite'}"
    migrate(url)
    database = open_database(url)
    now = [NOW]
    services = RegisterServices(
        readers=ReadersOfRegister(database.proceedings, lambda: now[0]),
        files=ConfidentialFiles(folder / "papers"),
        tied=lambda _: None,
    )
    made = PagesHouse(database.proceedings, services, database.close, now)
    made.put(*people())
    return made


STARTS: Final = time(10, 0)


def _for(handler: Handler, visitor: Visitor) -> Any:
    async def answer(request: Any) -> Response:
        try:
            return await handler(request, visitor)
        except SmkiError as error:
            return fault(visitor, *_told(error))

    return answer


def _told(error: SmkiError) -> tuple[int, str, str]:
    status, text = told(error)
    return status, "That cannot be done", text

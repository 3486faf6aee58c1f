"""The pages of recoveries without sockets: campaigns in the estates of a house and of a rehearsal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from urllib.parse import urlencode

from starlette.applications import Starlette
from tests.support.asking import Answer, ask

from smki.bootstrap import Settings, load_settings
from smki.bootstrap.estates import open_estate
from smki.bootstrap.recoveries import open_kept, recovery_of
from smki.interfaces.web.portal import PortalPages
from smki.interfaces.web.portal.recovery import WatchedRecoveries
from smki.interfaces.web.portal.recovery.service import Watched
from smki.ports.campaigns import Became, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method, StopAt
from smki.recovery.progress import Point, fates_of
from smki.steps import LoggedIn, Requester
from smki.terms import EUI64, Interface, SerialNumber, SubscriberKind

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
FORM: Final = "f" * 64  # what forms of the one session bring along
AUTHORITY: Final = EUI64.parse("0A-53-4D-4B-49-05-00-01")
PARTIES: Final = {
    "dcc": (frozenset({SubscriberKind.DCC}), ()),
    "pma": (frozenset[SubscriberKind](), ((AUTHORITY, None),)),
    "supplier": (frozenset({SubscriberKind.IMPORT_SUPPLIER}), ()),
}
PLAN: Final = CampaignPlan(
    incident="INC-7",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=30),
    waves=(100, 900),
    canaries=1,
    per_second={"north": 5},
    stop_at=StopAt(failed_per_thousand=300),
)
KINDS: Final = ("esme", "gsme", "chf")
R, F, S = (Fate.RECOVERED, ""), (Fate.PARTLY, "cells not replaced: <b>"), (Fate.SILENT, "no answer")


@dataclass
class RecoveryHouse:
    """A state directory whose pages are asked.

    Attributes:
        settings: of it.
        now: the present instant; to be moved on.
        counted: whose requests were counted.
        left: nobody was at the desk for long.
    """

    settings: Settings
    now: list[datetime] = field(default_factory=lambda: [AT])
    counted: list[str] = field(default_factory=list)
    left: bool = False

    def __post_init__(self) -> None:
        """The pages, over what is in the folder."""
        self._recoveries = WatchedRecoveries(self.settings, lambda: self.now[0])
        pages = PortalPages(cast("Any", _House(self)), self._recoveries)
        self._app = Starlette(routes=pages.routes())
        self._app.router.redirect_slashes = False

    def begin(
        self, name: str, devices: int, *, plan: CampaignPlan = PLAN, at: datetime = AT
    ) -> None:
        """A campaign over so many devices, canaries in wave 0, a tenth of the rest in wave 1."""
        with open_estate(recovery_of(self.settings, name).house, new=True):
            pass
        with open_kept(recovery_of(self.settings, name).house) as kept:
            kept.campaigns.begin(name, plan, at)
            kept.campaigns.enlist(name, [_member(n, devices) for n in range(devices)])

    def rehearsal(self, name: str) -> None:
        """There is a house of a rehearsal of that name."""
        self.settings.path("recoveries", name, "house").mkdir(parents=True)

    def become(self, name: str, wave: int, fates: Iterable[tuple[Fate, str]]) -> None:
        """The next devices of the wave come to these ends; a point is kept."""
        with open_kept(recovery_of(self.settings, name).house) as kept:
            ends = list(fates)
            at = self.now[0]
            leased: list[Member] = []
            for region in ("north", "south"):
                most = {region: len(ends) - len(leased)}
                until = at + timedelta(hours=1)
                leased += kept.campaigns.lease(name, wave, "w", at=at, until=until, most=most)
            became = [
                Became(device=one.device, fate=fate, why=why, command=b"c", response=b"r", at=at)
                for one, (fate, why) in zip(leased, ends, strict=True)
            ]
            kept.campaigns.settle(name, "w", became)
            point = Point(at=at, fates=fates_of(kept.campaigns.counts(name)))
            kept.points.note(name, point, last=True)

    def watched(self, name: str) -> Watched:
        """The campaign as its page has it."""
        found = self._recoveries.watched(name)
        assert found is not None
        return found

    def get(self, path: str = "", party: str = "dcc") -> Answer:
        """The answer to a GET below the pages of recoveries."""
        return self._ask(f"/portal/recovery{path}", party, None)

    def post(self, path: str, party: str = "dcc", **fields: str) -> Answer:
        """The answer to a form, sent as our own pages send it."""
        body = urlencode({"form": FORM, **fields}).encode()
        return self._ask(f"/portal/recovery{path}", party, body)

    def _ask(self, path: str, party: str, body: bytes | None) -> Answer:
        headers = {
            "host": "smki.test",
            "origin": "https://smki.test",
            "cookie": "__Host-smki=somebody",
            "content-type": "application/x-www-form-urlencoded",
        }
        return ask(self._app, path, body=body, headers=headers, certificate=party.encode())


def open_recovery_house(folder: Path) -> RecoveryHouse:
    """Nothing is recovered there yet."""
    bodies = '{"smki_pma": ["' + str(AUTHORITY) + '"]}'
    return RecoveryHouse(load_settings({"SMKI_STATE": str(folder), "SMKI_BODIES": bodies}))


def begun(folder: Path) -> RecoveryHouse:
    """A house with a campaign of forty devices, whose canaries are to be looked at."""
    made = open_recovery_house(folder)
    made.begin("first", 40)
    made.become("first", 0, ())
    made.now[0] = AT + timedelta(minutes=10)
    made.become("first", 0, [R, R, R, F])
    return made


class _House:
    """Somebody of each party is logged in."""

    register = None

    def __init__(self, desk: RecoveryHouse) -> None:
        self._desk = desk

    @property
    def access(self) -> SimpleNamespace:
        """Notes whose requests count."""
        return SimpleNamespace(used=self._desk.counted.append)

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """The certificate is the party's name."""
        party = certificate.decode()
        kinds, identities = PARTIES[party]
        return Requester(
            party=party,
            name=f"The {party}",
            identities=identities,
            interface=interface,
            credential=SerialNumber(0xA1),
            kinds=kinds,
        )

    def logged_in(self, who: Requester, token: str, *, by_itself: bool = False) -> LoggedIn | None:
        """Ann, of whichever party; if she left the desk her session is over for what nobody asks."""
        if by_itself and self._desk.left:
            return None
        assert token == "somebody"
        assert who.party in PARTIES
        return LoggedIn(user="ann", must_change=False, form=FORM)


def _member(number: int, devices: int) -> Member:
    wave = 0 if number < 4 else 1 if number < devices // 10 else 2
    return Member(
        device=EUI64(bytes([0x0A, 0x53, 0x4D, 0x4B, 0x49, *number.to_bytes(3, "big")])),
        kind=KINDS[number % 3],
        make=("Amber & Sons", "=Birch")[number % 2],
        region=("north", "south")[number // 2 % 2],
        wave=wave,
    )

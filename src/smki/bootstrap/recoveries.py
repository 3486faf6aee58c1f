"""The recoveries of a state directory: where each is, its house, and what its carriers need.

    recoveries/NAME/                  what a recovery keeps
    recoveries/NAME/house/            a rehearsal's house: an SMKI of its own
    recoveries/NAME/carry/CAMPAIGN.json    what carriers need, without any secret
    recoveries/NAME/report.json       the report, once it is written
    recoveries/NAME/carry/CAMPAIGN.sock    where whoever has the key open is asked
    recoveries/NAME/carry/CAMPAIGN.lock    held while it is begun; empty

A recovery without a house of its own is one of the operator's own house. Its campaigns are in the
database of its house's estate; they are called NAME, or NAME.SOMETHING if there are several.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from smki.adapters.files import alone, make_folder, read_octets, write_durably
from smki.adapters.sql.campaign_acts import SqlCampaignActs
from smki.adapters.sql.campaign_points import SqlCampaignPoints
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap.estates import estate_file, open_estate
from smki.bootstrap.settings import Settings, load_settings
from smki.ports.campaigns import Carried, Member
from smki.ports.estate import Estate, InventoryQuery, InventoryRow
from smki.recovery import CampaignPlan, Waves
from smki.recovery.arranging import Arranged, encode_arranged, parse_arranged
from smki.recovery.encoding import encode_plan
from smki.terms import Malformed, Refused, Unavailable

FOLDER: Final = "recoveries"
HOUSE: Final = "house"
REPORT: Final = "report.json"
_CARRY: Final = "carry"
_LOCK: Final = ".lock"
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,15}(\.[a-z0-9]+(-[a-z0-9]+){0,15})?")
_NAME_MOST: Final = 64
_PAGE: Final = 2_000  # devices of the inventory that are read at once
_ALL: Final = InventoryQuery()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A campaign, and where all about it is.

    Attributes:
        campaign: its name.
        folder: of the recovery that it belongs to.
        house: of the SMKI that is recovered.
        rehearsal: whether that house is a rehearsal's.
    """

    campaign: str
    folder: Path
    house: Settings
    rehearsal: bool

    @property
    def arrangement(self) -> Path:
        """The file of what carriers need."""
        return self.folder / _CARRY / f"{self.campaign}.json"

    @property
    def key_socket(self) -> Path:
        """Where whoever has the key open is asked."""
        return self.folder / _CARRY / f"{self.campaign}.sock"

    @property
    def report(self) -> Path:
        """The report of the recovery, once it is written."""
        return self.folder / REPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of campaigns, in the database of an estate."""

    estate: SqlEstate
    campaigns: SqlCampaigns
    points: SqlCampaignPoints
    acts: SqlCampaignActs


def recovery_of(settings: Settings, campaign: str) -> Recovery:
    """Where the campaign of that name is, or would be.

    Raises:
        Malformed: no name of a campaign.
    """
    if len(campaign) > _NAME_MOST or not _NAME.fullmatch(campaign):
        raise Malformed(
            f"campaign {campaign[:80]!r}: must be small letters, digits and single '-', with at most"
            " one '.'",
            where="NAME",
            rule="campaign.name",
        )
    folder = settings.path(FOLDER, campaign.partition(".")[0])
    rehearsal = (folder / HOUSE).is_dir()
    return Recovery(
        campaign=campaign,
        folder=folder,
        house=_house(folder) if rehearsal else settings,
        rehearsal=rehearsal,
    )


def houses(settings: Settings) -> Iterator[Settings]:
    """Houses with an estate, in which campaigns may be: the operator's own, then rehearsals'."""
    if _has_estate(settings):
        yield settings
    folder = settings.path(FOLDER)
    for each in sorted(folder.iterdir()) if folder.is_dir() else ():
        if (each / HOUSE).is_dir() and _has_estate(house := _house(each)):
            yield house


@contextmanager
def open_kept(house: Settings) -> Iterator[Kept]:
    """What is kept of the campaigns of this house.

    Raises:
        Unavailable: there is no estate, or its database is away.
    """
    with open_estate(house) as estate:
        yield Kept(
            estate=estate,
            campaigns=SqlCampaigns(estate.store),
            points=SqlCampaignPoints(estate.store),
            acts=SqlCampaignActs(estate.store),
        )


@contextmanager
def begun_alone(recovery: Recovery, kept: Kept, there: Carried | None) -> Iterator[None]:
    """Nobody else begins this campaign until it is left, and nobody has since it was looked for.

    Args:
        recovery: which.
        kept: of its house.
        there: what was found of it; None if there was none.

    Raises:
        Unavailable: somebody else begins it just now, or has.

    Clause: sec:L10
    """
    name = recovery.campaign
    busy = (
        f"campaign {name}: another command begins it just now, must be one;"
        f" 'smki recovery status {name}' tells of it"
    )
    place = recovery.arrangement.with_suffix(_LOCK)
    make_folder(place.parent, 0o700)
    with alone(place, busy):
        if there is None and kept.campaigns.campaign(name) is not None:
            raise Unavailable(busy, where=str(place))
        yield


def begin_campaign(
    recovery: Recovery,
    kept: Kept,
    plan: CampaignPlan,
    arranged: Arranged,
    devices: Iterable[Member],
    at: datetime,
) -> Carried:
    """The campaign is there with these devices, and whoever comes can carry it.

    What carriers need is durable before the campaign is; the same again changes nothing, and goes on
    where it was cut off. What was written for a campaign that never came to be is written anew.

    Raises:
        Refused: there is one of that name with another plan, other materials or other devices.
        Unavailable: the disk or the database is away.

    Clause: sec:L10
    """
    octets = encode_arranged(arranged)
    path = recovery.arrangement
    if not path.exists() or kept.campaigns.campaign(recovery.campaign) is None:
        make_folder(path.parent, 0o700)
        write_durably(path, octets, private=True)
    elif read_octets(path) != octets:
        raise _is_another(recovery, "other materials")
    there = kept.campaigns.campaign(recovery.campaign)
    if there is not None and encode_plan(there.plan) != encode_plan(plan):
        raise _is_another(recovery, "another plan")
    carried = kept.campaigns.begin(recovery.campaign, plan, at)
    kept.campaigns.enlist(recovery.campaign, devices)
    return replace(carried, whole=True)


def _is_another(recovery: Recovery, what: str) -> Refused:
    name = recovery.campaign
    return Refused(
        f"campaign {name}: is there with {what}, must be another name;"
        f" 'smki recovery abort {name}' ends the one that is there",
        where=str(recovery.arrangement),
        clause="sec:L10",
        rule="campaign.name",
    )


def made_of(settings: Settings, carried: Carried, *, rehearsal: bool) -> datetime:
    """When the campaign was made, by the clock of people: that of a rehearsal's network runs ahead."""
    if not rehearsal:
        return carried.begun
    try:
        written = recovery_of(settings, carried.name).arrangement.stat().st_mtime
    except FileNotFoundError:
        return carried.begun
    return datetime.fromtimestamp(written, UTC)


def arrangement_of(recovery: Recovery) -> Arranged:
    """What carriers of the campaign need.

    Raises:
        Refused: no campaign of that name was begun.
        Malformed: the file is not what was written.
    """
    path = recovery.arrangement
    if not path.exists():
        raise Refused(
            f"campaign {recovery.campaign}: there is none; 'smki recovery list' names them",
            where=str(path),
            clause="sec:L10",
            rule="campaign.name",
        )
    return parse_arranged(read_octets(path))


def members_of(
    estate: Estate, plan: CampaignPlan, concerned: Callable[[InventoryRow], bool]
) -> Iterator[Member]:
    """The devices of the inventory that are concerned, each in its wave; memory stays flat.

    The inventory is gone through twice: a wave is a share of all of them.
    """
    waves = Waves(plan, sum(map(concerned, inventory_rows(estate))))
    for row in filter(concerned, inventory_rows(estate)):
        kind = row.kind.value
        yield Member(
            device=row.device,
            kind=kind,
            make=row.make,
            region=row.region,
            wave=waves.wave(kind, row.make, row.region),
        )


def inventory_rows(estate: Estate, query: InventoryQuery = _ALL) -> Iterator[InventoryRow]:
    """The devices of the inventory that are meant, by their EUI-64, some thousand at a time in memory."""
    after = None
    while page := estate.inventory(query, after, _PAGE):
        yield from page
        after = page[-1].device


def _has_estate(settings: Settings) -> bool:
    file = estate_file(settings)
    return file is None or file.exists()


def _house(folder: Path) -> Settings:
    """A rehearsal's house: nothing but its own file configures it."""
    return load_settings({"SMKI_STATE": str(folder / HOUSE)})

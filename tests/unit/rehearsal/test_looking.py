"""Which make of hubs a defect is raised about, and what failed for other reasons."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final, cast

from smki.bootstrap.recoveries import Kept
from smki.devices import DeviceKind
from smki.interfaces.rehearsal.looking import suspects
from smki.ports.campaigns import Member
from smki.ports.estate import InventoryQuery, InventoryRow
from smki.recovery import Fate
from smki.terms import EUI64, SmiStatus

NORTH: Final = "north"
BAD: Final = "Third Hub Maker"
GOOD: Final = "Sample Hub Maker"


class Fleet:
    """Homes of a hub and a meter, and what became of both."""

    def __init__(self) -> None:
        self.rows: list[InventoryRow] = []
        self.members: list[Member] = []

    def home(self, make: str, hub: Fate, meter: Fate, region: str = NORTH) -> EUI64:
        """One more home; its meter."""
        first = EUI64((0x0A00_0000 + 16 * len(self.rows)).to_bytes(8, "big"))
        behind = EUI64((int(first) + 2).to_bytes(8, "big"))
        for device, kind, fate in (
            (first, DeviceKind.CHF, hub),
            (behind, DeviceKind.ESME, meter),
        ):
            self.rows.append(
                InventoryRow(
                    device=device,
                    kind=kind,
                    make=make if kind is DeviceKind.CHF else "a meter maker",
                    model="H",
                    hub=first,
                    region=region,
                    status=SmiStatus.COMMISSIONED,
                )
            )
            self.members.append(
                Member(device=device, kind=kind.value, make=make, region=region, wave=0, fate=fate)
            )
        return behind

    @property
    def kept(self) -> Kept:
        """The same, as campaigns and estate keep it."""
        rows = {row.device: row for row in self.rows}
        campaigns = SimpleNamespace(
            members=lambda _, after, __: () if after else tuple(self.members)
        )
        estate = SimpleNamespace(row=rows.get, inventory=self._inventory)
        return cast("Kept", SimpleNamespace(campaigns=campaigns, estate=estate))

    def _inventory(
        self, query: InventoryQuery, after: EUI64 | None, _: int
    ) -> tuple[InventoryRow, ...]:
        def found() -> Iterator[InventoryRow]:
            for row in self.rows:
                if query.kind in {None, row.kind} and (after is None or row.device > after):
                    yield row

        return tuple(found())


def test_a_make_whose_hubs_answer_and_whose_meters_do_not_is_suspected() -> None:
    """In that region alone, with the devices behind it; a meter here and there is no defect."""
    fleet = Fleet()
    behind = {fleet.home(BAD, Fate.RECOVERED, fate) for fate in (Fate.SILENT, Fate.OUT_OF_REACH)}
    for _ in range(4):
        fleet.home(GOOD, Fate.RECOVERED, Fate.RECOVERED)
    fleet.home(GOOD, Fate.RECOVERED, Fate.SILENT)
    fleet.home(BAD, Fate.RECOVERED, Fate.RECOVERED, region="south")
    (found,) = suspects(fleet.kept, "any")
    assert (found.make, found.region, found.hubs) == (BAD, NORTH, 2)
    assert set(found.devices) == behind


def test_hubs_that_are_not_reached_are_no_defect() -> None:
    """Nor is a device that answered and did not obey: that is no matter of its hub."""
    fleet = Fleet()
    fleet.home(BAD, Fate.OUT_OF_REACH, Fate.OUT_OF_REACH)
    fleet.home(GOOD, Fate.RECOVERED, Fate.PARTLY)
    fleet.home(GOOD, Fate.PLANNED, Fate.SILENT)
    assert suspects(fleet.kept, "any") == ()

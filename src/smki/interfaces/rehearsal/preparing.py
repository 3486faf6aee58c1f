"""Step 1: preconditions. Approach, people told, roots and recovery key by ceremonies, house, estate.

All of it is made by the rehearsal for itself: what would have been there before a key was lost.
"""

from collections.abc import Iterator
from typing import Final

import tomli_w

from smki.adapters.files import write_durably
from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap.estates import open_estate
from smki.bootstrap.recoveries import inventory_rows
from smki.bootstrap.settings import FILE, read_file
from smki.bootstrap.succeeding import take_in_force
from smki.interfaces.estate_of_house import make_in_house
from smki.interfaces.rehearsal.cells import cells_now, cells_said
from smki.interfaces.rehearsal.ceremonies import held_ceremony, people_in
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.house import asking, founded
from smki.interfaces.rehearsal.keeping import keep_all, keep_items
from smki.interfaces.rehearsal.seeds import seed_of_homes, seed_of_weather
from smki.interfaces.rosters import devices_of, roster_row
from smki.ports.estate import EstateDevice
from smki.recovery.evidence import transcript
from smki.recovery.evidence_bundles import rosters
from smki.terms import EUI64

APPROACH: Final = "1.0"  # the version of the test approach that a rehearsal follows: its scenario
DCC: Final = "dcc"
RECOVERY_PARTY: Final = EUI64.parse("0A-53-4D-4B-49-04-00-01")


def preconditions(run: Run) -> Made:
    """A house with roots and recovery key in custody, officers, parties, and an estate.

    Clause: sec-app-l:3, sec:L10
    """
    at = now()
    run.tell("  custodians, operator and witness are told, and acknowledge")
    people_in(run)
    run.tell("  ceremony 'roots': three roots and the contingency keys, among five custodians")
    roots = founded(run, lambda: run.tell("  a house is founded by them: authorities and parties"))
    run.tell("  ceremony 'recovery-key', and its certificate for the recovery cell")
    recovery = recovery_key(run, "recovery-key")
    keep_items(run, transcript("roots", roots), transcript("recovery-key", recovery))
    homes = seed_of_homes(run.house, run.asked.seed, run.asked.devices, run.scenario.faulty_make)
    run.tell(f"  an estate of {run.asked.devices:,} devices, which believe the house's parties")
    make_in_house(
        run.house,
        run.house_environment,
        run.asked.devices,
        processes=run.processes,
        seed=homes,
        progress=lambda: run.progress("devices made"),
    )
    weather = _weather(run)
    return {
        "approach": APPROACH,
        "at": at.isoformat(),
        "before": cells_said(cells_now(run)),
        "devices": run.asked.devices,
        "homes_seed": homes,
        "weather_seed": weather,
    }


def recovery_key(run: Run, name: str) -> bytes:
    """The transcript of the ceremony; the key's certificate is the recovery party's, its key nobody's.

    Clause: sec-app-l:3, sec:L10
    """
    said = {"request.entity": str(RECOVERY_PARTY)}
    octets = held_ceremony(run, "recovery-key", name=name, instead=said)
    take_in_force(run.house, asking(run), octets)
    return octets


def _weather(run: Run) -> int:
    """The seed of what befalls frames and hubs is in the house's configuration; which it is."""
    with open_estate(run.house) as estate:
        seed = run.asked.seed
        if "unreachable" not in run.asked.network:  # who asks for hubs out of reach is to have them
            seed = seed_of_weather(run.house, inventory_rows(estate), seed)
        keep_all(run, rosters(map(roster_row, concerned(run, estate))))
    configure_line(run, seed=seed)
    return seed


def configure_line(run: Run, **figures: int) -> None:
    """The configuration of the house's line has these figures."""
    place = run.house.path(FILE)
    content = read_file(run.house.state)
    changed = {**content, "line": {**content.get("line", {}), **figures}}
    if changed != content:
        write_durably(place, tomli_w.dumps(changed).encode())


def concerned(run: Run, estate: SqlEstate) -> Iterator[EstateDevice]:
    """The devices that the recovery is of: those with a cell of the role whose key is lost, if one's is.

    Clause: sec:L10.30(a)
    """
    role = run.scenario.role
    for device in devices_of(estate):
        if role is None or any(cell.role is role for cell in device.state.row.cells):
            yield device

"""The thief at work: before anybody notices, and on the line while devices are recovered.

    struck    some devices, before the loss is known; the broker may serve the thief until then
    on it     each message of the recovery is heard, and may be answered first
    left      every device is looked into: what it has of the thief's doings

What was done is kept after each part, and gone on with. A part that was cut off is counted as far as
it was kept; what devices have of it is found in any case.

Clause: sec:L10
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from smki.adapters.files import make_folder, read_octets, write_durably
from smki.adapters.world import SystemEntropy
from smki.bootstrap.recoveries import Kept
from smki.devices import DeviceState
from smki.interfaces.recovery_part import Through
from smki.interfaces.rehearsal.cells import cells_of
from smki.interfaces.rehearsal.frame import Run
from smki.interfaces.rehearsal.thief import THEFTS, thief_of
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.ports.links import DeviceLink
from smki.recovery.attacks import Effect, Tally, tally_of, tally_said
from smki.simulator import ScalarKeys
from smki.simulator.attacked import AttackedLink, Watched
from smki.simulator.attacker import Attacker
from smki.simulator.hubs import FAULTY_HUB_BLOCKS
from smki.simulator.obeying import EstateDevices, ForDevice
from smki.simulator.weather import Weather
from smki.terms import EUI64, Inconsistent

OFTEN: Final = 0.1  # share of occasions on the line on which the thief has a turn
_TALLY: Final = "attack"
_FILE: Final = "tally.json"


def attacker_in(run: Run) -> Attacker:
    """The thief of the rehearsal, with what he knew after the first part."""
    said = run.made_if_any("theft")
    helper = said.get("helper") if said is not None else None
    before = cells_of(run.made("preconditions")["before"])
    attacker = thief_of(run, before, cells_of(helper) if helper else None)
    attacker.scheduled |= _kept(run)[0]
    return attacker


@contextmanager
def on_the_line(run: Run, kept: Kept) -> Iterator[Through | None]:
    """What stands between head end and line while this lasts: the thief, if the scenario has one."""
    if run.scenario.name not in THEFTS:
        yield None
        return
    attacker, tally = attacker_in(run), tally_in(run)
    devices = watched(run, kept)
    chance = random.Random(run.asked.seed + 1)  # noqa: S311 -- when he speaks

    def through(link: DeviceLink) -> DeviceLink:
        return AttackedLink(link, attacker, devices, chance=chance.random, often=OFTEN, tally=tally)

    try:
        yield through
    finally:
        keep_tally(run, attacker, tally)


def watched(run: Run, kept: Kept) -> Watched:
    """The devices of the estate, as the thief reaches them: at once, but by the hubs that there are.

    A hub that is never reached he does not reach, and what a hub of the faulty make loses of long
    messages it loses of his.
    """
    devices = EstateDevices(kept.estate, ScalarKeys(SystemEntropy().octets))
    line = run.house.line
    weather = Weather(line.figures(), line.seed)

    def deliver(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        place = devices.place(device)
        long = len(message) > FAULTY_HUB_BLOCKS * line.block_octets
        if place is None or not weather.reached(place) or (long and weather.faulty(place)):
            return ()
        (said,) = devices.obey((ForDevice(device=device, message=message),), at)
        return said

    return Watched(deliver, looking(kept))


def looking(kept: Kept) -> Callable[[EUI64], DeviceState]:
    """Looks into a device of the estate."""

    def look(device: EUI64) -> DeviceState:
        found = kept.estate.device(device)
        if found is None:
            raise Inconsistent(f"device {device}: is no more in the estate, must be")
        return found.state

    return look


def effects_in(attacker: Attacker, state: DeviceState, at: datetime) -> frozenset[Effect]:
    """What the device has of the thief's doings; nobody else schedules in a rehearsal."""
    found = attacker.effects(state, at)
    return found | {Effect.WAITING} if state.scheduled else found


def tally_in(run: Run) -> Tally:
    """What the thief did so far."""
    return _kept(run)[1]


def keep_tally(run: Run, attacker: Attacker, tally: Tally) -> None:
    """What he did is durable."""
    scheduled: list[JSON] = [one.hex() for one in sorted(attacker.scheduled)]
    make_folder(run.path(_TALLY), 0o700)
    write_durably(
        run.path(_TALLY, _FILE),
        encode_json({"scheduled": scheduled, "tally": tally_said(tally)}),
        private=True,
    )


def _kept(run: Run) -> tuple[frozenset[bytes], Tally]:
    """What he scheduled and what he did, as it was kept last; nothing before he began.

    Raises:
        Malformed, Inconsistent: it is not as it was written.
    """
    place = run.path(_TALLY, _FILE)
    if not place.exists():
        return frozenset(), Tally()
    said = parse_json(read_octets(place), "tally")
    try:
        if isinstance(said, Mapping) and isinstance(listed := said["scheduled"], list):
            scheduled = frozenset(bytes.fromhex(str(one)) for one in listed)
            return scheduled, tally_of(said["tally"])
    except (KeyError, ValueError) as error:
        raise _changed(place) from error
    raise _changed(place)


def _changed(place: Path) -> Inconsistent:
    return Inconsistent(
        "rehearsal: what the thief did is not as it was written, must be", where=str(place)
    )

"""Steps of a thief: the key is stolen and used before anybody knows; at the end, what is left of it."""

import random
from array import array
from collections.abc import Iterator, Mapping
from typing import Final

from smki.bootstrap.recoveries import Kept, inventory_rows, open_kept
from smki.interfaces.estate_network import estate_network
from smki.interfaces.line_time import line_time
from smki.interfaces.rehearsal.attacking import (
    attacker_in,
    effects_in,
    keep_tally,
    tally_in,
    watched,
)
from smki.interfaces.rehearsal.campaigning import before
from smki.interfaces.rehearsal.cells import cells_of, cells_said
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.keeping import keep_items
from smki.interfaces.rehearsal.thief import THEFTS, helper_of, serve, thief_of
from smki.interfaces.rosters import devices_of
from smki.merkle.canonical import JSON, encode_json
from smki.recovery.attacks import EFFECT_OF, Effect, attack_kept, lasting
from smki.recovery.evidence import document
from smki.simulator.attacked import AttackedLink
from smki.terms import EUI64

SHARE: Final = 0.1  # of the devices, that are struck before anybody notices
LEAST: Final = 6
_HELPER: Final = "helper"


def struck(run: Run) -> Made:
    """The key is stolen, and some devices have obeyed the thief.

    Clause: sec:L10
    """
    theft = THEFTS[run.scenario.name]
    said: JSON = run.settled(_HELPER)
    if theft.helped and said is None:
        said = cells_said(helper_of(run, before(run)))
        run.once(_HELPER, encode_json(said).decode())
    helper = cells_of(said) if said else None
    with open_kept(run.house) as kept:
        thief = thief_of(run, before(run), helper)
        if theft.served:
            serve(run, thief, before(run))
        chance = random.Random(run.asked.seed)  # noqa: S311 -- whom he strikes
        network = estate_network(
            run.house, kept.estate, seed=run.house.line.seed, figures={}, start=line_time(kept)
        )
        link = AttackedLink(network, thief, watched(run, kept), chance=chance.random, often=0.0)
        victims = tuple(_struck(kept, link, chance))
        keep_tally(run, thief, link.tally)
    run.tell(
        f"  the thief was obeyed, with effect, by {len(link.tally.had):,} of the {len(victims):,}"
        " devices that he commanded"
    )
    return {"helper": said, "struck": [str(one) for one in victims]}


def left(run: Run) -> Made:
    """What every device has of the thief's doings at the end; what he did is kept as evidence.

    Clause: sec:L10
    """
    attacker, tally = attacker_in(run), tally_in(run)
    with open_kept(run.house) as kept:
        at = line_time(kept)
        found = {
            one.state.device: effects
            for one in devices_of(kept.estate)
            if (effects := effects_in(attacker, one.state, at))
        }
    kept_attack = attack_kept(run.scenario.compromised, attacker.planted, tally, found)
    keep_items(run, document("attack", kept_attack))
    achieved = [
        f"the thief {one.what}: {one.sent:,} sent, obeyed by {one.obeyed:,}, undone on"
        f" {one.undone:,}"
        for one in kept_attack.tried
    ]
    for said in achieved:
        run.tell(f"  {said}")
    remains = lasting(found)
    run.tell(f"  of the thief's doings there is left on devices: {_told(remains)}")
    had = {effect.name: len(tally.devices_with(effect)) for effect in EFFECT_OF.values()}
    return {
        "achieved": list(achieved),
        "had": dict(had),
        "left": {effect.name: count for effect, count in remains.items()},
        "devices": [str(one) for one in found],
    }


def _struck(kept: Kept, link: AttackedLink, chance: random.Random) -> Iterator[EUI64]:
    """A share of the devices, some at least, each struck by the next of what the thief can do."""
    devices = array("Q", (int(row.device) for row in inventory_rows(kept.estate)))
    chance.shuffle(devices)
    wanted = max(LEAST, round(SHARE * len(devices)))
    struck_ = 0
    for number in devices:
        if struck_ == wanted:
            return
        device = EUI64(number.to_bytes(8, "big"))
        if link.strike(device, struck_):
            struck_ += 1
            yield device


def _told(remains: Mapping[Effect, int]) -> str:
    said = (f"{count:,} where {effect.value}" for effect, count in remains.items())
    return "; ".join(said) or "nothing"

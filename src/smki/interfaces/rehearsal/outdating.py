"""Step 7, its other half: commands by keys that devices believed before the recovery have no effect.

    own keys       the supplier's, or the change of supplier party's, from before: it would put its
                   own old certificates back, through the broker of today, who lets it pass
    contingency    the old contingency key: it would put the whole old hierarchy back; opened again by
                   a quorum, for as many commands as are sent

Each is sent to some devices, and an answer is waited for once. What came, if anything, is evidence.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import groupby, islice
from typing import Final

from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import Kept, inventory_rows, open_kept
from smki.ceremonies.scripts import CONTINGENCY, SYMMETRIC
from smki.devices import kinds
from smki.devices.path import held
from smki.flows.recovering import Cells, Contingency, Leg, Lost, recovery_legs
from smki.flows.recovery_rows import exchange_rows
from smki.headend import Patience
from smki.interfaces.key_serving import ServedKey, Signs
from smki.interfaces.recovery_asking import Asker, Asking, KeysAtHand, Said
from smki.interfaces.rehearsal.authorising import permit_further
from smki.interfaces.rehearsal.campaigning import after, before, broker_key
from smki.interfaces.rehearsal.confirming import recovered_in
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.keeping import keep_all
from smki.interfaces.rehearsal.opening import Use, contingency_used
from smki.interfaces.rehearsal.preparing import RECOVERY_PARTY
from smki.interfaces.rehearsal.running import campaigns_of, hand_back_campaigns
from smki.interfaces.rehearsal.updating import own_legs, role_of, update_campaigns
from smki.ports.estate import InventoryRow
from smki.recovery import Method, recovering
from smki.recovery.evidence import EvidenceKind, Turn
from smki.recovery.evidence_bundles import exchanged
from smki.recovery.evidence_rows import Exchange, Exchanges
from smki.terms import EUI64, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

OLD_OWN_MOST: Final = 1_000  # devices that are sent a command of an old party's key
OLD_CONTINGENCY_MOST: Final = 20  # and of the old contingency key
_ONCE: Final = Patience(attempts=1)

Heard = dict[EUI64, list[Exchange]]


def outdated(run: Run) -> Made:
    """Commands of keys from before were sent, and what went and came in this step is evidence.

    Clause: sec:L10, gbcs:CS02b
    """
    with open_kept(run.house) as kept:
        recovered = recovered_in(kept, campaigns_of(run))
        rows = tuple(
            islice(
                (row for row in inventory_rows(kept.estate) if row.device in recovered),
                OLD_OWN_MOST,
            )
        )
        if run.scenario.method in (Method.BY_CONTINGENCY, Method.ROOT_UPDATE):
            permit_further(run, CONTINGENCY, SYMMETRIC)
            some = _one_of_each(rows)
            use = Use(
                name="old-anchors",
                uses=len(some) + 1,
                take=lambda served: _sent(run, kept, rows, (served, some)),
            )
            made = contingency_used(run, "roots", use)
        else:
            made = _sent(run, kept, rows, None)
    run.tell(f"  {made['sent']} commands by keys from before: {made['answered']} answered")
    return made


def _sent(
    run: Run,
    kept: Kept,
    rows: Sequence[InventoryRow],
    contingency: tuple[ServedKey, Sequence[InventoryRow]] | None,
) -> Made:
    """What came of commands by parties' old keys, and of the old contingency key's, which is open."""
    asker, heard = Asker(run.house, kept, _ONCE), Heard()
    old, now, broker = before(run), after(run), broker_key(run)
    legs = own_legs(run, old, old)
    sendings: list[tuple[Leg, Signs, Sequence[InventoryRow]]] = [
        (leg, _own_key(run, role, old), [row for row in rows if role_of(row.kind, legs) is role])
        for role, leg in legs.items()
        if _replaced(role, old, now)
    ]
    if contingency is not None:
        served, some = contingency
        symmetric = served.symmetric() if served.symmetric else b""
        sendings.append((_all_back(run, old, symmetric), served.key, some))
    done, most = 0, sum(len(some) for _, _, some in sendings)
    with run.progress("commands by keys from before") as told:
        for leg, key, some in sendings:
            asking = _asking(leg, KeysAtHand(signs=key, broker=broker))
            obeying = [row.device for row in some if row.kind in leg.kinds]
            for said in asker.asked(asking, obeying):
                for one in said:
                    heard.setdefault(one.device, []).append(_exchange(one))
                done += len(said)
                told(done, most)
    kept_rows = keep_all(run, exchanged(EvidenceKind.UPDATES, _updates(run, kept, heard)))
    sent = sum(map(len, heard.values()))
    answered = sum(bool(one.response) for each in heard.values() for one in each)
    return {"answered": answered, "bundles": kept_rows, "sent": sent}


def _asking(leg: Leg, keys: KeysAtHand) -> Asking:
    """The leg's command, by those keys."""
    return Asking(
        originator=leg.originator,
        keys=keys,
        message_code=leg.materials.mode.message_code,
        value=lambda target, counter: recovering(leg.materials, target.cells, counter),
    )


def _exchange(said: Said) -> Exchange:
    return Exchange(turn=Turn.OUTDATED, at=said.at, command=said.command, response=said.response)


def _replaced(role: RemotePartyRole, old: Cells, now: Cells) -> bool:
    """Whether the recovery gave the role another key."""
    cell = kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE)
    return old.certificates[cell] != now.certificates[cell]


def _own_key(run: Run, role: RemotePartyRole, old: Cells) -> Signs:
    """The key that the role had before, which the house keeps."""
    cell = kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE)
    return HouseKeys(run.house, None).signer(held(parse_certificate(old.certificates[cell])))


def _one_of_each(rows: Sequence[InventoryRow]) -> tuple[InventoryRow, ...]:
    """A device of each kind in each region."""
    found: dict[tuple[str, str], InventoryRow] = {}
    for row in rows:
        found.setdefault((row.kind.value, row.region), row)
    return tuple(found.values())[:OLD_CONTINGENCY_MOST]


def _all_back(run: Run, old: Cells, symmetric: bytes) -> Leg:
    """The command that would put everything back under the old root."""
    (leg,) = recovery_legs(
        Method.BY_CONTINGENCY,
        Lost(compromised=run.scenario.compromised),
        old,
        old,
        at=datetime.fromisoformat(run.text("further-certificates", "at")),
        contingency=Contingency(originator=RECOVERY_PARTY, symmetric_key=symmetric),
    )
    return leg


def _updates(run: Run, kept: Kept, heard: Heard) -> Iterator[Exchanges]:
    """How each device was handed back, its further update, what old keys sent to it; ascending."""
    back = exchange_rows(kept.campaigns, hand_back_campaigns(run), Turn.HANDED_BACK)
    updates = exchange_rows(kept.campaigns, update_campaigns(run), Turn.UPDATED)
    old = (
        Exchanges(device=device, exchanges=tuple(found)) for device, found in sorted(heard.items())
    )
    every = merge(back, updates, old, key=_device)  # stable: in the order in which they came
    for device, rows in groupby(every, _device):
        exchanges = tuple(one for row in rows for one in row.exchanges)
        if exchanges:
            yield Exchanges(device=device, exchanges=exchanges)


def _device(row: Exchanges) -> EUI64:
    return row.device

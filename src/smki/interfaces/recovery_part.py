"""One process's part in a campaign: put together, lives, leases, acts, records, ends.

A part is given names alone, no key and no secret: whoever has the key open is asked at its socket.
What it knows of the campaign is in the database of the estate; if it dies, the next to come in its
place goes on from there.

Clause: sec:L10
"""

import os
import random
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final

from smki.adapters.helpers import rare_garbage_collection
from smki.adapters.sql.campaign_parts import SILENCE, Share, SqlCampaignPart
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.world import SystemClock
from smki.bootstrap import load_settings
from smki.bootstrap.message_keys import stored_keys
from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import Kept, Recovery, arrangement_of, open_kept, recovery_of
from smki.campaigns import Carrier, Commanding, Target
from smki.devices import KINDS, TrustAnchor
from smki.devices.path import held
from smki.headend import HeadEnd, HeldKeys, Recipient
from smki.interfaces.estate_network import estate_network
from smki.interfaces.key_serving import KeyOver
from smki.interfaces.line_serving import line_address
from smki.interfaces.line_time import line_time
from smki.interfaces.link import error_fields, error_from
from smki.ports import SigningKey
from smki.ports.campaigns import Became
from smki.ports.links import DeviceLink
from smki.recovery.arranging import Arranged
from smki.simulator.network import SimulatedNetwork
from smki.simulator.tcp_link import TcpLink
from smki.terms import EUI64, Refused, SmkiError, Unavailable
from smki.wire.certificate import POINT_OCTETS, issued_point, parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

KEY_PATIENCE_SECONDS: Final = 30.0  # that whoever has the key may be gone
_BEAT_SECONDS: Final = 5.0

Through = Callable[[DeviceLink], DeviceLink]
Heard = Callable[[Became], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Over what devices are reached.

    Attributes:
        seed: of what befalls frames and hubs; None: of the line's configuration.
        figures: of the network, that take the place of each region's own.
        served: over the hubs that 'smki estate serve' serves; else over a network in memory.
    """

    seed: int | None = None
    figures: Mapping[str, float] = field(default_factory=dict)
    served: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one process is to do; it names everything and holds no secret.

    Attributes:
        state: the state directory.
        campaign: its name.
        place: of this part among the others; whoever takes it over has the same.
        parts: how many there are.
        line: over what devices are reached.
        key_patience: seconds that whoever has the key may be gone.
        silence: seconds after which a process that says nothing is dead.
    """

    state: str
    campaign: str
    place: str
    parts: int
    line: Line
    key_patience: float = KEY_PATIENCE_SECONDS
    silence: float = SILENCE.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDone:
    """What one process did.

    Attributes:
        commands: that it made, each with a counter of its own.
        sent: sendings of them.
        frames: over the line, both ways.
        line_seconds: that passed on its line.
    """

    commands: int = 0
    sent: int = 0
    frames: int = 0
    line_seconds: float = 0.0


class EstateTargets:
    """`campaigns.Targets`: devices of an estate, with the certificates that they show."""

    def __init__(self, estate: SqlEstate) -> None:
        self._estate = estate

    def __call__(self, devices: Sequence[EUI64]) -> Mapping[EUI64, Target]:
        """Those of these devices that are in the estate."""
        return {
            device: Target(
                recipient=Recipient(
                    device=device,
                    kind=found.state.kind,
                    point=issued_point(found.state.own[KeyUsageBits.KEY_AGREEMENT].certificate),
                ),
                cells=KINDS[found.state.kind].cells,
                signing=issued_point(found.state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate),
            )
            for device, found in self._estate.held_by(devices).items()
        }


def carry_part(
    part: Part, *, hear: Heard = lambda _: None, through: Through = lambda link: link
) -> PartDone:
    """The part is carried until nothing of it is left, or it is to stop.

    Args:
        part: what is to be done.
        hear: is told what became of each device.
        through: what stands between head end and line, for rehearsals.

    Raises:
        Refused: there is no such campaign, or the key is not the one it was decided for, or may not
            be used any more.
        Unavailable: the database, the line or whoever has the key is away.

    Clause: sec:L10
    """
    recovery = recovery_of(load_settings({**os.environ, "SMKI_STATE": part.state}), part.campaign)
    with ExitStack() as stack:
        kept = stack.enter_context(open_kept(recovery.house))
        commanding = stack.enter_context(_commanding(recovery, part.key_patience))
        network = stack.enter_context(_line(recovery, kept, part.line))
        begun = network.now
        campaigns = SqlCampaignPart(
            kept.estate.store,
            _share(part),
            clock=SystemClock(),
            line=lambda: network.now,
            silence=timedelta(seconds=part.silence),
        )
        chance = random.Random(part.place)  # noqa: S311 -- only spreads repeated sendings
        head_end = HeadEnd(through(network), SqlHeadEnd(kept.estate.store), chance=chance.random)
        with _living(campaigns), rare_garbage_collection():
            Carrier(
                campaigns,
                part.campaign,
                campaigns.worker,
                head_end=head_end,
                targets=EstateTargets(kept.estate),
                commanding=commanding,
                tell=hear,
            ).carry()
        return PartDone(
            commands=head_end.commands,
            sent=head_end.sent,
            frames=network.frames,
            line_seconds=(network.now - begun).total_seconds(),
        )


def said_of(part: Part) -> dict[str, Any]:
    """What carrying the part came to, as JSON has it: done, or the error."""
    try:
        return {"done": asdict(carry_part(part))}
    except SmkiError as error:
        return {"error": error_fields(error)}


def done_said(said: Mapping[str, Any]) -> PartDone:
    """What the part did, as it was said.

    Raises:
        SmkiError: what it raised.
    """
    if "error" in said:
        raise error_from(said["error"])
    return PartDone(**said["done"])


def _share(part: Part) -> Share:
    process = f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
    return Share(
        campaign=part.campaign,
        place=part.place,
        worker=f"{part.place}/{process}",
        parts=part.parts,
    )


@contextmanager
def _living(campaigns: SqlCampaignPart) -> Iterator[None]:
    """As long as this stands, others know that this process lives."""
    campaigns.begin_part()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_BEAT_SECONDS):
            try:
                campaigns.beat()
            except Unavailable:
                continue  # the carrier hears of it itself

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
        campaigns.count(last=True)
    finally:
        ended.set()
        beating.join()
        campaigns.end_part()


@contextmanager
def _commanding(recovery: Recovery, patience: float) -> Iterator[Commanding]:
    arranged = arrangement_of(recovery)
    keys = HouseKeys(recovery.house, stored_keys(recovery.house, _environment(recovery)))
    broker = keys.broker(held(parse_certificate(arranged.broker)))
    with ExitStack() as stack:
        symmetric: bytes | None = None
        signer: SigningKey
        if arranged.in_custody:
            signer = over = KeyOver(recovery.key_socket, patience=patience)
            stack.callback(over.close)
            _check_key(arranged, over)
            symmetric = over.symmetric() if arranged.wants_symmetric_key else None
        else:
            signer = keys.signer(_named(arranged))
        yield Commanding(
            originator=arranged.originator,
            reader=arranged.reader,
            keys=HeldKeys(signer=signer, broker=broker),
            materials=arranged.materials(symmetric),
            placed=arranged.placed,
        )


def _named(arranged: Arranged) -> TrustAnchor:
    """The party that commands, as the house finds its key."""
    return TrustAnchor(
        unique_id=arranged.originator.octets,
        key_identifier=b"",
        point=arranged.signing_key[-POINT_OCTETS:],
    )


def _check_key(arranged: Arranged, over: KeyOver) -> None:
    if over.public_key != arranged.signing_key:
        raise Refused(
            f"key: {over.held().name} is open, must be the one that the campaign was decided for",
            clause="sec:L10.9",
            rule="recovery.key",
        )


def _environment(recovery: Recovery) -> Mapping[str, str]:
    """What configures the house: of a rehearsal's nothing but its own file."""
    return {"SMKI_STATE": str(recovery.house.state)} if recovery.rehearsal else os.environ


@contextmanager
def _line(recovery: Recovery, kept: Kept, line: Line) -> Iterator[SimulatedNetwork | TcpLink]:
    house = recovery.house
    if line.served:
        host, port = line_address(house)
        link = TcpLink(host, port, transfer=house.line.transfer())
        try:
            yield link
        finally:
            link.close()
        return
    yield estate_network(
        house,
        kept.estate,
        seed=house.line.seed if line.seed is None else line.seed,
        figures=line.figures,
        start=line_time(kept, recovery.campaign.partition(".")[0]),
    )

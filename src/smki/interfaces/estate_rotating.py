"""Rotates certificates of an estate's devices: head end, simulated network and services put together.

The ad hoc service is asked over the network if a server runs, else in this process by the same
rules. Devices are read when they are commanded, and kept before they answer.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.bootstrap import Settings, open_office
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.message_keys import stored_keys
from smki.bootstrap.party_keys import HouseKeys, party_of
from smki.flows.adhoc import replace_device_certificates
from smki.flows.office import Office
from smki.flows.rotating import NotRotated, Outcome, RotationWish, Rotator, Step
from smki.headend import HeadEnd
from smki.interfaces.client import ClientCredential, Service
from smki.interfaces.estate_network import estate_network
from smki.interfaces.line_serving import line_address
from smki.interfaces.said import read_serving
from smki.ports.estate import EstateDevice
from smki.registration import requester_for
from smki.simulator.network import SimulatedNetwork
from smki.simulator.tcp_link import TcpLink
from smki.steps.answers import AdHocAnswer
from smki.terms import EUI64, Interface, KeyUsage, Refused, SerialNumber, Unavailable
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

BITS: Final = {
    KeyUsage.DIGITAL_SIGNATURE: KeyUsageBits.DIGITAL_SIGNATURE,
    KeyUsage.KEY_AGREEMENT: KeyUsageBits.KEY_AGREEMENT,
}
_FIRST_COMMAND: Final = 0x000A  # CS02c: who commands it commands the others too

Answering = Callable[[str], AdHocAnswer]
Told = Callable[[EUI64, KeyUsage, Step], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdHocDoor:
    """Where device CSRs are handed in.

    Attributes:
        through: what it is, in words.
        of: the door as it opens to a party.
    """

    through: str
    of: Callable[[str], Answering]


@contextmanager
def open_door(settings: Settings, environment: Mapping[str, str]) -> Iterator[AdHocDoor]:
    """The ad hoc service if a server runs, else the house itself.

    Raises:
        Unavailable: neither is to be had.
    """
    address = read_serving(settings).get("endpoints", {}).get("adhoc")
    if address is not None:
        over = lru_cache(maxsize=None)(partial(_over_network, settings, address))
        yield AdHocDoor(through=f"the ad hoc service at {address}", of=over)
        return
    with open_office(settings, environment) as office:
        yield AdHocDoor(through="this process", of=lambda party: partial(_here, office, party))


def _over_network(settings: Settings, address: str, party: str) -> Answering:
    certificate, key = credential_path(settings, party, Interface.AD_HOC)
    ca = settings.path("tls", "ca.pem")
    service = Service(address, ClientCredential(ca=ca, certificate=certificate, key=key))

    def ask(text: str) -> AdHocAnswer:
        answer, _ = service.ad_hoc(text, f"rotate-{os.urandom(6).hex()}")
        return AdHocAnswer(
            transaction_id=answer.transaction_id,
            status=answer.status,
            certificate=answer.certificate,
            code=answer.code,
            text=answer.text,
        )

    return ask


def _here(office: Office, name: str, text: str) -> AdHocAnswer:
    party = office.front.registry.party(name)
    if party is None:
        raise Unavailable(
            f"party {name}: is not registered, must be: run 'smki init', which makes sample parties"
        )
    requester = requester_for(party, Interface.AD_HOC, None)
    (answer,) = replace_device_certificates(office, ((requester, text),))
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What is to be rotated, and over what line.

    Attributes:
        devices: whose certificates.
        usages: which, in this order; one that is there twice is renewed twice.
        seed: of what befalls frames and hubs.
        figures: of the network, that take the place of each region's own.
        together: devices under way at once.
        served: over the hubs that another process serves, with their seed and figures; else over
            a network in memory.
    """

    devices: Iterable[EUI64]
    usages: tuple[KeyUsage, ...]
    seed: int
    figures: Mapping[str, float]
    together: int
    served: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationFigures:
    """What it took.

    Attributes:
        outcomes: of each certificate, as they came.
        commands: that were sent, each with a counter of its own.
        sent: sendings of them.
        frames: over the line, both ways.
        passed_over: answers that counted for nothing, by why.
        line_seconds: that passed on the line.
        seconds: that it took.
    """

    outcomes: tuple[Outcome, ...]
    commands: int
    sent: int
    frames: int
    passed_over: Mapping[str, int]
    line_seconds: float
    seconds: float

    @property
    def renewed(self) -> int:
        """Certificates that devices have shown to use."""
        return len(self.outcomes) - len(self.failed)

    @property
    def failed(self) -> tuple[NotRotated, ...]:
        """Certificates that were not renewed."""
        return tuple(each for each in self.outcomes if isinstance(each, NotRotated))


def rotate(
    settings: Settings, estate: SqlEstate, door: AdHocDoor, wanted: Rotation, tell: Told
) -> RotationFigures:
    """The certificates are renewed, each over a simulated network, or it is said why not.

    Raises:
        Refused: a device is not in the estate, or nobody in the house may command it.
        Unavailable: the estate is away, a key cannot be read, or nobody serves the hubs.

    Clause: gbcs:CS02c, sec-app-m:2.4
    """
    if not wanted.served:
        network = estate_network(settings, estate, seed=wanted.seed, figures=wanted.figures)
        return _rotated(network, settings, estate, door, wanted, tell)
    host, port = line_address(settings)
    with closing(TcpLink(host, port, transfer=settings.line.transfer())) as link:
        return _rotated(link, settings, estate, door, wanted, tell)


def _rotated(
    network: SimulatedNetwork | TcpLink,
    settings: Settings,
    estate: SqlEstate,
    door: AdHocDoor,
    wanted: Rotation,
    tell: Told,
) -> RotationFigures:
    started = time.monotonic()
    begun = network.now
    chance = random.Random(wanted.seed)  # noqa: S311 -- only spreads repeated sendings
    outbox = SqlHeadEnd(estate.store)
    head_end = HeadEnd(network, outbox, chance=chance.random)
    rotator = Rotator(head_end, outbox, tell=tell, together=wanted.together)
    keys = HouseKeys(settings, stored_keys(settings, os.environ))
    outcomes = tuple(rotator.rotate(_wishes(keys, estate, door, wanted)))
    return RotationFigures(
        outcomes=outcomes,
        commands=head_end.commands,
        sent=head_end.sent,
        frames=network.frames,
        passed_over={why.value: count for why, count in head_end.passed_over.items()},
        line_seconds=(network.now - begun).total_seconds(),
        seconds=time.monotonic() - started,
    )


def _wishes(
    keys: HouseKeys, estate: SqlEstate, door: AdHocDoor, wanted: Rotation
) -> Iterator[RotationWish]:
    for device in wanted.devices:
        found = estate.device(device)
        if found is None:
            raise Refused(
                f"device {device}: is not in the estate, must be; 'smki estate list' names its"
                " devices",
                where="EUI64",
                rule="estate.device",
            )
        yield _wish(keys, found, door, wanted.usages)


def _wish(
    keys: HouseKeys, device: EstateDevice, door: AdHocDoor, usages: tuple[KeyUsage, ...]
) -> RotationWish:
    state = device.state
    originator, commanding = keys.commanding(state, _FIRST_COMMAND)
    return RotationWish(
        device=state.device,
        kind=state.kind,
        certificates={usage: state.own[bits].certificate for usage, bits in BITS.items()},
        originator=originator,
        keys=commanding,
        service=door.of(party_of(originator)),
        usages=usages,
    )


def rotation_document(figures: RotationFigures, through: str, seed: int | None) -> dict[str, Any]:
    """What became of everything, as JSON has it; no seed if it was that of who serves hubs."""
    families = Counter(each.error.family for each in figures.failed)
    return {
        "certificates": len(figures.outcomes),
        "renewed": figures.renewed,
        "refused": families["refused"] + families["malformed"],
        "unanswered": families["unavailable"],
        "through": through,
        "commands": figures.commands,
        "sent": figures.sent,
        "frames": figures.frames,
        "passed_over": dict(figures.passed_over),
        "line_seconds": round(figures.line_seconds, 1),
        "seconds": round(figures.seconds, 3),
        "seed": seed,
        "rotations": [outcome_document(each) for each in figures.outcomes],
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What became of one certificate, as JSON has it."""
    document: dict[str, Any] = {
        "device": outcome.device.digits,
        "usage": outcome.usage.code.lower(),
    }
    if isinstance(outcome, NotRotated):
        error = outcome.error
        return document | {
            "serial": None,
            "step": outcome.step.value,
            "status": outcome.status.value if outcome.status else None,
            "error": {
                "family": error.family,
                "message": error.message,
                "clause": error.clause,
                "where": error.where,
            },
        }
    serial = SerialNumber(int.from_bytes(parse_certificate(outcome.certificate).tbs.serial, "big"))
    return document | {"serial": str(serial), "step": None, "status": None, "error": None}

"""Targets: what carriers of a campaign read from others: its plan, what is placed, asked for a key."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from tests.fuzz.claims import claim, read

from smki.interfaces.key_frames import TOGETHER, joined, split
from smki.recovery import CampaignPlan, Compromised, Identified, Materials, Method
from smki.recovery.arranging import arranged, encode_arranged, parse_arranged
from smki.recovery.encoding import encode_plan, parse_plan
from smki.recovery.replacing import RECOVERY_CELL
from smki.terms import EUI64, RemotePartyRole
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode


def campaign(octets: bytes) -> None:
    """A plan and an arrangement have one spelling each, and none is both."""
    plan = read(parse_plan, octets, encode=encode_plan)
    arrangement = read(parse_arranged, octets, encode=encode_arranged)
    claim(holds=plan is None or arrangement is None, what="a plan that is an arrangement")


def key_question(octets: bytes) -> None:
    """The messages of a question are so many at most, and make it again."""
    messages = read(split, octets, encode=joined)
    claim(holds=messages is None or len(messages) <= TOGETHER, what="too many messages")


def seeds() -> Iterator[tuple[str, bytes]]:
    """One of each."""
    plan = CampaignPlan(
        incident="INC-1",
        decision="M-1",
        compromised=Compromised.RECOVERY,
        method=Method.BY_RECOVERY,
        expires=datetime(2026, 11, 21, 12, tzinfo=UTC),
        per_second={"north": 20},
    )
    materials = Materials(
        mode=CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY,
        certificates={RECOVERY_CELL: b"\x30\x00"},
        path=(b"\x30\x01\x00",),
        floors={RemotePartyRole.RECOVERY: 7},
    )
    told = {RECOVERY_CELL: Identified(unique_id=bytes(8), key_identifier=bytes(range(8)))}
    arrangement = arranged(
        materials,
        told,
        originator=EUI64(bytes(range(8))),
        reader=EUI64(bytes(8)),
        signing_key=b"\x30\x02\x05\x00",
        broker=b"\x30\x00",
    )
    yield "campaign", encode_plan(plan)
    yield "campaign", encode_arranged(arrangement)
    yield "key-question", joined((b"", b"a command"))


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {"campaign": campaign, "key-question": key_question}
)
"""Each target by its name."""

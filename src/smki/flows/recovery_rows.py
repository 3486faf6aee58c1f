"""What campaigns kept of each device, as the rows of evidence that are lodged.

Taken as they were kept, command and response octet for octet. Of several campaigns of one recovery,
a second run say, a device has all that went to it, in the order of time, and what became of it last.

Clause: sec:L10
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import TypeVar

from smki.campaigns import evidence_in, members_in
from smki.ports.campaigns import Campaigns, Evidence, Member
from smki.recovery import Fate
from smki.recovery.evidence import Turn
from smki.recovery.evidence_rows import Exchange, Exchanges, OutcomeRow
from smki.recovery.replacing import READ_BACK_CODE
from smki.terms import EUI64
from smki.wire.gbcs.frame import parse_message


def outcome_rows(campaigns: Campaigns, names: Sequence[str]) -> Iterator[OutcomeRow]:
    """What became of each device in these campaigns, the first of them first; ascending.

    A device that one of them recovered is recovered; of others, the last campaign says.
    """
    for device, said in _by_device([members_in(campaigns, name) for name in names]):
        chosen = next((one for one in said if one.fate is Fate.RECOVERED), said[-1])
        yield OutcomeRow(
            device=device,
            wave=chosen.wave,
            fate=chosen.fate,
            tries=sum(one.tries for one in said),
            why=chosen.why,
        )


def exchange_rows(
    campaigns: Campaigns, names: Sequence[str], turn: Turn = Turn.COMMANDED
) -> Iterator[Exchanges]:
    """What went to each device in these campaigns, and came back; ascending, in the order of time.

    Questions about what cells hold are told by their use case, all else is of that turn.
    """
    for device, found in _by_device([evidence_in(campaigns, name) for name in names]):
        some = [one for one in found if one.command]
        yield Exchanges(
            device=device,
            exchanges=tuple(
                Exchange(
                    turn=_turn(one.command, turn),
                    at=one.at,
                    command=one.command,
                    response=one.response,
                )
                for one in sorted(some, key=lambda one: one.at)
            ),
        )


_Row = TypeVar("_Row", Member, Evidence)


def _by_device(streams: Sequence[Iterator[_Row]]) -> Iterator[tuple[EUI64, list[_Row]]]:
    """The rows of each device, of the first stream first."""
    merged = merge(*streams, key=lambda row: row.device)  # stable: streams in their order
    for device, group in groupby(merged, lambda row: row.device):
        yield device, list(group)


def _turn(command: bytes, otherwise: Turn) -> Turn:
    asked = parse_message(command).header.message_code == READ_BACK_CODE
    return Turn.READ_BACK if asked else otherwise

"""The campaigns of one recovery, what each was for, and the devices that were recovered in some.

    NAME, NAME.SOMETHING    commands of the recovery
    NAME.hand-back          after method 2, devices go back to their subscriber
    NAME.update-ROLE        afterwards: one further ordinary update, by a party's own key

Clause: sec:L10
"""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Final

from smki.bootstrap.recoveries import Kept
from smki.campaigns import members_in
from smki.ports.campaigns import CampaignState, Carried
from smki.recovery import Fate
from smki.recovery.evidence import Turn
from smki.terms import EUI64, Refused, RemotePartyRole

HAND_BACK: Final = "hand-back"
_UPDATE: Final = "update-"
_OVER: Final = (CampaignState.ENDED, CampaignState.ABORTED)


def update_name(recovery: str, role: RemotePartyRole) -> str:
    """The campaign by which that role updates its own after the recovery."""
    return f"{recovery}.{_UPDATE}{role.name.lower().replace('_', '-')}"


def turn_of(campaign: str) -> Turn:
    """What the commands of a campaign of that name are for."""
    suffix = campaign.partition(".")[2]
    if suffix == HAND_BACK:
        return Turn.HANDED_BACK
    return Turn.UPDATED if suffix.startswith(_UPDATE) else Turn.COMMANDED


def campaigns_of(kept: Kept, recovery: str) -> tuple[Carried, ...]:
    """The campaigns of the recovery, oldest first.

    Raises:
        Refused: there is none.
    """
    found = sorted(
        (one for one in kept.campaigns.campaigns() if one.name.partition(".")[0] == recovery),
        key=lambda one: (one.begun, one.name),
    )
    if not found:
        raise _refused(f"{recovery}: there is none; 'smki recovery list' names them")
    return tuple(found)


def must_be_over(campaigns: Iterable[Carried]) -> None:
    """Raises: Refused: one of these campaigns goes on."""
    going = [one.name for one in campaigns if one.state not in _OVER]
    if going:
        raise _refused(
            f"{', '.join(going)}: goes on, must have ended, or be ended by 'smki recovery abort'"
        )


class RecoveredIn:
    """The devices that came to be recovered in one of these campaigns.

    They are walked beside an inventory, asked for in ascending order; memory stays flat.
    """

    def __init__(self, kept: Kept, names: Iterable[str]) -> None:
        self._kept, self._names = kept, tuple(names)
        self._asked = EUI64(bytes(8))
        self._rest: Iterator[EUI64] = iter(())
        self._next: EUI64 | None = None
        self._begin()

    def has(self, device: EUI64) -> bool:
        """Whether it is one; one before the last that was asked for begins anew."""
        if device < self._asked:
            self._begin()
        self._asked = device
        while self._next is not None and self._next < device:
            self._next = next(self._rest, None)
        return self._next == device

    def _begin(self) -> None:
        self._rest = merge(*(_recovered(self._kept, name) for name in self._names))
        self._next = next(self._rest, None)


def _recovered(kept: Kept, name: str) -> Iterator[EUI64]:
    return (one.device for one in members_in(kept.campaigns, name) if one.fate is Fate.RECOVERED)


def _refused(what: str) -> Refused:
    return Refused(what, where="NAME", clause="sec:L10", rule="recovery.campaigns")

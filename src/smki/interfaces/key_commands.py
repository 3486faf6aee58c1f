"""What an open key signs: commands of its campaign, to its devices, octet for octet, and nothing else.

Whoever asks says octets; they are made again here from what the campaign was begun with, and
compared. So a process that asks for more, for another device, another certificate, a counter floor
of its own, or for something that is no command at all, is refused, and no use is counted. The key
that a command of mode 9 brings is taken as it comes: devices look at it.

Clause: sec:L10.9, gbcs:CS02b
"""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from struct import Struct
from typing import Final

from smki.adapters.sql.campaign_membership import kinds_of
from smki.bootstrap.recoveries import Kept, Recovery, arrangement_of, open_kept
from smki.campaigns import Commanding, Target
from smki.campaigns.making import Commands
from smki.ceremonies.activating import Wanted
from smki.devices import KINDS, DeviceKind
from smki.headend import Recipient
from smki.interfaces.key_frames import refused
from smki.recovery import CampaignPlan
from smki.recovery.arranging import Arranged
from smki.terms import EUI64, Refused

_IDENTITY: Final = Struct(">2B Q B 8s B 8s")  # tag's end, CRA, counter, originator, recipient
_BROUGHT: Final = b"a key of mode 9."  # stands where a command has its symmetric key
_KINDS: Final = {kind.value: kind for kind in DeviceKind}


@dataclass(slots=True)
class OnlyCommands:
    """Refuses to have anything signed but commands of the campaign; for `ServedKey.permits`.

    What the campaign was begun with is read once: the first question is after that.

    Attributes:
        recovery: whose campaign.
        wanted: what the key may be used for, by the decisions that opened it.
    """

    recovery: Recovery
    wanted: Wanted
    _stack: ExitStack = field(default_factory=ExitStack)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _book: "_Book | None" = None

    def __call__(self, messages: Sequence[bytes]) -> None:
        """Each of these is what is signed of a command of the campaign to one of its devices.

        Raises:
            Refused: one is not, or the key was opened for something else.
            Unavailable: there is no estate, or its database is away.

        Clause: sec:L10.9
        """
        with self._turn:
            if self._book is None:
                self._book = self._opened()
            self._book.check(messages)

    def close(self) -> None:
        """Nothing is open any more."""
        with self._turn:
            self._stack.close()

    def _opened(self) -> "_Book":
        arranged = arrangement_of(self.recovery)
        kept = self._stack.enter_context(open_kept(self.recovery.house))
        carried = kept.campaigns.campaign(self.recovery.campaign)
        if carried is None:
            raise refused(f"campaign {self.recovery.campaign}: was not begun, must be")
        _must_be_meant(carried.plan, self.wanted)
        return _Book(self.recovery.campaign, kept, arranged)


def _must_be_meant(plan: CampaignPlan, wanted: Wanted) -> None:
    """Raises: Refused: the campaign is about something else than the decisions that opened the key."""
    found = (plan.incident, plan.method.value, plan.decision)
    meant = (wanted.incident, wanted.method, wanted.recovery)
    if found != meant:
        raise refused(
            f"{wanted.key}: is open for {', '.join(meant)}, the campaign is about {', '.join(found)}"
        )


class _Book:
    """What the commands of a campaign are, for each kind of device."""

    def __init__(self, campaign: str, kept: Kept, arranged: Arranged) -> None:
        self._campaign, self._kept = campaign, kept
        self._commands = Commands(
            Commanding(
                originator=arranged.originator,
                reader=arranged.reader,
                keys=_NoKeys(),
                materials=arranged.materials(_BROUGHT if arranged.wants_symmetric_key else None),
                placed=arranged.placed,
            )
        )

    def check(self, messages: Sequence[bytes]) -> None:
        """Raises: Refused: one of these is not signed."""
        told = [_told(message) for message in messages]
        kinds = kinds_of(self._kept.estate.store, self._campaign, [device for device, _ in told])
        for message, (device, counter) in zip(messages, told, strict=True):
            kind = _KINDS.get(kinds.get(device, ""))
            if kind is None:
                raise refused(f"device {device}: is none of campaign {self._campaign}, must be")
            made = self._commands.signed(_target(device, kind), counter)
            if made != _with_key_of(made, message):
                raise refused(
                    f"device {device}: octets that are no command of campaign {self._campaign}"
                )


class _NoKeys:
    """`headend.PartyKeys` of nobody: commands are made here to be compared."""

    def sign(self, message: bytes) -> bytes:
        """Nothing."""
        raise _none(message)

    def sign_all(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """Nothing."""
        raise _none(*messages)

    def agree(self, point: bytes) -> bytes:
        """Nothing."""
        raise _none(point)

    def agree_all(self, points: Sequence[bytes]) -> Sequence[bytes]:
        """Nothing."""
        raise _none(*points)


def _none(*of: bytes) -> Refused:
    return refused(f"{len(of)} uses of a key that is not here")


def _told(message: bytes) -> tuple[EUI64, int]:
    """For which device, with which counter."""
    if len(message) < _IDENTITY.size:
        raise refused(f"{len(message)} octets to be signed, must be a command of the campaign")
    _, _, counter, _, _, _, device = _IDENTITY.unpack_from(message)
    return EUI64(device), counter


def _with_key_of(made: bytes, message: bytes) -> bytes:
    """The message with our stand-in for the key that it brings, where ours has one."""
    at = made.find(_BROUGHT)
    if at < 0:
        return message
    return message[:at] + _BROUGHT + message[at + len(_BROUGHT) :]


def _target(device: EUI64, kind: DeviceKind) -> Target:
    return Target(
        recipient=Recipient(device=device, kind=kind, point=b""),
        cells=KINDS[kind].cells,
        signing=b"",
    )

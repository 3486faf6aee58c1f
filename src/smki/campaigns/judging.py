"""What devices' answers come to: whether a device said it, and what became of the device by it.

    commanded   the answer tells cell by cell what was replaced; one in the usual octets tells all
    read        what the cells hold: before a device is commanded that may have been, and after a
                command that nobody answered
    given up    who gave no answer is read; who gives none then is tried again, so often, or is silent

Nothing is sent or kept here.

Clause: sec:L10, gbcs:CS02a, gbcs:CS02b
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final, TypeVar

from smki.campaigns.making import Commanding, Commands, Target
from smki.crypto.gbcs_protection import (
    Purpose,
    derive_key,
    mac_holds,
    public_point,
    signature_holds,
)
from smki.headend import Answered, Given, GivenUp
from smki.ports.campaigns import Became, Member
from smki.recovery import (
    Anchors,
    CampaignPlan,
    Fate,
    answered,
    cells_replaced,
    missing,
    read_back,
)
from smki.terms import Malformed
from smki.wire.gbcs.forms import Formed
from smki.wire.gbcs.frame import GbcsMessage
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.update_credentials import UpdateCredentialsResponse


class Asked(Enum):
    """What a device is asked just now."""

    READ_FIRST = "read-first"
    COMMANDED = "commanded"
    READ_AFTER = "read-after"


@dataclass(slots=True)
class UnderWay:
    """A device that is being commanded; the message is there as soon as it has a counter.

    If nothing at all is answered, the command is what is kept, and not the question after it.
    """

    member: Member
    target: Target
    asked: Asked
    message: bytes | Formed = b""
    command: bytes | Formed = b""
    unanswered: tuple[bytes | Formed, datetime] | None = None
    succeeded: bool = False  # its answer says so in the usual octets


_FOLLOWING: Final = {
    Asked.READ_FIRST: Asked.COMMANDED,
    Asked.COMMANDED: Asked.READ_AFTER,
}
_Value = TypeVar("_Value")


class Judge:
    """Tells what became of the devices of a campaign.

    Args:
        by: by whose authority they are commanded, and what is placed.
        commands: of the campaign.
    """

    def __init__(self, by: Commanding, commands: Commands) -> None:
        self._by = by
        self._commands = commands

    def proven(self, one: UnderWay, counter: int, response: GbcsMessage) -> bool:
        """Whether the response to the message with that counter is an answer, and the device's own.

        Clause: gbcs:7.2.7
        """
        if one.asked is Asked.COMMANDED:
            return self._says_what_became(one, counter, response)
        return self._says_what_it_holds(one, response)

    def _says_what_became(self, one: UnderWay, counter: int, response: GbcsMessage) -> bool:
        """Whether it is an answer to a command, signed by the device."""
        usual = self._commands.succeeded(one.target, counter, response)
        if not usual and _said(response, UpdateCredentialsResponse) is None:
            return False
        signer = public_point(one.target.signing)
        signed = signature_holds(signer, response.signature, response.signed)
        one.succeeded = usual and signed
        return signed

    def _says_what_it_holds(self, one: UnderWay, response: GbcsMessage) -> bool:
        """Whether the device authenticated it for the access control broker."""
        header = response.header
        mac = derive_key(
            self._by.keys.agree(one.target.recipient.point),
            Purpose.RESPONSE_MAC,
            originator=header.originator,
            counter=header.counter,
            recipient=header.recipient,
        )
        return mac_holds(mac, header.originator, response.authenticated, response.mac)

    def judged(self, plan: CampaignPlan, one: UnderWay, event: Answered | GivenUp) -> Became | None:
        """What became of the device; None if it is to be asked something else first.

        Clause: sec:L10, gbcs:CS02a, gbcs:CS02b
        """
        if isinstance(event, GivenUp):
            following = _FOLLOWING.get(one.asked)
            if following is None:
                return _given_up(plan, one, event)
            if one.asked is Asked.COMMANDED:
                one.unanswered = one.command, event.at
            one.asked = following
            return None
        if one.succeeded:
            return _ended(one, event, Fate.RECOVERED, "")
        cells = cells_replaced(self._by.materials, one.target.cells)
        placed = {cell: self._by.placed[cell] for cell in cells}
        if one.asked is not Asked.COMMANDED:
            return _read_back(plan, one, event, placed)
        response = _said(event.response, UpdateCredentialsResponse)
        if response is None or response.outcome is None:
            return _ended(one, event, Fate.REFUSED, "an answer without an outcome")
        command = self._commands.command(one.target, event.key.counter)
        answer, findings = answered(command, response.outcome, placed)
        # In few words, whatever a device says: devices are counted by them, and evidence has the rest.
        other = ", ".join(finding.where for finding in findings)
        said = [f"an answer to another command, by its {other}"] if other else []
        if answer.failed:
            named = sorted({status.name.lower() for status in answer.failed.values()})
            said.append(f"cells not replaced: {', '.join(named)}")
        return _ended(one, event, answer.fate, "; ".join(said))


def unknown(member: Member, at: datetime) -> Became:
    """Nobody knows the device, so nothing is sent to it."""
    return Became(
        device=member.device,
        leased=member,
        fate=Fate.EXCLUDED,
        why="the inventory does not know it any more",
        command=b"",
        at=at,
    )


def left(one: UnderWay, event: Answered | GivenUp) -> Became:
    """It was to be commanded, and the campaign has stopped: whoever goes on does so."""
    return Became(
        device=one.member.device,
        leased=one.member,
        fate=Fate.PLANNED,
        why="asked, and not commanded: the campaign has stopped",
        due=event.at,
        command=one.message,
        at=event.at,
    )


def _given_up(plan: CampaignPlan, one: UnderWay, event: GivenUp) -> Became:
    pause = plan.patience.pause(one.member.tries)
    last = Fate.OUT_OF_REACH if event.why is Given.NOT_DELIVERED else Fate.SILENT
    return Became(
        device=one.member.device,
        leased=one.member,
        fate=last if pause is None else Fate.PLANNED,
        why=event.why.value,
        due=None if pause is None else event.at + pause,
        command=one.command or one.message,
        at=event.at,
    )


def _ended(one: UnderWay, event: Answered, fate: Fate, why: str) -> Became:
    return Became(
        device=one.member.device,
        leased=one.member,
        fate=fate,
        why=why,
        command=one.message,
        response=event.response.octets,
        at=event.at,
        unanswered=one.unanswered,
    )


def _read_back(
    plan: CampaignPlan, one: UnderWay, event: Answered, placed: Anchors
) -> Became | None:
    """What the cells say. Where the broker stays, devices answer it that did not obey, too.

    Those are commanded: at once, or when they are due again.
    """
    payload = read_payload(event.response)
    details = payload.value if isinstance(payload, SecurityPayload) else ()
    held = read_back(details if isinstance(details, tuple) else ())
    lacking = missing(placed, held)
    if not lacking:
        return _ended(one, event, Fate.RECOVERED, "its answer was lost; read back")
    if one.asked is Asked.READ_FIRST:
        one.asked = Asked.COMMANDED
        return None
    why = f"cells not replaced: {', '.join(lacking)}"
    pause = plan.patience.pause(one.member.tries)
    if pause is not None:
        return replace(_ended(one, event, Fate.PLANNED, why), due=event.at + pause)
    fate = Fate.PARTLY if len(lacking) < len(placed) else Fate.SILENT
    return _ended(one, event, fate, why)


def _said(response: GbcsMessage, kind: type[_Value]) -> _Value | None:
    try:
        payload = read_payload(response)
    except Malformed:
        return None
    if not isinstance(payload, SecurityPayload):
        return None
    return payload.value if isinstance(payload.value, kind) else None

"""What went to a device and came back: commands, responses, questions; each as it changes the case.

For each command: for the device, of who commands, signed by the key that the device believed then,
and filling every cell that it should. For each response: to that command, signed by the device, and
telling what the cells held and hold.

Commands signed by nobody but a MAC, and answers to questions, are believed by those alone who have
the key: of these only what they say is compared.

Clause: sec:L10, gbcs:CS02b
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from smki.crypto.gbcs_protection import signature_holds
from smki.recovery.campaign import Fate
from smki.recovery.evidence import Turn
from smki.recovery.evidence_fields import cell_name
from smki.recovery.evidence_rows import Exchange, Exchanges, RosterRow
from smki.recovery.outcomes import Anchors, missing, read_back
from smki.recovery.proving_commands import Commanded, Reading, Responded, after
from smki.recovery.proving_figures import Tally
from smki.recovery.proving_materials import CONTINGENCY, Materials, Wanted
from smki.recovery.proving_pairs import (
    Alike,
    as_held,
    ended_by,
    fills,
    of_its_roles,
    replaced_by,
    same_cells,
)
from smki.recovery.replacing import READ_BACK_CODE
from smki.recovery.report import Criterion
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory, parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

_LATER: Final = (Turn.HANDED_BACK, Turn.UPDATED)
Tell = Callable[[EUI64, str], None]
"""Is told what is wrong with a device, in a sentence."""


@dataclass(slots=True)
class Case:
    """A device while it is looked at.

    Attributes:
        row: as it was before.
        key: for its signatures; None if its certificate is not to be believed.
        held: what its cells hold by now.
        ended: what became of it by now; None as long as nothing is known.
        asked: it said so when asked, rather than in its answer.
        settled: what it may hold at the end: after the recovery, and after each update.
        further: it has obeyed the further update; None as long as none was sent.
        foreign: it held what nobody entitled had placed.
        counters: the newest counter of each originator.
    """

    row: RosterRow
    key: EllipticCurvePublicKey | None
    held: Anchors
    ended: Fate | None = None
    asked: bool = False
    settled: list[Anchors] = field(default_factory=list)
    further: bool | None = None
    foreign: bool = False
    counters: dict[EUI64, int] = field(default_factory=dict)


class Spoken:
    """Looks at what was spoken with devices, one after the other, and counts.

    Args:
        materials: what was placed.
        tally: counts.
        alike: what is found of values that devices share.
        tell: is told what is wrong.
        everything: the recovery is to fill every cell that a device has.

    Attributes:
        modes: of commands of the recovery.
    """

    def __init__(
        self, materials: Materials, tally: Tally, alike: Alike, tell: Tell, *, everything: bool
    ) -> None:
        self._materials, self._tell_all, self._everything = materials, tell, everything
        self._tally, self._alike = tally, alike
        self._reading = Reading()
        self.modes: set[CredentialsReplacementMode] = set()

    def follow(self, case: Case, spoken: Iterable[Exchanges]) -> None:
        """The case is as it is after all that was spoken, and what is wrong in it was told.

        Clause: sec:L10, gbcs:CS02b
        """
        for some in spoken:
            if any(one.at > other.at for one, other in pairwise(some.exchanges)):
                self._tell(case, "exchanges are not in the order of time")
            for exchange in some.exchanges:
                self._exchange(case, exchange)

    def _exchange(self, case: Case, exchange: Exchange) -> None:
        asked = exchange.turn is Turn.READ_BACK
        try:
            command = parse_message(exchange.command)
            commanded = None if asked else self._reading.command(command)
        except Malformed as error:
            self._tell(case, f"command of turn {exchange.turn.value}: {error.message}")
            return
        if commanded is None:
            self._asked(case, exchange, command)
            return
        if exchange.turn is Turn.OUTDATED:
            self._outdated(case, exchange, command, commanded)
            return
        self._commanded(case, exchange.turn, command, commanded)
        if exchange.turn is Turn.COMMANDED:
            self.modes.add(commanded.mode)
            self._timed(exchange.at)
        if exchange.turn is Turn.UPDATED:
            self._further(case, holds=False)
        if exchange.response:
            self._answered(case, exchange, command, commanded)

    def _timed(self, at: datetime) -> None:
        tally = self._tally
        tally.commands += 1
        tally.first = at if tally.first is None else min(tally.first, at)
        tally.last = at if tally.last is None else max(tally.last, at)

    def _commanded(
        self, case: Case, turn: Turn, command: GbcsMessage, commanded: Commanded
    ) -> None:
        """2: who it is for and from, that it is signed, and that it fills what it should."""
        self._addressed(case, turn, command, commanded)
        key = self._materials.signer(commanded, case.held)
        holds = key is not None and signature_holds(key, command.signature, command.signed)
        if commanded.mode is CONTINGENCY:
            self._tally.judge(Criterion.APEX, holds=key is not None)
        if not self._tally.judge(Criterion.SIGNED, holds=holds):
            whose = "of the key that the device believed" if key else "of a key that it believed"
            self._tell(
                case, f"command of turn {turn.value}: signature does not hold, must be {whose}"
            )
        wanted = self._wanted(turn, case, commanded)
        full = self._alike.of(commanded, wanted, fills)
        if self._everything and turn is Turn.COMMANDED and len(wanted) < len(case.row.before):
            left = [cell_name(cell) for cell in case.row.before if cell not in wanted]
            self._tell(case, f"nothing is to be placed in {', '.join(left)}, must be in every cell")
            full = False
        if turn is Turn.COMMANDED:
            self._tally.judge(Criterion.COMMANDS, holds=full)
        if not self._alike.of(commanded, wanted, fills):
            self._tell(case, f"command of turn {turn.value}: {_unlike(commanded, wanted)}")

    def _wanted(self, turn: Turn, case: Case, commanded: Commanded) -> Wanted:
        """What the command is to place: of an ordinary update only what is of the roles it touches.

        Each party updates its own; the recovery fills all that it is to fill.
        """
        wanted = self._materials.wanted(turn, case.row.before)
        if turn is not Turn.UPDATED:
            return wanted
        return self._alike.of(commanded, wanted, of_its_roles)

    def _addressed(
        self, case: Case, turn: Turn, command: GbcsMessage, commanded: Commanded
    ) -> None:
        header = command.header
        wrong = []
        if header.category is not MessageCategory.COMMAND or header.recipient != case.row.device:
            wrong.append("is for another device, must be for this one")
        if header.originator not in self._materials.originators(turn):
            wrong.append(f"is of {header.originator}, must be of who commands")
        if header.message_code != commanded.mode.message_code:
            wrong.append(f"has code {header.message_code:04X}, must be its mode's")
        if header.counter <= case.counters.get(header.originator, -1):
            wrong.append(f"has counter {header.counter}, must be above the one before")
        case.counters[header.originator] = header.counter
        for one in wrong:
            self._tell(case, f"command of turn {turn.value}: {one}")

    def _answered(
        self, case: Case, exchange: Exchange, command: GbcsMessage, commanded: Commanded
    ) -> None:
        """3: it is this command's answer, by the device, and says what the cells held and hold."""
        turn = exchange.turn
        responded = self._response(case, exchange, command)
        if responded is None:
            return
        wanted = self._wanted(turn, case, commanded)
        replaced = self._alike.of(responded, wanted, replaced_by)
        same = self._alike.of(responded, commanded, same_cells)
        if responded.outcomes and not (same and replaced.as_placed):
            self._tell(case, f"response of turn {turn.value}: tells other cells or identifiers")
        if not self._alike.of(responded, case.held, as_held):
            self._existing(case, responded)
        case.held = self._alike.of(case.held, responded, after)
        if turn is Turn.COMMANDED:
            case.ended, case.asked = ended_by(len(replaced.cells), len(wanted)), False
            if case.ended is Fate.RECOVERED:
                case.settled = [case.held]
        else:
            case.settled.append(case.held)
            if turn is Turn.UPDATED:
                self._further(case, holds=replaced.cells == set(wanted))

    def _response(self, case: Case, exchange: Exchange, command: GbcsMessage) -> Responded | None:
        turn = exchange.turn
        try:
            response = parse_message(exchange.response)
            _must_answer(response, command)
            responded = self._reading.response(response)
        except Malformed as error:
            self._tally.judge(Criterion.RESPONSES, holds=False)
            self._tell(case, f"response of turn {turn.value}: {error.message}")
            return None
        key = case.key
        holds = key is not None and signature_holds(key, response.signature, response.signed)
        if not self._tally.judge(Criterion.RESPONSES, holds=holds):
            self._tell(
                case,
                f"response of turn {turn.value}: signature does not hold, must be of the device",
            )
            return None
        return responded

    def _existing(self, case: Case, responded: Responded) -> None:
        """What the cells held before is what they must have held, or the thief's."""
        for one in responded.outcomes:
            known = case.held.get(one.cell)
            if one.existing == known:
                continue
            if one.existing in self._materials.planted:
                case.foreign = True
                continue
            self._tell(
                case, f"response: {cell_name(one.cell)} held what it did not hold by the roster"
            )

    def _asked(self, case: Case, exchange: Exchange, command: GbcsMessage) -> None:
        """What it says when it is asked what its cells hold."""
        if command.header.message_code != READ_BACK_CODE:
            self._tell(case, "read-back: another use case, must be CS02a")
        if command.header.recipient != case.row.device:
            self._tell(case, "read-back: is for another device, must be for this one")
        if not exchange.response:
            return
        try:
            said = _held_by(parse_message(exchange.response), command)
        except Malformed as error:
            self._tell(case, f"response of turn {exchange.turn.value}: {error.message}")
            return
        if case.ended is Fate.RECOVERED:
            self._asked_again(case, said)
            return
        wanted = self._materials.wanted(Turn.COMMANDED, case.row.before)
        placed = {cell: told for cell, (_, told) in wanted.items()}
        lacking = missing(placed, said)
        if not lacking:
            self._tally.judge(Criterion.READ_BACK, holds=True)
            case.ended, case.asked = Fate.RECOVERED, True
            case.held = {**case.held, **placed}
            case.settled = [case.held]
        elif len(lacking) < len(placed):  # of all: it has not obeyed yet, and is commanded again
            case.ended, case.asked = Fate.PARTLY, False

    def _asked_again(self, case: Case, said: Anchors) -> None:
        """Recovered before: it holds that still, or what a later turn was to place.

        Who says so when asked has obeyed the hand-back, or the further update, whose answer was lost.
        """
        found = next((one for one in _LATER if self._holds_of(one, case, said)), None)
        if not self._tally.judge(Criterion.READ_BACK, holds=found is not None):
            return
        if case.held != {**case.held, **said}:
            if found is Turn.UPDATED:
                self._further(case, holds=True)
            case.held = {**case.held, **said}
            case.settled.append(case.held)

    def _further(self, case: Case, *, holds: bool) -> None:
        """The device was sent the further update, or has obeyed it: it counts once, whatever follows."""
        tally = self._tally
        tally.of[Criterion.FURTHER] += case.further is None
        tally.held[Criterion.FURTHER] += holds and not case.further
        case.further = case.further or holds

    def _holds_of(self, turn: Turn, case: Case, said: Anchors) -> bool:
        """Whether each cell holds what it held, or what that turn was to place."""
        wanted = self._materials.wanted(turn, case.row.before)
        return bool(said) and all(
            told == case.held.get(cell) or (cell in wanted and told == wanted[cell][1])
            for cell, told in said.items()
        )

    def _outdated(
        self, case: Case, exchange: Exchange, command: GbcsMessage, commanded: Commanded
    ) -> None:
        """A command that was good before the recovery, and has no effect now."""
        key = self._materials.signer(commanded, case.row.before)
        if key is None or not signature_holds(key, command.signature, command.signed):
            self._tell(case, "command under the old anchors: is not signed by one of their keys")
        header = command.header
        if header.recipient != case.row.device:
            self._tell(case, "command under the old anchors: is for another device")
        if header.counter <= case.counters.get(header.originator, -1):
            self._tell(case, "command under the old anchors: has a counter that was used before")
        replaced = False
        if exchange.response:
            responded = self._response(case, exchange, command)
            replaced = responded is None or any(one.replaced for one in responded.outcomes)
        if not self._tally.judge(Criterion.OUTDATED, holds=not replaced):
            self._tally.remark(f"device {case.row.device} obeyed a command under the old anchors")

    def _tell(self, case: Case, what: str) -> None:
        self._tell_all(case.row.device, what)


def _held_by(response: GbcsMessage, command: GbcsMessage) -> Anchors:
    """What the cells hold, as the answer to that question says.

    Raises:
        Malformed: it answers another one, or is none.
    """
    _must_answer(response, command)
    payload = read_payload(response)
    details = payload.value if isinstance(payload, SecurityPayload) else ()
    return read_back(details if isinstance(details, tuple) else ())


def _must_answer(response: GbcsMessage, command: GbcsMessage) -> None:
    """Raises: Malformed: it answers another command."""
    said, asked = response.header, command.header
    found = (said.category, said.counter, said.originator, said.recipient, said.message_code)
    wanted = (
        MessageCategory.RESPONSE,
        asked.counter,
        asked.recipient,
        asked.originator,
        asked.message_code,
    )
    if found != wanted:
        raise Malformed(
            f"answers command {said.counter} of {said.recipient}, must answer {asked.counter} of"
            f" {asked.originator}",
            clause="gbcs:7.2.7",
            rule="recovery.answer",
        )


def _unlike(commanded: Commanded, wanted: Wanted) -> str:
    left = [cell_name(cell) for cell in wanted if cell not in commanded.placed]
    if left:
        return f"leaves {', '.join(left)} as it is, must fill every cell"
    other = [
        cell_name(cell)
        for cell, certificate in commanded.placed.items()
        if cell not in wanted or wanted[cell][0] != certificate
    ]
    return f"places another certificate in {', '.join(other)}, must be the one of the evidence"

"""One process's part in a campaign, in numbered steps, as often as there is something to do.

    1 lease     devices that are due, no more than the networks take
    2 command   each with a counter of its own, kept before it is sent
    3 judge     the answer, cell by cell
    4 settle    what became of it, with command and response, durable in one step

Killed between any two, the device is another's when the lease ends. A device that obeyed and whose
answer was lost believes the old key no more: commanded again it is silent. So who was commanded
before is read back first, and who gives no answer is read back then, by the new access control
broker. Where that one is new too, recovered devices alone know it; where it stays, the others tell
what they hold, and are commanded again.

Clause: sec:L10, gbcs:CS02a, gbcs:CS02b
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from smki.campaigns.judging import Asked, Judge, UnderWay, left, unknown
from smki.campaigns.making import Commanding, Commands, Target
from smki.headend import (
    Alerted,
    HeadEnd,
    Order,
    commanded,
)
from smki.headend.waiting import CommandKey
from smki.ports.campaigns import Became, Campaigns, CampaignState, Carried
from smki.recovery import (
    Decided,
    Move,
    cells_replaced,
    decide,
)
from smki.recovery.replacing import READ_BACK_CODE, reading
from smki.terms import EUI64, Refused
from smki.wire.gbcs.forms import Formed
from smki.wire.gbcs.frame import GbcsMessage

LEASE: Final = timedelta(
    hours=48
)  # longer than a head end waits for an answer, all attempts together
TOGETHER: Final = 4_096  # devices under way at once in one process
_SETTLED_AT_ONCE: Final = 2_048  # a commit takes as long as twenty devices do
_SECOND: Final = timedelta(seconds=1)
_LOOK: Final = timedelta(
    seconds=10
)  # of the line, after which it is settled, decided, leased again
_LOOK_MOST: Final = timedelta(minutes=10)  # while nothing comes of it


class Targets(Protocol):
    """Whoever knows devices: the inventory, and the repository for their certificates."""

    def __call__(self, devices: Sequence[EUI64]) -> Mapping[EUI64, Target]:
        """Those of these devices that are known."""
        ...


class Carrier:
    """One process that carries a campaign.

    Args:
        campaigns: what is kept.
        name: of the campaign.
        worker: unique name of this process.
        head_end: sends and hears.
        targets: knows the devices.
        commanding: by whose authority, and what is placed.
        tell: is told what became of each device, as it is kept.
    """

    def __init__(
        self,
        campaigns: Campaigns,
        name: str,
        worker: str,
        *,
        head_end: HeadEnd,
        targets: Targets,
        commanding: Commanding,
        tell: Callable[[Became], object] = lambda _: None,
    ) -> None:
        self._campaigns = campaigns
        self._name = name
        self._worker = worker
        self._head_end = head_end
        self._targets = targets
        self._by = commanding
        self._commands = Commands(commanding)
        self._judge = Judge(commanding, self._commands)
        self._tell = tell
        self._under_way: dict[CommandKey, UnderWay] = {}
        self._became: list[Became] = []
        self._credit: dict[str, float] = defaultdict(float)  # commands that each network takes now
        self._leased_at: datetime | None = None
        self._regions: tuple[str, ...] = ()

    def carry(self) -> Decided:
        """What is next, when this process has nothing to do any more: to look, to stop, or done.

        A campaign that was paused or aborted is left at once, when what is under way has ended.

        Raises:
            Refused: there is no such campaign.
            Unavailable: what became of devices cannot be kept.

        Clause: sec:L10
        """
        heard = _LOOK
        while True:
            carried = self._carried()
            counts = self._campaigns.counts(self._name)
            decided = decide(carried.plan, counts, self._head_end.now, carried.looked_at)
            goes_on = decided.move is Move.GO_ON and carried.state is CampaignState.RUNNING
            leased = self._lease(carried, decided.wave) if goes_on else 0
            if self._under_way or self._became:
                until = self._head_end.now + heard if goes_on else None
                busy = self._hear(carried, until) or leased
                heard = _LOOK if busy else min(2 * heard, _LOOK_MOST)
            elif not goes_on or not (leased or self._rest(decided.wave)):
                return decided

    def _rest(self, wave: int) -> bool:
        """Time passes until something is due, or the next second if others are at it."""
        due = self._campaigns.next_due(self._name, wave)
        if due is None:
            return False
        until = max(due, self._head_end.now + _SECOND)
        for _ in self._head_end.rest(until):
            pass
        return True

    def _lease(self, carried: Carried, wave: int) -> int:
        """Step 1 and 2: so many more are under way."""
        room = TOGETHER - len(self._under_way)
        now = self._head_end.now
        most = self._allowed(carried, room, now)
        if not any(most.values()):
            return 0
        members = self._campaigns.lease(
            self._name, wave, self._worker, at=now, until=now + LEASE, most=most
        )
        known = self._targets([member.device for member in members])
        again = [member.device for member in members if member.maybe_commanded]
        if again:
            self._head_end.take_over(again)
        begun: list[UnderWay] = []
        for member in members:
            self._credit[member.region] -= 1
            target = known.get(member.device)
            if target is None:
                self._became.append(unknown(member, now))
                continue
            asked = Asked.READ_FIRST if member.maybe_commanded else Asked.COMMANDED
            begun.append(UnderWay(member=member, target=target, asked=asked))
        self._send(begun)
        return len(members)

    def _send(self, begun: Sequence[UnderWay]) -> None:
        """Step 2."""
        self._order(
            [one for one in begun if one.asked is Asked.COMMANDED],
            self._by.originator,
            self._by.materials.mode.message_code,
            self._made,
        )
        self._order(
            [one for one in begun if one.asked is not Asked.COMMANDED],
            self._by.reader,
            READ_BACK_CODE,
            self._reading,
        )

    def _order(
        self,
        some: Sequence[UnderWay],
        originator: EUI64,
        code: int,
        made: Callable[[Sequence[UnderWay], range], Sequence[bytes | Formed]],
    ) -> None:
        if not some:
            return

        def make(counters: range) -> Sequence[bytes | Formed]:
            messages = made(some, counters)
            for one, message in zip(some, messages, strict=True):
                one.message = message
                if one.asked is Asked.COMMANDED:
                    one.command = message
            return messages

        order = Order(
            originator=originator,
            devices=tuple(one.member.device for one in some),
            message_code=code,
            make=make,
            holds=self._proven,
        )
        self._under_way.update(zip(self._head_end.command(order), some, strict=True))

    def _allowed(self, carried: Carried, room: int, now: datetime) -> dict[str, int]:
        """How many of each region may be leased: as its network takes, no more than a while's at once."""
        self._regions = self._regions or self._campaigns.regions(self._name)
        share = -(-room // max(1, len(self._regions)))
        while_ = _SECOND if self._leased_at is None else min(now - self._leased_at, _LOOK)
        self._leased_at = now
        for region in self._regions:
            rate = carried.plan.rate(region)
            credit = self._credit[region] + rate * while_.total_seconds()
            self._credit[region] = min(credit, rate * _LOOK.total_seconds())
        return {region: min(share, int(self._credit[region])) for region in self._regions}

    def _made(self, some: Sequence[UnderWay], counters: range) -> Sequence[Formed]:
        return self._commands.make([one.target for one in some], counters)

    def _reading(self, some: Sequence[UnderWay], counters: range) -> Sequence[bytes]:
        by = self._by
        return [
            commanded(
                by.reader,
                one.target.recipient,
                by.keys,
                message_code=READ_BACK_CODE,
                counter=counter,
                value=reading(cells_replaced(by.materials, one.target.cells)),
            ).command
            for one, counter in zip(some, counters, strict=True)
        ]

    def _proven(self, key: CommandKey, response: GbcsMessage) -> bool:
        return self._judge.proven(self._under_way[key], key.counter, response)

    def _hear(self, carried: Carried, until: datetime | None) -> int:
        """Steps 3 and 4 until then, or until nothing is under way; how many came to something.

        Who is to be asked something else is asked together with the others: of thousands whose
        process was killed each would take two commits.
        """
        heard, again = 0, list[UnderWay]()
        for event in self._head_end.events(until):
            if isinstance(event, Alerted):
                continue
            one = self._under_way.pop(event.key)
            became = self._judge.judged(carried.plan, one, event)
            if became is None and one.asked is Asked.COMMANDED:
                stopped = until is None or self._head_end.now >= carried.plan.expires
                became = left(one, event) if stopped else None
            heard += 1
            if became is None:
                again.append(one)
                continue
            self._became.append(became)
            if len(self._became) >= _SETTLED_AT_ONCE:
                self._settle()
        self._settle()
        self._send(again)
        return heard

    def _settle(self) -> None:
        """Step 4."""
        self._campaigns.settle(self._name, self._worker, self._became)
        for one in self._became:
            self._tell(one)
        self._became.clear()

    def _carried(self) -> Carried:
        found = self._campaigns.campaign(self._name)
        if found is None:
            raise Refused(
                f"campaign {self._name}: there is none", clause="sec:L10", rule="campaign.name"
            )
        return found

"""Keys in custody, opened by a quorum of simulated custodians for whatever uses them, in a ceremony.

    ceremonies/activation-NAME/     ceremony 'activation-for-recovery': people, decisions, quorum, uses
    once/activation-NAME            what the use came to, before the keys are forgotten
    evidence/transcript/activation-NAME

Asked first, then opened: the house's record is asked whether its decisions permit each key, for this
incident and method; the answer is lodged, and only then custodians open their shares. What is open is
for so many uses, until the decision or the day ends, and forgotten when the use is over. Cut off
meanwhile, a quorum opens the keys again, and the transcript says so.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from smki.bootstrap import open_office
from smki.ceremonies.activating import ActiveKey
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import KeySet, key_name, share_header
from smki.ceremonies.quorum import Presented
from smki.ceremonies.scripts import CONTINGENCY, SYMMETRIC
from smki.ceremonies.sealing import unlock
from smki.flows.activating import RecordedAuthority, lodge_asked
from smki.interfaces.key_serving import ServedKey
from smki.interfaces.recovery_activating import served_key
from smki.interfaces.rehearsal.authorising import permit_answers
from smki.interfaces.rehearsal.ceremonies import (
    Brought,
    finished_ceremony,
    held_ceremony,
    key_in_custody,
)
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.keeping import keep_items
from smki.interfaces.rehearsal.people import QUORUM, People
from smki.merkle.canonical import encode_json
from smki.recovery.evidence import transcript
from smki.terms import Inconsistent, Refused

SCRIPT: Final = "activation-for-recovery"
_ENDED: Final = "what they were opened for is done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What keys are opened for.

    Attributes:
        name: lasting, of this use in the rehearsal.
        uses: how often each key may be used, at most.
        take: does it, or goes on with it; what it came to.
    """

    name: str
    uses: int
    take: Callable[[ServedKey], Made]


def contingency_used(run: Run, ceremony: str, use: Use) -> Made:
    """The contingency key and its symmetric key of that ceremony were used; what it came to.

    Each command is a use of both.

    Raises:
        Refused: no decision permits it, or no quorum opens it; both are on record.

    Clause: sec:L10.9, sec-app-l:3
    """
    return _used(run, ceremony, (CONTINGENCY, SYMMETRIC), use)


def key_used(run: Run, ceremony: str, name: str, use: Use) -> Made:
    """The signing key of that name, of that ceremony, was used; what it came to.

    Raises:
        Refused: no decision permits it, or no quorum opens it; both are on record.

    Clause: sec:L10.9, sec-app-l:3
    """
    return _used(run, ceremony, (name,), use)


@dataclass(slots=True, kw_only=True)
class _Served:
    """`ceremonies.activating.Service` for one use, which is made once, however often it is cut off.

    Attributes:
        run: whose it is.
        use: what for.
        settled: the name under which it is kept what it came to.
        asked: is called when nothing is asked of the house's record any more.
        opened: whether a quorum has opened the keys.
    """

    run: Run
    use: Use
    settled: str
    asked: Callable[[], None]
    opened: bool = False

    def serve(self, keys: Sequence[ActiveKey]) -> str:
        """The use was made, and what it came to is durable.

        Clause: sec:L10.9
        """
        self.opened = True
        self.asked()
        named = " and ".join(one.name for one in keys)
        self.run.tell(f"  a quorum has opened {named}, under the decisions")
        if self.run.settled(self.settled) is None:
            came = self.use.take(served_key(keys))
            self.run.once(self.settled, encode_json(came).decode())
        return _ENDED


def _used(run: Run, ceremony: str, names: tuple[str, ...], use: Use) -> Made:
    """The keys of these names were used, in a ceremony of the use's name; what it came to."""
    name = f"activation-{use.name}"
    keys = tuple(key_in_custody(run, ceremony, key_name(one, Purpose.REHEARSAL)) for one in names)
    said = {"serve.uses": str(use.uses)}
    for key in names:
        said |= permit_answers(run, key)
    octets = finished_ceremony(run, name) or _activated(run, name, use, keys, said)
    keep_items(run, transcript(name, octets))
    came = run.settled(name)
    if came is None:
        raise Inconsistent(f"rehearsal: ceremony {name} is over, and what it was for is not")
    return came


def _activated(
    run: Run, name: str, use: Use, keys: tuple[KeySet, ...], said: Mapping[str, str]
) -> bytes:
    """The transcript of the ceremony in which the use was made.

    The house's record is open until the keys are: who uses them may have to write there.
    """
    with ExitStack() as asking:
        office = asking.enter_context(open_office(run.house, run.house_environment))
        authority = RecordedAuthority(office.front, lambda told: lodge_asked(office, told))
        served = _Served(run=run, use=use, settled=name, asked=asking.close)
        try:
            return held_ceremony(
                run,
                SCRIPT,
                name=name,
                brought=Brought(keys=keys, service=served),
                authority=authority,
                instead=said,
            )
        except Refused as error:
            if not served.opened:  # what is refused afterwards is another thing than the keys
                authority.tell_refused(error, keys)
            raise


def presented(people: People, held: KeySet) -> list[Presented]:
    """The shares of the quorum, each opened by its custodian's own key."""
    found = []
    for custodian in people.appointments[:QUORUM]:
        share = held.holder(custodian.identifier)
        if share is None:
            raise Inconsistent(f"rehearsal: {custodian.identifier} has no share of {held.key}")
        key = people.custodians[custodian.identifier].key
        found.append(
            Presented(
                custodian=custodian.identifier,
                organisation=custodian.organisation,
                words=unlock(key, share[1].box, share_header(held, share[0])).decode(),
            )
        )
    return found

"""Keys in custody act under recorded decisions alone; what was asked is recorded, refused or not.

    use-key           object: name of the key, or SHA-256 of its public key (SubjectPublicKeyInfo)
                      scope:  "<incident>: <purpose>"
    recovery-method   object: the incident, scope: the method

A key by which devices are recovered needs both, unless it is to be destroyed. Each question and its
answer is a TRANSCRIPT leaf, framed: {"kind": "key-asked", "name"} before {"outcome": "permitted" or
"refused", "reasons", "wanted"}, lodged before the key is touched. Keys of the house itself are asked
for in `key_use`; of these only a fingerprint is known here. In the house of a rehearsal the same
decisions permit the keys of rehearsals, and nothing else does; in any other, those keys never act.

Clause: sec:L10.9, sec:L10
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from smki.ceremonies.activating import Wanted, Warrant
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import REHEARSAL, KeySet
from smki.ceremonies.replaying import replay
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY, SYMMETRIC
from smki.flows.deciding import recorded_decision, why_not
from smki.flows.office import FrontOffice, Office
from smki.flows.recorded import Recorded
from smki.governance import Act, Question
from smki.merkle.canonical import JSON, encode_json
from smki.merkle.leaf import LeafType, decode_leaf, encode_framed
from smki.repository import body_of, catch_up, lodge_leaf
from smki.terms import Finding, Refused

RECOVERING: Final = frozenset({RECOVERY, CONTINGENCY, SYMMETRIC})
DESTRUCTION: Final = "destruction"
ASKED_LEAF: Final = "key-asked"
CEREMONY_LEAF: Final = "ceremony"
CEREMONY_NAMED: Final = "ceremony: "  # with what the name of its entry begins

Told = Callable[[Mapping[str, JSON]], object]


class RecordedAuthority:
    """`ceremonies.Authority` by the decisions in the record; `tell` has each answer lodged.

    Clause: sec:L10.9
    """

    def __init__(self, front: FrontOffice, tell: Told) -> None:
        self._front, self._tell = front, tell
        self._wanted: Wanted | None = None
        self._told: Refused | None = None

    def permitted(self, wanted: Wanted, at: datetime) -> Warrant:
        """The warrant for what recorded decisions permit at that instant; that it was asked is lodged.

        Raises:
            Refused: none does, with every reason.
            Unavailable: the record or the database is away.

        Clause: sec:L10.9, sec:L10
        """
        before = self._front.index.size()
        self._wanted = wanted
        found: list[Recorded] = []
        findings: list[Finding] = []
        for identifier, question in _questions(wanted, at):
            recorded = recorded_decision(self._front, identifier, before)
            if recorded is None:
                findings.append(_finding(f"decision {identifier!r}: not in the record, must be"))
                continue
            found.append(recorded)
            findings += why_not(self._front, recorded, question, before)
        findings += map(_finding, _lacking(wanted, purpose_of(self._front)))
        if findings:
            self._tell_asked(wanted, "refused", [one.message for one in findings])
            self._told = Refused(findings=tuple(findings))
            raise self._told
        self._tell_asked(wanted, "permitted", [])
        return Warrant(
            wanted=wanted,
            expiry=min(one.decision.expiry for one in found),
            entries=tuple(one.entry for one in found),
        )

    def tell_refused(self, error: Refused, keys: Iterable[KeySet]) -> None:
        """The refusal of what was permitted last, for another reason, is lodged: no quorum, say.

        If nothing was asked for yet, it is lodged about each of these keys, which were to be used. What
        `permitted` refused is lodged already.

        Raises:
            Unavailable: the record or the database is away.

        Clause: sec:L10.9
        """
        if error is self._told:
            return
        wanted = map(_nothing_asked, keys) if self._wanted is None else (self._wanted,)
        for one in wanted:
            self._tell_asked(one, "refused", [error.message])

    def _tell_asked(self, wanted: Wanted, outcome: str, reasons: list[JSON]) -> None:
        self._tell({"outcome": outcome, "reasons": reasons, "wanted": wanted_said(wanted)})


def _nothing_asked(held: KeySet) -> Wanted:
    """That the key was to be used, before anybody said what for."""
    return Wanted(
        key=held.key,
        fingerprint=held.fingerprint,
        key_purpose=held.purpose,
        decision="",
        recovery="",
        incident="",
        method="",
        purpose="",
    )


def wanted_said(wanted: Wanted) -> dict[str, JSON]:
    """What was wanted, in JSON."""
    return {
        "decision": wanted.decision,
        "fingerprint": wanted.fingerprint,
        "incident": wanted.incident,
        "key": wanted.key,
        "method": wanted.method,
        "purpose": wanted.purpose,
        "recovery": wanted.recovery,
    }


def lodge_asked(office: Office, said: Mapping[str, JSON]) -> int:
    """What was asked of a key, and the answer, are in the record; its entry.

    Raises:
        Unavailable: the disk or the database is away.

    Clause: sec:L10.9
    """
    wanted = said.get("wanted")
    key = wanted.get("key", "") if isinstance(wanted, Mapping) else ""
    metadata = {"kind": ASKED_LEAF, "name": f"{said.get('outcome')}: {key}"}
    return _lodge(office, encode_framed(metadata, encode_json(said)))


def lodge_transcript(office: Office, transcript: bytes) -> int:
    """The transcript of a ceremony, which was replayed first, is in the record; its entry.

    Lodged again, nothing changes.

    Raises:
        Malformed, Refused: it is not what a ceremony leaves.
        Unavailable: the disk or the database is away.

    Clause: sec-app-l:3, sec:L5
    """
    told = replay(transcript)
    opening = told.opening
    name = f"{CEREMONY_NAMED}{opening.script.name}, {opening.purpose.value}, {told.result}"
    body = encode_framed({"kind": CEREMONY_LEAF, "name": name}, transcript)
    for item in office.front.index.items(of=LeafType.TRANSCRIPT, name=name):
        reader = office.front.reader
        if body_of(reader, decode_leaf(reader.leaf(item.entry))) == body:
            return item.entry
    return _lodge(office, body)


def _lodge(office: Office, body: bytes) -> int:
    front = office.front
    entry = lodge_leaf(office.record, LeafType.TRANSCRIPT, body, front.clock.now())
    catch_up(front.reader, front.index, front.describe)
    return entry


def _questions(wanted: Wanted, at: datetime) -> Iterator[tuple[str, Question]]:
    about = frozenset({wanted.key, wanted.fingerprint})
    yield (
        wanted.decision,
        Question(act=Act.USE_KEY, about=about, at=at, scope=wanted.scope),
    )
    if wanted.recovery:
        incident = frozenset({wanted.incident})
        yield (
            wanted.recovery,
            Question(act=Act.RECOVER, about=incident, at=at, scope=wanted.method),
        )


def purpose_of(front: FrontOffice) -> Purpose:
    """Whether the house is a rehearsal's or the real thing: its environment says it.

    Clause: sec-app-l:3
    """
    rehearsal = front.settings.environment == Purpose.REHEARSAL.value
    return Purpose.REHEARSAL if rehearsal else Purpose.LIVE


def _lacking(wanted: Wanted, here: Purpose) -> Iterator[str]:
    """What no decision was named for; and that keys act in houses of their own purpose alone."""
    if wanted.key_purpose is not here:
        yield (
            f"{wanted.key} is a {wanted.key_purpose.value} key, must never act under the decisions"
            f" of a {here.value} SMKI"
        )
    if not wanted.incident or not wanted.purpose:
        yield "incident and purpose, must be named"
    if bool(wanted.recovery) is not bool(wanted.method):
        yield "a method without its decision, or a decision without its method, must be both"
    if (
        wanted.key.removeprefix(REHEARSAL) in RECOVERING
        and wanted.purpose != DESTRUCTION
        and not wanted.recovery
    ):
        yield f"{wanted.key} recovers devices, the decision for the method must be named"


def _finding(message: str) -> Finding:
    return Finding(
        rule="activation.decision", message=message, where="decision", clause="sec:L10.9"
    )

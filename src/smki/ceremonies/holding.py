"""Holds a ceremony: the script's steps in their order, each journalled before and after its effect.

    opened → (begun → done)* → closed          resumed, deviation and refused stand in between

A step that was begun and not done is begun again: files it had made are found and taken, keys it
had in memory are opened by a quorum. The journal is the transcript in the making. What a step does
stands in `acts`.

Clause: sec-app-l:3
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from smki.ceremonies.activating import Authority, Service
from smki.ceremonies.custodians import (
    Custodian,
    encode_custodian,
    must_be_appointed,
    parse_custodian,
)
from smki.ceremonies.fingerprints import fingerprint
from smki.ceremonies.keysets import KeySet, Secret, encode_key_set, parse_key_set
from smki.ceremonies.lengths import must_fit_a_transcript, must_have_room
from smki.ceremonies.opening import Opening, encode_opening, parse_opening, seat_of
from smki.ceremonies.scripts import Act, Role, Step
from smki.ceremonies.transcript import (
    Entry,
    Kind,
    encode_entry,
    must_be_chained,
    next_entry,
    parse_entry,
    to_be_signed,
)
from smki.merkle.canonical import JSON
from smki.ports import Clock, Entropy
from smki.ports.ceremony import BareKeys, Console, Ledger
from smki.terms import CertificateKind, Inconsistent, Refused

TO_BE_SIGNED: Final = "to-be-signed.json"
COMPLETED, NO_GO = "completed", "no-go"
Said = dict[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """What a ceremony needs of the world; `service` if keys are served to others in it."""

    ledger: Ledger
    console: Console
    keys: BareKeys
    entropy: Entropy
    clock: Clock
    authority: Authority
    service: Service | None = None


@dataclass(slots=True, kw_only=True)
class Ceremony:
    """A ceremony in progress: what its journal says, and the keys that are open in memory.

    Attributes:
        hall: the world.
        opening: how it was opened.
        entries: the journal so far.
        secrets: keys in memory, by name; gone when the process ends.
        opened: which custodians opened which key in the step that is held now.
        session: private key (PKCS#8) to which shares may be encrypted; None until one is needed.
    """

    hall: Hall
    opening: Opening
    entries: tuple[Entry, ...]
    secrets: dict[str, Secret] = field(default_factory=dict, repr=False)
    opened: dict[str, JSON] = field(default_factory=dict)
    session: bytes | None = field(default=None, repr=False)

    def note(self, kind: Kind, said: Mapping[str, JSON], step: int = 0) -> None:
        """The entry is in the journal, durable.

        Raises:
            Refused: what was said is too long for an entry, or it was interrupted and refused too
                often; nothing is in the journal.
            Unavailable: the folder cannot be written.
        """
        at = max(self.hall.clock.now(), self.entries[-1].at)  # a clock set back must not stop it
        entry = next_entry(self.entries, kind, at, said, step)
        must_have_room(self.entries, entry, self.opening)
        self.hall.ledger.append(encode_entry(entry))
        self.entries = (*self.entries, entry)

    def done(self, act: Act, about: str = "") -> Mapping[str, JSON] | None:
        """What was said when this act was done; None if it was not yet."""
        numbers = {
            step.number
            for step in self.opening.steps
            if step.act is act and about in {"", step.about}
        }
        return next(
            (one.said for one in self.entries if one.kind is Kind.DONE and one.step in numbers),
            None,
        )

    def begun(self, step: Step) -> Mapping[str, JSON]:
        """What was said when this step was begun first."""
        return next(
            one.said for one in self.entries if one.kind is Kind.BEGUN and one.step == step.number
        )

    def present(self) -> dict[str, str]:
        """Who is here, and where they work today."""
        attended = self.done(Act.ATTEND)
        people = attended["people"] if attended else {}
        if not isinstance(people, Mapping):
            raise Inconsistent("journal: attendance is no object")
        return {
            name: str(one["organisation"])
            for name, one in people.items()
            if isinstance(one, Mapping)
        }

    def custodians(self) -> tuple[Custodian, ...]:
        """The custodians appointed, from their files.

        Raises:
            Inconsistent: a file is another than when the ceremony was opened.
        """
        found = tuple(
            parse_custodian(self.file(f"custodians/{seat.custodian}.json"))
            for seat in self.opening.seats
        )
        if tuple(map(seat_of, found)) != self.opening.seats:
            raise Inconsistent("custodians: their files are others than when it was opened")
        return found

    def key_set(self, name: str) -> KeySet:
        """The key in custody of that name."""
        return parse_key_set(self.file(f"keys/{name}.json"))

    def file(self, name: str) -> bytes:
        """The content of a file of the ceremony.

        Raises:
            Inconsistent: it is not there.
        """
        octets = self.hall.ledger.read(name)
        if octets is None:
            raise Inconsistent(f"ceremony: file {name} is missing, must be there", where=name)
        return octets

    @property
    def closed(self) -> str | None:
        """How it ended; None if it goes on."""
        last = self.entries[-1]
        return str(last.said.get("result")) if last.kind is Kind.CLOSED else None


Handler = Callable[[Ceremony, Step], Said]


def open_ceremony(
    hall: Hall,
    opening: Opening,
    custodians: tuple[Custodian, ...],
    keys: tuple[KeySet, ...] = (),
    contents: Mapping[str, bytes] = MappingProxyType({}),
) -> None:
    """The ceremony is in the journal, to be held; `keys` are in custody already, `contents` to be signed.

    Raises:
        Refused: there is one in this folder, or custodians, keys or requests do not fit the script,
            or profiles the purpose, or nobody could replay what would be said; nothing is in the
            folder.
        Unavailable: the folder cannot be written.

    Clause: sec-app-l:3
    """
    if hall.ledger.entries():
        raise _refused("a ceremony was opened in this folder, must be held there, or another one")
    must_be_appointed(opening.rule, custodians)
    _must_fit(opening, keys, contents)
    said = encode_opening(opening)
    parse_opening(said)  # before anything is kept: what nobody could resume is not opened
    files: list[JSON] = [
        {"content": name, "digest": fingerprint(content)} for name, content in contents.items()
    ]
    entry = next_entry((), Kind.OPENED, hall.clock.now(), {"opening": said, "contents": files})
    must_fit_a_transcript(entry, opening, contents)
    for one in custodians:
        hall.ledger.keep(f"custodians/{one.identifier}.json", encode_custodian(one))
    for held in keys:
        hall.ledger.keep(f"keys/{held.key}.json", encode_key_set(held))
    for name, content in contents.items():
        hall.ledger.keep(f"contents/{name}", content)
    hall.ledger.append(encode_entry(entry))


def resume(hall: Hall) -> Ceremony:
    """The ceremony of this folder as its journal says.

    Raises:
        Refused: no ceremony was opened here.
        Malformed, Inconsistent: the journal was changed.
    """
    entries = tuple(map(parse_entry, hall.ledger.entries()))
    if not entries:
        raise _refused("no ceremony was opened in this folder, must be first")
    must_be_chained(entries)
    said = entries[0].said.get("opening")
    if not isinstance(said, Mapping):
        raise Inconsistent("journal: its first entry does not open a ceremony")
    return Ceremony(hall=hall, opening=parse_opening(said), entries=entries)


def hold(ceremony: Ceremony, handlers: Mapping[Act, Handler]) -> bytes:
    """Every step was held and the ceremony is closed; the octets to be signed.

    Raises:
        Malformed: what was typed is not of its form.
        Refused: a step was refused, which the journal tells; or no go.
        Unavailable: the world; held again, it goes on where it was.

    Clause: sec-app-l:3
    """
    if len(ceremony.entries) > 1 and ceremony.closed is None:
        ceremony.note(Kind.RESUMED, {"software": ceremony.opening.software})
    try:
        return _hold(ceremony, handlers)
    finally:
        ceremony.secrets.clear()
        ceremony.session = None


def _hold(ceremony: Ceremony, handlers: Mapping[Act, Handler]) -> bytes:
    finished = {one.step for one in ceremony.entries if one.kind is Kind.DONE}
    for step in ceremony.opening.steps:
        if ceremony.closed is None and step.number not in finished:
            _hold_step(ceremony, step, handlers[step.act])
    if ceremony.closed is None:
        ceremony.note(Kind.CLOSED, {"result": COMPLETED})
    octets = to_be_signed(ceremony.entries)
    ceremony.hall.ledger.keep(TO_BE_SIGNED, octets)
    if ceremony.closed == NO_GO:
        raise _refused("no go: this ceremony is over, another must be called")
    return octets


def _hold_step(ceremony: Ceremony, step: Step, handler: Handler) -> None:
    console = ceremony.hall.console
    console.say(f"step {step.number} of {len(ceremony.opening.steps)}: {step.title}")
    console.say(f"  present: {_who(ceremony.opening, step)}; types: {step.types}")
    if not any(one.kind is Kind.BEGUN and one.step == step.number for one in ceremony.entries):
        ceremony.note(Kind.BEGUN, _before(ceremony, step), step.number)
    ceremony.opened = {}
    try:
        said = handler(ceremony, step)
    except Refused as error:
        ceremony.note(Kind.REFUSED, {"message": error.message[:2000]}, step.number)
        raise
    if ceremony.opened:
        said["opened"] = ceremony.opened
    if ceremony.closed is None:
        ceremony.note(Kind.DONE, said, step.number)


def _before(ceremony: Ceremony, step: Step) -> Said:
    """What must be known to tell whether the effect of a step that was cut off is there."""
    if step.act is Act.REFRESH:
        return {"number": ceremony.key_set(step.about).number}
    if step.act is Act.DESTROY:
        held = ceremony.key_set(step.about)
        return {"fingerprint": held.fingerprint, "number": held.number}
    return {}


def _who(opening: Opening, step: Step) -> str:
    return ", ".join(
        f"{role.value} ({opening.rule.quorum} or more)"
        if role is Role.CUSTODIANS
        else " and ".join(opening.people(role))
        for role in step.present
    )


def _must_fit(opening: Opening, keys: tuple[KeySet, ...], contents: Mapping[str, bytes]) -> None:
    """The script has what it needs, all of it for the purpose of this ceremony.

    Raises:
        Refused: something is missing, or a key is for the other purpose.
    """
    if not all(opening.people(role) for role in (Role.OPERATOR, Role.WITNESS)):
        raise _refused("one operator and a witness, must be named")
    if len({one.credential for one in opening.signatories}) < len(opening.signatories):
        raise _refused("two signatories with one credential, each must have their own")
    custodians = {one.credential for one in opening.seats}
    if custodians & {one.credential for one in opening.signatories}:
        raise _refused("a custodian with the credential of operator or witness, must be another")
    if opening.script.opens is not bool(keys):
        needed = "keys in custody, must be given" if opening.script.opens else "must have no keys"
        raise _refused(f"script {opening.script.name}: {needed}")
    for held in keys:
        if held.purpose is not opening.purpose:
            raise _refused(
                f"{held.key} is a {held.purpose.value} key, must never be used in a"
                f" {opening.purpose.value} ceremony"
            )
    acts = {step.act for step in opening.script.steps}
    if bool(contents) is not bool(acts & {Act.USE, Act.RENEW_LIST}):
        raise _refused(
            f"script {opening.script.name}: {len(contents)} files to be signed were brought, must be"
            " some for activation, root-lists and issuing, and none otherwise"
        )
    needed_kinds = {
        step.about
        for step in opening.script.steps
        if step.act in {Act.CERTIFY, Act.ISSUE} and step.about.startswith("issuing")
    }
    given = {kind.value for kind in opening.issuing}
    if needed_kinds != given:
        raise _refused(
            f"requests of {', '.join(sorted(given)) or 'no issuing authority'}, must be of"
            f" {', '.join(sorted(needed_kinds)) or 'none'}"
        )


def kind_of_authority(name: str) -> CertificateKind:
    """The kind of the authority with this lasting name, which a script or a key names.

    Raises:
        Refused: it is no authority's.
    """
    found = next((kind for kind in CertificateKind if kind.value == name), None)
    if found is None or not found.is_authority:
        raise _refused(f"{name}: no authority, must be one")
    return found


def _refused(message: str) -> Refused:
    return Refused(
        f"ceremony: {message}", where="ceremony", clause="sec-app-l:3", rule="ceremony.opening"
    )

"""Ceremonies of a rehearsal: each in a folder of its own, held by simulated people, signed by them.

The scripts, keys, shares and transcripts are those of any other ceremony.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki import VERSION
from smki.adapters.ceremony import CeremonyFolder, MemoryKeys
from smki.adapters.files import read_octets, write_durably
from smki.adapters.world import SystemClock, SystemEntropy
from smki.ceremonies.activating import Authority, RehearsalAuthority, Service
from smki.ceremonies.acts import ACTS
from smki.ceremonies.custodians import CustodyRule, Purpose
from smki.ceremonies.environments import names_for, rehearsal_profiles
from smki.ceremonies.holding import Hall, hold, open_ceremony, resume
from smki.ceremonies.keysets import KeySet, parse_key_set
from smki.ceremonies.opening import Opening, Signatory, script_named, seat_of
from smki.ceremonies.replaying import replay
from smki.ceremonies.transcript import Signature, Transcript, encode_transcript
from smki.interfaces.rehearsal.frame import Run
from smki.interfaces.rehearsal.people import (
    CUSTODIANS,
    QUORUM,
    SIGNATORIES,
    AtTheTerminal,
    People,
    people_of,
)
from smki.terms import CertificateKind

CEREMONIES: Final = "ceremonies"
TRANSCRIPT: Final = "transcript.json"
_PEOPLE: Final = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What is brought to a ceremony.

    Attributes:
        keys: in custody already.
        contents: to be signed, or to be gone by; by name.
        service: uses the keys that a ceremony opens for others.
    """

    keys: tuple[KeySet, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict)
    service: Service | None = None


def people_in(run: Run) -> People:
    """The people of this rehearsal."""
    return people_of(run.path(_PEOPLE), SystemEntropy(), SystemClock().now())


def held_ceremony(
    run: Run,
    script: str,
    *,
    name: str = "",
    issuing: Mapping[CertificateKind, bytes] | None = None,
    names: Mapping[CertificateKind, str] | None = None,
    brought: Brought | None = None,
    authority: Authority | None = None,
    instead: Mapping[str, str] | None = None,
) -> bytes:
    """The signed transcript of the ceremony, which is held, or held on, if it was not yet.

    Args:
        run: whose it is.
        script: of the ceremony.
        name: of this one; the script's if it is held once in the rehearsal.
        issuing: public keys (SubjectPublicKeyInfo, DER) of issuing authorities to be certified.
        names: of authorities, where another one had the usual.
        brought: what is in custody already, and what it is used on.
        authority: says what is permitted; without one, what is of a rehearsal.
        instead: other answers than the usual, by prompt.

    Clause: sec-app-l:3
    """
    folder = run.path(CEREMONIES, name or script)
    if (octets := finished_ceremony(run, name or script)) is not None:
        return octets
    people, brought = people_in(run), brought or Brought()
    with closing(CeremonyFolder(folder)) as ledger:
        hall = Hall(
            ledger=ledger,
            console=_console(people, folder, instead or {}),
            keys=MemoryKeys(),
            entropy=SystemEntropy(),
            clock=SystemClock(),
            authority=authority or RehearsalAuthority(),
            service=brought.service,
        )
        if not ledger.entries():
            opening = _opening(
                run,
                script,
                people,
                issuing=issuing or {},
                names=names or {},
                keys=tuple(one.key for one in brought.keys),
            )
            open_ceremony(hall, opening, people.appointments, brought.keys, brought.contents)
        ceremony = resume(hall)
        octets = hold(ceremony, ACTS)
        signatures = tuple(
            Signature(certificate=one.certificate, signature=one.sign(octets))
            for one in people.signatories.values()
        )
        transcript = encode_transcript(Transcript(entries=ceremony.entries, signatures=signatures))
    replay(transcript)
    write_durably(folder / TRANSCRIPT, transcript)
    return transcript


def finished_ceremony(run: Run, name: str) -> bytes | None:
    """The signed transcript of the ceremony of that name; None if it was not held to its end."""
    place = run.path(CEREMONIES, name, TRANSCRIPT)
    return read_octets(place) if place.exists() else None


def key_in_custody(run: Run, name: str, key: str) -> KeySet:
    """A key that the ceremony of that name put into custody."""
    return parse_key_set(read_octets(run.path(CEREMONIES, name, "keys", f"{key}.json")))


def _console(people: People, folder: Path, instead: Mapping[str, str]) -> AtTheTerminal:
    return AtTheTerminal(
        people=people,
        folder=folder,
        entropy=SystemEntropy(),
        tell=lambda _: (
            None
        ),  # the story is the rehearsal's; what was read aloud is in the transcript
        instead=instead,
    )


def _opening(
    run: Run,
    script: str,
    people: People,
    *,
    issuing: Mapping[CertificateKind, bytes],
    names: Mapping[CertificateKind, str],
    keys: tuple[str, ...],
) -> Opening:
    return Opening(
        script=script_named(script),
        purpose=Purpose.REHEARSAL,
        rule=CustodyRule(quorum=QUORUM, custodians=CUSTODIANS, of_one_organisation=1),
        seats=tuple(map(seat_of, people.appointments)),
        signatories=tuple(
            Signatory(
                role=SIGNATORIES[one.name],
                person=one.name,
                organisation="the rehearsal",
                credential=sha256(one.certificate).hexdigest(),
            )
            for one in people.signatories.values()
        ),
        keys=keys,
        issuing=issuing,
        names=names_for(Purpose.REHEARSAL, names),
        profiles=rehearsal_profiles(run.house.profiles()),
        software=f"smki {VERSION}",
    )

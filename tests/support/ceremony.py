"""A ceremony for tests: its people as answers, its folder, and a transcript that all have signed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.custody import credential, custodians, people, words_of

from smki.adapters.ceremony import CeremonyFolder, MemoryKeys
from smki.adapters.world import SystemEntropy
from smki.ceremonies.activating import Authority, RehearsalAuthority
from smki.ceremonies.acts import ACTS
from smki.ceremonies.acts_keys import ABSENT
from smki.ceremonies.custodians import CustodyRule, Purpose
from smki.ceremonies.environments import names_for, rehearsal_profiles
from smki.ceremonies.holding import Hall, hold, open_ceremony, resume
from smki.ceremonies.keysets import KeySet, parse_key_set
from smki.ceremonies.opening import Opening, Signatory, seat_of
from smki.ceremonies.scripts import SCRIPTS, Role
from smki.ceremonies.transcript import (
    Signature,
    Transcript,
    encode_transcript,
    parse_entry,
)
from smki.interfaces.rehearsal.people import QUORUM, Person, usual_answer
from smki.profiles import development
from smki.terms import CertificateKind, Unavailable

START = datetime(2031, 3, 8, 9, tzinfo=UTC)
SIGNATORIES = (("operator", Role.OPERATOR), ("witness-1", Role.WITNESS))


class Ticking:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self, start: datetime = START) -> None:
        self.at = start

    def now(self) -> datetime:
        """The next second."""
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class Answering:
    """Everybody at the terminal: says what is expected, or what a test has them say."""

    folder: Path
    instead: Mapping[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Noted."""
        self.said.append(text)

    def ask(self, prompt: str, text: str, *, secret: bool = False) -> str:
        """What they say to this prompt."""
        del text, secret
        self.asked.append(prompt)
        said = {**_OF_TESTS, **self.instead}.get(prompt)
        return usual_answer(prompt, self._share) if said is None else said

    def _share(self, key: str, custodian: str) -> str:
        number = int(custodian.rpartition("-")[2])
        if number > QUORUM:
            return ABSENT
        return words_of(kept(self.folder, key), people(number)[number - 1])


_OF_TESTS = {"request.entity": "0A534D4B49040001"}


def kept(folder: Path, key: str) -> KeySet:
    """The key in custody in this ceremony's folder."""
    return parse_key_set((folder / "keys" / f"{key}.json").read_bytes())


@cache
def signing_credential(person: str) -> tuple[bytes, rsa.RSAPrivateKey]:
    """Certificate and key of an operator or witness."""
    return credential(person)


@cache
def issuing_keys() -> Mapping[CertificateKind, bytes]:
    """The public keys that issuing authorities would bring; their private keys are elsewhere."""
    kinds = (CertificateKind.ISSUING_OCA, CertificateKind.ISSUING_DCA)
    keys = {kind: _spki(ec.generate_private_key(ec.SECP256R1()).public_key()) for kind in kinds}
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return {**keys, CertificateKind.ISSUING_ICA: _spki(rsa_key)}


def _spki(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def opening(
    script: str = "roots", keys: tuple[str, ...] = (), rule: CustodyRule | None = None
) -> Opening:
    """The opening of a rehearsal of this script."""
    kinds = {
        "roots": issuing_keys(),
        "contingency": {CertificateKind.ISSUING_OCA: issuing_keys()[CertificateKind.ISSUING_OCA]},
    }
    return Opening(
        script=SCRIPTS[script],
        purpose=Purpose.REHEARSAL,
        rule=rule or CustodyRule(),
        seats=tuple(map(seat_of, custodians())),
        signatories=tuple(
            Signatory(
                role=role,
                person=person,
                organisation="Quill",
                credential=sha256(signing_credential(person)[0]).hexdigest(),
            )
            for person, role in SIGNATORIES
        ),
        keys=keys,
        issuing=kinds.get(script, {}),
        names=names_for(Purpose.REHEARSAL, {}),
        profiles=rehearsal_profiles(development()),
        software="tests",
    )


def hall(
    folder: Path,
    instead: Mapping[str, str] | None = None,
    authority: Authority | None = None,
    clock: Ticking | None = None,
) -> Hall:
    """The world of a ceremony in this folder."""
    return Hall(
        ledger=CeremonyFolder(folder),
        console=Answering(folder, instead or {}),
        keys=MemoryKeys(),
        entropy=SystemEntropy(),
        clock=clock or Ticking(),
        authority=authority or RehearsalAuthority(),
    )


def held(
    folder: Path,
    script: str = "roots",
    keys: tuple[KeySet, ...] = (),
    instead: Mapping[str, str] | None = None,
    *,
    contents: Mapping[str, bytes] | None = None,
    authority: Authority | None = None,
    through: Callable[[Hall], Hall] = lambda one: one,
) -> bytes:
    """The octets to be signed of a whole ceremony of that script in this folder."""
    here = through(hall(folder, instead, authority))
    try:
        names = tuple(one.key for one in keys)
        open_ceremony(here, opening(script, names), custodians(), keys, contents or {})
        return hold(resume(here), ACTS)
    finally:
        close(here)


def held_on(folder: Path, instead: Mapping[str, str] | None = None) -> bytes:
    """The same, of a ceremony that was cut off."""
    here = hall(folder, instead)
    try:
        return hold(resume(here), ACTS)
    finally:
        close(here)


def close(here: Hall) -> None:
    """Another process may hold the ceremony."""
    ledger: Any = here.ledger
    ledger.close()


def signed(folder: Path, octets: bytes, by: tuple[str, ...] = ("operator", "witness-1")) -> bytes:
    """The transcript of the ceremony in this folder, signed by these."""
    lines = (folder / "journal").read_bytes().splitlines()
    entries = tuple(map(parse_entry, lines))
    return encode_transcript(
        Transcript(entries=entries, signatures=tuple(signature(octets, one) for one in by))
    )


def signature(octets: bytes, person: str) -> Signature:
    """The signature of this person over these octets."""
    certificate, key = signing_credential(person)
    who = Person(name=person, certificate=certificate, key=key)
    return Signature(certificate=certificate, signature=who.sign(octets))


class Failing:
    """A ledger whose power fails before one file is kept, or after it was replaced."""

    def __init__(self, ledger: Any, name: str) -> None:
        self._ledger, self._name = ledger, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def keep(self, name: str, octets: bytes) -> None:
        """The power fails before it is kept, if it is that one."""
        if name == self._name and not name.startswith("keys/"):
            self._fail()
        self._ledger.keep(name, octets)

    def replace(self, name: str, octets: bytes) -> None:
        """The power fails when it is replaced, if it is that one."""
        self._ledger.replace(name, octets)
        if name == self._name:
            self._fail()

    def _fail(self) -> None:
        self._ledger.close()
        raise Unavailable("the power failed")

"""The people of a rehearsal: nobody, with credentials of their own, who answer as a script wants.

Each has an RSA key in a file that no other of them reads. A custodian opens their own shares with
their own key and gives them encrypted to the ceremony, as from another machine; so shares are really
split, sealed and put together. They exist for keys that protect nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)
from cryptography.x509.oid import NameOID

from smki.adapters.files import make_folder, read_octets, write_durably
from smki.ceremonies.acts_keys import ABSENT, BOX, SESSION
from smki.ceremonies.custodians import SALT_OCTETS, Custodian, encode_custodian, parse_custodian
from smki.ceremonies.fields import text64
from smki.ceremonies.keysets import parse_key_set, share_header
from smki.ceremonies.scripts import Role
from smki.ceremonies.sealing import lock, unlock
from smki.ports import Entropy
from smki.terms import Inconsistent, Refused, Unavailable

CUSTODIANS: Final = 5
QUORUM: Final = 3
SIGNATORIES: Final[Mapping[str, Role]] = {"operator": Role.OPERATOR, "witness-1": Role.WITNESS}
_RSA_BITS: Final = 2_048  # as the IKI's credentials have
_DAYS: Final = timedelta(days=730)
_MINUTES: Final = timedelta(minutes=5)  # that clocks may differ


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a credential of their own.

    Attributes:
        name: as transcripts call them.
        certificate: DER.
        key: theirs alone.
    """

    name: str
    certificate: bytes
    key: RSAPrivateKey = field(repr=False)

    def sign(self, octets: bytes) -> bytes:
        """Their detached signature (CMS, DER) over the octets."""
        certificate = x509.load_der_x509_certificate(self.certificate)
        builder = PKCS7SignatureBuilder().set_data(octets)
        builder = builder.add_signer(certificate, self.key, SHA256())
        options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
        return builder.sign(Encoding.DER, options)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who takes part in the ceremonies.

    Attributes:
        signatories: operator and witness, by name.
        custodians: by identifier.
        appointments: the custodians' files, in order.
    """

    signatories: Mapping[str, Person]
    custodians: Mapping[str, Person]
    appointments: tuple[Custodian, ...]


def people_of(folder: Path, entropy: Entropy, at: datetime) -> People:
    """The people of this folder, who are made if they are not there.

    Raises:
        Unavailable: the folder cannot be written or read.
    """
    make_folder(folder, 0o700)
    custodians = {
        name: person_in(folder, name, at)
        for name in (f"custodian-{number}" for number in range(1, CUSTODIANS + 1))
    }
    appointed = tuple(_appointed(folder, one, entropy, at) for one in custodians.values())
    return People(
        signatories={name: person_in(folder, name, at) for name in SIGNATORIES},
        custodians=custodians,
        appointments=appointed,
    )


def person_in(folder: Path, name: str, at: datetime) -> Person:
    """The person of that name, whose credential signs itself; made if it is not there."""
    place = folder / f"{name}.pem"
    if not place.exists():
        key = generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durably(place, pem + _certified(name, key, at), private=True)
    return read_person(place, name)


@lru_cache(maxsize=64)  # to read an RSA key takes as long as to use it fifty times
def read_person(place: Path, name: str) -> Person:
    """The person whose key and certificate (PEM) are in this file, which nobody changes.

    Raises:
        Unavailable: they cannot be read.
    """
    octets = read_octets(place)
    try:
        key = load_pem_private_key(octets, None)
        certificate = x509.load_pem_x509_certificate(octets)
    except (ValueError, TypeError) as error:
        raise Unavailable(f"{name}: credential cannot be read ({error})", where=str(place)) from (
            error
        )
    if not isinstance(key, RSAPrivateKey):
        raise Unavailable(f"{name}: key is not RSA, must be", where=str(place))
    return Person(name=name, certificate=certificate.public_bytes(Encoding.DER), key=key)


def _certified(name: str, key: RSAPrivateKey, at: datetime) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"rehearsal {name}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _MINUTES)
        .not_valid_after(at + _DAYS)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def _appointed(folder: Path, person: Person, entropy: Entropy, at: datetime) -> Custodian:
    """The custodian's file, each of an organisation of their own."""
    place = folder / f"{person.name}.json"
    if not place.exists():
        number = person.name.rpartition("-")[2]
        custodian = Custodian(
            identifier=person.name,
            organisation=f"Rehearsal House {number}",
            certificate=person.certificate,
            nominated_by=f"Rehearsal House {number}",
            approved="rehearsal",
            verified_by="the rehearsal",
            verified_how="made by the rehearsal itself",
            verified_on=at.replace(microsecond=0),
            salt=entropy.octets(SALT_OCTETS),
        )
        write_durably(place, encode_custodian(custodian), private=True)
    return parse_custodian(read_octets(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheTerminal:
    """`ports.ceremony.Console`: says what each of the people says.

    Attributes:
        people: who they are.
        folder: of the ceremony.
        entropy: chance.
        tell: is told what is read aloud.
        instead: other answers than the usual, by prompt.
    """

    people: People
    folder: Path
    entropy: Entropy
    tell: Callable[[str], object]
    instead: Mapping[str, str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """They hear the text."""
        self.tell(text)

    def ask(self, prompt: str, text: str, *, secret: bool = False) -> str:
        """What they say to this prompt.

        Raises:
            Refused: nobody knows what to say to it.
        """
        del text, secret
        said = self.instead.get(prompt)
        return usual_answer(prompt, self._share) if said is None else said

    def _share(self, key: str, custodian: str) -> str:
        """A custodian of the quorum opens their share, and encrypts it to the ceremony."""
        if list(self.people.custodians).index(custodian) >= QUORUM:
            return ABSENT
        held = parse_key_set(read_octets(self.folder / "keys" / f"{key}.json"))
        found = held.holder(custodian)
        if found is None:
            return ABSENT
        header = share_header(held, found[0])
        words = unlock(self.people.custodians[custodian].key, found[1].box, header)
        session = load_pem_public_key(read_octets(self.folder / SESSION))
        if not isinstance(session, RSAPublicKey):
            raise Inconsistent("ceremony: the key of its session is not RSA, must be")
        return BOX + text64(lock(session, words, header, self.entropy))


def usual_answer(prompt: str, share: Callable[[str, str], str]) -> str:
    """What whoever is meant says to the prompt of a ceremony that goes as it should.

    Args:
        prompt: as scripts name it.
        share: what the custodian, the second, gives of the key, the first.

    Raises:
        Refused: nobody knows what to say to it.
    """
    act, _, rest = prompt.partition(".")
    if act == "open":
        key, _, custodian = rest.rpartition(".")
        return share(key, custodian)
    if act == "attend":
        who, _, what = rest.rpartition(".")
        return {"name": f"{who} of the rehearsal", "document": "none: simulated"}.get(what, "")
    for begins, answer in _USUAL:
        if prompt.startswith(begins):
            return answer
    raise Refused(
        f"rehearsal: nobody answers to {prompt}, must be somebody", rule="rehearsal.answer"
    )


_USUAL: Final = (
    ("go.", "told of the rehearsal, and acknowledged it"),
    ("go", "go"),
    ("machine.seen", "seen"),
    ("machine", "the machine that rehearses"),
    ("receive.", "opens"),
    ("compare.", "agreed"),
    ("close.", "none"),
    ("use.", "agreed"),
)

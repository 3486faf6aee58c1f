"""A key out of custody, for so many uses and so long as was permitted; then it is forgotten.

Who permits is a port of this room, `Authority`: the register's decisions, or nobody. Python cannot
promise that nothing of a key stays in memory; what is promised is that nothing uses it any more.

Clause: sec:L10.9, sec-app-l:3
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import Algorithm, Secret
from smki.ports import Clock, SigningKey
from smki.terms import Refused

ACTIVE_MOST: Final = timedelta(hours=12)  # a key is never active from one day to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done with a key.

    Attributes:
        key: its name.
        fingerprint: of its public key, or of the symmetric key.
        key_purpose: rehearsal or live.
        decision: id of the decision that permits its use.
        recovery: id of the decision for the method; empty where nothing is recovered.
        incident: what happened, as the decisions name it.
        method: by which it is recovered; empty where nothing is.
        purpose: what the key is used for, as the decision's scope has it after the incident.
    """

    key: str
    fingerprint: str
    key_purpose: Purpose
    decision: str
    recovery: str
    incident: str
    method: str
    purpose: str

    @property
    def scope(self) -> str:
        """The scope that the decision must have."""
        return f"{self.incident}: {self.purpose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrant:
    """That something is permitted.

    Attributes:
        wanted: what.
        expiry: until when.
        entries: of the record, the decisions it rests on; empty for a rehearsal.
    """

    wanted: Wanted
    expiry: datetime
    entries: tuple[int, ...]


class Authority(Protocol):
    """Says whether the authority has decided that a key may be used."""

    def permitted(self, wanted: Wanted, at: datetime) -> Warrant:
        """The warrant for it.

        Raises:
            Refused: no decision permits it, with every reason; the refusal is on record.
            Unavailable: the record cannot be asked.
        """
        ...


class Loads(Protocol):
    """Opens a key; `ports.ceremony.BareKeys` do."""

    def load(self, octets: bytes) -> SigningKey:
        """The key of these octets, ready to sign."""
        ...


class Service(Protocol):
    """Lets others use keys that a quorum opened, by reference."""

    def serve(self, keys: Sequence["ActiveKey"]) -> str:
        """Whoever carries the recovery has used these keys, and nobody does any more; why it ended.

        Blocks until their time is over, they are used up, or whoever is here ends it.

        Raises:
            Refused: keys that do not go together.
            Unavailable: they cannot be served.
        """
        ...


class RehearsalAuthority:
    """Permits the use of rehearsal keys, and of nothing else: it needs no record.

    Clause: sec-app-l:3
    """

    def permitted(self, wanted: Wanted, at: datetime) -> Warrant:
        """The warrant for a rehearsal key.

        Raises:
            Refused: a live key.
        """
        if wanted.key_purpose is not Purpose.REHEARSAL:
            raise _refused(
                f"{wanted.key} is a live key, a rehearsal uses its own, must have a decision in"
                " the record"
            )
        return Warrant(wanted=wanted, expiry=at + ACTIVE_MOST, entries=())


class ActiveKey:
    """A key that may be used so often, until then. Shows nothing of it.

    Attributes:
        name: as ceremonies name it.
        fingerprint: of its public key, or of the symmetric key.
        public_key: SubjectPublicKeyInfo, DER; empty of a symmetric key.
        until: it is not used from then on.
        used: how often it was used.
        wanted: for what it may be used.

    Clause: sec:L10.9
    """

    __slots__ = (
        "_clock",
        "_key",
        "_left",
        "_symmetric",
        "fingerprint",
        "name",
        "public_key",
        "until",
        "used",
        "wanted",
    )

    def __init__(
        self, secret: Secret, warrant: Warrant, keys: Loads, clock: Clock, *, uses: int
    ) -> None:
        at = clock.now()
        wanted = warrant.wanted
        named = (wanted.key, wanted.fingerprint, wanted.key_purpose)
        if named != (secret.key, secret.fingerprint, secret.purpose):
            raise _refused(
                f"the warrant is for {wanted.key} {wanted.fingerprint[:16]}, must be for"
                f" {secret.key} {secret.fingerprint[:16]}"
            )
        self.name = secret.key
        self.wanted = wanted
        self.fingerprint = secret.fingerprint
        self.used = 0
        self.until = min(warrant.expiry, at + ACTIVE_MOST)
        self._clock, self._left = clock, uses
        symmetric = secret.algorithm is Algorithm.SYMMETRIC
        self._symmetric = secret.octets if symmetric else None
        self._key: SigningKey | None = None if symmetric else keys.load(secret.octets)
        self.public_key = b"" if self._key is None else self._key.public_key

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, each of them a use.

        Raises:
            Refused: used up, over its time, or forgotten; nothing was signed.
            Unavailable: the key cannot be used now.
        """
        self._use(len(messages))
        if self._key is None:
            raise _refused(f"{self.name} signs nothing, must be a key that signs")
        return self._key.sign(messages)

    def symmetric(self) -> bytes:
        """The symmetric key, for one command.

        Raises:
            Refused: used up, over its time, or forgotten, or a key that signs.
        """
        self._use(1)
        if self._symmetric is None:
            raise _refused(f"{self.name} signs, must be a symmetric key")
        return self._symmetric

    @property
    def uses_left(self) -> int:
        """How often it may still be used; 0 once it is forgotten."""
        return self._left

    def forget(self) -> None:
        """The key is used by nobody any more."""
        self._key = self._symmetric = None
        self._left = 0

    def __repr__(self) -> str:
        return f"ActiveKey({self.name}, {self._left} uses left)"

    def _use(self, count: int) -> None:
        at = self._clock.now()
        if at >= self.until:
            self.forget()
            raise _refused(f"{self.name}: its time is over since {self.until:%Y-%m-%d %H:%M} UTC")
        if count > self._left:
            left = self._left
            raise _refused(f"{self.name}: {left} uses left, must be {count} for this")
        self._left -= count
        self.used += count


def _refused(message: str) -> Refused:
    return Refused(
        f"activation: {message}", where="key", clause="sec:L10.9", rule="ceremony.activation"
    )

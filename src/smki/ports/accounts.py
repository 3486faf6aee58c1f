"""Users of the repository's pages: their passwords' verifiers, and their sessions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from smki.terms import SerialNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of a party.

    Attributes:
        user: the name that is typed; lower-case letters, digits, full stops and hyphens.
        party: the party it belongs to.
        verifier: what a password is checked against; opaque, no password can be read from it.
        must_change: the password is one that somebody else has seen.
        wrong: times of wrong passwords since the last right one, at most five, oldest first,
            seconds since 1970. An attempt counts as wrong until it turns out right.
    """

    user: str
    party: str
    verifier: str
    must_change: bool = True
    wrong: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody logged in.

    Attributes:
        digest: SHA-256 of the token that the browser holds.
        user: who it is.
        credential: serial number of the client certificate it was opened with: no other serves.
        opened: seconds since 1970.
        used: when it was last used, seconds since 1970.
    """

    digest: bytes
    user: str
    credential: SerialNumber
    opened: int
    used: int


class Accounts(Protocol):
    """Durable on return; safe for several threads and processes."""

    def add(self, account: Account) -> None:
        """The account is there.

        Raises:
            Refused: the name is taken, or its party is not registered.
        """
        ...

    def account(self, user: str) -> Account | None:
        """The account of that name."""
        ...

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, by name."""
        ...

    def change(self, user: str, to: Callable[[Account], Account]) -> Account | None:
        """The account is what `to` made of it, and what it was before; None if there is none.

        Two at once follow one another: the second sees what the first made. If its verifier was
        changed, its sessions are over.
        """
        ...

    def open_session(self, session: Session) -> None:
        """The session is open; those that were not used since the day before are forgotten."""
        ...

    def session(self, digest: bytes) -> Session | None:
        """The open session of that token."""
        ...

    def use_session(self, digest: bytes, at: int) -> None:
        """The session was last used at `at`."""
        ...

    def end_session(self, digest: bytes) -> None:
        """No session has that token."""
        ...


class Passwords(Protocol):
    """Makes verifiers slowly, so that whoever steals them guesses slowly too."""

    def verifier(self, password: str) -> str:
        """A fresh verifier of the password."""
        ...

    def matches(self, password: str, verifier: str) -> bool:
        """Whether it is the password of that verifier; takes as long either way."""
        ...

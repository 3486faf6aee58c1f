"""Who may use the repository's pages: accounts, log-in, sessions, lock-out.

On top of the client certificate, which says for which party somebody comes: the account must be of
the same party. Passwords come in and are forgotten; what is kept is a verifier.

Clause: sec-app-p:3.1
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from smki.flows.office import FrontOffice
from smki.policy.lockout import after_wrong, locked_until
from smki.ports import Account, Passwords, Session
from smki.steps import LoggedIn, Requester
from smki.terms import Finding, Refused

IDLE_SECONDS: Final = 15 * 60  # unused, a session is over: a desk that was left
WHOLE_SECONDS: Final = 12 * 3600  # a working day
PASSWORD_LEAST: Final = 12  # characters
PASSWORD_MOST: Final = 128  # characters: a sentence fits, a flood does not
_TOUCH_SECONDS: Final = 60  # use is written down once a minute
_TOKEN_OCTETS: Final = 32
_FIRST_OCTETS: Final = 15  # of a first password: 24 characters
_USER: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?")
_CLAUSE: Final = "sec-app-p:3.1"


class PortalAccess:
    """Log-in and sessions. Safe for any number of threads and processes."""

    def __init__(self, front: FrontOffice, passwords: Passwords) -> None:
        self._front = front
        self._passwords = passwords
        self._nobody = passwords.verifier("nobody's password")

    def add(self, party: str, user: str) -> str:
        """The party has that user; its first password, to be changed at the first log-in.

        Raises:
            Refused: not a name, taken, or no such party.

        Clause: sec-app-p:3.1
        """
        if not _USER.fullmatch(user):
            raise _refused(
                "account.name",
                f"user {user[:50]!r}: must be 1 to 40 lower-case letters, digits, full stops and"
                " hyphens",
            )
        password = self._first_password()
        verifier = self._passwords.verifier(password)
        self._front.accounts.add(Account(user=user, party=party, verifier=verifier))
        return password

    def reset(self, user: str) -> str:
        """The user has a new first password; sessions are over, and nothing is locked.

        Raises:
            Refused: no such user.

        Clause: sec-app-p:3.1
        """
        password = self._first_password()
        verifier = self._passwords.verifier(password)
        self._change(user, lambda one: replace(one, verifier=verifier, must_change=True, wrong=()))
        return password

    def unlock(self, user: str) -> None:
        """The account is not locked; who asks for it has checked the user's identity.

        Raises:
            Refused: no such user.

        Clause: sec-app-p:3.1
        """
        self._change(user, lambda one: replace(one, wrong=()))

    def log_in(self, who: Requester, user: str, password: str) -> str:
        """The token of a new session.

        The attempt counts as wrong before the password is looked at, so that many at once are no
        more than five. An unknown user and another party's are told nothing else than a wrong one.

        Raises:
            Refused: wrong user or password, or locked.

        Clause: sec-app-p:3.1
        """
        at, before = self._now(), self._front.accounts.account(user)
        if before is not None:  # nobody of another party may lock it
            before = (
                self._front.accounts.change(user, lambda one: _attempted(one, at))
                if before.party == who.party
                else None
            )
        if before is not None and (until := locked_until(before.wrong, at)) is not None:
            end = datetime.fromtimestamp(until, UTC)
            raise _refused(
                "account.locked",
                f"locked until {end:%H:%M:%S} UTC after five wrong passwords within an hour; the"
                " operator unlocks it earlier for a user whose identity was checked",
            )
        verifier = self._nobody if before is None else before.verifier
        right = self._passwords.matches(password[: PASSWORD_MOST + 1], verifier)
        if before is None or not right or who.credential is None:
            raise _refused("account.wrong", "user name or password is wrong, or not of this party")
        self._front.accounts.change(user, lambda one: replace(one, wrong=()))
        token = self._front.entropy.octets(_TOKEN_OCTETS).hex()
        self._front.accounts.open_session(
            Session(digest=_digest(token), user=user, credential=who.credential, opened=at, used=at)
        )
        return token

    def logged_in(self, who: Requester, token: str, *, by_itself: bool = False) -> LoggedIn | None:
        """Whose session it is; None if it is none, over, or of another client certificate.

        A page that asks `by_itself` to be kept up is no use of the session: a desk that was left is
        logged out although such a page is open.
        """
        at, accounts = self._now(), self._front.accounts
        session = accounts.session(_digest(token))
        if session is None or session.credential != who.credential:
            return None
        account = accounts.account(session.user)
        over = at - session.used >= IDLE_SECONDS or at - session.opened >= WHOLE_SECONDS
        if account is None or account.party != who.party or over:
            return None
        if at - session.used >= _TOUCH_SECONDS and not by_itself:
            accounts.use_session(session.digest, at)
        return LoggedIn(user=account.user, must_change=account.must_change, form=_form(token))

    def change_password(self, who: Requester, user: str, old: str, new: str) -> str:
        """The password is changed, all earlier sessions are over; the token of a new one.

        Raises:
            Refused: the old one is wrong, or the new one is not good enough.

        Clause: sec-app-p:3.1
        """
        if not PASSWORD_LEAST <= len(new) <= PASSWORD_MOST or new == old or user in new.lower():
            raise _refused(
                "account.password",
                f"the new password must have {PASSWORD_LEAST} to {PASSWORD_MOST} characters, be"
                " another than the old one, and not contain the user name",
            )
        self.log_out(self.log_in(who, user, old))  # wrong ones count here too
        verifier = self._passwords.verifier(new)
        self._change(user, lambda one: replace(one, verifier=verifier, must_change=False))
        return self.log_in(who, user, new)

    def log_out(self, token: str) -> None:
        """The session is over."""
        self._front.accounts.end_session(_digest(token))

    def _now(self) -> int:
        return int(self._front.clock.now().timestamp())

    def _first_password(self) -> str:
        return b32encode(self._front.entropy.octets(_FIRST_OCTETS)).decode().lower()

    def _change(self, user: str, to: Callable[[Account], Account]) -> None:
        if self._front.accounts.change(user, to) is None:
            raise _refused("account.unknown", f"user {user[:50]!r}: there is none of that name")


def _attempted(account: Account, at: int) -> Account:
    if locked_until(account.wrong, at) is not None:
        return account
    return replace(account, wrong=after_wrong(account.wrong, at))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _form(token: str) -> str:
    return hashlib.sha256(b"form " + token.encode()).hexdigest()


def _refused(rule: str, message: str) -> Refused:
    return Refused(findings=(Finding(rule=rule, message=message, clause=_CLAUSE),))

"""Accounts and sessions of the repository's pages over SQL."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from smki.adapters.sql.codes import from_serial, to_serial
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import ACCOUNT, PARTY, SESSION
from smki.ports import Account, Session
from smki.terms import Refused

DAY_SECONDS: Final = 24 * 3600
_CLAUSE: Final = "sec-app-p:3.1"


class SqlAccounts:
    """`ports.Accounts`. Safe for threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, account: Account) -> None:
        """The account is there.

        Raises:
            Refused: the name is taken, or its party is not registered.
        """

        def work(connection: Connection) -> None:
            party = select(PARTY.c.party).where(PARTY.c.party == account.party)
            if connection.scalar(party) is None:
                raise Refused(
                    f"party {account.party}: not registered, must be",
                    clause=_CLAUSE,
                    rule="party.unknown",
                )
            if _account(connection, account.user) is not None:
                raise Refused(
                    f"user {account.user}: the name is taken, must be new",
                    clause=_CLAUSE,
                    rule="account.taken",
                )
            connection.execute(insert(ACCOUNT).values(user=account.user, **_columns(account)))

        self._store.write(work)

    def account(self, user: str) -> Account | None:
        """The account of that name."""
        return self._store.read(lambda connection: _account(connection, user))

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, by name."""
        query = select(ACCOUNT).order_by(ACCOUNT.c.user)
        found = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(map(_to_account, found))

    def change(self, user: str, to: Callable[[Account], Account]) -> Account | None:
        """The account is what `to` made of it, and what it was before; None if there is none."""

        def work(connection: Connection) -> Account | None:
            before = _account(connection, user, lock=True)
            if before is None:
                return None
            after = replace(to(before), user=before.user, party=before.party)
            connection.execute(
                update(ACCOUNT).where(ACCOUNT.c.user == user).values(**_columns(after))
            )
            if after.verifier != before.verifier:
                connection.execute(delete(SESSION).where(SESSION.c.user == user))
            return before

        return self._store.write(work)

    def open_session(self, session: Session) -> None:
        """The session is open; those that were not used since the day before are forgotten."""

        def work(connection: Connection) -> None:
            connection.execute(delete(SESSION).where(SESSION.c.used < session.used - DAY_SECONDS))
            connection.execute(
                insert(SESSION).values(
                    digest=session.digest,
                    user=session.user,
                    credential=from_serial(session.credential),
                    opened=session.opened,
                    used=session.used,
                )
            )

        self._store.write(work)

    def session(self, digest: bytes) -> Session | None:
        """The open session of that token."""
        query = select(SESSION).where(SESSION.c.digest == digest)
        row = self._store.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            return None
        return Session(
            digest=bytes(row.digest),
            user=row.user,
            credential=to_serial(bytes(row.credential)),
            opened=row.opened,
            used=row.used,
        )

    def use_session(self, digest: bytes, at: int) -> None:
        """The session was last used at `at`."""
        self._write(update(SESSION).where(SESSION.c.digest == digest).values(used=at))

    def end_session(self, digest: bytes) -> None:
        """No session has that token."""
        self._write(delete(SESSION).where(SESSION.c.digest == digest))

    def _write(self, statement: Any) -> None:
        self._store.write(lambda connection: connection.execute(statement) and None)


def _account(connection: Connection, user: str, *, lock: bool = False) -> Account | None:
    query = select(ACCOUNT).where(ACCOUNT.c.user == user)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _to_account(row)


def _to_account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        user=row.user,
        party=row.party,
        verifier=row.verifier,
        must_change=row.must_change,
        wrong=tuple(map(int, row.wrong.split())),
    )


def _columns(account: Account) -> dict[str, object]:
    return {
        "party": account.party,
        "verifier": account.verifier,
        "must_change": account.must_change,
        "wrong": " ".join(map(str, account.wrong)),
    }

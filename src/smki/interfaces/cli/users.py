"""`smki user`: users of the repository's pages, each of a party; for the registration authority."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.access import portal_access
from smki.flows.access import PortalAccess
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.cli.party_apikeys import instant
from smki.policy.lockout import locked_until


@click.group(
    cls=WholeSentences, short_help="Users of the repository's pages: add, reset, unlock, list."
)
def user() -> None:
    """Users of the repository's pages. Their officer's credential is needed beside the password."""


@user.command
@click.argument("name")
@click.option("--party", required=True, metavar="NAME", help="The party it belongs to.")
@json_option
def add(name: str, *, party: str, as_json: bool) -> None:
    """Add the user NAME, and print the first password, this once.

    Lower-case letters, digits, full stops and hyphens. The first log-in asks for another password.
    """
    _given(name, lambda access: access.add(party, name), as_json=as_json)


@user.command
@click.argument("name")
@json_option
def reset(name: str, *, as_json: bool) -> None:
    """Give the user NAME a new first password, and print it; whoever is logged in is logged out."""
    _given(name, lambda access: access.reset(name), as_json=as_json)


@user.command
@click.argument("name")
@json_option
def unlock(name: str, *, as_json: bool) -> None:
    """Unlock the user NAME, once the identity of whoever asks for it has been checked."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        portal_access(front).unlock(name)
    emit({"user": name}, (f"{name} is not locked; the password is as it was",), as_json=as_json)


@user.command("list")
@json_option
def list_users(*, as_json: bool) -> None:
    """List the users and their parties, and who of them is locked out."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found, now = front.accounts.accounts(), int(front.clock.now().timestamp())
    users: list[dict[str, Any]] = [
        {
            "user": one.user,
            "party": one.party,
            "must_change": one.must_change,
            "locked_until": None if until is None else instant(until),
        }
        for one in found
        for until in (locked_until(one.wrong, now),)
    ]
    lines = [*map(_line, users), "next: 'smki user add NAME --party PARTY' for another"]
    emit({"users": users}, lines, as_json=as_json)


def _line(one: Mapping[str, Any]) -> str:
    line = f"{one['user']}  of {one['party']}"
    if one["must_change"]:
        line += ", has a first password still"
    return line if one["locked_until"] is None else f"{line}, locked until {one['locked_until']}"


def _given(name: str, how: Callable[[PortalAccess], str], *, as_json: bool) -> None:
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        password = how(portal_access(front))
    if not as_json:
        tell(f"the first password of {name}; it is kept nowhere, and cannot be shown again:")
    emit({"user": name, "password": password}, (password,), as_json=as_json)

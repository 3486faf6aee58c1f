"""`smki party apikey` and `apikeys`: the keys by which the repository's web service knows a party."""

import os
from datetime import UTC, datetime
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.apikeys import OPERATOR, ShownKey, new_apikey, revoke_apikey, shown_keys
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.cli.registered import registered_party


@click.command
@click.argument("name")
@click.option("--revoke", metavar="KEY", help="End a key at once instead, as 'apikeys' names it.")
@json_option
def apikey(name: str, *, revoke: str | None, as_json: bool) -> None:
    """Give a party a new API key for the repository web service, and print it.

    It is printed this once: only its SHA-256 is kept. The party's earlier keys stay good for a
    while, as the configuration says (access, apikey_overlap_hours), so that no system stops in
    between; the published key of the sample supplier stays good.
    """
    if revoke is not None:
        _revoke(name, revoke, as_json=as_json)
        return
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        made = new_apikey(front, name, OPERATOR)
    document = {
        "party": name,
        "apikey": made.secret,
        "key": made.name,
        "earlier_end": None if made.earlier_end is None else instant(made.earlier_end),
    }
    if not as_json:
        tell(f"API key {made.name} of {name}; it is kept nowhere, and cannot be shown again:")
        if made.earlier_end is not None:
            tell(f"the earlier ones end at {instant(made.earlier_end)}")
    emit(document, (made.secret,), as_json=as_json)


def _revoke(name: str, revoked: str, *, as_json: bool) -> None:
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        key = revoke_apikey(front, name, revoked, OPERATOR)
    lines = (
        f"{name}: API key {key.name} opens nothing any more",
        f"next: 'smki party apikey {name}' makes another",
    )
    emit({"party": name, "key": key.name, "revoked": True}, lines, as_json=as_json)


@click.command
@click.argument("name")
@json_option
def apikeys(name: str, *, as_json: bool) -> None:
    """List all API keys that a party ever had: who made each when, and until when it is good."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = shown_keys(front, registered_party(front, name).party)
    lines = [*map(apikey_line, found), f"next: 'smki party apikey {name}' makes a new one"]
    emit({"party": name, "apikeys": list(map(apikey_fields, found))}, lines, as_json=as_json)


def apikey_fields(shown: ShownKey) -> dict[str, Any]:
    """The key as `--json` shows it."""
    key = shown.key
    return {
        "key": key.name,
        "standing": shown.standing.value,
        "made": None if key.made_at is None else instant(key.made_at),
        "made_by": key.made_by or None,
        "fixed": key.fixed,
        "ends": None if key.ends_at is None else instant(key.ends_at),
        "ended_by": key.ended_by or None,
    }


def apikey_line(shown: ShownKey) -> str:
    """The key for people."""
    key = shown.key
    line = f"{key.name} {shown.standing.value}"
    if key.made_at is not None:
        line += f", made {instant(key.made_at)} by {key.made_by}"
    if key.ends_at is not None:
        line += f", end {instant(key.ends_at)} by {key.ended_by}"
    return f"{line}, published: clients send it as it is" if key.fixed else line


def instant(seconds: int) -> str:
    """The instant so many seconds after 1970, for people and programs."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"

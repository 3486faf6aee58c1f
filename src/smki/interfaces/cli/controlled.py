"""Commands of `smki document` for documents of the register: routes, standing, lodging what is approved.

Whoever runs them has the state directory; what is shown is shown as one reader sees it all the same.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.approved_documents import (
    Tied,
    directions_to_lodge,
    lodging_decision,
    lodging_statement,
    tie,
)
from smki.flows.documents import DOCUMENT_MAX_OCTETS
from smki.flows.falling import falls_with
from smki.flows.office import FrontOffice
from smki.flows.reading_register import Reading
from smki.flows.statements import said
from smki.governance import encode_decision, explain, parse_decision
from smki.governance.effects import version_effect
from smki.governance.entities import Key, Kind
from smki.governance.entities.documents import DocumentVersion
from smki.governance.progress import awaited, progress
from smki.governance.routes import ROUTES
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.cli.register import reader_named
from smki.interfaces.operations import perform
from smki.merkle.canonical import encode_json
from smki.terms import Malformed, Refused

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_INSTANT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
_FALLING: Final = (Kind.RESOLUTION.value, Kind.VERSION.value)
_for_option = click.option("--for", "person", metavar="PERSON", help="As that person sees it.")
_public_option = click.option("--public", is_flag=True, help="As it is published.")


@click.command
@json_option
def routes(*, as_json: bool) -> None:
    """Show which way each kind of document takes to its approval, and which rows are ours."""
    rows = [
        {
            "kind": kind.value,
            "steps": [
                {"place": step.place, "act": step.act.value, "by": step.by.value}
                for step in route.steps
            ],
            "known": route.known,
            "clause": route.clause,
        }
        for kind, route in ROUTES.items()
    ]
    lines = [
        f"{kind.value}: {', then '.join(_places(kind.value))}"
        f" ({route.clause}{'' if route.known else ', ours'})"
        for kind, route in ROUTES.items()
    ]
    emit({"routes": rows}, lines, as_json=as_json)


@click.command
@click.argument("version")
@click.option("--on", "day", type=_DAY, help="That day; today if not given.")
@_for_option
@_public_option
@json_option
def standing(
    version: str, *, day: datetime | None, person: str | None, public: bool, as_json: bool
) -> None:
    """Show whether VERSION of the register is in force, why or why not, and what its route lacks."""
    on = (day or datetime.now(UTC)).date()
    with reporting(as_json=as_json), _reading(person, public=public) as (_, reading):
        found = reading.get(Key(Kind.VERSION, version))
        if not isinstance(found, DocumentVersion):
            message = f"version {version}: is not there"
            raise Refused(message, where="VERSION", rule="register.unknown")
        effect, far = version_effect(found, reading, on), progress(found, reading)
        following = awaited(found, reading)
    shown: dict[str, Any] = {
        "version": version,
        "on": on.isoformat(),
        "standing": effect.stand.value,
        "reasons": list(effect.reasons),
        "remarks": list(effect.remarks),
        "done": [{"step": str(one.step), "by": str(one.by)} for one in far.done],
        "next": [str(one) for one in following],
        "entry": found.entry,
    }
    lines = [f"{version} is {effect.stand.value} on {on}"]
    lines += [f"  {one}" for one in (*effect.reasons, *effect.remarks)]
    lines += [f"  done: {one['step']} ({one['by']})" for one in shown["done"]]
    lines += [f"  next: {one}" for one in shown["next"]]
    emit(shown, lines, as_json=as_json)


@click.command
@click.argument("version")
@click.option("--directed", is_flag=True, help="The DCC is to lodge it, by direction.")
@click.option("--expiry", required=True, type=_INSTANT, help="Until when it permits.")
@click.option("--out", required=True, metavar="FILE", help="A new file; - for stdout.")
@json_option
def decide(version: str, *, directed: bool, expiry: datetime, out: str, as_json: bool) -> None:
    """Write the decision file under which VERSION of the register may be lodged, to be signed.

    It is made from the resolution that approved it; VERSION must be in force, White, with its file.
    """
    with reporting(as_json=as_json):
        with open_front(load_settings(os.environ)) as front:
            decision = lodging_decision(
                front,
                version,
                directed=directed,
                start=datetime.now(UTC).replace(microsecond=0),
                expiry=expiry.replace(tzinfo=UTC),
            )
        with output_file(out) as write:
            write(encode_decision(decision))
    if out != "-":
        lines = (*explain(decision), f"next: 'smki governance sign {out}' by each officer")
        emit({"id": decision.id, "file": out}, lines, as_json=as_json)


@click.command("lodge-version")
@click.argument("version")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--decision", default="", metavar="ID|FILE", help="The recorded decision.")
@certificate_option
@key_option
@json_option
def lodge_version(
    version: str, file: Path, *, decision: str, certificate: str, key: str, as_json: bool
) -> None:
    """Lodge VERSION of the register: FILE must be what was approved, octet for octet.

    CERT and KEY are those of the officer who lodges it. The version then names its entry, and
    directions to lodge it are fulfilled.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json):
        content = read_input(str(file), limit=DOCUMENT_MAX_OCTETS)
        under = parse_decision(Path(decision).read_bytes()).id if _is_file(decision) else decision
        with open_front(settings) as front:
            asked = lodging_statement(front, version, content, file=file.name, decision=under)
        signature = detached(encode_json(asked), certificate, key)
        wanted = {"path": str(file.absolute()), "asked": said(asked, signature)}
        perform(settings, os.environ, "lodge-document", wanted)
        with open_front(settings) as front:
            tied = tie(front, version)
    _emit_tied(tied, as_json=as_json)


@click.command("tie")
@click.argument("version")
@json_option
def tie_version(version: str, *, as_json: bool) -> None:
    """Note in the register in which entry VERSION lies, if it was lodged elsewhere."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        tied = tie(front, version)
    _emit_tied(tied, as_json=as_json)


@click.command("to-lodge")
@_for_option
@_public_option
@json_option
def to_lodge(*, person: str | None, public: bool, as_json: bool) -> None:
    """Show the register's directions to lodge, which are fulfilled, and which are late."""
    with reporting(as_json=as_json), _reading(person, public=public) as (front, reading):
        found = tuple(directions_to_lodge(front, reading))
    rows = [
        {
            "ref": one.direction.ref,
            "version": one.direction.version,
            "to": one.direction.to,
            "due": _day(one.direction.due),
            "recorded": one.recorded,
            "fulfilled": one.fulfilled,
            "late": one.late,
        }
        for one in found
    ]
    lines = [_directed(row) for row in rows] or ["the register directs nothing to be lodged"]
    emit({"directions": rows}, lines, as_json=as_json)


@click.command("falls")
@click.argument("ref")
@click.option("--kind", type=click.Choice(_FALLING), default=_FALLING[0], show_default=True)
@_for_option
@_public_option
@json_option
def falls(ref: str, *, kind: str, person: str | None, public: bool, as_json: bool) -> None:
    """Show what falls if the resolution or version REF fails: all that rests on it."""
    with reporting(as_json=as_json), _reading(person, public=public) as (_, reading):
        found = falls_with(reading, Key(Kind(kind), ref))
    lines = [str(one) for one in found] or [f"nothing rests on {kind} {ref}"]
    rows = [{"kind": one.kind.value, "ref": one.ref} for one in found]
    emit({"falls": rows}, lines, as_json=as_json)


COMMANDS: Final = (routes, standing, decide, lodge_version, tie_version, to_lodge, falls)
"""What `smki document` has of these."""


@contextmanager
def _reading(person: str | None, *, public: bool) -> Iterator[tuple[FrontOffice, Reading]]:
    """The house, and the register as that reader sees it; what was shown is noted.

    Raises:
        Malformed: no reader is said, or two.
        Refused: there is no such person.
    """
    if bool(person) == public:
        raise Malformed("reader: must be one, --for PERSON or --public", where="--for")
    with open_front(load_settings(os.environ)) as front:
        reading = reader_named(front.proceedings, person)
        yield front, reading
        reading.note()


def _places(kind: str) -> Iterable[str]:
    route = next(route for one, route in ROUTES.items() if one.value == kind)
    for place in dict.fromkeys(one.place for one in route.steps):
        yield " and ".join(str(one) for one in route.steps if one.place == place)


def _emit_tied(tied: Tied, *, as_json: bool) -> None:
    version = tied.version
    lines = [f"{version.ref} is entry {version.entry} of the record"]
    lines += [f"direction {one} is fulfilled" for one in tied.fulfilled]
    lines.append(
        f"next: 'smki repository prove' or 'smki document standing {version.ref} --public'"
    )
    shown = {"version": version.ref, "entry": version.entry, "fulfilled": list(tied.fulfilled)}
    emit(shown, lines, as_json=as_json)


def _directed(row: dict[str, Any]) -> str:
    far = f"entry {row['fulfilled']}" if row["fulfilled"] is not None else "waiting"
    due = f", due {row['due']}" if row["due"] else ""
    return f"{row['ref']}: {row['version']} by {row['to']}{due}: {far}{' (late)' * row['late']}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _is_file(text: str) -> bool:
    return bool(text) and Path(text).is_file()

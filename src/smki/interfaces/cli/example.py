"""`smki governance example`: a year of fictitious bodies comes into the register."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from cryptography import x509

from smki.adapters.files import read_octets
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.example_year import Chapter, example_year, whole_year
from smki.flows.importing_register import Imported, bring_in
from smki.flows.keeping import all_of
from smki.governance.entities import Kind
from smki.governance.entities.bodies import Person
from smki.governance.looking import look
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.ports.register import Register
from smki.terms import Malformed

# Whom the sample officers are, if no other credentials are said.
_OFFICERS: Final = (("pma-secretary", "supplier"), ("pma-chair", "dcc"))


@click.command("example")
@click.option(
    "--credential",
    "credentials",
    multiple=True,
    metavar="PERSON=FILE",
    help="Whose portal certificate (PEM) this is; several times.",
)
@json_option
def example(*, credentials: Sequence[str], as_json: bool) -> None:
    """Bring a worked example into the register: a year of fictitious bodies.

    A policy authority, a testing group, a security and an architecture committee, a panel and a
    funding board, with their papers, minutes, decisions and actions. Roles, no real people. The
    sample officers become its secretary (of the sample supplier) and its chair (of the sample DCC),
    unless other credentials are given. Brought in again, nothing changes but credentials that are
    said: what was done in the register meanwhile stays.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        said = dict(map(_said, credentials)) if credentials else _samples(settings)
        told: Mapping[str, tuple[str, ...]] = {
            person: (_serial(path),) for person, path in said.items()
        }
        held = _held(front.proceedings)
        serials = {**held, **told} if credentials else {**told, **held}
        found = bring_in_year(front.proceedings, example_year(serials))
    count = len({one.key for one in found.entities})
    what = f"{count} put" if count else "all of it stood there already"
    lines = (
        f"the example year is in the register: {what}, entry {found.head.number}",
        *(f"{person} comes with {path}" for person, path in said.items()),
        "next: 'smki governance register list meeting --for pma-secretary'",
    )
    persons = {person: str(path) for person, path in said.items()}
    fields = {"entry": found.head.number, "put": count, "credentials": persons}
    emit(fields, lines, as_json=as_json)


def bring_in_year(register: Register, chapters: Sequence[Chapter]) -> Imported:
    """The year stands in the register: chapter by chapter if that is empty, else what was cut off.

    Where all of it came in before, credentials alone are put: the rest is as people left it.

    Raises:
        Refused: what stands there goes against it.
        Unavailable: the database is away.
    """
    wanted = chapters
    if register.head().number:
        people = _credentials(register, chapters)
        wanted = people if _is_whole(register, chapters) else (whole_year(chapters),)
    done: list[Imported] = []
    for one in wanted:
        at = datetime.now(UTC).replace(microsecond=0)
        done.append(bring_in(register, one.meetings, one.tables, at=at, said=one.said))
    entities = tuple(each for one in done for each in one.entities)
    return Imported(head=done[-1].head, entities=entities)


def _is_whole(register: Register, chapters: Sequence[Chapter]) -> bool:
    """Whether the last chapter came in, before which all others did."""
    return all(register.get(one.key) is not None for one in chapters[-1].tables)


def _credentials(register: Register, chapters: Sequence[Chapter]) -> tuple[Chapter]:
    """The people as they stand, with the credentials that the year gives them."""
    named = {
        one.ref: one.credentials
        for chapter in chapters
        for one in chapter.tables
        if isinstance(one, Person) and one.credentials
    }
    stand = (look(register, Person, ref) for ref in named)
    people = tuple(replace(one, credentials=named[one.ref]) for one in stand if one is not None)
    return (Chapter(said="credentials of people of the example year", tables=people),)


def _held(register: Register) -> Mapping[str, tuple[str, ...]]:
    """The credentials that people of the register have."""
    people = (one for one in all_of(register, Kind.PERSON) if isinstance(one, Person))
    return {one.ref: one.credentials for one in people if one.credentials}


def _said(text: str) -> tuple[str, Path]:
    person, mark, path = text.partition("=")
    if not (person and mark and path):
        raise Malformed(f"--credential {text!r}, must be PERSON=FILE", where="--credential")
    return person, Path(path)


def _samples(settings: Settings) -> dict[str, Path]:
    """The sample officers, as far as there are such."""
    found = {person: settings.path("parties") / party / "portal.pem" for person, party in _OFFICERS}
    return {person: path for person, path in found.items() if path.exists()}


def _serial(path: Path) -> str:
    """The serial number as a person's credentials have it: 40 hexadecimal digits.

    Raises:
        Malformed: no certificate.
        Unavailable: the file cannot be read.
    """
    try:
        return f"{x509.load_pem_x509_certificate(read_octets(path)).serial_number:040x}"
    except ValueError as error:
        raise Malformed(f"{path}: {error}, must be a certificate, PEM", where=str(path)) from error

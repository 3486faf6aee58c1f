"""`smki clause ID`: what a clause asks, where it is done, how it is tested, what is left out.

Where there is an SMKI in the state directory, the interpretations that its authority published, too.
"""

import os
from collections.abc import Iterable
from importlib import import_module, resources
from pathlib import Path

import click

from smki.clauses import DOCUMENTS, Clause, claims_from_json, find
from smki.clauses.report import places
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.terms import Inconsistent, Malformed, Unavailable


@click.command(short_help="What a clause asks, and where that is done.")
@click.argument("identifier", metavar="ID")
@json_option
def clause(identifier: str, *, as_json: bool) -> None:
    """Show what a clause asks, where it is done, how it is tested and what is left out.

    Where an SMKI is in the state directory, interpretations of the clause that its policy authority
    has published are shown, too. ID is a document and a place in it: sec:L3.16, sec-app-m:2.3.1.7, rfc5280:4.2.1.3. A lettered
    paragraph may be written with a dot: sec:L10.4.b is sec:L10.4(b).
    """
    with reporting(as_json=as_json):
        found = find(identifier)
        shown = describe(found)
        shown["interpretations"] = agreed = _agreed(found)
        emit(shown, (*_lines(shown), *_readings(agreed)), as_json=as_json)


def describe(found: Clause) -> dict[str, object]:
    """The clause and the places that claim it, as `--json` shows them.

    Raises:
        Inconsistent: the package's claims are missing or not of the generated form.
    """
    try:
        text = resources.files("smki.clauses").joinpath("claims.json").read_text(encoding="utf-8")
        claims = claims_from_json(text)
    except (OSError, Malformed) as problem:
        message = "the package's claims cannot be read, expected the generated file: reinstall"
        raise Inconsistent(message, where="claims.json") from problem
    document = next(document for document in DOCUMENTS if document.id == found.document)
    return {
        "id": found.id,
        "title": found.title,
        "document": document.title,
        "version": document.version,
        "summary": found.summary,
        "who": found.who,
        "status": found.status.value,
        "left_out": found.note,
        "code": list(places(found, claims.code)),
        "tests": list(places(found, claims.tests)),
    }


def _agreed(found: Clause) -> list[dict[str, object]]:
    """What the authority of this house published about the clause; nothing where there is no house.

    Imported here: without an SMKI the command needs none of it, and starts at once.
    """
    if not (Path(os.environ.get("SMKI_STATE") or "var") / "smki.toml").is_file():
        return []
    published = import_module("smki.interfaces.cli.clause_interpretations").published
    try:
        agreed: list[dict[str, object]] = published(os.environ, found.id)
    except Unavailable as problem:
        tell(f"interpretations of the policy authority cannot be read: {problem.message}")
        return []
    return agreed


def _readings(agreed: Iterable[dict[str, object]]) -> Iterable[str]:
    for one in agreed:
        yield ""
        yield f"Interpretation {one['ref']}, published {one['published']}: {one['heading']}"
        yield f"  {one['text']}"


def _lines(shown: dict[str, object]) -> Iterable[str]:
    yield f"{shown['id']}  {shown['title']}"
    yield f"{shown['document']} ({shown['version']})"
    yield ""
    yield str(shown["summary"])
    yield f"Who must act: {shown['who']}. Status: {shown['status']}."
    yield ""
    yield _listed("Where it is done", shown["code"])
    yield _listed("How it is tested", shown["tests"])
    yield f"What is left out: {shown['left_out'] or 'nothing'}"


def _listed(heading: str, found: object) -> str:
    rows = found if isinstance(found, list) else []
    return f"{heading}:" + ("".join(f"\n  {row}" for row in rows) or " nowhere yet")

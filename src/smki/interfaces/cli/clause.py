"""`smki clause ID`: what a clause asks, where it is done, how it is tested, what is left out."""

import json
from importlib import resources
from typing import Final

import click

from smki.clauses import DOCUMENTS, Clause, claims_from_json, find
from smki.clauses.report import places
from smki.terms import Inconsistent, Malformed, SmkiError

EXIT_CODES: Final = {"refused": 1, "malformed": 1, "unavailable": 3, "inconsistent": 4}


@click.command
@click.argument("identifier", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
def clause(context: click.Context, identifier: str, *, as_json: bool) -> None:
    """Show what a clause asks, where it is done, how it is tested and what is left out.

    ID is a document and a place in it: sec:L3.16, sec-app-m:2.3.1.7, rfc5280:4.2.1.3. A lettered
    paragraph may be written with a dot: sec:L10.4.b is sec:L10.4(b).
    """
    try:
        shown = describe(find(identifier))
    except SmkiError as error:
        _complain(error, as_json=as_json)
        context.exit(EXIT_CODES[error.family])
    click.echo(json.dumps(shown, ensure_ascii=False, indent=2) if as_json else _lines(shown))


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


def _lines(shown: dict[str, object]) -> str:
    code = _listed("Where it is done", shown["code"])
    tests = _listed("How it is tested", shown["tests"])
    note = shown["left_out"] or "nothing"
    return (
        f"{shown['id']}  {shown['title']}\n"
        f"{shown['document']} ({shown['version']})\n\n"
        f"{shown['summary']}\nWho must act: {shown['who']}. Status: {shown['status']}.\n\n"
        f"{code}\n{tests}\nWhat is left out: {note}"
    )


def _listed(heading: str, found: object) -> str:
    rows = found if isinstance(found, list) else []
    return f"{heading}:" + ("".join(f"\n  {row}" for row in rows) or " nowhere yet")


def _complain(error: SmkiError, *, as_json: bool) -> None:
    if as_json:
        fields = {key: getattr(error, key) for key in ("family", "message", "clause", "where")}
        click.echo(json.dumps({"error": fields}, ensure_ascii=False))
    else:
        click.echo(f"Error: {error}", err=True)

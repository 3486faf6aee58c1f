"""`smki repository audit`: every octet of the record, its index, and what was lodged past the rules.

Reads beside a running server; changes and repairs nothing.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import click

from smki.adapters.helpers import rare_garbage_collection
from smki.adapters.record import AuditProgress, Problem
from smki.adapters.record import audit as audit_record
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.auditing import Auditing, open_auditing
from smki.bootstrap.opening import open_confidential
from smki.flows.confiding import Removal
from smki.flows.examining import examine_lodged
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.progress import Told, progress_bar
from smki.repository import IndexProgress, audit_roots, compare_index
from smki.terms import Inconsistent, Malformed, Unavailable

PROBLEMS_SHOWN: Final = 1_000  # beyond that the index is not damaged but another one


@click.command
@json_option
@click.pass_context
def audit(context: click.Context, *, as_json: bool) -> None:
    """Re-read every octet of the record, and compare the index with it.

    The verifiable index by EUI-64 is made anew, and each of its roots that was lodged compared.
    Documents lodged past the rules and confidential content that is missing are problems; what was
    removed by decision is told. Works beside a running server, changes and repairs nothing. Exit
    code 1 if there is a problem.
    """
    settings = load_settings(os.environ)
    with (
        reporting(as_json=as_json),
        rare_garbage_collection(),  # a third of the time otherwise
        open_front(settings) as front,
        open_auditing(settings) as auditing,
    ):
        with progress_bar("record") as told:
            problems, entries = _audit_record(settings, auditing, told)
        damaged = bool(problems)
        with progress_bar("index") as told:
            found, stopped = _gathered(
                compare_index(
                    front.reader, front.index, front.describe, _steps(told), auditing.index
                )
            )
        with progress_bar("roots of the verifiable index") as told:
            lies, stopped_too = _gathered(
                audit_roots(front.reader, auditing.shelves, auditing.roots, _steps(told))
            )
        problems += found + lies
        # That a damaged record cannot be compared with is no news; anything else that stops it is.
        problems += [] if damaged else stopped + stopped_too
        # What a damaged index says of documents would be noise beside what is wrong with it.
        lodged = () if problems else examine_lodged(front, open_confidential(settings))
        removed = [one for one in _breaches(lodged, problems) if isinstance(one, Removal)]
        covered = front.index.size()
    document = {
        "entries": entries,
        "indexed": covered,
        "problems": problems,
        "removed": [_removal_fields(one) for one in removed],
    }
    lines = _audit_lines(entries, covered, problems)
    emit(document, (*map(_removal_line, removed), *lines), as_json=as_json)
    context.exit(1 if problems else 0)


def _breaches(found: Iterable[str | Removal], problems: list[str]) -> Iterator[str | Removal]:
    """What was found; the sentences among it are problems too."""
    for one in found:
        if isinstance(one, str):
            problems.append(one)
        yield one


def _removal_fields(removal: Removal) -> dict[str, Any]:
    return {
        "entry": removal.entry,
        "tombstone": removal.tombstone,
        "decision": removal.decision,
        "officer": removal.officer.name,
    }


def _removal_line(removal: Removal) -> str:
    return (
        f"removed: the content of entry {removal.entry}, under decision {removal.decision},"
        f" by {removal.officer.name}; entry {removal.tombstone}"
    )


def _audit_record(settings: Settings, auditing: Auditing, told: Told) -> tuple[list[str], int]:
    problems: list[str] = []
    entries = 0
    for found in audit_record(settings.path("record"), settings.log_vkey, auditing.record):
        match found:
            case Problem(file=file, message=message):
                problems.append(f"{file}: {message}")
            case AuditProgress(done=entries, total=total):
                told(entries, total)
    return problems, entries


def _steps(told: Told) -> Callable[[IndexProgress], None]:
    return lambda progress: told(progress.done, progress.total)


def _gathered(differences: Iterator[str]) -> tuple[list[str], list[str]]:
    """The differences, and what stopped the comparison if something did."""
    problems: list[str] = []
    try:
        problems.extend(islice(differences, PROBLEMS_SHOWN))
        if next(differences, None) is not None:
            problems.append(f"index: more than {PROBLEMS_SHOWN} differences, the rest is not shown")
    except (Inconsistent, Malformed, Unavailable) as error:
        return problems, [f"index: comparison stopped, {error}"]
    return problems, []


def _audit_lines(entries: int, covered: int, problems: list[str]) -> Iterator[str]:
    yield from (f"problem: {problem}" for problem in problems)
    if problems:
        yield f"{len(problems)} problems in {entries} entries re-read"
        yield _next(problems)
        return
    yield f"no problems: {entries} entries re-read, the index agrees on {min(covered, entries)}"
    if covered < entries:
        yield "the index covers the rest as soon as a server runs"
    yield "next: 'smki repository checkpoint' prints what was audited, to be kept"


def _next(problems: list[str]) -> str:
    """What one usually does about these."""
    if all(problem.startswith("index:") for problem in problems):
        return "the record is whole; next: stop the server and run 'smki repository reindex'"
    if all(problem.startswith(("index:", "index root:")) for problem in problems):
        return (
            "a root that lies stays in the record, a breach for anyone to see; next: stop the server"
            " and run 'smki repository reindex', so that the next root says the truth"
        )
    return (
        "next: stop and keep every file as it is; what was changed can be taken from a mirror,"
        " which 'smki mirror' proves"
    )

"""`smki recovery correct` and `smki recovery lodge`: later versions of a report, and their lodging."""

import os
from datetime import UTC, datetime
from typing import Final

import click

from smki.bootstrap import Settings, load_settings, open_front
from smki.flows.recovery_pieces import report_entry
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.recovery_lodging import lodge_report
from smki.interfaces.recovery_verifying import verify_report
from smki.recovery.correcting import Correction, corrected
from smki.recovery.report import REPORT_MAX, Report, Residual, encode_report, parse_report
from smki.terms import Malformed, Refused

_SEPARATOR: Final = "|"


@click.command(short_help="Make the next version of a report.")
@click.argument("report")
@click.option("--out", required=True, metavar="OUT", help="The next version; must not be there.")
@click.option("--not-assured", multiple=True, metavar="TEXT", help="What it does not assure.")
@click.option("--lesson", multiple=True, metavar="TEXT", help="What was learnt since.")
@click.option(
    "--residual", multiple=True, metavar="WHAT|OWNER|DEVICES", help="What is left, and whose it is."
)
@click.option("--approach", default="", metavar="VERSION", help="The version that was followed.")
@json_option
def correct(
    report: str,
    *,
    out: str,
    not_assured: tuple[str, ...],
    lesson: tuple[str, ...],
    residual: tuple[str, ...],
    approach: str,
    as_json: bool,
) -> None:
    """Make the next version of REPORT, a file that is in the record: it names the one it supersedes.

    What was counted stays as it is; people's words are added. Lodge it with 'smki recovery lodge'.
    """
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        octets = read_input(report, limit=REPORT_MAX)
        correction = Correction(
            not_assured=not_assured,
            lessons=lesson,
            residuals=tuple(map(_residual, residual)),
            approach=approach,
        )
        if correction == Correction():
            raise Malformed(
                "report: nothing is added, must be: --lesson, --not-assured, --residual or --approach"
            )
        made = _next(settings, octets, correction)
        with output_file(out) as write:
            write(encode_report(made))
    emit(
        {"out": out, "version": made.version, "supersedes": parse_report(octets).version},
        (f"{out}: version {made.version}", f"next: smki recovery lodge {out}"),
        as_json=as_json,
    )


@click.command(short_help="Lodge a report whose evidence is lodged.")
@click.argument("report")
@json_option
def lodge(report: str, *, as_json: bool) -> None:
    """Lodge REPORT, a file: it is verified first. Lodged again, nothing changes."""
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        octets = read_input(report, limit=REPORT_MAX)
        _must_be_right(settings, octets)
        entry = lodge_report(settings, os.environ, parse_report(octets))
    emit(
        {"entry": entry, "version": parse_report(octets).version},
        (f"{report}: entry {entry} of the record", f"next: smki recovery verify {report}"),
        as_json=as_json,
    )


def _next(settings: Settings, octets: bytes, correction: Correction) -> Report:
    with open_front(settings) as front:
        entry = report_entry(front.reader, octets)
    if entry is None:
        raise Refused(
            "report: is not in the record, must be before another version supersedes it",
            where="report",
            clause="sec:L10",
            rule="recovery.report",
        )
    made = corrected(parse_report(octets), entry, correction, datetime.now(UTC))
    return parse_report(encode_report(made))


def _must_be_right(settings: Settings, octets: bytes) -> None:
    """Raises: Refused: something but that it is not lodged yet."""
    done, total = 0, parse_report(octets).figures.devices
    with open_front(settings) as front, progress_bar("devices") as told:

        def add(more: int) -> None:
            nonlocal done
            done += more
            told(done, total)

        found = verify_report(octets, front.reader, add)
    problems = found.problems if found.entry is not None else found.problems[1:]
    if problems:
        raise Refused(
            f"report: {len(problems)} things are wrong, the first is: {problems[0]}",
            where="report",
            clause="sec:L10",
            rule="recovery.report",
        )


def _residual(text: str) -> Residual:
    parts = [part.strip() for part in text.split(_SEPARATOR)]
    if len(parts) != 3 or not parts[2].isdigit():
        raise Malformed(
            f"residual: {text[:80]!r}, must be WHAT|OWNER|DEVICES, the last a number",
            where="--residual",
        )
    what, owner, devices = parts
    return Residual(what=what, owner=owner, devices=int(devices))

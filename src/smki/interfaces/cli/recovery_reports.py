"""`smki recovery verify` and `smki recovery show`: what a recovery left behind, believed and read."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256

import click

from smki.adapters.addresses import files_at
from smki.adapters.record import FileRecordReader
from smki.bootstrap import load_settings
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.recovery_defects import defects_of
from smki.interfaces.recovery_verifying import Verified, verify_report
from smki.recovery.evidence import Defect
from smki.recovery.report import REPORT_MAX, Criterion, Report, parse_report
from smki.recovery.report_text import defect_lines, markdown, summary
from smki.terms import Malformed, Method, Refused, Unavailable

_record_option = click.option(
    "--record", metavar="PLACE", help="The record, or a copy of it: a folder, or an address."
)
_key_option = click.option(
    "--key", metavar="VKEY", help="The log's public key, as 'smki status' prints it."
)


@click.command(short_help="Verify a report against the record alone.")
@click.argument("report")
@_record_option
@_key_option
@json_option
@click.pass_context
def verify(
    context: click.Context, report: str, *, record: str | None, key: str | None, as_json: bool
) -> None:
    """Verify REPORT, a file, against the record: no database and no SMKI are needed.

    The report and every piece of its evidence are proven to be entries of the record. Ceremonies
    are replayed, decisions and inspections believed by their signatures, each command and each
    response by the key it must be of; then every figure and criterion of the report is made again.
    What is wrong is named: exit code 1. A report that says rightly that a criterion was not met is
    right.
    """
    with reporting(as_json=as_json):
        octets = read_input(report, limit=REPORT_MAX)
        devices = parse_report(octets).figures.devices
        settings = load_settings(os.environ)
        believed = key or settings.log_vkey
        if not believed:
            raise Malformed(
                "key: none was given, must be the public key of the record's log: 'smki status --json'"
                " of its SMKI shows it (vkey)",
                where="--key",
            )
        begun = time.perf_counter()
        with (
            progress_bar("devices") as told,
            files_at(record or str(settings.path("record"))) as files,
        ):
            reader = FileRecordReader(files, believed, copied=record is not None)
            found = verify_report(octets, reader, _adding(told, devices))
        seconds = time.perf_counter() - begun
    emit(_fields(found, seconds), _lines(found), as_json=as_json)
    context.exit(1 if found.problems else 0)


@click.command(short_help="Show a report.")
@click.argument("report")
@click.option("--markdown", "page", metavar="OUT", help="Also write it as a page in Markdown.")
@_record_option
@_key_option
@json_option
def show(
    report: str, *, page: str | None, record: str | None, key: str | None, as_json: bool
) -> None:
    """Show REPORT, a file, in words. Nothing of it is believed: 'smki recovery verify' does that.

    What its defects are is read from the record, where there is one.
    """
    with reporting(as_json=as_json):
        found = parse_report(read_input(report, limit=REPORT_MAX))
        defects = _defects(found, record, key)
        if page is not None:
            with output_file(page) as write:
                write(markdown(found, defects).encode())
    fields = [asdict(one) for one in defects] or [{"ref": one} for one in found.defects]
    emit({**_shown(found), "defects": fields}, _story(found, defects), as_json=as_json)


def _defects(report: Report, place: str | None, key: str | None) -> tuple[Defect, ...]:
    """The report's defects, as the record that is at hand has them; none, if none is or it has not."""
    settings = load_settings(os.environ)
    believed = key or settings.log_vkey
    if not report.defects or not believed:
        return ()
    try:
        with files_at(place or str(settings.path("record"))) as files:
            reader = FileRecordReader(files, believed, copied=place is not None)
            return defects_of(report, reader)
    except (Malformed, Refused, Unavailable) as error:
        tell(f"defects: not read from the record: {error.message}")
        return ()


def _adding(told: Callable[[int, int], None], total: int) -> Callable[[int], None]:
    done = 0

    def add(more: int) -> None:
        nonlocal done
        done += more
        if not done % 64:
            told(done, total)

    return add


def _fields(found: Verified, seconds: float) -> dict[str, object]:
    figures = found.examined.figures
    per_second = 0.0
    with suppress(ZeroDivisionError):
        per_second = round(figures.devices / seconds, 1)
    return {
        **_shown(found.report),
        "sha256": found.digest,
        "entry": found.entry,
        "size": found.size,
        "evidence": len(found.report.evidence),
        "looked_at": figures.devices,
        "problems": list(found.problems),
        "wrong": found.wrong,
        "remarks": list(found.examined.remarks),
        "inspectors": list(found.examined.inspectors),
        "not_shown": [one.value for one in _not_shown(found)],
        "other_reports": [{"version": version, "entry": entry} for version, entry in found.others],
        "officers": list(found.examined.officers),
        "roots": [sha256(one).hexdigest() for one in found.examined.roots],
        "seconds": round(seconds, 3),
        "per_second": per_second,
    }


def _shown(report: Report) -> dict[str, object]:
    subject, figures = report.subject, report.figures
    return {
        "name": subject.name,
        "version": report.version,
        "kind": subject.kind.value,
        "scenario": subject.scenario,
        "incident": subject.incident,
        "compromised": subject.compromised.value,
        "method": subject.method.value,
        "passed": report.passed,
        "devices": figures.devices,
        "recovered": figures.recovered,
        "residue": report.residue,
        "commands": figures.commands,
        "criteria": [
            {"name": one.name, "held": one.held, "of": one.of, "passed": one.passed}
            for one in report.checks
        ],
    }


def _lines(found: Verified) -> list[str]:
    lines = [
        *summary(found.report),
        f"  commanded by {found.report.subject.commander}, as the report says",
        *(f"  decided by {one}" for one in found.examined.officers),
        *(f"  inspected by {one}" for one in found.examined.inspectors),
        *(f"  no evidence for {one.value}" for one in _not_shown(found)),
        *(f"  rests on root {sha256(one).hexdigest()}" for one in found.examined.roots),
        *(
            f"remark: entry {entry} is another report of it, {version}"
            for version, entry in found.others
        ),
        *(f"remark: {one}" for one in found.examined.remarks),
    ]
    lines += [f"problem: {one}" for one in found.problems]
    if found.wrong > len(found.problems):
        lines.append(f"and {found.wrong - len(found.problems)} problems more")
    if found.problems:
        wrong = "1 thing is" if found.wrong == 1 else f"{found.wrong} things are"
        lines.append(f"NOT verified: {wrong} wrong")
    else:
        lines.append(
            f"verified: entry {found.entry} of {found.size}, {len(found.report.evidence)} pieces of"
            f" evidence, {found.examined.figures.devices} devices looked at one by one"
        )
        lines.append(
            "that people and devices are real rests on the roots: compare SHA-256 with those you know"
        )
    return lines


def _not_shown(found: Verified) -> list[Criterion]:
    """Criteria that this method can show, and nothing does."""
    apex = found.report.subject.method is Method.BY_CONTINGENCY
    return [
        one
        for one in Criterion
        if one not in found.examined.results and (apex or one is not Criterion.APEX)
    ]


def _story(report: Report, defects: tuple[Defect, ...]) -> list[str]:
    lines = list(summary(report))
    raised = tuple(line for one in defects for line in defect_lines(one)) or tuple(
        f"{one}: what it is says the record (--record, --key)" for one in report.defects
    )
    for title, texts in (
        ("defects", raised),
        ("does not assure", report.not_assured),
        ("lessons", report.lessons),
        ("left", tuple(f"{one.what} ({one.owner}, {one.devices})" for one in report.residuals)),
    ):
        lines += [f"  {title}:", *(f"    {one}" for one in texts)] if texts else []
    lines.append(f"  {len(report.evidence)} pieces of evidence; believe it after")
    lines.append("  smki recovery verify REPORT")
    return lines

"""`smki recovery conclude`: a recovery of this house, its evidence and its report into the record."""

import os
from pathlib import Path
from typing import Any

import click

from smki.bootstrap import load_settings
from smki.bootstrap.recoveries import recovery_of
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.recovery_concluding import Concluding, conclude
from smki.recovery.report_text import summary


@click.command("conclude", short_help="Lodge evidence and report of a recovery of this house.")
@click.argument("name")
@click.option(
    "--key-decision",
    "key_decisions",
    multiple=True,
    metavar="ID",
    help="By which the key was used; again for each key that the method used.",
)
@click.option(
    "--commander", required=True, metavar="NAME", help="Who commanded, as certificates name them."
)
@click.option("--approach", default="", metavar="VERSION", help="The version that was followed.")
@click.option(
    "--inspection",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="What 'smki recovery inspect' made; again for each inspector.",
)
@click.option("--deviation", multiple=True, metavar="TEXT", help="What was not as planned.")
@click.option("--lesson", multiple=True, metavar="TEXT", help="What was learnt.")
@click.option(
    "--owner", default="", metavar="NAME", help="Of devices that are left; else the commander."
)
@click.option(
    "--not-handed-back", is_flag=True, help="Of method 2: devices stay the access control broker's."
)
@click.option("--not-assured", multiple=True, metavar="TEXT", help="What it does not assure.")
@json_option
@click.pass_context
def conclude_recovery(context: click.Context, /, name: str, *, as_json: bool, **given: Any) -> None:
    """Conclude recovery NAME of this house: its campaigns are over.

    All evidence is lodged: devices as they were when it was begun, commands and responses, what was
    placed, decisions, ceremonies, inspections, and further updates ('smki recovery update'). The
    report is worked out from that alone. Exit code 1 if something in the evidence is wrong: the
    report then says so, and does not verify.
    """
    with reporting(as_json=as_json):
        settings, done = load_settings(os.environ), 0
        said = Concluding(
            name=name,
            key_decisions=given["key_decisions"],
            commander=given["commander"],
            approach=given["approach"],
            inspections=tuple(tuple(sorted(one.iterdir())) for one in given["inspection"]),
            deviations=given["deviation"],
            lessons=given["lesson"],
            not_assured=given["not_assured"],
            owner=given["owner"],
            not_handed_back=given["not_handed_back"],
        )
        with progress_bar("devices") as told:

            def add(more: int) -> None:
                nonlocal done
                done += more
                told(done, done)

            report, entry, examined = conclude(settings, os.environ, said, add)
        file = str(recovery_of(settings, name).report)
    emit(
        {
            "report": file,
            "entry": entry,
            "passed": report.passed,
            "devices": report.figures.devices,
            "recovered": report.figures.recovered,
            "residue": report.residue,
            "commands": report.figures.commands,
            "problems": [one.message for one in examined.findings],
        },
        (
            *summary(report),
            *(f"problem: {one.message}" for one in examined.findings),
            f"{file}: entry {entry} of the record",
            f"next: smki recovery verify {file}",
        ),
        as_json=as_json,
    )
    context.exit(1 if examined.findings else 0)

"""`smki recovery options`: what can be done about an incident, for the terminal and as a paper."""

import os
from datetime import UTC, datetime
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.recoveries import open_kept
from smki.interfaces.cli.output import emit, json_option, output_file, reporting
from smki.interfaces.cli.pace import pace_of, pace_options
from smki.interfaces.recovery_options import compared, fields_of
from smki.recovery.options_paper import option_lines, paper


@click.command
@click.argument("ref")
@click.option("--paper", "out", metavar="FILE", help="The paper for the authority, Markdown.")
@pace_options
@json_option
def options(ref: str, *, out: str | None, as_json: bool, **given: Any) -> None:
    """Compare what can be done about an incident: each method, and not to use the key.

    Sizes of commands are measured now; rates of networks are those of the last campaign, and those
    that are assumed. Nothing is chosen here: that is for the authority, or for the subscriber.
    """
    settings = load_settings(os.environ)
    at = datetime.now(UTC).replace(microsecond=0)
    with (
        reporting(as_json=as_json),
        open_front(settings) as front,
        open_kept(settings) as kept,
    ):
        found = compared(settings, front, kept, ref, pace_of(given), at)
        fields: dict[str, Any] = fields_of(found)
        if out is not None:
            text = paper(
                found.subject, found.relevance, found.options, found.guidance, found.assumptions
            )
            with output_file(out) as write:
                write(text.encode())
            fields["paper"] = out
    if out == "-":
        return
    lacking = found.guidance.lacking(found.subject.answers)
    lines = [
        f"{found.relevance.relevant:,} devices are relevant to {ref}",
        *option_lines(found.options),
        *(f"not answered: {one.name}: {one.text}" for one in lacking),
        *(f"assumed: {one}" for one in found.assumptions),
        *((f"the paper is in {out}",) if out else ()),
        f"next: 'smki recovery incident answer {ref} FACTOR', then the authority decides",
    ]
    emit(fields, lines, as_json=as_json)

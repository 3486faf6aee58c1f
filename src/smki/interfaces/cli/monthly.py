"""`smki governance monthly`: the paper about modifications, for one committee's agenda item."""

import os
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.monthly_papers import drafted, put_paper
from smki.governance.entities.meetings import Attachment, Paper
from smki.governance.monthly import Month
from smki.interfaces.cli.output import emit, json_option, read_input, reporting

_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command
@click.argument("item")
@click.option("--since", required=True, type=_DAY, help="First day of the month it tells of.")
@click.option("--until", required=True, type=_DAY, help="Last day.")
@click.option("--author", default="secretariat", show_default=True, help="Role of who writes it.")
@click.option(
    "--attach", "files", multiple=True, metavar="FILE", help="Such as a problem statement."
)
@click.option("--put", is_flag=True, help="Keep it in the register, as a draft.")
@click.option("--by", default="", metavar="PERSON", help="Who puts it; the house if not given.")
@json_option
def monthly(
    item: str,
    *,
    since: datetime,
    until: datetime,
    author: str,
    files: tuple[str, ...],
    put: bool,
    by: str,
    as_json: bool,
) -> None:
    """Draft the monthly paper about modifications for agenda item ITEM, and keep it if asked to.

    It tells of White modifications alone; every committee has its own paper, about a week before
    its meeting.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        paper, due = drafted(
            front.proceedings,
            item,
            Month(since=since.date(), until=until.date()),
            author=author,
            dated=datetime.now(UTC).date(),
            attachments=tuple(map(_attached, files)),
        )
        if put:
            put_paper(front.proceedings, paper, at=datetime.now(UTC).replace(microsecond=0), by=by)
    shown = {
        "ref": paper.ref,
        "due": due.isoformat(),
        "put": put,
        "sections": {one.heading: one.text for one in paper.sections},
    }
    told = f"kept as a draft; to be out by {due}" if put else "not kept: --put keeps it"
    emit(shown, (*_lines(paper), "", told), as_json=as_json)


def _attached(file: str) -> Attachment:
    content = read_input(file)
    digest = sha256(content).hexdigest()
    return Attachment(name=Path(file).name, sha256=digest, octets=len(content))


def _lines(paper: Paper) -> tuple[str, ...]:
    parts = [f"{paper.ref} {paper.heading} ({paper.label.value if paper.label else ''})"]
    for one in paper.sections:
        parts += ["", one.heading, *(f"  {line}" for line in one.text.splitlines())]
    return tuple(parts)

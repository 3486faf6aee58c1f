"""`smki governance planner`: what the next three months bring, as one reader sees it."""

import os
from datetime import UTC, datetime

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.planning import planner_for
from smki.governance.entities import Key, Kind
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.register import reader_named
from smki.terms import Malformed, Refused


@click.command("planner")
@click.option("--for", "person", metavar="PERSON", help="As that person sees it.")
@click.option("--public", is_flag=True, help="As it is published.")
@click.option("--body", default="", metavar="BODY", help="Of that body alone.")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="First day; today.")
@json_option
def planner(
    *, person: str | None, public: bool, body: str, start: datetime | None, as_json: bool
) -> None:
    """Show what three months bring: terms, elections, meetings, reviews, and all that is due."""
    with reporting(as_json=as_json):
        if bool(person) == public:
            raise Malformed("reader: must be one, --for PERSON or --public", where="--for")
        with open_front(load_settings(os.environ)) as front:
            reading = reader_named(front.proceedings, person)
            if body and reading.get(Key(Kind.BODY, body)) is None:
                raise Refused(f"body {body!r}: is not there", where="--body", clause="sec:C6")
            lines = planner_for(reading, (start or datetime.now(UTC)).date(), body)
            reading.note()
    rows = [
        {
            "day": one.day.isoformat(),
            "what": one.milestone.value,
            "kind": one.source.kind.value,
            "ref": one.source.ref,
            "title": one.title,
        }
        for one in lines
    ]
    said = [f"{row['day']}  {row['what']}: {row['kind']} {row['ref']}" for row in rows]
    emit({"planned": rows}, said or ("nothing is planned",), as_json=as_json)

"""`smki governance alias`: the alias by which open minutes call a party."""

import os
from datetime import UTC, datetime

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.aliasing import Unnamed, alias_for
from smki.governance.labels import Label
from smki.interfaces.cli.output import emit, json_option, reporting

_LABELS = tuple(one.value for one in Label if one.is_confidential)


@click.command
@click.argument("body")
@click.argument("category")
@click.argument("party")
@click.option("--label", type=click.Choice(_LABELS), default="red", show_default=True)
@click.option("--by", default="", metavar="PERSON", help="Who gives it; the house if not given.")
@json_option
def alias(body: str, category: str, party: str, *, label: str, by: str, as_json: bool) -> None:
    """Give PARTY its alias of that CATEGORY in the minutes of BODY: the one it has, or a new one.

    Letters come by chance and are kept for good; who may read whom the alias stands for, says the
    label.
    """
    unnamed = Unnamed(body=body, category=category, party=party, label=Label(label))
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        now = datetime.now(UTC).replace(microsecond=0)
        given = alias_for(front.proceedings, unnamed, front.entropy, by=by, at=now)
    lines = (f"in the minutes of {body} it is {given.name}", "next: write that, and not the party")
    emit({"alias": given.name, "ref": given.ref}, lines, as_json=as_json)

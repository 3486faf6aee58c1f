"""`smki governance convene`, `send-calls`, `acknowledge`: an emergency, from the call to the answers.

Messages are files in the folder `calls` of the state directory; carrying them is for whoever runs
the channels.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import click

from smki.adapters.couriers import CourierFolder
from smki.bootstrap import load_settings, open_front
from smki.bootstrap.settings import Settings
from smki.flows.convening import (
    Emergency,
    HandedOver,
    acknowledge,
    convene,
    sealing_certificates,
    send_calls,
)
from smki.flows.office import FrontOffice
from smki.governance.convening import CRITERIA
from smki.governance.entities.convening import Choice
from smki.governance.labels import Label
from smki.interfaces.cli.output import emit, json_option, reporting

CALLS: Final = "calls"
_LABELS: Final = tuple(one.value for one in Label)


@click.command("convene")
@click.argument("body")
@click.option("--criterion", required=True, metavar="NAME", help="By which; see below.")
@click.option("--by", required=True, metavar="PERSON", help="Who triggers it.")
@click.option("--circumstances", required=True, metavar="TEXT", help="What happened.")
@click.option("--option", "options", multiple=True, metavar="TEXT", help="Before the body.")
@click.option("--label", type=click.Choice(_LABELS), help="Of it; amber if not given.")
@json_option
def convene_body(
    body: str,
    *,
    criterion: str,
    by: str,
    circumstances: str,
    options: tuple[str, ...],
    label: str | None,
    as_json: bool,
) -> None:
    """Call BODY together in an emergency: who must be there is worked out, and each gets a message.

    A message is sealed for its reader's credentials. Where there is none, or the label is too high
    for a message, it says only that they are called. Not to use the key is always an option.
    """
    settings = load_settings(os.environ)
    said = Emergency(
        body=body,
        criterion=criterion,
        circumstances=circumstances,
        options=tuple(Choice(text=one) for one in options),
        label=Label(label) if label else None,
    )
    with reporting(as_json=as_json), open_front(settings) as front:
        made = convene(front.proceedings, said, by, _now())
        done = _send(settings, front, made.ref)
    _tell(made.ref, done, as_json=as_json)


@click.command("send-calls")
@click.argument("ref")
@json_option
def send(ref: str, *, as_json: bool) -> None:
    """Write the messages of an emergency that were not written yet, because a disk was full."""
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        done = _send(settings, front, ref)
    _tell(ref, done, as_json=as_json)


@click.command("acknowledge")
@click.argument("ref")
@click.option("--by", "person", required=True, metavar="PERSON", help="Who was called.")
@json_option
def note(ref: str, *, person: str, as_json: bool) -> None:
    """Note that who was called has the call."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = acknowledge(front.proceedings, ref, person, "", _now())
    waiting = [one.person for one in found.calls if one.acknowledged is None]
    said = f"waits for {', '.join(waiting)}" if waiting else "everybody who was called has it"
    lines = (f"{ref}: {person} has the call; {said}",)
    emit({"ref": ref, "person": person, "waiting": waiting}, lines, as_json=as_json)


@click.command("criteria")
@json_option
def criteria(*, as_json: bool) -> None:
    """Show by what a body can be called together, and who may, where it says nothing of its own."""
    rows = [
        {"name": one.name, "text": one.text, "by": [each.value for each in one.triggered_by]}
        for one in CRITERIA
    ]
    lines = [
        f"{one.name}: {one.text} {_who(each.value for each in one.triggered_by)}"
        for one in CRITERIA
    ]
    emit({"criteria": rows}, lines, as_json=as_json)


COMMANDS: Final = (convene_body, send, note, criteria)
"""What the group `smki governance` has of it."""


def _send(settings: Settings, front: FrontOffice, ref: str) -> tuple[HandedOver, ...]:
    now = _now()
    courier = CourierFolder(settings.path(CALLS))
    return send_calls(front.proceedings, courier, sealing_certificates(front, now), ref, now)


def _tell(ref: str, done: tuple[HandedOver, ...], *, as_json: bool) -> None:
    rows = [
        {"person": one.person, "channel": one.channel, "file": one.place, "sealed": one.sealed}
        for one in done
    ]
    lines = [f"{ref}: {len(done)} messages wait to be carried"]
    lines += [
        f"  {one.person} by {one.channel or 'no channel that is known'}: {one.place}"
        f"{'' if one.sealed else ' (in the clear: the bare call)'}"
        for one in done
    ]
    lines.append(f"next: 'smki governance acknowledge {ref} --by PERSON' as each answers")
    emit({"ref": ref, "messages": rows}, lines, as_json=as_json)


def _who(categories: Iterable[str]) -> str:
    return f"({', '.join(categories)})"


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

"""`smki recovery options`, `checklist`, `sign-items`: what can be done about an incident, and what is done."""

import os
from datetime import UTC, datetime
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.recoveries import open_kept
from smki.flows.incidents import (
    checklist_statement,
    incident_of,
    said_items,
    sign_items,
)
from smki.governance.entities.incidents import Incident
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.interfaces.cli.pace import pace_of, pace_options
from smki.interfaces.recovery_checklist import checklist_of, method_of
from smki.interfaces.recovery_options import compared, fields_of
from smki.recovery.checklists import ITEMS, Ticked, items_for
from smki.recovery.options_paper import option_lines, paper
from smki.terms import Method, Refused

_METHODS: Final = tuple(one.value for one in Method)


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
    at = _now()
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


@click.command()
@click.argument("ref")
@click.option("--method", type=click.Choice(_METHODS), help="As if it were decided.")
@click.option("--item", "items", multiple=True, metavar="NAME", help="To be signed; several times.")
@click.option("--statement", metavar="FILE", help="Write what an officer signs for these items.")
@click.option("--signature", metavar="FILE", help="Keep the officer's signature over them.")
@json_option
def checklist(
    ref: str,
    *,
    method: str | None,
    items: tuple[str, ...],
    statement: str | None,
    signature: str | None,
    as_json: bool,
) -> None:
    """Show what must be done before, during and after the recovery, and what is done.

    What the system sees it ticks, and says what shows it. The rest is signed by officers: with
    --item and --statement it writes what they sign ('smki recovery sign-items'), with --item and
    --signature it keeps the signature.
    """
    if bool(items) is not bool(statement or signature) or (statement and signature):
        raise click.UsageError("--item goes with one of --statement and --signature")
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        chosen = Method(method) if method else None
        if items:
            _must_be_signed(incident_of(front.proceedings, ref), chosen, items)
        if statement is not None:
            with output_file(statement) as write:
                write(checklist_statement(front, ref, items))
        if signature is not None:
            sign_items(front, ref, items, read_input(signature), _now())
        found = incident_of(front.proceedings, ref)
        rows = checklist_of(settings, front, found, chosen)
    lines = [
        f"{'done' if one.done else '    '}  {one.item.phase.value:13} {one.item.name:12}"
        f" {one.item.text}{f' ({one.shown})' if one.shown else _to_sign(one)}"
        for one in rows
    ]
    lines.append(f"{sum(one.done for one in rows)} of {len(rows)} are done")
    if statement is not None:
        lines.append(f"to be signed: {statement}; next: 'smki recovery sign-items {statement}'")
    emit(_checklist_fields(ref, rows), lines, as_json=as_json)


@click.command("sign-items")
@click.argument("file")
@certificate_option
@key_option
@click.option("--out", metavar="FILE", help="The signature; FILE.p7s if not given.")
@json_option
def sign(file: str, *, certificate: str, key: str, out: str | None, as_json: bool) -> None:
    """Sign items of a checklist with an officer's key: a detached CMS signature.

    FILE is the statement that 'smki recovery checklist --statement' wrote. What it says is printed
    first. Needs no state directory.
    """
    with reporting(as_json=as_json):
        octets = read_input(file)
        ref, names = said_items(octets)
        known = {item.name: item.text for item in ITEMS}
        for name in names:
            tell(f"{ref}: {name}: {known.get(name, 'an item that is not known here')}")
        place = out or f"{file}.p7s"
        signature = detached(octets, certificate, key)
        with output_file(place) as write:
            write(signature)
    given = " ".join(f"--item {name}" for name in names)
    lines = (
        f"the signature is in {place}",
        f"next: 'smki recovery checklist {ref} {given} --signature {place}'",
    )
    emit({"incident": ref, "items": list(names), "signature": place}, lines, as_json=as_json)


def _must_be_signed(incident: Incident, method: Method | None, items: tuple[str, ...]) -> None:
    signed = [one.name for one in items_for(method_of(incident, method)) if one.seen is None]
    unknown = sorted(set(items) - set(signed))
    if unknown:
        raise Refused(
            f"checklist: {', '.join(unknown)} is not for people to sign, must be among"
            f" {', '.join(signed)}",
            where="--item",
            clause="sec:L10",
            rule="checklist.item",
        )


def _checklist_fields(ref: str, rows: tuple[Ticked, ...]) -> dict[str, Any]:
    return {
        "incident": ref,
        "items": [
            {
                "name": one.item.name,
                "text": one.item.text,
                "phase": one.item.phase.value,
                "by": "people" if one.is_signed else "system",
                "done": one.done,
                "shown": one.shown,
            }
            for one in rows
        ],
    }


def _to_sign(one: Ticked) -> str:
    return " (to be signed)" if one.is_signed else ""


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

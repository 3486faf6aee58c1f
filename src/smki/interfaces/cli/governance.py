"""`smki governance`: decision files made, signed, explained, lodged, listed.

An officer signs at a desk of their own: no key of an officer is ever in the house. What is lodged
is looked at by the worker again, whatever was said here.
"""

import base64
import os
from datetime import UTC, datetime
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.configuring import is_development, plain_mapping
from smki.flows.deciding import recorded_decisions, spent
from smki.flows.displaying import shown_decision
from smki.flows.profile_changes import lodged_profiles, profiles_digest
from smki.flows.recorded import Recorded
from smki.governance import (
    PERMITS,
    Body,
    Decision,
    DecisionKind,
    Signatory,
    encode_decision,
    explain,
    parse_decision,
)
from smki.governance.signatories import missing_names, said_missing
from smki.interfaces.cli.alias import alias
from smki.interfaces.cli.convening import COMMANDS
from smki.interfaces.cli.electing import election
from smki.interfaces.cli.example import example
from smki.interfaces.cli.governance_upload import upload, waiting
from smki.interfaces.cli.governance_verify import verify
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.monthly import monthly
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.interfaces.cli.planning import planner
from smki.interfaces.cli.register import register
from smki.interfaces.operations import perform

_INSTANT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
_BODIES: Final = tuple(body.value for body in Body)
_KINDS: Final = tuple(kind.value for kind in DecisionKind)


@click.group(cls=WholeSentences, short_help="Decisions: make, sign, lodge, list.")
def governance() -> None:
    """Decisions that the systems obey: make, sign, lodge and list them."""


governance.add_command(verify)


governance.add_command(register)
governance.add_command(example)
governance.add_command(monthly)
governance.add_command(alias)
governance.add_command(planner)
governance.add_command(election)
for one in COMMANDS:
    governance.add_command(one)


governance.add_command(waiting)


@governance.command
@click.argument("identifier", metavar="ID")
@click.option("--kind", required=True, type=click.Choice(_KINDS), help="What is decided.")
@click.option("--object", "about", required=True, metavar="TEXT", help="What it is about.")
@click.option("--body", type=click.Choice(_BODIES), default=_BODIES[0], show_default=True)
@click.option("--scope", default="", metavar="TEXT", help="What of it.")
@click.option("--not-before", type=_INSTANT, help="From when it permits; now if not given.")
@click.option("--expiry", required=True, type=_INSTANT, help="Until when.")
@click.option("--condition", "conditions", multiple=True, metavar="TEXT", help="On condition.")
@click.option("--out", required=True, metavar="FILE", help="A new file; - for stdout.")
@json_option
def decide(
    identifier: str,
    *,
    kind: str,
    about: str,
    body: str,
    scope: str,
    out: str,
    as_json: bool,
    **when: Any,
) -> None:
    """Write a decision file, to be signed: canonical JSON."""
    with reporting(as_json=as_json):
        start = when["not_before"] or datetime.now(UTC)
        decision = Decision(
            id=identifier,
            body=Body(body),
            kind=DecisionKind(kind),
            object=about,
            scope=scope,
            not_before=start.replace(microsecond=0, tzinfo=UTC),
            expiry=when["expiry"].replace(tzinfo=UTC),
            conditions=when["conditions"],
        )
        octets = encode_decision(decision)
        parse_decision(octets)
        with output_file(out) as write:
            write(octets)
    if out != "-":
        lines = (*explain(decision), f"next: 'smki governance sign {out}' by each officer")
        emit({"id": identifier, "file": out}, lines, as_json=as_json)


@governance.command
@click.argument("file")
@certificate_option
@key_option
@click.option("--out", metavar="FILE", help="The signature; FILE.p7s if not given.")
@click.option(
    "--upload", "portal", metavar="URL", help="Hand it in to this portal, with the same credential."
)
@click.option("--ca", metavar="FILE", help="Whom to trust there, PEM; needed with --upload.")
@json_option
def sign(
    file: str,
    *,
    certificate: str,
    key: str,
    out: str | None,
    portal: str | None,
    ca: str | None,
    as_json: bool,
) -> None:
    """Sign a decision with an officer's key, outside the browser: a detached CMS signature.

    FILE is the decision file. What it says is printed first. Needs no state directory. Handed in
    with --upload, the decision waits until both have signed it, and is then lodged.
    """
    if (portal is None) is not (ca is None):
        raise click.UsageError("--upload and --ca belong together")
    with reporting(as_json=as_json):
        octets = read_input(file)
        decision = parse_decision(octets)
        for line in explain(decision):
            tell(line)
        place = out or f"{file}.p7s"
        signature = detached(octets, certificate, key)
        with output_file(place) as write:
            write(signature)
        answer: dict[str, Any] = {}
        if portal is not None and ca is not None:
            answer = upload(portal, ca, (certificate, key), (octets, signature))
    lines = [f"the signature is in {place}", *_next(file, place, answer)]
    emit({"id": decision.id, "signature": place, **answer}, lines, as_json=as_json)


def _next(file: str, place: str, answer: dict[str, Any]) -> tuple[str, ...]:
    """What became of it, and what one does next."""
    if not answer:
        return (f"next: 'smki governance lodge {file} --signature {place}', or sign with --upload",)
    if answer["missing"]:
        needed = said_missing(Signatory(one) for one in answer["missing"])
        return ("it was handed in, and waits", f"next: {needed} signs it, too")
    return (f"it was handed in, and is entry {answer['entry']} of the record",)


@governance.command
@click.argument("file")
@click.option(
    "--signature", "signatures", required=True, multiple=True, metavar="FILE", help="CMS, DER."
)
@json_option
def lodge(file: str, *, signatures: tuple[str, ...], as_json: bool) -> None:
    """Lodge a signed decision in the record: from then on it permits what it says.

    Lodged again with the same signatures, nothing changes.
    """
    with reporting(as_json=as_json):
        result = perform(
            load_settings(os.environ),
            os.environ,
            "decision",
            {
                "decision": _text(read_input(file)),
                "signatures": [_text(read_input(one)) for one in signatures],
            },
        )
    lines = [
        (
            f"decision {result['id']} is entry {result['entry']} of the record,"
            f" signed by {', '.join(result['officers'])}"
        )
    ]
    if result["missing"]:
        needed = said_missing(Signatory(one) for one in result["missing"])
        lines.append(f"it permits nothing until {needed} signs: lodge it again with all signatures")
    emit(result, [*lines, "next: 'smki governance list'"], as_json=as_json)


@governance.command("list")
@json_option
def list_decisions(*, as_json: bool) -> None:
    """List the decisions in the record, and what was done under each."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        size = front.index.size()
        found = [
            {
                **decision_fields(one, spent(front, one, size)),
                "standing": (shown := shown_decision(front, one.entry)).standing,
                "withdrawn": shown.withdrawn,
                "ratified": shown.ratified,
            }
            for one in recorded_decisions(front)
        ]
    lines = [
        f"{one['entry']}  {one['id']}: {one['kind']}, {one['object']}; {_standing(one)}"
        for one in found
    ] or ["no decision is recorded"]
    emit({"decisions": found}, lines, as_json=as_json)


def _standing(fields: dict[str, Any]) -> str:
    """How the decision stands, in words."""
    words = {
        "unsigned": f"lacks the signature of {', '.join(fields['missing'] or ())}",
        "withdrawn": f"withdrawn by entry {fields['withdrawn']}",
        "waiting": "not in force yet",
        "open": "in force",
        "over": "not in force any more",
    }
    used = "" if fields["used"] is None else f"used for entry {fields['used']}"
    said = words.get(fields["standing"]) or used or fields["standing"]
    ratified = fields["ratified"]
    return said if ratified is None else f"{said}; ratified by entry {ratified}"


def decision_fields(one: Recorded, used: int | None) -> dict[str, Any]:
    """The recorded decision as `--json` shows it."""
    decision = one.decision
    return {
        "entry": one.entry,
        "id": decision.id,
        "body": decision.body.value,
        "kind": decision.kind.value,
        "object": decision.object,
        "scope": decision.scope,
        "not_before": decision.not_before.isoformat(),
        "expiry": decision.expiry.isoformat(),
        "conditions": list(decision.conditions),
        "officers": [officer.name for officer in one.officers],
        "missing": missing_names(one.signed),
        "used": used,
    }


@governance.command
@json_option
def permits(*, as_json: bool) -> None:
    """Show which kind of decision permits what, with the clause."""
    rows = [
        {
            "kind": row.kind.value,
            "permits": row.act.value,
            "body": row.body.value if row.body else "the body whose decision it is",
            "signatures": len(row.signatories),
            "signatories": [one.value for one in row.signatories],
            "clause": row.clause,
            "told": row.told,
        }
        for row in PERMITS
    ]
    lines = [
        f"{row['kind']:20} {row['permits']:48} {row['body']:30} {row['clause']:15} {row['told']}"
        for row in rows
    ]
    lines.append("each signed by whoever presided and the secretary, two different officers")
    emit({"permits": rows}, lines, as_json=as_json)


@governance.command
@json_option
def profiles(*, as_json: bool) -> None:
    """Show the SHA-256 of the profiles as configured now, which a change of them is decided about."""
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        with open_front(settings) as front:
            now = profiles_digest(front, plain_mapping(settings.bearing()))
            lodged, exempt = lodged_profiles(front), is_development(front)
    same = "as lodged" if now == lodged else f"others than lodged: {lodged}"
    lines = [f"profiles  {now}, {same}"]
    if exempt:
        lines.append("a development SMKI: they may be changed without a decision")
    fields = {"sha256": now, "lodged": lodged, "decision_needed": now != lodged and not exempt}
    emit(fields, lines, as_json=as_json)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()

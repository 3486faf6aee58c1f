"""`smki ceremony list`, `show` and `verify`: need no state directory and no SMKI."""

import base64
from typing import Any

import click

from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.opening import script_named
from smki.ceremonies.replaying import Replayed, replay
from smki.ceremonies.scripts import SCRIPTS, Act
from smki.ceremonies.transcript import TRANSCRIPT_MAX
from smki.interfaces.cli.output import emit, json_option, read_input, reporting
from smki.terms import Refused


@click.command("list")
@json_option
def list_scripts(*, as_json: bool) -> None:
    """List the scripts."""
    rows = [
        {
            "name": one.name,
            "title": one.title,
            "steps": len(one.steps),
            "uses_keys": one.opens,
            "digest": one.digest,
        }
        for one in SCRIPTS.values()
    ]
    width = max(map(len, SCRIPTS))
    lines = [f"{row['name']:{width}} {row['steps']:3} steps  {row['title']}" for row in rows]
    emit({"scripts": rows}, [*lines, "next: 'smki ceremony show NAME'"], as_json=as_json)


@click.command
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Show a script: its steps, who must be present, what is typed."""
    with reporting(as_json=as_json):
        script = script_named(name)
    steps = [
        {
            "step": step.number,
            "act": step.act.value,
            "about": step.about,
            "title": step.title,
            "present": [role.value for role in step.present],
            "types": step.types,
        }
        for step in script.steps
    ]
    lines = [f"{script.name}: {script.title}", f"digest {aloud(script.digest)}"]
    for step in script.steps:
        present = ", ".join(role.value for role in step.present)
        about = f" [{step.about}]" if step.about else ""
        lines.append(f"{step.number:3}. {step.title}{about}")
        lines.append(f"     present: {present}; types: {step.types}")
    serves = any(step.act is Act.SERVE for step in script.steps)
    held_by = "recovery activate NAME" if serves else f"ceremony run {script.name}"
    lines.append(f"next: 'smki {held_by} --state DIR', see --help for who takes part")
    document = {"name": script.name, "title": script.title, "digest": script.digest, "steps": steps}
    emit(document, lines, as_json=as_json)


@click.command
@click.argument("transcript")
@click.option("--certificate", "files", multiple=True, metavar="FILE", help="Made by it? DER, PEM.")
@json_option
def verify(transcript: str, *, files: tuple[str, ...], as_json: bool) -> None:
    """Replay a transcript: needs the file alone, and no state directory.

    Checks chain, script, attendance, quorum, signatures, the certificates and lists made, and that
    what the root carries is the contingency key of this ceremony.
    """
    with reporting(as_json=as_json):
        octets = read_input(transcript, limit=TRANSCRIPT_MAX)
        told = replay(octets)
        made = {bytes(one) for one in told.certificates.values()}
        for path in files:
            if _der(read_input(path)) not in made:
                raise Refused(
                    "certificate: not one that this ceremony made, must be",
                    where=path,
                    clause="sec-app-l:3",
                    rule="ceremony.transcript",
                )
    emit(told_document(told, octets), told_lines(told, octets), as_json=as_json)


def told_document(told: Replayed, octets: bytes) -> dict[str, Any]:
    """What a transcript tells, as `--json` shows it."""
    opening = told.opening
    return {
        "script": opening.script.name,
        "purpose": opening.purpose.value,
        "result": told.result,
        "quorum": opening.rule.quorum,
        "custodians": len(opening.seats),
        "signatories": [
            {
                "person": one.person,
                "organisation": one.organisation,
                "credential": one.credential,
            }
            for one in opening.signatories
        ],
        "present": list(told.present),
        "keys": dict(told.keys),
        "certificates": {kind.value: fingerprint(der) for kind, der in told.certificates.items()},
        "lists": {kind.value: fingerprint(der) for kind, der in told.lists.items()},
        "deviations": list(told.deviations),
        "refusals": list(told.refusals),
        "interruptions": told.interruptions,
        "sha256": fingerprint(octets),
    }


def told_lines(told: Replayed, octets: bytes) -> tuple[str, ...]:
    """What a transcript tells, in lines."""
    opening = told.opening
    made = {
        **told.keys,
        **{f"{k.value} certificate": fingerprint(v) for k, v in told.certificates.items()},
    }
    return (
        (
            f"{opening.purpose.value} ceremony '{opening.script.name}': {told.result},"
            f" {opening.rule.quorum} of {len(opening.seats)} custodians open its keys"
        ),
        *(f"  {name}: {aloud(digest)}" for name, digest in made.items()),
        *(
            f"  signed by {one.person} of {one.organisation}: {aloud(one.credential)}"
            for one in opening.signatories
        ),
        *(f"  deviation: {one}" for one in told.deviations),
        *(f"  refused: {one}" for one in told.refusals),
        f"  interrupted {told.interruptions} times; SHA-256 {aloud(fingerprint(octets))}",
    )


def _der(octets: bytes) -> bytes:
    if not octets.startswith(b"-----"):
        return octets
    body = octets.split(b"-----")[2]
    return base64.b64decode(body)

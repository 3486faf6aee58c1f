"""`smki recovery progress-file`, `progress`: a subscriber or the authority is told how far a recovery has come."""

import os
from collections.abc import Iterator
from typing import Any, Final

import click

from smki.adapters.envelopes import ENVELOPE_OCTETS, seal
from smki.bootstrap import load_settings, open_front
from smki.bootstrap.recoveries import Kept, open_kept
from smki.campaigns import progress_of
from smki.flows.incidents import incident_of
from smki.governance.entities.incidents import Incident
from smki.governance.signing import verify_detached
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.cli.recovery_notices import opener, recipient
from smki.recovery.campaign import Fate
from smki.recovery.notices import encode_parcel, parse_parcel
from smki.recovery.notices_progress import (
    DEVICES_A_PART,
    Part,
    ProgressFile,
    encode_progress,
    parse_progress,
    progress_file,
)
from smki.recovery.notices_rows import FILE_MAX_OCTETS
from smki.recovery.progress import Progress
from smki.terms import EUI64, Refused, instant_text
from smki.wire.cms import parse_detached

_WHOM: Final = ("subscriber", "authority")
_PAGE: Final = 5_000
Devices = tuple[tuple[EUI64, Fate], ...]


@click.command("progress-file")
@click.argument("ref")
@click.option("--campaign", required=True, metavar="NAME", help="Of the incident.")
@click.option("--to", "whom", required=True, type=click.Choice(_WHOM), help="Who is told.")
@certificate_option
@key_option
@click.option("--seal", "reader", required=True, metavar="CERT", help="Of who reads it, PEM.")
@click.option("--out", required=True, metavar="STEM", help="STEM-1.csv, STEM-1.csv.p7m and so on.")
@json_option
def write_progress(
    ref: str,
    *,
    campaign: str,
    whom: str,
    certificate: str,
    key: str,
    reader: str,
    out: str,
    as_json: bool,
) -> None:
    """Write how far a campaign of an incident has come: files, signed and sealed for their reader.

    The subscriber is told what became of each device, 100,000 in a file; the authority counts alone.
    """
    settings = load_settings(os.environ)
    written: list[str] = []
    with reporting(as_json=as_json), open_front(settings) as front, open_kept(settings) as kept:
        incident = incident_of(front.proceedings, ref)
        if campaign not in incident.campaigns:
            owned = ", ".join(incident.campaigns) or "none yet"
            raise _refused(f"{campaign} is no campaign of {ref}, must be one of its own: {owned}")
        holder = recipient(reader)
        for one in _parts(kept, incident, campaign, whom):
            octets = encode_progress(one)
            sealed = seal(encode_parcel(octets, detached(octets, certificate, key)), (holder,))
            name = f"{out}-{one.part.number}.csv"
            for place, content in ((name, octets), (f"{name}.p7m", sealed)):
                with output_file(place) as write:
                    write(content)
                written.append(place)
    lines = [
        *written,
        "next: what is sealed goes to its reader; 'smki recovery progress' shows one",
    ]
    emit(
        {"incident": ref, "campaign": campaign, "to": whom, "files": written},
        lines,
        as_json=as_json,
    )


@click.command("open")
@click.argument("sealed")
@certificate_option
@key_option
@click.option(
    "--from", "sender", required=True, metavar="CERT", help="Whose signature it has, PEM."
)
@click.option("--out", required=True, metavar="FILE", help="The file inside; - for stdout.")
@json_option
def open_file(
    sealed: str, *, certificate: str, key: str, sender: str, out: str, as_json: bool
) -> None:
    """Open a sealed file, and verify that whom it is said to be from signed it.

    Whether that certificate is to be believed is for its reader: 'smki certificate trace' helps.
    Needs no state directory.
    """
    with reporting(as_json=as_json):
        limit = FILE_MAX_OCTETS * 2 + ENVELOPE_OCTETS
        content, signature = parse_parcel(
            opener(certificate, key)(read_input(sealed, limit=limit)), limit
        )
        verify_detached(content, parse_detached(signature), recipient(sender))
        with output_file(out) as write:
            write(content)
    if out != "-":
        lines = (f"the signature holds; what was inside is in {out}",)
        emit({"file": out, "octets": len(content)}, lines, as_json=as_json)


@click.command("progress")
@click.argument("file")
@json_option
def show_progress(file: str, *, as_json: bool) -> None:
    """Show what a progress file says, if it is in its one form. Needs no state directory."""
    with reporting(as_json=as_json):
        one = parse_progress(read_input(file, limit=FILE_MAX_OCTETS))
    emit(_fields(one), _lines(one), as_json=as_json)


def _parts(kept: Kept, incident: Incident, campaign: str, whom: str) -> Iterator[ProgressFile]:
    """The files, one after the other; no more than one is in memory."""
    progress = progress_of(kept.campaigns, kept.points, campaign)
    if whom == "authority":
        yield _part(progress, incident, incident.body, Part(number=1, of=1), ())
        return
    parts = max(1, -(-progress.devices // DEVICES_A_PART))
    after: EUI64 | None = None
    for number in range(1, parts + 1):
        devices, after = _some(kept, campaign, after)
        yield _part(progress, incident, incident.party, Part(number=number, of=parts), devices)


def _some(kept: Kept, campaign: str, after: EUI64 | None) -> tuple[Devices, EUI64 | None]:
    """What became of the next devices, as many as a part has at the most."""
    found: list[tuple[EUI64, Fate]] = []
    while len(found) < DEVICES_A_PART:
        limit = min(_PAGE, DEVICES_A_PART - len(found))
        page = kept.campaigns.members(campaign, after, limit)
        if not page:
            break
        after = page[-1].device
        found += ((one.device, one.fate) for one in page)
    return tuple(found), after


def _part(
    progress: Progress, incident: Incident, to: str, part: Part, devices: Devices
) -> ProgressFile:
    return progress_file(
        progress,
        incident=incident.ref,
        reference=incident.reference,
        to=to,
        part=part,
        devices=devices,
    )


def _fields(one: ProgressFile) -> dict[str, Any]:
    return {
        "file": one.kind.value,
        "incident": one.incident,
        "reference": one.reference,
        "to": one.to,
        "campaign": one.campaign,
        "made": instant_text(one.made),
        "part": one.part.number,
        "parts": one.part.of,
        "state": one.state,
        "devices": one.devices_of_campaign,
        "fates": {fate.value: count for fate, count in one.fates},
        "reasons": dict(one.reasons),
        "listed": len(one.devices),
    }


def _lines(one: ProgressFile) -> Iterator[str]:
    yield (
        f"{one.incident} ({one.reference}), to {one.to}: campaign {one.campaign} is {one.state} as of"
        f" {instant_text(one.made)}, part {one.part.number} of {one.part.of}"
    )
    for fate, count in one.fates:
        yield f"  {count:>12,}  {fate.value}"
    for why, count in one.reasons:
        yield f"  {count:>12,}  {why}"
    yield f"{len(one.devices):,} devices are listed"


def _refused(what: str) -> Refused:
    return Refused(
        f"campaign: {what}", where="campaign", clause="sec-app-l:2", rule="progress.campaign"
    )

"""`smki registration`: parties, their credentials and certificates, batches that wait, devices.

What changes something is asked of the worker that holds the keys; if none runs, the office is
opened here. What only looks, reads the database.
"""

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.revocation import ISSUING
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.interfaces.cli.party import list_parties, show_party
from smki.interfaces.cli.revoking import circumstances, revoke_organisation
from smki.interfaces.operations import perform, standing_fields
from smki.ports import Batch, DeviceStanding
from smki.terms import EUI64, BatchStatus, Interface, Refused, SmiStatus
from smki.wire.encodings import read_request_file, write_pem

_STATUSES = {status.value.replace(" ", "-"): status for status in SmiStatus}
_AUTHORITIES = tuple(kind.value for kind in ISSUING)
_INTERFACES = tuple(interface.value for interface in Interface)
_party_option = click.option("--party", required=True, metavar="NAME", help="Who asks.")
_out_option = click.option(
    "--out", required=True, metavar="CERT", help="The certificate, PEM, a new file; - for stdout."
)


@click.group(cls=WholeSentences, short_help="Credentials, batches that wait, devices.")
def registration() -> None:
    """Credentials and certificates of parties, batches that wait for approval, devices.

    A party is registered by 'smki party add'.
    """


def _perform(operation: str, **arguments: Any) -> dict[str, Any]:
    return perform(load_settings(os.environ), os.environ, operation, arguments)


registration.add_command(list_parties, "parties")
registration.add_command(show_party, "party")
registration.add_command(revoke_organisation)
registration.add_command(circumstances)


@registration.command
@json_option
def batches(*, as_json: bool) -> None:
    """List the batches that wait for approval."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        waiting = front.workbook.batches((BatchStatus.PENDING,))
        automatic = front.approve
    lines = [
        f"batch {one.number}: {one.items} requests of {one.party}, ID {one.document_id},"
        f" received {one.received_at.isoformat(timespec='seconds')}"
        for one in waiting
    ] or ["no batch waits"]
    lines.append(
        "batches are approved by configuration (approve_batches), nothing needs to be done"
        if automatic
        else "next: 'smki registration approve BATCH' or 'reject BATCH'"
    )
    document = {"batches": [_batch_fields(one) for one in waiting], "automatic": automatic}
    emit(document, lines, as_json=as_json)


def _batch_fields(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.number,
        "party": batch.party,
        "id": batch.document_id,
        "items": batch.items,
        "sha256": batch.digest.hex(),
        "received_at": batch.received_at.isoformat(),
    }


@registration.command
@click.argument("batch", type=click.IntRange(1))
@json_option
def approve(batch: int, *, as_json: bool) -> None:
    """Approve a batch that waits: its certificates will be issued."""
    _decide("approve", batch, "approved, it is worked on while a server runs", as_json=as_json)


@registration.command
@click.argument("batch", type=click.IntRange(1))
@json_option
def reject(batch: int, *, as_json: bool) -> None:
    """Reject a batch that waits: nothing of it will be issued."""
    _decide("reject", batch, "REJECTED, whoever sent it is told when they ask", as_json=as_json)


def _decide(operation: str, batch: int, outcome: str, *, as_json: bool) -> None:
    with reporting(as_json=as_json):
        result = _perform(operation, batch=batch)
    lines = (f"batch {batch}: {outcome}", "next: 'smki registration batches' lists what waits")
    emit(result, lines, as_json=as_json)


@registration.command
@click.argument("eui64", metavar="EUI64")
@click.option("--status", type=click.Choice(tuple(_STATUSES)), help="Its status in the inventory.")
@click.option("--responsible", metavar="EUI64", help="The supplier responsible for it.")
@click.option(
    "--communications/--no-communications",
    default=None,
    help="Whether it is a communications hub function or gas proxy function.",
)
@click.option("--limit", type=click.IntRange(0), help="How many certificates it may be issued.")
@click.option("--reason", metavar="TEXT", help="With --limit: what the review found.")
@json_option
def device(eui64: str, *, status: str | None, as_json: bool, **changes: Any) -> None:
    """Show, or change, what the inventory knows of a device.

    It decides who may be issued certificates for the device. What no option names stays. A limit
    is lodged in the record; above everybody's it needs the reason that a review found.
    """
    if changes["reason"] is not None and changes["limit"] is None:
        raise click.UsageError("--reason: goes with --limit")
    wanted = {name: value for name, value in changes.items() if value is not None}
    if status is not None:
        wanted["status"] = _STATUSES[status].value
    with reporting(as_json=as_json):
        identity = EUI64.parse(eui64)
        result = _perform("device", device=str(identity), **wanted) if wanted else _known(identity)
    reviews = result["reviews"]
    lines = [f"{name:14} {value}" for name, value in result.items() if name != "reviews"]
    lines += [
        f"{'reviewed':14} {each['at']}: {each['limit']} after {each['issued']}, entry"
        f" {each['entry']}" + (f": {each['reason']}" if each["reason"] else "")
        for each in reviews
    ]
    lines.append("next: 'smki csr make' and 'smki submit adhoc' ask for a certificate for it")
    emit(result, lines, as_json=as_json)


def _known(device: EUI64) -> dict[str, Any]:
    with open_front(load_settings(os.environ)) as front:
        standing = front.registry.standings((device,)).get(device, DeviceStanding())
        return standing_fields(front, device, standing)


@registration.command
@click.argument("serial")
@json_option
def revoke(serial: str, *, as_json: bool) -> None:
    """Revoke the IKI credential with this serial number, and publish the CRL.

    A running server obeys within a second. Cannot be undone.
    """
    with reporting(as_json=as_json):
        result = _perform("revoke", serial=serial)
    lines = (
        (
            f"credential {result['serial']} opens nothing any more; it is on CRL"
            f" {result['crl_number']} of issuing-ica"
        ),
        "next: 'smki registration credential' certifies a fresh key in its place",
    )
    emit(result, lines, as_json=as_json)


@registration.command("refresh-crl")
@click.argument("authority", type=click.Choice(_AUTHORITIES))
@json_option
def refresh_crl(authority: str, *, as_json: bool) -> None:
    """Issue and publish a fresh CRL of an authority before it is due."""
    with reporting(as_json=as_json):
        result = _perform("refresh", authority=authority)
    lines = (
        f"CRL {result['crl_number']} of {authority} is lodged and published",
        "next: 'smki repository checkpoint' covers it",
    )
    emit(result, lines, as_json=as_json)


@registration.command
@click.argument("file")
@_party_option
@click.option("--interface", required=True, type=click.Choice(_INTERFACES), help="What it opens.")
@click.option(
    "--replaces", metavar="SERIAL", help="The credential of the same system that it follows."
)
@_out_option
@json_option
def credential(
    file: str, *, party: str, interface: str, replaces: str | None, out: str, as_json: bool
) -> None:
    """Issue an IKI credential from a CSR: it opens one interface to the party.

    FILE is the CSR, PEM or DER; - is standard input. CERT holds the certificate and its issuer's.
    One that replaces another may have the same name; the other stays good to its end.
    """
    wanted = {"party": party, "interface": interface}
    if replaces is not None:
        wanted["replaces"] = replaces
    result = _certified("credential", file, out, as_json=as_json, **wanted)
    _tell_certified(result, out, f"'{interface}' credential of {party}", as_json=as_json)


@registration.command("file-signer")
@click.argument("file")
@_party_option
@_out_option
@json_option
def file_signer(file: str, *, party: str, out: str, as_json: bool) -> None:
    """Issue an IKI file signing certificate from a CSR of the party: it signs files, opens nothing.

    FILE is the CSR, PEM or DER, as of 'smki csr system'; - is standard input.
    """
    result = _certified("file-signer", file, out, as_json=as_json, party=party)
    _tell_certified(result, out, f"file signing certificate of {party}", as_json=as_json)


@registration.command
@click.argument("file")
@_party_option
@_out_option
@json_option
def organisation(file: str, *, party: str, out: str, as_json: bool) -> None:
    """Issue an organisation certificate from a CSR of the party.

    FILE is the CSR, PEM or DER; - is standard input.
    """
    result = _certified("organisation", file, out, as_json=as_json, party=party)
    _tell_certified(result, out, f"organisation certificate of {party}", as_json=as_json)


def _certified(
    operation: str, file: str, out: str, *, as_json: bool, **arguments: str
) -> dict[str, Any]:
    with reporting(as_json=as_json), _advising(operation):
        request = base64.b64encode(read_request_file(read_input(file))).decode()
        with output_file(out) as write:
            result = _perform(operation, request=request, **arguments)
            for one in result.pop("chain"):
                write(write_pem(base64.b64decode(one), "CERTIFICATE"))
    return result


@contextmanager
def _advising(operation: str) -> Iterator[None]:
    """A CSR that asks for the wrong things is refused with the way to make a right one.

    A plain `openssl req -new` asks for no extension at all.
    """
    try:
        yield
    except Refused as error:
        if error.rule not in _ASKED:
            raise
        raise Refused(
            f"{error.message}; {_ADVICE[operation]}",
            where=error.where,
            clause=error.clause,
            rule=error.rule,
        ) from error


_ASKED = frozenset({"csr.attribute", "csr.extension", "csr.subject", "csr.usage"})
_ADVICE = {
    "credential": "the subject must have O, OU and CN, and the request ask for one extension,"
    " keyUsage: 'smki csr system' makes such a request, or openssl req -new with -addext"
    " keyUsage=critical,digitalSignature",
    "file-signer": "the subject must have O, OU and CN, and the request ask for one extension,"
    " keyUsage: 'smki csr system' makes such a request",
    "organisation": "the subject must have OU and uniqueIdentifier, and the request ask for one"
    " extension, keyUsage: 'smki csr organisation' makes such a request",
}


def _tell_certified(result: Mapping[str, Any], out: str, what: str, *, as_json: bool) -> None:
    if out == "-":
        return
    lines = (
        f"{what} {result['serial']} in {out}, entry {result['entry']} of the record",
        (
            f"next: 'smki certificate show {out}', 'smki repository prove {result['serial']}"
            " --out PROOF'"
        ),
    )
    emit({**result, "certificate": out}, lines, as_json=as_json)

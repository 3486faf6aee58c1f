"""`smki csr make` and `smki batch make`: requests as devices and their makers would send them."""

import base64
import os
import secrets
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import track

from smki.adapters.requesters import request_for_device
from smki.interfaces.cli.output import emit, json_option, output_file, reporting
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.terms import EUI64, KeyUsage
from smki.wire import der
from smki.wire.encodings import write_pem
from smki.wire.xml import write_batch_request

USAGES = {"ds": KeyUsage.DIGITAL_SIGNATURE, "ka": KeyUsage.KEY_AGREEMENT}
_SAMPLE_RANGE = bytes.fromhex("0A534D4B49")  # locally administered; nobody's in the field


@click.group
def csr() -> None:
    """Certification requests (PKCS#10)."""


@csr.command("make")
@click.option("--device", required=True, metavar="EUI64", help="Device ID, 16 hex digits.")
@click.option("--usage", required=True, type=click.Choice(sorted(USAGES)), help="Key usage.")
@click.option("--out", required=True, metavar="FILE", help="The request, PEM; - for stdout.")
@click.option("--key-out", metavar="FILE", help="The private key, PKCS#8 PEM, readable by you.")
@click.option(
    "--hw-type", default=DEVELOPMENT_HARDWARE, show_default=True, help="hwType OID of the device."
)
@json_option
def make_csr(
    *, device: str, usage: str, out: str, key_out: str | None, hw_type: str, as_json: bool
) -> None:
    """Make a fresh key and a device CSR for it."""
    with reporting(as_json=as_json):
        identity = EUI64.parse(device)
        made = request_for_device(identity, USAGES[usage], der.oid(hw_type)[2:])
        if key_out:
            with output_file(key_out, private=True) as write:
                write(made.key)
        with output_file(out) as write:
            write(write_pem(made.request))
        if out != "-":
            emit(
                {"device": str(identity), "usage": usage, "request": out, "key": key_out},
                (
                    f"a {usage.upper()} request of {identity} in {out}"
                    + (f", its key in {key_out}" if key_out else "; its key was not kept"),
                    f"next: 'smki submit adhoc {out}' to replace a certificate of the device",
                ),
                as_json=as_json,
            )


@click.group
def batch() -> None:
    """Batches of device CSRs."""


@batch.command("make")
@click.option("--count", required=True, type=click.IntRange(1), help="Number of CSRs.")
@click.option("--out", required=True, metavar="FILE", help="The XML document; - for stdout.")
@json_option
def make_batch(*, count: int, out: str, as_json: bool) -> None:
    """Make a SubmitCSRBatch document of fresh device CSRs, two usages to a device.

    A batch over 50,000 can be made, to see it refused.
    """
    with reporting(as_json=as_json):
        document_id = f"batch-{secrets.token_hex(6)}"
        size = 0
        with output_file(out) as write:
            for part in write_batch_request(document_id, _items(count, quiet=as_json)):
                write(part)
                size += len(part)
        if out != "-":
            emit(
                {"id": document_id, "count": count, "octets": size, "file": out},
                (
                    f"{count} requests, {size:,} octets, in {out} (ID {document_id})",
                    f"next: 'smki submit batch {out} --wait'",
                ),
                as_json=as_json,
            )


def _items(count: int, *, quiet: bool) -> Iterator[tuple[str, str]]:
    hardware = der.oid(DEVELOPMENT_HARDWARE)[2:]
    device = b""
    numbers = range(count)
    console = Console(stderr=True)
    silent = quiet or not console.is_terminal
    shown = track(numbers, "making requests", console=console, transient=True, disable=silent)
    for number in shown:
        if number % 2 == 0:
            device = _SAMPLE_RANGE + os.urandom(3)
        usage = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)[number % 2]
        made = request_for_device(EUI64(device), usage, hardware)
        yield f"csr-{number + 1}", base64.b64encode(made.request).decode()

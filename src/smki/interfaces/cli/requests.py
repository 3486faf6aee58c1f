"""`smki csr` and `smki batch make`: requests as devices, their makers and parties would send them."""

import base64
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import click
from rich.console import Console
from rich.progress import track

from smki.adapters.requesters import (
    RequestWithKey,
    request_for_device,
    request_for_organisation,
    request_for_system,
)
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, reporting
from smki.interfaces.cli.roles import read_role
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.terms import EUI64, Interface, KeyUsage, Malformed, RemotePartyRole
from smki.terms.identifiers import EUI64_OCTETS
from smki.wire import der
from smki.wire.encodings import write_pem
from smki.wire.xml import write_batch_request

USAGES = {"ds": KeyUsage.DIGITAL_SIGNATURE, "ka": KeyUsage.KEY_AGREEMENT}
_SAMPLE_RANGE = bytes.fromhex("0A534D4B49")  # locally administered; nobody's in the field


@click.group(cls=WholeSentences)
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
        _write(made, out, key_out)
    _tell(
        {"device": str(identity), "usage": usage, "request": out, "key": key_out},
        f"a {usage.upper()} request of {identity}",
        f"'smki submit adhoc {out}' to replace a certificate of the device",
        as_json=as_json,
    )


_role_option = click.option(
    "--role",
    required=True,
    metavar="ROLE",
    help="Remote party role, in words or as two hexadecimal digits.",
)
_own_key_option = click.option(
    "--key-out",
    required=True,
    metavar="FILE",
    help="The private key, PKCS#8 PEM, readable by you.",
)
_request_option = click.option(
    "--out", required=True, metavar="FILE", help="The request, PEM; - for stdout."
)


@csr.command("system")
@click.option("--organisation", required=True, metavar="TEXT", help="The party's trading name (O).")
@_role_option
@click.option("--name", required=True, metavar="TEXT", help="The system's own name (CN).")
@_request_option
@_own_key_option
@json_option
def make_system_csr(
    *, organisation: str, role: str, name: str, out: str, key_out: str, as_json: bool
) -> None:
    """Make a fresh RSA key and the CSR for an IKI credential of a system (or an officer).

    A manufacturer's system has role 7F.
    """
    with reporting(as_json=as_json):
        unit = (read_role(role) or RemotePartyRole.OTHER).organisational_unit
        _write(request_for_system(organisation, unit, name), out, key_out)
    _tell(
        {"organisation": organisation, "role": unit, "name": name, "request": out, "key": key_out},
        f"a request of {name!r} of {organisation!r}, role {unit}",
        f"'smki registration credential {out} --party NAME --interface"
        f" {'|'.join(one.value for one in Interface)} --out CERT', or 'smki registration file-signer"
        f" {out} --party NAME --out CERT' to sign files",
        as_json=as_json,
    )


@csr.command("organisation")
@click.option("--entity", required=True, metavar="EUI64", help="Entity identifier of the party.")
@_role_option
@click.option("--usage", required=True, type=click.Choice(sorted(USAGES)), help="Key usage.")
@_request_option
@_own_key_option
@json_option
def make_organisation_csr(
    *, entity: str, role: str, usage: str, out: str, key_out: str, as_json: bool
) -> None:
    """Make a fresh P-256 key and the CSR for an organisation certificate."""
    with reporting(as_json=as_json):
        identity, held = EUI64.parse(entity), read_role(role)
        if held is None:
            raise Malformed(
                f"role {role!r}: has no organisation certificates, must be one of the trust"
                " anchors",
                where="--role",
                clause="gbcs:4.3.2.2",
            )
        _write(request_for_organisation(identity, held, USAGES[usage]), out, key_out)
    unit = held.organisational_unit
    _tell(
        {"entity": str(identity), "role": unit, "usage": usage, "request": out, "key": key_out},
        f"a {usage.upper()} request of {identity}, role {unit}",
        f"'smki registration organisation {out} --party NAME --out CERT'",
        as_json=as_json,
    )


def _write(made: RequestWithKey, out: str, key_out: str | None) -> None:
    """Key and request are in their files, or neither is."""
    with ExitStack() as files:
        if key_out:
            files.enter_context(output_file(key_out, private=True))(made.key)
        files.enter_context(output_file(out))(write_pem(made.request))


def _tell(document: Mapping[str, object], what: str, following: str, *, as_json: bool) -> None:
    """What was made and what comes next; nothing if the request itself went to standard output."""
    if document["request"] == "-":
        return
    key = document["key"]
    lines = (
        f"{what} in {document['request']}"
        + (f", its key in {key}" if key else "; its key was not kept"),
        f"next: {following}",
    )
    emit(document, lines, as_json=as_json)


@click.group(cls=WholeSentences)
def batch() -> None:
    """Batches of device CSRs."""


@batch.command("make")
@click.option("--count", required=True, type=click.IntRange(1), help="Number of CSRs.")
@click.option("--out", required=True, metavar="FILE", help="The XML document; - for stdout.")
@click.option(
    "--device",
    metavar="EUI64",
    help="The first device; the others count on from it. Else devices are drawn by lot.",
)
@json_option
def make_batch(*, count: int, out: str, device: str | None, as_json: bool) -> None:
    """Make a SubmitCSRBatch document of fresh device CSRs, two usages to a device.

    A batch over 50,000 can be made, to see it refused.
    """
    with reporting(as_json=as_json):
        document_id = f"batch-{secrets.token_hex(6)}"
        devices = _drawn() if device is None else _counted(EUI64.parse(device), count)
        size = 0
        with output_file(out) as write:
            for part in write_batch_request(document_id, _items(count, devices, quiet=as_json)):
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


def _drawn() -> Iterator[EUI64]:
    while True:
        yield EUI64(_SAMPLE_RANGE + os.urandom(3))


def _counted(first: EUI64, count: int) -> Iterator[EUI64]:
    """The devices from `first` on; all of them exist, or none is given."""
    numbers = range(int(first), int(first) + (count + 1) // 2)
    if numbers[-1] >= 1 << (8 * EUI64_OCTETS):
        raise Malformed(
            f"device {first}: {len(numbers)} devices from there on, must all be EUI-64",
            where="--device",
            clause="gbcs:4.3.1",
        )
    return (EUI64(number.to_bytes(EUI64_OCTETS, "big")) for number in numbers)


def _items(count: int, devices: Iterator[EUI64], *, quiet: bool) -> Iterator[tuple[str, str]]:
    hardware = der.oid(DEVELOPMENT_HARDWARE)[2:]
    usages = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)
    pairs = ((device, usage) for device in devices for usage in usages)
    console = Console(stderr=True)
    silent = quiet or not console.is_terminal
    shown = track(range(count), "making requests", console=console, transient=True, disable=silent)
    for number, (device, usage) in zip(shown, pairs, strict=False):
        made = request_for_device(device, usage, hardware)
        yield f"csr-{number + 1}", base64.b64encode(made.request).decode()

"""`smki submit adhoc` and `smki submit batch`: over the network, with a credential."""

import base64
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from smki.bootstrap import load_settings
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.samples import SUPPLIER
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import (
    emit,
    json_option,
    output_file,
    read_input,
    reporting,
    tell,
)
from smki.interfaces.client import ClientCredential, Service
from smki.interfaces.said import read_serving
from smki.terms import (
    AdHocStatus,
    BatchStatus,
    Interface,
    ItemStatus,
    Malformed,
    Refused,
    Unavailable,
)
from smki.wire.encodings import read_request_file
from smki.wire.xml import MAX_BATCH_OCTETS

_ENDPOINTS = {Interface.AD_HOC: "adhoc", Interface.BATCH: "batch"}


@click.group(cls=WholeSentences, short_help="Send requests through the services.")
def submit() -> None:
    """Send requests through the services, as the sample supplier or with a credential of yours."""


def _who_options(command: Any) -> Any:
    """The options by which a command says who asks, as parameters `party`, `certificate`, `key`."""
    for option in (
        click.option("--key", metavar="FILE", help="The private key of --certificate, PEM."),
        click.option(
            "--certificate", metavar="FILE", help="Ask with this credential, PEM, of any party."
        ),
        click.option(
            "--party", default=SUPPLIER, show_default=True, help="The sample party that asks."
        ),
    ):
        command = option(command)
    return command


def _service(interface: Interface, who: Mapping[str, str | None]) -> Service:
    """The service, as the party asks it that `_who_options` name."""
    settings = load_settings(os.environ)
    address = read_serving(settings).get("endpoints", {}).get(_ENDPOINTS[interface])
    if address is None:
        raise Unavailable(
            f"nothing is served from {settings.state}, a server must run:"
            " 'make run' or 'smki serve'",
            where=str(settings.state),
        )
    given = [Path(file) for file in (who["certificate"], who["key"]) if file]
    if len(given) == 1:
        raise click.UsageError("--certificate and --key go together: one is missing")
    sample = credential_path(settings, who["party"] or SUPPLIER, interface)
    certificate, key = given or sample
    for file in (certificate, key):
        if not file.exists():
            raise Refused(
                f"no file {file} of a credential for {interface.value}, must be there; 'smki"
                " status' names those of the sample parties",
                where=str(file),
                clause="sec-app-m:G",
            )
    ca = settings.path("tls", "ca.pem")
    return Service(address, ClientCredential(ca=ca, certificate=certificate, key=key))


@submit.command("adhoc")
@click.argument("file")
@click.option("--out", metavar="FILE", help="The answer, XML.")
@_who_options
@json_option
@click.pass_context
def ad_hoc(
    context: click.Context,
    /,
    *,
    file: str,
    out: str | None,
    as_json: bool,
    **who: str | None,
) -> None:
    """Send one device CSR to the ad hoc service.

    FILE is a CSR in any encoding the portal takes, DER, or the whole XML request; - for stdin.
    """
    with reporting(as_json=as_json):
        octets = read_input(file, limit=256 * 1024)
        service = _service(Interface.AD_HOC, who)
        started = time.monotonic()
        if octets.lstrip()[:1] == b"<":
            answer, document = service.ad_hoc_document(octets)
        else:
            text = base64.b64encode(read_request_file(octets)).decode()
            answer, document = service.ad_hoc(text, f"cli-{os.urandom(6).hex()}")
        seconds = time.monotonic() - started
        _keep(out, document)
    issued = answer.status is AdHocStatus.SUCCESS
    emit(
        {
            "status": answer.status.value,
            "batch_id": None,
            "issued": int(issued),
            "rejected": int(not issued),
            "seconds": round(seconds, 3),
            "code": answer.code,
            "text": answer.text,
            "transaction_id": answer.transaction_id,
            "certificate": answer.certificate and base64.b64encode(answer.certificate).decode(),
        },
        (
            f"{answer.status.value} {answer.code} {answer.text}".rstrip()
            + f" ({seconds * 1000:.0f} ms)",
            *_remedy(answer.status),
        ),
        as_json=as_json,
    )
    context.exit(0 if issued else 1)


def _remedy(status: AdHocStatus) -> tuple[str, ...]:
    """What one does about a CSR that is not one of a device: plain OpenSSL makes such."""
    if status is not AdHocStatus.CSR_ERROR:
        return ()
    return (_DEVICE_CSR,)


_DEVICE_CSR = (
    "next: 'smki csr make --device EUI64 --usage ds|ka --out FILE' makes a device CSR: empty"
    " subject, extensions keyUsage and subjectAltName (hardwareModuleName)"
)


@submit.command("batch")
@click.argument("file")
@click.option("--wait", is_flag=True, help="Wait for the result.")
@click.option("--out", metavar="FILE", help="The answer, or with --wait the result, XML.")
@click.option("--proof", metavar="FILE", help="With --wait: the proof of the batch.")
@_who_options
@json_option
@click.pass_context
def batch(
    context: click.Context,
    /,
    *,
    file: str,
    wait: bool,
    out: str | None,
    proof: str | None,
    as_json: bool,
    **who: str | None,
) -> None:
    """Send a batch (SubmitCSRBatch, XML) to the batched service."""
    with reporting(as_json=as_json):
        if proof and not wait:
            raise Malformed("--proof: needs --wait, only a finished batch has a proof")
        octets = read_input(file, limit=2 * MAX_BATCH_OCTETS)
        service = _service(Interface.BATCH, who)
        started = time.monotonic()
        submitted, document = service.submit(iter((octets,)), len(octets))
        result: dict[str, Any] = {
            "status": submitted.status.value,
            "batch_id": submitted.number,
            "issued": 0,
            "rejected": 0,
            "seconds": 0.0,
            "code": submitted.code,
            "text": submitted.text,
        }
        if submitted.number is None or not wait:
            _keep(out, document)
        else:
            result |= _finish(service, submitted.number, out, proof, quiet=as_json)
        result["seconds"] = round(time.monotonic() - started, 3)
    lines = [
        f"batch {result['batch_id'] or 'refused'}: {result['status']} {result['code']}"
        f" {result['text']}".rstrip()
        + f"; {result['issued']} issued, {result['rejected']} rejected,"
        f" {result['seconds']:.2f} s"
    ]
    lines += [f"  {number} x {reason}" for reason, number in result.get("reasons", {}).items()]
    lines += _next(result, file, out, proof)
    emit(result, lines, as_json=as_json)
    good = result["batch_id"] is not None and not result["rejected"]
    context.exit(0 if good and result["status"] in ("PENDING", "COMPLETED") else 1)


def _next(
    result: Mapping[str, Any], file: str, out: str | None, proof: str | None
) -> Iterable[str]:
    if result["status"] == BatchStatus.PENDING.value:
        yield f"next: 'smki submit batch {file} --wait' waits for the result; nothing is sent twice"
    elif proof and result["status"] == BatchStatus.COMPLETED.value:
        yield f"next: 'smki repository verify {proof}' checks the proof, offline"
    elif result["issued"] and out and out != "-":
        yield f"next: the certificates are in {out}; 'smki repository checkpoint' covers them"


def _finish(
    service: Service, number: int, out: str | None, proof: str | None, *, quiet: bool
) -> dict[str, Any]:
    seen = ""

    def show(state: str) -> None:
        nonlocal seen
        if state != seen and not quiet:
            tell(f"batch {number}: {state}")
        seen = state

    parts: list[bytes] = []
    header, items = service.finished(number, show, parts.append if out else lambda _: None)
    if out:
        _keep(out, b"".join(parts))
    if proof and header.status is BatchStatus.COMPLETED:
        with output_file(proof) as write:
            service.proof(number, write)
    issued = sum(item.status is ItemStatus.SUCCESS for item in items)
    reasons = Counter(
        f"{item.status.value} {item.code} {item.text}"
        for item in items
        if item.status is not ItemStatus.SUCCESS
    )
    return {
        "status": header.status.value,
        "issued": issued,
        "rejected": len(items) - issued,
        "code": header.code,
        "text": header.text,
        "reasons": dict(reasons.most_common(20)),
    }


def _keep(out: str | None, document: bytes) -> None:
    if out == "-":
        sys.stdout.buffer.write(document)
    elif out:
        try:
            Path(out).write_bytes(document)
        except OSError as error:
            raise Malformed(
                f"--out: the answer came, and cannot be kept ({error.strerror}); the same again"
                " gets the same answer",
                where=out,
            ) from error

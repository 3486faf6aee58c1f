"""The first journey of an embedded SMKI: a real meter's request, from its message to a proof.

Acts as the sample supplier, from outside, over the network, with the supplier's credentials:

    1 the certification request that a meter produced (CS02c response of the reference data, or,
      where that is absent, one made on the spot)
    2 submitted by the batched service, among a thousand others
    3 its certificate picked up, and its chain verified
    4 the proof of the batch checked, with the log's public key alone
    5 found again in the repository
    6 replaced through the ad hoc service
"""

import base64
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from smki.adapters.requesters import request_for_device
from smki.bootstrap import Settings
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.samples import API_KEY, SUPPLIER
from smki.crypto import verify_chain
from smki.interfaces.client import ClientCredential, Service
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.repository import verify_proof
from smki.terms import EUI64, AdHocStatus, Inconsistent, Interface, ItemStatus, KeyUsage
from smki.wire import der
from smki.wire.gbcs.frame import parse_message, read_message_file
from smki.wire.pkcs10 import parse_device_request
from smki.wire.requests import DeviceRequest
from smki.wire.xml import SearchQuery, write_batch_request

OTHERS: Final = 1000
_MESSAGE: Final = Path("rtds", "CS02c_6.17_SUCCESS_RESPONSE_GBCS.HEX")
_METER: Final = EUI64.parse("0A534D4B49D00001")
HARDWARE: Final = der.oid(DEVELOPMENT_HARDWARE)[2:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What a journey needs.

    Attributes:
        settings: where credentials and reference data are.
        endpoints: addresses, as `smki status` names them.
        chain: DER of Issuing DCA and Root DCA.
        verifier_key: the log's public key.
        tell: is told each step, in plain words with its time.
        progress: is told how many requests are made, of how many.
    """

    settings: Settings
    endpoints: Mapping[str, str | None]
    chain: tuple[bytes, ...]
    verifier_key: str
    tell: Callable[[str], None]
    progress: Callable[[int, int], None]


def travel(journey: Journey) -> EUI64:
    """Every step was taken and checked; the meter whose certificate was asked for.

    Raises:
        SmkiError: a step failed; says which and why.
    """
    meter_csr, origin = _meter_request(journey.settings.vectors)
    meter = parse_device_request(meter_csr).request
    if not isinstance(meter, DeviceRequest):
        raise Inconsistent("journey: the meter's request is not one of a device")
    journey.tell(f"1  {origin}: device {meter.device}, {meter.usage.code} key")

    batch = Service(_address(journey, "batch"), _credential(journey, Interface.BATCH))
    document, document_id = _document(journey, meter_csr)
    started = time.monotonic()
    submitted, _ = batch.submit(iter(document), sum(map(len, document)))
    if submitted.number is None:
        raise Inconsistent(f"journey: the batch was answered {submitted.code} {submitted.text}")
    journey.tell(
        f"2  sent with {OTHERS} others as batch {submitted.number} ({document_id}) through the"
        " batched service, as the supplier"
    )
    _, items = batch.finished(submitted.number, lambda _: None, lambda _: None)
    issued = {item.item: item for item in items if item.status is ItemStatus.SUCCESS}
    if len(issued) != OTHERS + 1 or issued["meter"].certificate is None:
        raise Inconsistent(f"journey: {len(issued)} certificates for {OTHERS + 1} requests")
    certificate = issued["meter"].certificate
    seconds = time.monotonic() - started
    journey.tell(f"3  {len(issued)} certificates issued, lodged and picked up in {seconds:.2f} s")
    verify_chain(certificate, journey.chain[:-1], journey.chain[-1], datetime.now(UTC))
    journey.tell("   the meter's certificate chains to the Root DCA")

    parts: list[bytes] = []
    batch.proof(submitted.number, parts.append)
    proven = verify_proof(b"".join(parts).splitlines(keepends=True), journey.verifier_key)
    journey.tell(
        f"4  the proof of the batch checks offline: {len(proven.entries)} entries under the"
        f" checkpoint of size {proven.head.size}"
    )
    _find(journey, meter.device, certificate)
    _replace(journey, meter.device, meter.usage)
    return meter.device


def _find(journey: Journey, device: EUI64, certificate: bytes) -> None:
    address = journey.endpoints["repository_local"]
    repository = (
        Service(address, None)
        if address
        else Service(_address(journey, "repository"), _credential(journey, Interface.BATCH))
    )
    found = repository.search(SearchQuery(identity=device, device=True), API_KEY)
    for entry in found.entries:
        retrieved = repository.retrieve(entry.serial, API_KEY)
        if certificate in retrieved.certificates:
            journey.tell(
                f"5  found in the repository: serial {entry.serial}, status {entry.status.value}"
            )
            return
    raise Inconsistent(f"journey: the repository does not show the certificate of {device}")


def _replace(journey: Journey, device: EUI64, usage: KeyUsage) -> None:
    service = Service(_address(journey, "adhoc"), _credential(journey, Interface.AD_HOC))
    request = request_for_device(device, usage, HARDWARE)
    started = time.monotonic()
    answer, _ = service.ad_hoc(base64.b64encode(request.request).decode(), "journey-replace")
    if answer.status is not AdHocStatus.SUCCESS or answer.certificate is None:
        raise Inconsistent(f"journey: the ad hoc service answered {answer.code} {answer.text}")
    verify_chain(answer.certificate, journey.chain[:-1], journey.chain[-1], datetime.now(UTC))
    journey.tell(
        "6  replaced through the ad hoc service, with a fresh key, in"
        f" {(time.monotonic() - started) * 1000:.0f} ms"
    )


def _meter_request(vectors: Path) -> tuple[bytes, str]:
    path = vectors / _MESSAGE
    if path.is_file():
        message = parse_message(read_message_file(path.read_bytes()))
        return message.payload, "a real meter's CS02c response carries a certification request"
    request = request_for_device(_METER, KeyUsage.DIGITAL_SIGNATURE, HARDWARE)
    return request.request, "no reference data here, so a meter's request was made on the spot"


def _document(journey: Journey, meter_csr: bytes) -> tuple[list[bytes], str]:
    document_id = f"journey-{os.urandom(4).hex()}"

    def items() -> Iterator[tuple[str, str]]:
        yield "meter", base64.b64encode(meter_csr).decode()
        for number in range(OTHERS):
            device = EUI64(bytes.fromhex("0A534D4B49") + os.urandom(3))
            request = request_for_device(device, KeyUsage.KEY_AGREEMENT, HARDWARE)
            journey.progress(number + 1, OTHERS)
            yield f"device-{number}", base64.b64encode(request.request).decode()

    return list(write_batch_request(document_id, items())), document_id


def _address(journey: Journey, name: str) -> str:
    address = journey.endpoints[name]
    if address is None:
        raise Inconsistent(f"journey: no address of {name}")
    return address


def _credential(journey: Journey, interface: Interface) -> ClientCredential:
    certificate, key = credential_path(journey.settings, SUPPLIER, interface)
    ca = journey.settings.path("tls", "ca.pem")
    return ClientCredential(ca=ca, certificate=certificate, key=key)

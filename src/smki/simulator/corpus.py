"""Messages of every security use case and direction as files, with an index and the keys.

    <use case>_NA_SUCCESS_<PRECOMMAND|COMMAND|RESPONSE|ALERT>_GBCS.HEX      hexadecimal, one line
    index.csv                                                               a row for each
    keys/<eui64>-<ds|ka|pp-ka>.pem, .key                     certificates, PKCS#8; of the
                                                             contingency key the bare public key

Each command is sent to a device of its own, which answers it; what is future dated runs.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from smki.devices import advance, process
from smki.messages import KeyUse
from smki.messages.showing import kind_of
from smki.simulator.cast import Party
from smki.simulator.catalogue import Catalogue, Example
from smki.simulator.keys import ScalarKeys
from smki.terms import EUI64
from smki.wire.gbcs.frame import GbcsMessage, parse_message
from smki.wire.gbcs.payloads import encrypted_items, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits

COLUMNS: Final = (
    "file",
    "use_case",
    "message_code",
    "kind",
    "originator",
    "recipient",
    "counter",
    "signature",
    "mac",
    "encrypted_items",
    "supplementary_party",
)
_USES: Final = {
    KeyUsageBits.DIGITAL_SIGNATURE: KeyUse.DIGITAL_SIGNATURE,
    KeyUsageBits.KEY_AGREEMENT: KeyUse.KEY_AGREEMENT,
}
_LATER: Final = timedelta(days=60)  # after everything that is future dated


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFile:
    """A file: its path under the folder, its content, and whether it is a private key."""

    path: str
    content: bytes
    private: bool = False


def corpus(catalogue: Catalogue, keys: ScalarKeys, at: datetime) -> Iterator[CorpusFile]:
    """The files, the index after the messages, the keys last.

    Clause: gbcs:use-cases
    """
    rows: list[dict[str, object]] = []
    devices: list[Example] = []
    for example in catalogue.examples():
        devices.append(example)
        for octets in _messages(example, keys, at):
            message = parse_message(octets)
            row = _row(example, message)
            rows.append(row)
            yield CorpusFile(path=str(row["file"]), content=octets.hex().upper().encode())
    yield CorpusFile(path="index.csv", content=_table(rows))
    for party in catalogue.parties.values():
        yield from _party(party, keys)
    yield from _contingency(catalogue, keys)
    for example in devices:
        yield from _device(example, keys)


def _messages(example: Example, keys: ScalarKeys, at: datetime) -> Iterator[bytes]:
    """What goes to the device and what comes back, in time's order."""
    sent = example.sent
    if parse_message(sent.command).signature:
        yield sent.pre_command
    yield sent.command
    done = process(example.device, sent.command, at, keys)
    if done.dropped is not None:
        raise ValueError(f"{example.name}: {done.dropped.message}")
    yield from done.out
    yield from advance(done.state, at + _LATER, keys).out


def _row(example: Example, message: GbcsMessage) -> dict[str, object]:
    header = message.header
    kind = kind_of(message)
    name = f"{example.name}_NA_SUCCESS_{kind.replace('-', '').upper()}_GBCS.HEX"
    behind = header.supplementary
    values = (
        name,
        example.name.partition("_")[0],
        f"0x{header.message_code:04X}",
        kind,
        header.originator.digits,
        header.recipient.digits,
        f"{header.counter:016x}",
        "yes" if message.signature else "no",
        "yes" if message.mac else "no",
        len(encrypted_items(read_payload(message))),
        behind.party.digits if behind else "",
    )
    return dict(zip(COLUMNS, values, strict=True))


def _table(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _party(party: Party, keys: ScalarKeys) -> Iterator[CorpusFile]:
    for use, held in party.keys.items():
        yield _certificate(party.entity, use, held.certificate)
        yield from _private(party.entity, use, held.handle, keys)


def _contingency(catalogue: Catalogue, keys: ScalarKeys) -> Iterator[CorpusFile]:
    """A bare public key: nobody certifies it, the root certificate carries it wrapped."""
    entity, handle = catalogue.originator_of_contingency, catalogue.contingency_handle
    use = KeyUse.DIGITAL_SIGNATURE
    yield CorpusFile(path=f"keys/{entity.digits}-{use.value}.pem", content=keys.public_pem(handle))
    yield from _private(entity, use, handle, keys)


def _device(example: Example, keys: ScalarKeys) -> Iterator[CorpusFile]:
    device = example.device
    for usage, own in device.own.items():
        yield _certificate(device.device, _USES[usage], own.certificate)
        yield from _private(device.device, _USES[usage], own.handle, keys)


def _certificate(entity: EUI64, use: KeyUse, octets: bytes) -> CorpusFile:
    pem = x509.load_der_x509_certificate(octets).public_bytes(Encoding.PEM)
    return CorpusFile(path=f"keys/{entity.digits}-{use.value}.pem", content=pem)


def _private(entity: EUI64, use: KeyUse, handle: bytes, keys: ScalarKeys) -> Iterator[CorpusFile]:
    """PKCS#8, unencrypted: these keys protect nothing. None of a key in a key store."""
    path = f"keys/{entity.digits}-{use.value}.key"
    content = keys.pem(handle)
    if content is not None:
        yield CorpusFile(path=path, content=content, private=True)

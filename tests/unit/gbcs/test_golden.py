"""Our own messages, kept: the codec, the devices and the parties make today what they made then."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from smki.wire.gbcs.frame import MessageCategory, parse_message
from smki.wire.gbcs.payloads import (
    DESCRIBED_TYPES,
    PAYLOAD_TYPES,
    SecurityPayload,
    read_payload,
    write_payload,
)

VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    """The golden vectors as they are kept."""
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in (VECTORS / "messages").glob("*.json*")
    }


@pytest.fixture(scope="module")
def lines(kept: dict[str, str]) -> list[dict[str, Any]]:
    """Each message with what it says."""
    return [json.loads(line) for line in kept["messages.jsonl"].splitlines()]


@pytest.mark.clause("gbcs:use-cases", "gbcs:18.4")
def test_golden_messages_are_made_again_octet_for_octet(kept: dict[str, str]) -> None:
    """Messages, the trees of what they say, and the keys are those that were kept."""
    made = runpy.run_path(str(VECTORS / "make_messages.py"))["make"]()
    assert made.keys() == kept.keys()
    for name, text in made.items():
        for number, (ours, theirs) in enumerate(
            zip(text.splitlines(), kept[name].splitlines(), strict=True), 1
        ):
            assert ours == theirs, f"{name}, line {number}"


@pytest.mark.clause("gbcs:use-cases", "x690:10")
def test_golden_messages_are_of_every_type_and_all_that_protects_them_holds(
    lines: list[dict[str, Any]],
) -> None:
    """A message of each payload type that devices send or obey; DER; nothing that does not hold."""
    found = set()
    for line in lines:
        message = parse_message(bytes.fromhex(line["octets"]))
        payload = read_payload(message)
        value = payload.value if isinstance(payload, SecurityPayload) else payload
        header = message.header
        assert write_payload(header.message_code, header.category, value) == message.payload
        assert {line["shown"]["signature"], line["shown"]["mac"]} <= {"valid", "absent"}
        found.add((message.header.message_code, message.header.category))
    # alerts about firmware that was not activated by a command: no device here sends them
    alert, typed = MessageCategory.ALERT, {*PAYLOAD_TYPES, *DESCRIBED_TYPES}
    assert typed - found == {(0x0128, alert), (0x0129, alert), (0x012B, alert)}
    assert {code for code, _ in found - typed} == {0x0001, 0x0002, 0x0003, 0x0018}

"""The requests that the command line makes for others to send."""

from pathlib import Path
from typing import Any

import pytest

from smki.wire.encodings import read_bare_base64
from smki.wire.pkcs10 import parse_device_request
from smki.wire.requests import DeviceRequest
from smki.wire.xml.batch import read_items


def _devices(document: bytes) -> list[tuple[str, str]]:
    found = []
    for _, text in read_items((document,)):
        request = parse_device_request(read_bare_base64(text)).request
        assert isinstance(request, DeviceRequest)
        found.append((str(request.device), request.usage.code))
    return found


@pytest.mark.clause("gbcs:4.3.1", "sec-app-m:F")
def test_devices_of_a_batch_count_on_from_the_first(original: Any, tmp_path: Path) -> None:
    """Two usages to a device, and the next device is the next number."""
    file = tmp_path / "batch.xml"
    words = ("batch", "make", "--count", "5", "--out", str(file))
    code, made = original.json(*words, "--device", "0A-53-4D-4B-49-AA-00-FF")
    assert (code, made["count"]) == (0, 5)
    first, second, third = (f"0A-53-4D-4B-49-AA-{end}" for end in ("00-FF", "01-00", "01-01"))
    assert _devices(file.read_bytes()) == [
        (first, "DS"),
        (first, "KA"),
        (second, "DS"),
        (second, "KA"),
        (third, "DS"),
    ]


@pytest.mark.clause("gbcs:4.3.1")
def test_devices_past_the_last_identifier_are_refused(original: Any, tmp_path: Path) -> None:
    """No EUI-64 follows the last one: nothing is made, and no file is left."""
    file = tmp_path / "batch.xml"
    words = ("batch", "make", "--out", str(file), "--device", "FF" * 8)
    code, shown = original.json(*words, "--count", "3")
    assert (code, shown["error"]["where"], file.exists()) == (1, "--device", False)
    assert original.run(*words, "--count", "2")[0] == 0


def test_key_and_request_are_written_both_or_neither(original: Any, tmp_path: Path) -> None:
    """Where the request cannot be written no key is left, and what was there stays as it was."""
    request, key = tmp_path / "a.csr", tmp_path / "a.key"
    words = ("csr", "make", "--device", "0A-53-4D-4B-49-AA-00-01", "--usage", "ds")
    request.write_text("mine")
    code, shown = original.json(*words, "--out", str(request), "--key-out", str(key))
    assert (code, shown["error"]["where"]) == (1, str(request))
    assert "must not be there yet" in shown["error"]["message"]
    assert (request.read_text(), key.exists()) == ("mine", False)
    code, shown = original.json(*words, "--out", str(tmp_path / "no" / "a.csr"))
    assert (code, "must be in a folder" in shown["error"]["message"]) == (1, True)

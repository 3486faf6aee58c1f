"""The server's part: each newer checkpoint is cosigned by itself, and trouble only delays it."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smki.adapters.record import FileRecordReader
from smki.bootstrap import load_settings
from smki.bootstrap.witnesses import make_witness
from smki.interfaces.cosigning import ask_witnesses
from smki.merkle.trust import Policy
from smki.ports import KeyAlgorithm
from smki.terms import Refused

if TYPE_CHECKING:
    from tests.unit.witness.conftest import Log

_SECONDS = 60


@pytest.mark.clause("c2sp:tlog-witness", "c2sp:tlog-cosignature")
def test_each_newer_checkpoint_is_cosigned(
    log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Asked again and again while the log grows, and told once when its witness is away."""
    folder, policy = tmp_path / "witness", tmp_path / "policy"
    secret = {"SMKI_PASSPHRASE": "open"}
    key = make_witness(
        folder,
        name="w",
        log=log.vkey,
        place="",
        algorithm=KeyAlgorithm.ED25519,
        environment=secret,
    )
    (tmp_path / "state").mkdir()
    log.folder.rename(tmp_path / "state" / "record")
    grown = type(log)(folder=tmp_path / "state" / "record")
    environment = {
        "SMKI_STATE": str(tmp_path / "state"),
        "SMKI_WITNESS_POLICY": str(policy),
        "SMKI_WITNESS_SECONDS": "0.1",
    }
    words = [sys.executable, "-m", "smki", "witness", "serve", str(folder), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=secret) as program:
        assert program.stdout is not None
        address = program.stdout.readline().split()[1]
        policy.write_text(f"log {log.vkey}\nwitness w {key} {address}\nquorum w\n")
        settings = load_settings(environment)
        reader = FileRecordReader(settings.path("record"), log.vkey)
        believed = Policy.parse(policy.read_bytes())

        async def until_cosigned() -> int:
            while True:
                try:
                    return believed.believe(reader.checkpoint().note).head.size
                except Refused:
                    await asyncio.sleep(0.05)

        async def until_told() -> None:
            while True:
                if caplog.records:
                    return
                await asyncio.sleep(0.05)

        async def watched() -> list[int]:
            asking = asyncio.create_task(ask_witnesses(settings, reader))
            sizes = [await asyncio.wait_for(until_cosigned(), _SECONDS)]
            grown.grow(5)
            sizes.append(await asyncio.wait_for(until_cosigned(), _SECONDS))
            program.kill()
            grown.grow(5)
            with caplog.at_level(logging.WARNING):
                await asyncio.wait_for(until_told(), _SECONDS)
                await asyncio.sleep(0.5)  # it goes on asking, and says no more
            assert not asking.done()
            asking.cancel()
            return sizes

        try:
            assert asyncio.run(watched()) == [300, 305]
        finally:
            program.kill()
    assert [one.message for one in caplog.records].count(caplog.records[0].message) == 1
    assert "witness w" in caplog.records[0].message

"""The daily run is killed at each of its effects: a bulk file is whole or absent, never half."""

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.support.killing import Through, kills

from smki.adapters import bulk
from smki.adapters.bulk import BulkFolder, read_entries
from smki.merkle.bulk import BulkKind
from smki.repository.exporting import bulk_octets

DAY = date(2026, 11, 21)


@pytest.mark.clause("sec-app-p:A")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_each_effect(
    log: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Whoever finds a manifest finds its whole file; the next run leaves what one run would leave."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a kill is not a power cut
    log.lodge(10, blobs=1)
    old = log.export()
    log.lodge(300, days=1, blobs=2)
    folder = BulkFolder(tmp_path / "played")

    def prepare() -> None:
        shutil.rmtree(folder.folder, ignore_errors=True)
        shutil.copytree(log.folder.folder, folder.folder)

    def run() -> None:
        folder.export(log.record, kind=BulkKind.FULL, start=0, day=DAY, made=2)
        folder.drop(one for one in folder.files() if one.manifest == old.manifest)
        folder.sweep()

    def act(through: Through) -> None:
        def counted(*words: Any, **named: Any) -> Iterator[bytes]:
            for piece in bulk_octets(*words, **named):
                yield through(lambda piece=piece: piece)()

        monkeypatch.setattr(bulk, "bulk_octets", counted)  # in the fork alone
        for name in ("open", "replace", "unlink", "mkdir", "fsync"):
            setattr(os, name, through(getattr(os, name)))
        run()

    effects = 0
    for effect in kills(prepare, act, after=after):
        for one in folder.files():
            assert len(list(read_entries(one, log.key))) == one.manifest.size
        assert 1 <= len(folder.files()) <= 2
        run()
        (left,) = folder.files()
        assert (left.manifest.size, left.manifest.date) == (310, DAY.isoformat())
        assert len(list(read_entries(left, log.key))) == 310
        names = {path.name for path in folder.folder.iterdir() if path.name != ".lock"}
        assert names == {left.path.name, left.data.name}, effect
        effects = effect
    assert effects > 10


def test_only_what_is_ours_is_swept(log: Any) -> None:
    """A file that a run left without its manifest goes; files with one, and others', stay."""
    log.lodge(3)
    kept = log.export()
    orphan = log.folder.folder / "full-2026-11-20-2.bulk"
    note = log.folder.folder / "read-me.txt"
    orphan.write_bytes(b"whole, but nobody knows of what")
    note.write_text("hello")
    log.folder.sweep()
    assert not orphan.exists()
    assert kept.data.exists()
    assert note.exists()

"""Every effect of the sequencer fails, lost or done but its answer lost.

Each story below is played once to tell its effects, then once for each effect and each way in which
it can fail. What must hold afterwards is the same for all.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from smki.adapters.record import FileRecord, FileRecordReader, Problem, audit
from smki.adapters.record.publishing import publish_cosigned
from smki.merkle import VerifierKey, prove_consistency, verify_checkpoint, verify_consistency
from smki.merkle.leaf import LeafType, encode_leaf
from smki.merkle.notes import SignedNote
from smki.merkle.signatures import Algorithm
from smki.terms import Unavailable

Open = Callable[[Path], FileRecord]
Leaves = Callable[..., list[bytes]]
Act = Callable[[Path], None]
BODY = b"\x30" + bytes(40_000)
FIRST = 300
MIDDLE = 530  # completes a bundle and starts another
LAST = 533
LOG = "log"  # the record's folder, in one that is there


@dataclass(frozen=True)
class Story:
    """What is there, what is done to it, and the sizes that the log may have afterwards."""

    before: Act
    act: Act
    sizes: tuple[int, ...]


class Stories:
    """The stories, and what must hold after each."""

    def __init__(
        self, place: Path, opens: tuple[Open, Open], leaves_of: Leaves, effects: Any
    ) -> None:
        leaf, self.blob = encode_leaf(LeafType.CRL, BODY, 0)
        self.leaves = leaves_of(LAST)
        self.leaves[MIDDLE - 1] = leaf
        self.open, self.open_with_both = opens
        self.place, self.effects = place, effects
        self.acknowledged = 0
        self.seen: set[bytes] = set()

    def named(self, name: str) -> list[Story]:
        """The stories of that name."""
        match name:
            case "a new record":
                return [Story(lambda _: None, self.founded, (0, FIRST, MIDDLE))]
            case "an append":
                return [Story(self.first, self.second, (FIRST, MIDDLE))]
            case "a second key signs":
                return [Story(self.first, self.second_signed_twice, (FIRST, MIDDLE))]
            case "a checkpoint is cosigned":
                return [Story(self.first, self.cosigned, (FIRST,))]
            case _:
                befores = [partial(self.cut_off, at) for at in self.decided()]
                return [Story(before, self.opened, (MIDDLE,)) for before in befores]

    def founded(self, folder: Path) -> None:
        """A new record, and its first entries."""
        self.first(folder)
        self.second(folder)

    def opened(self, folder: Path) -> None:
        """The record is opened."""
        self.open(folder / LOG).close()

    def first(self, folder: Path) -> None:
        """Some entries are lodged."""
        self.lodge(folder, 0, FIRST)

    def second(self, folder: Path) -> None:
        """More are lodged."""
        self.lodge(folder, FIRST, MIDDLE)

    def second_signed_twice(self, folder: Path) -> None:
        """More are lodged, under two signatures."""
        self.lodge(folder, FIRST, MIDDLE, self.open_with_both)

    def lodge(self, folder: Path, start: int, stop: int, opening: Open | None = None) -> None:
        """These entries are lodged, and whoever asked is told so."""
        with closing((opening or self.open)(folder / LOG)) as record:
            assert self.append(record, start, stop) == stop
        self.acknowledged = stop

    def append(self, record: FileRecord, start: int, stop: int) -> int:
        """These entries are appended; the size afterwards."""
        assert self.blob is not None
        return record.append(self.leaves[start:stop], [self.blob] if stop == MIDDLE else []).size

    def cosigned(self, folder: Path) -> None:
        """A witness's line comes to the checkpoint."""
        note = SignedNote.parse((folder / LOG / "checkpoint").read_bytes())
        line = WITNESS.sign(note.text, lambda _: bytes(64), 1)
        publish_cosigned(folder / LOG, bytes(note.with_lines([line])))

    def decided(self) -> list[int]:
        """Effects of an append that come when it is decided: the first, one between, the last."""
        done = self.told(Story(self.first, self.second, (FIRST, MIDDLE)))
        first = done.index(f"replace {LOG}/pending")
        last = done.index(f"unlink {LOG}/pending", first)
        return [first + 1, (first + last) // 2, last]

    def cut_off(self, at: int, folder: Path) -> None:
        """An append was cut off there."""
        self.first(folder)
        disk = self.effects(folder, at=at)
        with suffering(disk):
            self.second(folder)
        assert disk.is_off

    def told(self, story: Story) -> list[str]:
        """The effects of the story, none of which went past."""
        folder = self.place / "told"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        story.before(folder)
        disk = self.effects(folder)
        with suffering(disk):
            story.act(folder)
        assert disk.agrees()
        done: list[str] = disk.done
        return done

    def goes_on(self, story: Story, folder: Path, published: bytes) -> int:
        """Opened again, nothing is lost, doubled or in another order; the size that was found.

        What was told of is there, what was published is extended, and the rest can be lodged.
        """
        with closing(self.open(folder / LOG)) as record:
            size = record.checkpoint().size
            assert size in story.sizes
            assert size >= self.acknowledged
            assert not (folder / LOG / "pending").exists()
            for start, stop in pairwise((0, FIRST, MIDDLE, LAST)):
                if size < stop:
                    assert self.append(record, start, stop) == stop
        reader = FileRecordReader(folder / LOG, record.verifier_key)
        assert list(reader.leaves(0, LAST)) == self.leaves
        assert problems(folder / LOG, record.verifier_key) == []
        assert not [*(folder / LOG / "staging").iterdir()]
        if published:
            assert extends(reader, published) <= size
        return size

    def survived(
        self, story: Story, left: Mapping[str, bytes | None], published: bytes
    ) -> set[int]:
        """The story goes on from what is left; the size that was found, if it is not known yet."""
        known = sha256(repr((story, left, published, self.acknowledged)).encode()).digest()
        if known in self.seen:
            return set()
        self.seen.add(known)
        folder = self.place / "left"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, octets in left.items():
            if octets is None:
                (folder / name).mkdir()
            else:
                (folder / name).write_bytes(octets)
        return {self.goes_on(story, folder, published)}

    def after_each(self, name: str, *, after: bool) -> Iterator[tuple[Story, Any]]:
        """Each story of that name, cut off at each of its effects; what would be on the disk."""
        begun, folder = self.place / "begun", self.place / "played"
        for story in self.named(name):
            shutil.rmtree(begun, ignore_errors=True)
            begun.mkdir()
            self.acknowledged = 0
            story.before(begun)
            acknowledged = self.acknowledged
            for at, effect in enumerate(self.told(story)):
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(begun, folder)
                self.acknowledged = acknowledged
                disk = self.effects(folder, at=at, after=after, watch=folder / LOG / "checkpoint")
                with suffering(disk):
                    story.act(folder)
                assert disk.is_off, effect
                yield story, disk


WITNESS = VerifierKey(name="witness", public_key=bytes(range(32)), algorithm=Algorithm.COSIGNATURE)


def extends(reader: FileRecordReader, published: bytes) -> int:
    """The checkpoint that was published is a beginning of the log as it is now; its size."""
    seen = verify_checkpoint(published, [VerifierKey.parse(reader.verifier_key)])
    now = reader.checkpoint()
    if seen.size:
        proof = prove_consistency(seen.size, now.size, reader.node)
        verify_consistency(seen.size, now.size, proof, seen.root, now.root)
    return seen.size


def problems(folder: Path, key: str) -> list[Problem]:
    """What an audit finds."""
    return [found for found in audit(folder, key) if isinstance(found, Problem)]


@contextmanager
def suffering(disk: Any) -> Iterator[None]:
    """Inside, effects go through `disk`; whoever is cut off says nothing more."""
    with pytest.MonkeyPatch.context() as patch:
        disk.install(patch)
        try:
            yield
        except BaseException:
            if not disk.is_off:
                raise


@pytest.fixture
def stories(
    tmp_path: Path, open_record: Open, open_with_both: Open, leaves_of: Leaves, effects: Any
) -> Stories:
    """The stories, played in a folder of their own."""
    return Stories(tmp_path, (open_record, open_with_both), leaves_of, effects)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is not waited for, where nothing fails either."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


LEAST = {  # effects, so that nothing is thought tested that is not
    "a new record": 40,
    "an append": 30,
    "a second key signs": 30,
    "an append is taken up": 30,
    "a checkpoint is cosigned": 5,
}
SIZES = {
    "a new record": {0, FIRST, MIDDLE},
    "an append": {FIRST, MIDDLE},
    "a second key signs": {FIRST, MIDDLE},
    "an append is taken up": {MIDDLE},
    "a checkpoint is cosigned": {FIRST},
}


@pytest.mark.usefixtures("quick")
@pytest.mark.clause("c2sp:tlog-tiles", "c2sp:tlog-checkpoint")
@pytest.mark.parametrize("after", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("name", LEAST)
def test_cut_off_at_every_effect(
    stories: Stories, survivals: Any, name: str, *, after: bool
) -> None:
    """A kill or a power cut, whatever is left of what was not synced: work goes on, nothing is lost."""
    sizes = set()
    effects = 0
    for story, disk in stories.after_each(name, after=after):
        for survives in survivals:
            sizes |= stories.survived(story, disk.left(survives), disk.watched)
        effects += 1
    assert effects >= LEAST[name]
    assert sizes == SIZES[name]


@pytest.mark.usefixtures("quick")
@pytest.mark.clause("c2sp:tlog-tiles")
def test_killed_and_then_the_power_fails(
    stories: Stories, survivals: Any, open_record: Open
) -> None:
    """What the next process found and told of stays, though its predecessor had not synced it."""
    for story, disk in stories.after_each("an append", after=True):
        disk.go_on()
        with suffering(disk), closing(open_record(disk.root / LOG)) as record:
            found = record.checkpoint()
        stories.acknowledged = found.size
        for survives in survivals:
            assert stories.survived(story, disk.left(survives), found.note) <= {found.size}


@pytest.mark.usefixtures("quick")
@pytest.mark.clause("c2sp:tlog-tiles")
@pytest.mark.parametrize("after", [False, True], ids=["lost", "done"])
def test_an_error_at_every_effect(
    stories: Stories, tmp_path: Path, effects: Any, open_record: Open, *, after: bool
) -> None:
    """An error of disk or key: either it was added and said so, or it was not; work goes on."""
    story = Story(stories.first, stories.second, (FIRST, MIDDLE))
    answers = set()
    for at, effect in enumerate(stories.told(story)):
        folder = tmp_path / "played"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        story.before(folder)
        record = open_record(folder / LOG)
        with suffering(effects(folder, at=at, after=after, dies=False)):
            try:
                answer = record.append(stories.leaves[FIRST:MIDDLE], [stories.blob or b""])
            except Unavailable as error:
                unknown = error.rule == "record.unknown"
                answer = record.checkpoint()
            else:
                unknown = False
            assert not unknown, effect
            assert answer.size in story.sizes
        stories.acknowledged = answer.size
        assert record.settle() == answer == record.checkpoint()
        record.close()
        assert stories.goes_on(story, folder, answer.note) == answer.size
        answers.add(answer.size)
    assert answers == {FIRST, MIDDLE}

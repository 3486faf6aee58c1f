"""A recovery's evidence and report are lodged, and verified by anybody who has a copy of the record."""

import json
import shutil
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.evidence import Recovery
from tests.support.evidence_people import people
from tests.support.evidence_story import NAME, Story
from tests.support.founding import quick_stores
from tests.support.recovering import AT, CONTINGENCY
from tests.unit.cli.conftest import House

from smki.bootstrap import load_settings, open_front, open_office
from smki.bootstrap.settings import Settings
from smki.flows.recovery_rows import outcome_rows
from smki.interfaces.operations import RECOVERY_EVIDENCE, RECOVERY_PIECES, perform
from smki.interfaces.recovery_lodging import lodge_evidence, lodge_report
from smki.merkle.leaf import NO_REQUEST, CertificateBody, encode_certificate
from smki.ports.campaigns import Member
from smki.recovery import Fate
from smki.recovery.evidence import Item, Vouched
from smki.recovery.report import Earlier, Listed, Report, encode_report, parse_report
from smki.repository import milliseconds
from smki.terms import EUI64, Malformed

DEVICE: Final = EUI64.parse("0A534D4B60000001")


@dataclass(frozen=True, kw_only=True)
class Lodged:
    """A recovery whose evidence and report are in the record of a house.

    `record` is a copy in which the authorities are too, and `key` its log's.
    """

    house: House
    record: Path
    key: str
    items: tuple[Item, ...]
    begun: tuple[Listed, ...]
    listed: tuple[Listed, ...]
    report: Report
    entry: int
    file: Path

    @property
    def settings(self) -> Settings:
        """Of the house."""
        return load_settings(self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """Of its commands."""
        return {"SMKI_STATE": str(self.house.state)}

    def size(self) -> int:
        """Entries of the record."""
        with open_front(self.settings) as front:
            return front.reader.checkpoint().size


@pytest.fixture(scope="module")
def lodged(original: House, tmp_path_factory: pytest.TempPathFactory) -> Lodged:
    """The recovery by the contingency key; its authorities are entries of the record."""
    state = tmp_path_factory.mktemp("lodged") / "state"
    shutil.copytree(original.state, state)
    house = House(state=state)
    environment = {"SMKI_STATE": str(state)}
    settings = load_settings(environment)
    story = Recovery(CONTINGENCY).story
    with open_front(settings) as front:
        size, key = front.reader.checkpoint().size, front.reader.verifier_key
    library, drafted = _by_entries(story, size).shelved()
    library.lodged = {
        one.entry: one.certificate for one in story.placed[0].authorities if one.entry is not None
    }
    report = story.reported(library, drafted)
    items = tuple(library.items.values())
    with quick_stores():
        begun = lodge_evidence(settings, environment, NAME, items[:2])  # then it is cut off
        listed = lodge_evidence(settings, environment, NAME, items)
        report = replace(report, evidence=listed)
        entry = lodge_report(settings, environment, report)
        record = _with_authorities(state, tmp_path_factory.mktemp("with") / "state", story)
    file = tmp_path_factory.mktemp("report") / "report.json"
    file.write_bytes(encode_report(report))
    return Lodged(
        house=house,
        record=record,
        key=key,
        items=items,
        begun=begun,
        listed=listed,
        report=report,
        entry=entry,
        file=file,
    )


def _by_entries(story: Story, size: int) -> Story:
    """No ceremony made the authorities: they will stand behind evidence and report."""
    story.ceremonies = {}
    certificates = _authorities(story)
    count = len(story.shelved()[1])
    first = size + count + 1
    story.placed[0] = replace(
        story.placed[0],
        authorities=tuple(
            Vouched(certificate=one, entry=entry) for entry, one in enumerate(certificates, first)
        ),
    )
    return story


def _authorities(story: Story) -> tuple[bytes, ...]:
    found = [one.certificate for one in story.placed[0].authorities]
    return tuple(dict.fromkeys((*found, people().root.certificate)))


def _with_authorities(state: Path, other: Path, story: Story) -> Path:
    """The record of a copy of that house, in which the authorities are too: of no use to a house."""
    shutil.copytree(state, other)
    environment = {"SMKI_STATE": str(other)}
    leaves = [
        encode_certificate(
            CertificateBody(
                channel=0,
                manufacturing=False,
                subscriber=bytes(8),
                request=NO_REQUEST,
                certificate=one,
            ),
            milliseconds(AT),
        )
        for one in _authorities(story)
    ]
    with open_office(load_settings(environment), environment) as office:
        office.record.append(leaves)
    return load_settings(environment).path("record")


def copy_of(lodged: Lodged, folder: Path) -> tuple[str, ...]:
    """The words by which a copy of the record alone is named."""
    shutil.copytree(lodged.record, folder / "record")
    return ("--record", str(folder / "record"), "--key", lodged.key)


def verified(lodged: Lodged, report: Path, *words: str, state: Path) -> tuple[int, Any]:
    """Exit code and result of the command, where there is no SMKI."""
    code, out = House(state=state).run("recovery", "verify", str(report), *words, "--json")
    return code, json.loads(out)


@pytest.mark.clause("sec:L10", "c2sp:tlog-checkpoint")
def test_a_report_is_verified_from_a_copy_of_the_record(lodged: Lodged, tmp_path: Path) -> None:
    """A folder of files and the log's key suffice: everything is found, believed, made again."""
    words = copy_of(lodged, tmp_path)
    code, found = verified(lodged, lodged.file, *words, state=tmp_path / "none")
    assert (code, found.get("problems"), found.get("error")) == (0, [], None)
    assert (found["devices"], found["recovered"], found["residue"]) == (10, 7, 3)
    assert found["looked_at"] == 10
    assert found["entry"] == lodged.entry
    assert found["passed"] is True
    assert not (tmp_path / "none").exists()
    code, out = House(state=tmp_path / "none").run("recovery", "verify", str(lodged.file), *words)
    assert code == 0
    assert "10 devices looked at one by one" in out
    code, out = lodged.house.run("recovery", "verify", str(lodged.file))
    assert code == 1  # its own record does not have the authorities
    assert "no ceremony made it" in out


@pytest.mark.clause("sec:L10")
def test_lodged_again_nothing_changes(lodged: Lodged) -> None:
    """Whoever was cut off lodges all of it again: the same entries, no entry more, no file left."""
    size = lodged.size()
    assert [one.entry for one in lodged.listed[:2]] == [one.entry for one in lodged.begun]
    with quick_stores():
        again = lodge_evidence(lodged.settings, lodged.environment, NAME, lodged.items)
        assert again == lodged.listed
        assert lodge_report(lodged.settings, lodged.environment, lodged.report) == lodged.entry
    assert lodged.size() == size
    assert list(lodged.settings.path(RECOVERY_PIECES).iterdir()) == []


@pytest.mark.clause("sec:L10")
def test_a_report_that_is_not_in_the_record_is_named(lodged: Lodged, tmp_path: Path) -> None:
    """Another word in it, another entry for its evidence, an earlier version that is none."""
    other = replace(lodged.report, lessons=("none",))
    moved = tuple(
        replace(one, entry=one.entry + 1) if number == 2 else one
        for number, one in enumerate(lodged.listed)
    )
    beyond = tuple(
        replace(one, entry=10**9) if number == 2 else one
        for number, one in enumerate(lodged.listed)
    )
    earlier = Earlier(version="1.0", sha256="0" * 64, entry=lodged.entry)
    for report, said in (
        (other, "report 1.0: is not in the record"),
        (replace(lodged.report, evidence=moved), "entry"),
        (replace(lodged.report, evidence=beyond), "is beyond the record"),
        (replace(other, version="1.1", supersedes=earlier), "has other octets"),
        (
            replace(other, version="1.1", supersedes=replace(earlier, entry=0)),
            "is no piece of a recovery",
        ),
    ):
        file = tmp_path / "other.json"
        file.write_bytes(encode_report(report))
        code, found = verified(
            lodged, file, "--record", str(lodged.record), state=lodged.house.state
        )
        assert code == 1
        assert any(said in one for one in found["problems"]), found["problems"]


@pytest.mark.clause("sec:L10")
def test_a_later_version_names_the_one_before(lodged: Lodged, tmp_path: Path) -> None:
    """A version that was lodged, and says which it supersedes, is verified with it."""
    first = next(one for one in lodged.listed)
    assert first.entry < lodged.entry
    digest = sha256(lodged.file.read_bytes()).hexdigest()
    later = replace(
        lodged.report,
        version="1.1",
        supersedes=Earlier(version="1.0", sha256=digest, entry=lodged.entry),
        lessons=(*lodged.report.lessons, "a correction"),
    )
    _, shown = lodged.house.json("recovery", "show", str(lodged.file))
    assert shown["version"] == "1.0"
    file = tmp_path / "later.json"
    file.write_bytes(encode_report(later))
    code, found = verified(lodged, file, "--record", str(lodged.record), state=lodged.house.state)
    unlodged = "report 1.1: is not in the record, must be lodged"
    assert (code, found["problems"]) == (1, [unlodged])
    file.write_bytes(encode_report(replace(later, lessons=(), not_assured=(), defects=())))
    _, found = verified(lodged, file, "--record", str(lodged.record), state=lodged.house.state)
    assert found["problems"] == [
        unlodged,
        *(
            f"supersedes 1.0, and says otherwise: {one}"
            for one in ("defects", "not_assured (1 left out)", "lessons (1 left out)")
        ),
        "defects: none, the evidence has D-1",
    ]


@pytest.mark.clause("sec:L10")
def test_another_report_of_the_same_recovery_is_named(lodged: Lodged, tmp_path: Path) -> None:
    """Who lodges two first reports is told by either: the record has both, and the verifier says so."""
    file = tmp_path / "report.json"
    file.write_bytes(encode_report(replace(lodged.report, lessons=("all went well",))))
    code, found = verified(lodged, file, "--record", str(lodged.record), state=lodged.house.state)
    assert code == 1
    assert found["other_reports"] == [{"version": "1.0", "entry": lodged.entry}]
    _, found = verified(
        lodged, lodged.file, "--record", str(lodged.record), state=lodged.house.state
    )
    assert found["other_reports"] == []
    assert found["roots"]


@pytest.mark.clause("sec:L10")
def test_a_correction_is_made_lodged_and_verified(lodged: Lodged, tmp_path: Path) -> None:
    """The next version has what people add, names the one before, and is refused until it is right.

    Where the record has the authorities: a house of its own, as every other test wants its record.
    """
    state = lodged.record.parent
    house, out = House(state=state), tmp_path / "report-1.1.json"
    words = ("--lesson", "look sooner", "--residual", "other makes|their makers|3")
    _, made = house.json("recovery", "correct", str(lodged.file), "--out", str(out), *words)
    assert (made["version"], made["supersedes"]) == ("1.1", "1.0")
    report = parse_report(out.read_bytes())
    assert report.lessons[-1] == "look sooner"
    assert report.residuals[-1].devices == 3
    assert report.figures == lodged.report.figures
    for away, given, said in (
        (out, words, "is there already"),
        (tmp_path / "x", (), "nothing is added, must be"),
    ):
        code, told = house.json("recovery", "correct", str(lodged.file), "--out", str(away), *given)
        assert (code, said in told["error"]["message"]) == (1, True), told
    code, told = house.json("recovery", "correct", str(out), "--out", str(tmp_path / "x"), *words)
    assert "must be before another version" in told["error"]["message"]
    worse = tmp_path / "worse.json"
    figures = replace(report.figures, recovered=10)
    worse.write_bytes(encode_report(replace(report, figures=figures)))
    code, told = house.json("recovery", "lodge", str(worse))
    assert (code, "says otherwise: figures" in told["error"]["message"]) == (1, True)
    code, told = house.json(
        "recovery", "correct", str(lodged.file), "--out", "-", "--residual", "nobody's"
    )
    assert told["error"]["where"] == "--residual"


@pytest.mark.clause("sec:L10")
def test_a_record_that_is_damaged_or_of_another_log_is_told(lodged: Lodged, tmp_path: Path) -> None:
    """A blob with another octet stops with exit code 4, one that the copy lacks, or no record, with 3."""
    words = copy_of(lodged, tmp_path)
    blobs = (tmp_path / "record" / "blob").iterdir()
    damaged = next(one for one in blobs if b'"recovery-notes"' in one.read_bytes()[:99])
    octets = bytearray(damaged.read_bytes())
    octets[len(octets) // 2] ^= 1
    damaged.chmod(0o600)
    damaged.write_bytes(octets)
    code, found = verified(lodged, lodged.file, *words, state=tmp_path / "none")
    assert code == 4
    assert found["error"]["family"] == "inconsistent"
    damaged.unlink()
    code, found = verified(lodged, lodged.file, *words, state=tmp_path / "none")
    assert code == 3
    assert f"this copy lacks blob/{damaged.name}, must have it" in found["error"]["message"]
    code, found = verified(
        lodged, lodged.file, "--record", str(tmp_path / "empty"), *words[2:], state=tmp_path
    )
    unkeyed = House(state=tmp_path / "none").json("recovery", "verify", str(lodged.file))[1]
    assert "'smki status --json'" in unkeyed["error"]["message"]
    assert (code, "none is here" in found["error"]["message"]) == (3, True)
    code, found = verified(lodged, tmp_path / "record" / "checkpoint", *words, state=tmp_path)
    assert (code, found["error"]["family"]) == (1, "malformed")


def test_a_report_is_shown_in_words(lodged: Lodged, tmp_path: Path) -> None:
    """The same value as lines, as JSON and as a page; what people wrote means nothing to the page.

    What a defect is, its make and its cause, is read from the record; without one it is named.
    """
    code, out = lodged.house.run("recovery", "show", str(lodged.file))
    assert code == 0
    for said in (
        "D-1: blocks are lost (2, worked around)",
        "has it: Third Hub Maker",
        "three bits",
    ):
        assert said in out
    part = tmp_path / "part"
    shutil.copytree(lodged.house.state / "record", part)
    shutil.rmtree(part / "tile" / "entries")
    for place in (tmp_path / "none", part):
        away = ("--record", str(place), "--key", lodged.key)
        code, shown = lodged.house.json("recovery", "show", str(lodged.file), *away)
        assert (code, shown["defects"]) == (0, [{"ref": "D-1"}])
    assert "7 of 10 devices recovered, 3 are left, 17 commands" in out
    assert "1 silent: no answer in time" in out
    assert "look at hubs first" in out
    told = replace(lodged.report, lessons=("a | b <i> *c*",))
    file, page = tmp_path / "told.json", tmp_path / "report.md"
    file.write_bytes(encode_report(told))
    code, out = lodged.house.run("recovery", "show", str(file), "--markdown", str(page))
    assert code == 0
    text = page.read_text()
    assert "* a \\| b \\<i\\> \\*c\\*" in text
    assert "| every-cell-commanded |" in text
    assert "17 of 17" in text
    assert "* D-1: blocks are lost (2, worked around); has it: Third Hub Maker" in text


def test_pieces_that_are_none_are_refused(lodged: Lodged) -> None:
    """Octets that are no evidence, another digest, a name that leaves the folder: nothing is lodged."""
    settings, size = lodged.settings, lodged.size()
    broken = replace(lodged.items[0], octets=b"{}")
    with quick_stores():
        with pytest.raises(Malformed):
            lodge_evidence(settings, lodged.environment, NAME, [broken])
        for name in ("0" * 64, "../smki.toml"):
            (settings.path(RECOVERY_PIECES) / ("0" * 64)).write_bytes(b"x")
            piece = {"kind": "notes", "name": "notes", "sha256": name}
            arguments = {"recovery": NAME, "pieces": [piece]}
            with pytest.raises(Malformed, match="must be named by its SHA-256"):
                perform(settings, lodged.environment, RECOVERY_EVIDENCE, arguments)
    assert lodged.size() == size


class _Kept:
    """Campaigns of which only members are asked."""

    def __init__(self, **members: tuple[Member, ...]) -> None:
        self._members = members

    def members(self, name: str, after: EUI64 | None, limit: int) -> tuple[Member, ...]:
        """A page."""
        some = [one for one in self._members[name] if after is None or one.device > after]
        return tuple(some[:limit])


def test_what_became_of_a_device_in_several_campaigns_is_the_best() -> None:
    """A second run recovers what the first did not, and never undoes what it did; tries are added."""

    def member(number: int, fate: Fate, why: str = "") -> Member:
        device = EUI64((int(DEVICE) + number).to_bytes(8, "big"))
        return Member(
            device=device, kind="chf", make="m", region="r", wave=1, fate=fate, tries=2, why=why
        )

    silent, good = Fate.SILENT, Fate.RECOVERED
    kept: Any = _Kept(
        first=(member(1, good), member(2, silent, "no answer"), member(3, silent, "no answer")),
        second=(member(2, good), member(3, Fate.OUT_OF_REACH, "no way")),
    )
    rows = list(outcome_rows(kept, ("first", "second")))
    assert [(one.fate, one.tries, one.why) for one in rows] == [
        (good, 2, ""),
        (good, 4, ""),
        (Fate.OUT_OF_REACH, 4, "no way"),
    ]

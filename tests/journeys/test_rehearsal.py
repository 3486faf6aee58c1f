"""The scenario of 2016, rehearsed from the lost key to the report, and verified by the record alone."""

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from tests.support.founding import copied, founded, quick_stores

from smki.adapters.record import FileRecordReader
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.estates import open_estate
from smki.bootstrap.recoveries import open_kept
from smki.ceremonies.replaying import replay
from smki.ceremonies.transcript import Kind, parse_transcript
from smki.devices import KINDS
from smki.governance.convening import DO_NOT_USE
from smki.governance.entities.bodies import Committee
from smki.governance.entities.convening import Convening
from smki.governance.looking import all_under, look
from smki.interfaces.cli import main
from smki.interfaces.key_serving import ServedKey
from smki.interfaces.rehearsal.frame import Asked, Made, Run
from smki.interfaces.rehearsal.opening import Use, contingency_used
from smki.interfaces.rehearsal.people import QUORUM
from smki.interfaces.rehearsal.scenarios import SCENARIOS
from smki.merkle.leaf import LeafType, number_of
from smki.ports.estate import InventoryQuery
from smki.recovery import Fate
from smki.recovery.evidence import Defect, EvidenceKind, Options, parse_document
from smki.recovery.procedures import Method
from smki.recovery.report import Criterion, Report, RunKind, parse_report
from smki.simulator.regions import FAULTY_MAKE
from smki.terms import Unavailable
from smki.wire.certificate import parse_certificate

DEVICES: Final = 40
NAME: Final = "test"
OLD_ANCHORS: Final = "activation-old-anchors"
OWN: Final = ("keys", "root", "parties", "tls")  # of the SMKI beside which it is rehearsed
ASKED: Final = ("recovery", "rehearse", "--scenario", "smki-53", "--devices", str(DEVICES))


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """A rehearsal that was held, and the SMKI beside it."""

    state: Path
    before: Mapping[str, str]
    size: int
    said: Mapping[str, Any]
    story: str

    @property
    def folder(self) -> Path:
        """Where everything of it is."""
        return self.state / "recoveries" / NAME

    @property
    def report(self) -> Report:
        """Its report."""
        return parse_report(Path(self.said["report"]).read_bytes())

    @property
    def house(self) -> Settings:
        """The house that was recovered."""
        return load_settings({"SMKI_STATE": str(self.said["estate"])})

    def evidence(self, kind: EvidenceKind, name: str) -> object:
        """A piece of its evidence."""
        return parse_document(kind, (self.folder / "evidence" / kind.value / name).read_bytes())

    def made(self, step: str) -> dict[str, Any]:
        """What that step made."""
        (place,) = (self.folder / "steps").glob(f"*-{step}.json")
        return dict(json.loads(place.read_bytes()))

    def again(self) -> Run:
        """It, as whoever goes on with it has it."""
        asked = Asked(name=NAME, scenario="smki-53", devices=DEVICES, seed=1, further=0, network={})
        return Run(
            asked=asked,
            scenario=SCENARIOS[asked.scenario],
            folder=self.folder,
            processes=1,
            tell=lambda _: None,
            progress=lambda _: nullcontext(lambda _done, _of: None),
            environment={"SMKI_STATE": str(self.state)},
        )

    def run(self, *arguments: str) -> tuple[int, Any, str]:
        """Exit code, document and story of the command, beside this SMKI."""
        return run(self.state, *arguments)


def run(state: Path, *arguments: str) -> tuple[int, Any, str]:
    """Exit code, document and story of the command."""
    environment = {"SMKI_STATE": str(state)}
    done = CliRunner().invoke(main, (*arguments, "--json"), env=environment)
    return done.exit_code, json.loads(done.stdout), done.stderr


def done_in(transcript: bytes) -> list[dict[str, Any]]:
    """What was said of each step of the ceremony that is done."""
    return [dict(one.said) for one in parse_transcript(transcript).entries if one.kind is Kind.DONE]


def digests(state: Path) -> dict[str, str]:
    """SHA-256 of every file of the SMKI's own keys and certificates."""
    return {
        str(path): sha256(path.read_bytes()).hexdigest()
        for folder in OWN
        for path in sorted((state / folder).rglob("*"))
        if path.is_file()
    }


def reader(state: Path) -> FileRecordReader:
    """The record of the SMKI there."""
    return FileRecordReader(state / "record", load_settings({"SMKI_STATE": str(state)}).log_vkey)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """One rehearsal of the scenario, for all."""
    state = copied(founded(tmp_path_factory), tmp_path_factory.mktemp("rehearsal") / "state")
    before, size = digests(state), reader(state).checkpoint().size
    with quick_stores():
        code, said, story = run(state, *ASKED, "--name", NAME)
        assert code == 0, (said, story)
        yield Rehearsal(state=state, before=before, size=size, said=said, story=story)


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_every_device_is_recovered_in_both_regions(rehearsal: Rehearsal) -> None:
    """All devices of all kinds, every cell, the root included; the command says so, and each device."""
    said = rehearsal.said
    assert (said["devices"], said["recovered"], said["residue"]) == (DEVICES, DEVICES, {})
    assert said["commands"] >= DEVICES
    assert said["seconds"] > 0
    assert said["per_second"] > 0
    before = _points(rehearsal.made("preconditions")["before"])
    after = _points(rehearsal.made("material")["after"])
    after |= _points(rehearsal.made("further-certificates")["after"])
    with open_estate(rehearsal.house) as estate:
        rows = estate.inventory(InventoryQuery(), None, DEVICES + 1)
        assert len(rows) == DEVICES
        assert {row.region for row in rows} == {"north", "south"}
        for row in rows:
            device = estate.device(row.device)
            assert device is not None
            assert set(device.state.anchors) == set(KINDS[row.kind].cells)
            held = {anchor.point for anchor in device.state.anchors.values()}
            assert held <= after
            assert not held & before


def _points(cells: Mapping[str, Any]) -> set[bytes]:
    """The public keys of the certificates that a step kept."""
    certificates = (b64decode(one["certificate"]) for one in cells["cells"])
    return {parse_certificate(one).tbs.public_key[-65:] for one in certificates}


@pytest.mark.clause("sec:L10", "sec:L5")
def test_the_report_is_verified_by_a_copy_of_the_record_alone(
    rehearsal: Rehearsal, tmp_path: Path
) -> None:
    """On a machine that has the record's files, the report and the log's key, and nothing else."""
    shutil.copytree(rehearsal.state / "record", tmp_path / "record")
    report = tmp_path / "report.json"
    shutil.copy(rehearsal.said["report"], report)
    key = load_settings({"SMKI_STATE": str(rehearsal.state)}).log_vkey
    alone = ("recovery", "verify", str(report), "--record", str(tmp_path / "record"), "--key", key)
    code, told, _ = run(tmp_path / "nothing", *alone)
    assert (code, told["problems"]) == (0, []), told
    changed = report.read_bytes().replace(b'"recovered":40', b'"recovered":39', 1)
    report.write_bytes(changed)
    assert run(tmp_path / "nothing", *alone)[0] == 1


@pytest.mark.clause("sec:L10", "sec:L5")
def test_a_corrected_report_is_lodged_and_verified(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Version 1.1 has what people add, names 1.0, and is right as 1.0 is; lodged again, nothing changes."""
    first, out = rehearsal.said["report"], str(tmp_path / "report-1.1.json")
    code, made, _ = rehearsal.run(
        "recovery", "correct", first, "--out", out, "--lesson", "so be it"
    )
    assert (code, made["version"]) == (0, "1.1"), made
    code, lodged, _ = rehearsal.run("recovery", "lodge", out)
    assert (code, rehearsal.run("recovery", "lodge", out)[1]) == (0, lodged)
    code, told, _ = rehearsal.run("recovery", "verify", out)
    assert (code, told["problems"], told["entry"]) == (0, [], lodged["entry"])


@pytest.mark.clause("sec:L10")
def test_the_report_says_what_there_is_to_be_said(rehearsal: Rehearsal) -> None:
    """A rehearsal, of which key and method, every criterion met, what it does not assure, and whose is what is left."""
    report = rehearsal.report
    assert report.subject.kind is RunKind.REHEARSAL
    assert (report.version, report.subject.scenario) == ("1.0", "smki-53")
    assert {one.name for one in report.checks} >= {
        one.value for one in Criterion if one is not Criterion.READ_BACK
    }
    assert all(one.passed for one in report.checks)
    assert report.not_assured
    assert all(one.owner for one in report.residuals)
    assert {one.kind for one in report.evidence} >= set(EvidenceKind) - {
        EvidenceKind.ATTACK,
        EvidenceKind.READ_BACKS,
    }
    assert (rehearsal.folder / "report.md").read_text().startswith("#")


@pytest.mark.clause("sec-app-l:3", "sec:L10")
def test_none_of_the_smki_s_own_keys_is_touched(rehearsal: Rehearsal) -> None:
    """Its key files are as before, and the record beside it has grown by evidence alone."""
    assert digests(rehearsal.state) == rehearsal.before
    record = reader(rehearsal.state)
    size = record.checkpoint().size
    kinds = {LeafType(number_of(leaf)) for leaf in record.leaves(rehearsal.size, size)}
    assert LeafType.TRANSCRIPT in kinds
    assert kinds <= {LeafType.TRANSCRIPT, LeafType.CONFIGURATION, LeafType.INDEX_ROOT}


@pytest.mark.clause("sec:L10.9", "sec:L10")
def test_it_was_decided_among_options_before_a_key_was_opened(rehearsal: Rehearsal) -> None:
    """The authority is called together; not to use the key is an option; each key that was opened is asked for after its decision."""
    options = rehearsal.evidence(EvidenceKind.OPTIONS, "options")
    assert isinstance(options, Options)
    assert {one.method for one in options.options if one.chosen} == {Method.BY_CONTINGENCY}
    assert Method.NONE in {one.method for one in options.options}
    with open_front(rehearsal.house) as front:
        body = look(front.proceedings, Committee, "RPA")
        assert body is not None
        (convening,) = all_under(front.proceedings, body, Convening)
    assert DO_NOT_USE.text in {one.text for one in convening.options}
    assert all(call.acknowledged for call in convening.calls)
    decided = rehearsal.made("decision")["entries"]
    assert len(decided) == 3
    record = reader(rehearsal.house.state)
    asked = [
        entry
        for entry, leaf in enumerate(record.leaves(0, record.checkpoint().size))
        if number_of(leaf) == LeafType.TRANSCRIPT and b'"kind":"key-asked"' in leaf
    ]
    assert len(asked) == 12  # two keys, three times, before people come and before they open
    assert min(asked) > max(decided.values())


@pytest.mark.clause("sec:L10.9", "sec-app-l:3", "sec:L10")
def test_each_opening_of_keys_is_a_ceremony_whose_transcript_is_evidence(
    rehearsal: Rehearsal,
) -> None:
    """Under the decisions, by a quorum, each use counted, signed by two; in the report, and replayed."""
    opened = {
        one.name: one for one in rehearsal.report.evidence if one.name.startswith("activation-")
    }
    assert set(opened) == {f"activation-{NAME}", f"activation-{NAME}.second-run", OLD_ANCHORS}
    used = 0
    for name, listed in opened.items():
        octets = (rehearsal.folder / "evidence" / "transcript" / name).read_bytes()
        assert (listed.kind, listed.sha256) == (
            EvidenceKind.TRANSCRIPT,
            sha256(octets).hexdigest(),
        )
        told = replay(octets)
        assert (told.opening.script.name, told.result) == ("activation-for-recovery", "completed")
        assert (told.deviations, told.refusals, told.interruptions) == ((), (), 0)
        assert len(parse_transcript(octets).signatures) == 2
        said = done_in(octets)
        assert {str(one["decision"]) for one in said if "decision" in one} == {
            f"{NAME}-contingency",
            f"{NAME}-contingency-symmetric",
        }
        (served,) = (one for one in said if "served" in one)
        assert all(len(names) == QUORUM for names in served["opened"].values())
        assert all(0 < one["used"] <= served["uses"] for one in served["served"])
        used += served["served"][0]["used"] if name != OLD_ANCHORS else 0
    assert used >= rehearsal.said["commands"]


@pytest.mark.clause("sec:L10.9", "sec-app-l:3")
def test_keys_that_were_open_when_it_was_cut_off_are_opened_again_and_it_is_said(
    rehearsal: Rehearsal,
) -> None:
    """The transcript tells it; what was used for is done once, and a ceremony that is over not again."""
    run = rehearsal.again()
    tries: list[int] = []

    def take(served: ServedKey) -> Made:
        served.key.sign([b"a command"])
        tries.append(1)
        if len(tries) == 1:
            raise Unavailable("the estate is away")
        return {"tries": len(tries)}

    use = Use(name="cut-off", uses=3, take=take)
    with pytest.raises(Unavailable, match="the estate is away"):
        contingency_used(run, "roots", use)
    assert contingency_used(run, "roots", use) == {"tries": 2}
    assert contingency_used(run, "roots", use) == {"tries": 2}
    octets = (rehearsal.folder / "evidence" / "transcript" / "activation-cut-off").read_bytes()
    told = replay(octets)
    assert told.interruptions == 1
    assert [one for one in told.deviations if "cut off while keys were open" in one]
    (served,) = (one for one in done_in(octets) if "served" in one)
    assert {one["key"]: one["used"] for one in served["served"]} == {
        "rehearsal-contingency": 1,
        "rehearsal-contingency-symmetric": 0,
    }


@pytest.mark.clause("sec:L10")
def test_one_make_of_hubs_fails_at_first(rehearsal: Rehearsal) -> None:
    """Its defect has a cause, a workaround that a board approved, and a second run that helps."""
    (ref,) = rehearsal.made("first-run")["defects"]
    defect = rehearsal.evidence(EvidenceKind.DEFECT, ref)
    assert isinstance(defect, Defect)
    assert [one.split(",")[0] for one in defect.affected] == [f"{FAULTY_MAKE} H3"]
    assert defect.not_affected
    assert defect.failed == defect.recovered > 0
    assert "blocks" in defect.cause
    assert rehearsal.evidence(EvidenceKind.DECISION, defect.approved_by)
    with open_kept(rehearsal.house) as kept:
        first = {member.fate for member in kept.campaigns.members(NAME, None, DEVICES)}
        again = {
            member.fate for member in kept.campaigns.members(f"{NAME}.second-run", None, DEVICES)
        }
    assert Fate.SILENT in first or Fate.OUT_OF_REACH in first
    assert again == {Fate.RECOVERED}


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_recovered_devices_are_updated_once_more_and_old_keys_are_refused(
    rehearsal: Rehearsal,
) -> None:
    """Each obeys one ordinary update; commands by old keys, the contingency key's too, change nothing."""
    updated = rehearsal.made("further-updates")["ran"]
    assert sum(one["recovered"] for one in updated) == DEVICES
    old = rehearsal.made("old-anchors")
    assert old["sent"] > DEVICES
    assert old["answered"] == 0


def test_called_again_it_does_nothing_twice(rehearsal: Rehearsal) -> None:
    """The same document; nothing more in the record; other options under its name are refused."""
    size = reader(rehearsal.state).checkpoint().size
    code, said, story = rehearsal.run(*ASKED, "--name", NAME)
    assert (code, said) == (0, rehearsal.said)
    assert "step" not in story
    assert reader(rehearsal.state).checkpoint().size == size
    code, said, _ = rehearsal.run(*ASKED, "--name", NAME, "--seed", "2")
    assert code == 1
    assert "begun with --seed 1, must be" in said["error"]["message"]

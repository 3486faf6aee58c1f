"""A recovery in a house of one's own: begun by decision, its key open, carried, and read back."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.ceremony import opening
from tests.support.succession import held_now
from tests.unit.cli.conftest import Authority, House, key_open, refused_in

from smki.bootstrap import load_settings
from smki.bootstrap.estates import open_estate
from smki.devices import DeviceKind
from smki.interfaces import recovery_beginning, recovery_concluding
from smki.ports.estate import InventoryQuery
from smki.recovery.report import RunKind, parse_report
from smki.terms import Unavailable

NAME: Final = "supplier-lost"
UPDATE: Final = f"{NAME}.update-supplier"
BEGIN: Final = (
    *("recovery", "begin", NAME, "--unregistered", "--incident", "INC-7", "--decision", "M-1"),
)
CONCLUDE: Final = (
    *("recovery", "conclude", NAME, "--commander", "Sample DCC"),
    *("--key-decision", "K-0", "--key-decision", "K-1"),
    *("--lesson", "renew sooner", "--not-assured", "that nobody else has the key"),
)
FLEET: Final = ("--incident", "INC-9", "--decision", "M-9", "--unregistered")
LOST: Final = ("--compromised", "organisation", "--role", "supplier", "--method", "method-3")


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_a_suppliers_lost_key_is_recovered_from(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decision, key, new certificates, campaign, canaries, the rest: each meter believes the new one.

    What is refused on the way is in the record, with the reasons.
    """
    house = authority.house
    with (house.state / "smki.toml").open("a") as configuration:
        for region in ("north", "central", "south"):
            configuration.write(f"\n[line.regions.{region}]\nunreachable = 0.0\nfaulty_makes = []")
    assert house.run("estate", "make", "--devices", "8")[0] == 0
    code, said = house.json(*BEGIN, *LOST)
    assert (code, "'M-1': not in the record" in said["error"]["message"]) == (1, True)
    authority.lodge("M-1", "recovery-method", "INC-7", "--scope", "method-3")
    authority.lodge("K-1", "use-key", "recovery", "--scope", "INC-7: recover")
    authority.lodge("K-0", "use-key", "root-oca", "--scope", "INC-7: a new issuing authority")
    code, said = house.json(*BEGIN, *LOST[:-1], "method-2")
    assert (code, "method-2" in said["error"]["message"]) == (1, True)
    said = _refused(house, *(one for one in BEGIN if one != "--unregistered"), *LOST)
    assert "'INC-7': not in the register, must be" in said
    reasons = [(name, why[0]) for name, _, why in refused_in(house, "recovery")]
    assert [name for name, _ in reasons] == [NAME, NAME, NAME]
    assert "'M-1': not in the record" in reasons[0][1]
    assert reasons[2][1] == said
    assert house.json(*BEGIN, *LOST)[0] == 3  # nobody has the key open
    with key_open(authority, NAME, "method-3"):
        code, said = house.json(*BEGIN, *LOST)
        assert (code, "holds already" in said["error"]["message"]) == (1, True)
        _, listed = house.json("renew", "--list")
        mine = [one["name"] for one in listed["holdings"] if one["name"].startswith("supplier/0a")]
        assert house.run("renew", *mine)[0] == 0
        code, said = house.json(*BEGIN, *LOST, "--per-second", "nroth=9")
        assert (code, "of nroth, must be one of" in said["error"]["message"]) == (1, True)
        some = ("--waves", "1000", "--canaries", "1", "--per-second", "north=9")
        code, begun = house.json(*BEGIN, *LOST, *some)
        assert (code, begun["state"]) == (0, "running")
        assert begun["devices"] > 0
        assert house.json(*BEGIN, *LOST, *some) == (0, begun)
        said = _refused(house, *BEGIN, *LOST, "--waves", "1000")
        assert f"another plan, must be another name; 'smki recovery abort {NAME}' ends" in said
        code, said = house.json(*CONCLUDE)
        assert (code, "goes on" in said["error"]["message"]) == (1, True)
        code, carried = house.json("recovery", "carry", NAME)
        assert (code, carried["next"]["move"]) == (0, "look"), carried
        assert house.run("recovery", "look", NAME)[0] == 0
        code, carried = house.json("recovery", "carry", NAME)
    assert (code, carried["state"]) == (0, "ended"), carried
    assert carried["recovered"] == begun["devices"], carried
    _updated(house, mine, begun["devices"])
    _concluded(house, begun["devices"], tmp_path, monkeypatch)
    devices = tmp_path / "devices.txt"
    devices.write_text("00-00-00-00-00-00-00-01\nno device\n")
    assert house.run(*BEGIN, *LOST, "--devices", str(devices))[0] == 1


def _updated(house: House, mine: list[str], devices: int) -> None:
    """One further ordinary update, of what was issued since, on each device that was recovered."""
    update = ("recovery", "update", NAME)
    assert "holds already what would be placed" in _refused(house, *update)
    assert house.run("renew", *mine)[0] == 0
    assert "no device that was recovered" in _refused(house, *update, "--role", "wan-provider")
    code, begun = house.json(*update)
    assert (code, begun["name"], begun["devices"]) == (0, UPDATE, devices), begun
    assert house.json(*update) == (0, begun)
    assert "must be another" in _refused(house, *BEGIN[:2], UPDATE, *BEGIN[3:], *LOST)
    assert "goes on" in _refused(house, *CONCLUDE)
    code, carried = house.json("recovery", "carry", UPDATE)
    assert (code, carried["next"]["move"]) == (0, "look"), carried
    assert house.run("recovery", "look", UPDATE)[0] == 0
    code, carried = house.json("recovery", "carry", UPDATE)
    assert (code, carried["state"], carried["recovered"]) == (0, "ended", devices), carried
    assert (
        "one further ordinary update, by no decision" in house.run("recovery", "status", UPDATE)[1]
    )


def _cut_off(*_: object) -> int:
    raise Unavailable("the power failed")


def _lodged_meanwhile(house: House) -> None:
    """A ceremony is in the record that was not when the report was written."""
    file = house.state / "ceremony.json"
    file.write_bytes(held_now(house.state / "held", opening("recovery-key")))
    code, said = house.json("ceremony", "lodge", str(file))
    assert code == 0, said


def _concluded(house: House, devices: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence and report are lodged once, and verified from a copy of the record; nobody inspected.

    Without the decision about the key that signed nothing is lodged. Cut off before the report is, the
    same one is lodged, whatever the record has since.
    """
    nothing = CONCLUDE[:5]
    for without in (nothing, (*nothing, "--key-decision", "K-0")):
        assert "signed by the recovery key, the decision" in _refused(house, *without)
    assert "must be use-key" in _refused(house, *CONCLUDE, "--key-decision", "M-1")
    with monkeypatch.context() as patch:
        patch.setattr(recovery_concluding, "lodge_report", _cut_off)
        assert house.run(*CONCLUDE)[0] == 3
    _lodged_meanwhile(house)
    code, done = house.json(*CONCLUDE)
    assert (code, done["problems"]) == (0, []), done
    assert (done["devices"], done["recovered"], done["passed"]) == (devices, devices, False)
    assert house.json(*CONCLUDE) == (0, done)
    assert "is concluded" in _refused(house, "recovery", "update", NAME)
    for other in (("--lesson", "another"), ("--deviation", "late"), ("--key-decision", "M-1")):
        assert "says something else" in _refused(house, *CONCLUDE, *other)
    assert "says something else" in _refused(house, *CONCLUDE[:7], *CONCLUDE[9:])
    report = parse_report(Path(done["report"]).read_bytes())
    about = report.subject  # the key that signs first, whichever is named first
    assert (about.key_decision, about.further_decisions) == ("K-1", ("K-0",))
    names = {one.name for one in report.evidence}
    assert {"decision-M-1", "decision-K-0", "decision-K-1"} <= names
    shutil.copytree(house.state / "record", folder / "record")
    key = load_settings({"SMKI_STATE": str(house.state)}).log_vkey
    words = ("--record", str(folder / "record"), "--key", key)
    code, told = House(state=folder / "none").json("recovery", "verify", done["report"], *words)
    assert (code, told["problems"]) == (0, []), told
    criteria = {one["name"]: one for one in told["criteria"]}
    assert [one for one in criteria if not criteria[one]["passed"]] == ["inspection-agrees"]
    further = criteria["further-update"]
    assert (further["held"], further["of"]) == (devices, devices), further


@pytest.mark.clause("sec:L10", "sec:L10.9")
def test_a_live_exercise_is_of_the_list_that_was_decided_about(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No list, another, a longer or a shorter one is refused; of that one the report says what it was.

    Once its decision is withdrawn nobody begins to carry it. Of two that begin it at once one does.
    """
    house = authority.house
    with (house.state / "smki.toml").open("a") as configuration:
        for region in ("north", "central", "south"):
            configuration.write(f"\n[line.regions.{region}]\nunreachable = 0.0\nfaulty_makes = []")
    assert house.run("estate", "make", "--devices", "8")[0] == 0
    with open_estate(load_settings({"SMKI_STATE": str(house.state)})) as estate:
        rows = estate.inventory(InventoryQuery(), None, 100)
    of = {DeviceKind.ESME: list[str](), DeviceKind.CHF: list[str]()}
    for row in rows:
        of.get(row.kind, []).append(str(row.device))
    meters, (hub, *_) = of[DeviceKind.ESME], of[DeviceKind.CHF]
    file = tmp_path / "devices.txt"

    def listed(*devices: str) -> tuple[str, ...]:
        file.write_text("".join(f"{one}\n" for one in devices))
        return ("--devices", str(file))

    def exercise(*devices: str) -> tuple[str, ...]:
        digest = sha256("".join(f"{one}\n" for one in sorted(devices)).encode()).hexdigest()
        words = ("recovery", "begin", "exercise", "--incident", f"EX-1@{digest}", "--decision")
        return (*words, f"M-{len(devices)}")

    own = (*LOST[:-1], "method-1", "--waves", "1000", "--canaries", "0")
    two, mixed = meters[:2], [meters[0], meters[1], hub]
    for some in (two, mixed):
        authority.lodge(
            f"M-{len(some)}", "recovery-method", exercise(*some)[4], "--scope", "method-1"
        )
    assert "must be given (--devices)" in _refused(house, *exercise(*two), *own)
    for wrong in (two[:1], mixed, mixed[1:]):
        said = _refused(house, *exercise(*two), *own, *listed(*wrong))
        assert "must be the list that was decided about" in said
    _, holdings = house.json("renew", "--list")
    mine = [one["name"] for one in holdings["holdings"] if one["name"].startswith("supplier/0a")]
    assert house.run("renew", *mine)[0] == 0
    said = _refused(house, *exercise(*mixed), *own, *listed(*mixed))
    assert f"obey no such command, as {hub}, must all" in said
    left = house.state / "recoveries" / "exercise" / "roster" / "exercise"
    left.mkdir(parents=True)
    for one in ("roster-000007", ".roster-000000.cut-off"):  # of a beginning that was cut off
        (left / one).write_bytes(b"half")
    words = (*exercise(*two), *own, *listed(*reversed(two)))
    code, said, (begun,) = _meanwhile(house, monkeypatch, "begun_alone", words)
    assert (code, "exercise: another command begins it" in said["error"]["message"]) == (3, True)
    assert (begun[0], begun[1]["devices"]) == (0, 2), begun
    assert house.json(*words) == begun
    authority.lodge("W-2", "withdraw-decision", "M-2")
    assert "was withdrawn" in _refused(house, "recovery", "carry", "exercise")
    assert refused_in(house, "a party's own")[-1][:2] == ("exercise", "M-2")
    assert house.run("recovery", "abort", "exercise")[0] == 0
    concluded = ("recovery", "conclude", "exercise", "--commander", "Sample Supplier")
    code, done = house.json(*concluded, "--owner", "the fitters")
    assert (code, done["problems"]) == (0, []), done
    report = parse_report(Path(done["report"]).read_bytes())
    subject = report.subject
    assert (subject.kind, subject.incident) == (RunKind.LIVE_EXERCISE, exercise(*two)[4])
    assert [(one.owner, one.devices) for one in report.residuals] == [("the fitters", 2)]
    assert "says something else" in _refused(house, *concluded)
    words = ("--incident", exercise(meters[0])[4], "--decision", "M-1", *own)
    _fleet_follows(authority, own, (*words, *listed(meters[0])), monkeypatch)
    assert "no device that is meant" in _refused(
        house, *BEGIN[:2], "none", *FLEET, *own, *listed(hub)
    )


def _fleet_follows(
    authority: Authority,
    own: tuple[str, ...],
    one: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After an exercise with its first device the rest of the fleet has its own turn."""
    house = authority.house
    authority.lodge("M-1", "recovery-method", one[1], "--scope", "method-1")
    assert house.json(*BEGIN[:2], "first", *one)[1]["devices"] == 1
    assert house.json("recovery", "carry", "first")[1]["recovered"] == 1
    authority.lodge("M-9", "recovery-method", "INC-9", "--scope", "method-1")
    assert "holds already" in _refused(house, *BEGIN[:2], "done", *FLEET, *own, *one[-2:])
    words = (*BEGIN[:2], "fleet", *FLEET, *own)
    code, begun, (said,) = _meanwhile(house, monkeypatch, "keep_roster", words)
    assert (code, begun["devices"] > 1) == (0, True), begun
    assert (said[0], "fleet: another command" in said[1]["error"]["message"]) == (3, True), said


def _meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch, place: str, words: tuple[str, ...]
) -> tuple[int, Any, list[tuple[int, Any]]]:
    """What is said, and what to another that says the same while the first is at that place."""
    there, others = getattr(recovery_beginning, place), list[tuple[int, Any]]()

    def first(*given: Any) -> Any:
        monkeypatch.setattr(recovery_beginning, place, there)
        others.append(house.json(*words))
        return there(*given)

    monkeypatch.setattr(recovery_beginning, place, first)
    return *house.json(*words), others


def _refused(house: House, *words: str) -> str:
    """What is said when it is refused."""
    code, said = house.json(*words)
    assert (code, said["error"]["family"]) == (1, "refused"), said
    return str(said["error"]["message"])


def test_what_is_not_there_is_not_concluded(original: House) -> None:
    """A recovery that nobody began here."""
    code, said = original.json("recovery", "conclude", "none", "--commander", "The DCC")
    assert (code, said["error"]["family"]) in ((1, "refused"), (3, "unavailable"))


@pytest.mark.parametrize(
    "wrong",
    [("--waves", "a"), ("--waves", "1,2"), ("--per-second", "north"), ("--devices", "none")],
)
def test_what_cannot_be_a_plan_is_refused(authority: Authority, wrong: tuple[str, str]) -> None:
    """Waves, rates and lists that are none: told, with where."""
    code, said = authority.house.json(*BEGIN, *LOST, *wrong)
    assert code == 1
    assert said["error"]["family"] in ("malformed", "refused")


def test_the_name_of_a_rehearsal_is_not_taken_again(house: House) -> None:
    """Said as it is: not that a decision is missing, which is looked up in another house."""
    (house.state / "recoveries" / "practice" / "house").mkdir(parents=True)
    words = ("--incident", "INC-7", "--decision", "M-1", *LOST)
    code, said = house.json("recovery", "begin", "practice", *words)
    assert (code, "is the name of a rehearsal" in said["error"]["message"]) == (1, True)

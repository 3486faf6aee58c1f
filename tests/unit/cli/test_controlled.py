"""What the register approved goes into the repository as it was approved, and the register knows where."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Authority, House

FIRST, SECOND = b"how keys are kept\n", b"how keys are kept, and where\n"
BODIES = """
[[body]]
ref = "QPA"
name = "Quill Policy Authority"
kind = "sub-committee"
signs_as = "smki-pma"

[[person]]
ref = "chair"
name = "Chair"

[[seat]]
ref = "QPA/chair"
body = "QPA"
category = "chair"
votes = true
holder = "chair"
start = 2025-01-01

[[meeting]]
ref = "QPA_01_0302"
body = "QPA"
number = 1
held_on = 2026-02-03
state = "held"
presider = "chair"
attendance = [{ person = "chair", seat = "QPA/chair", votes = true }]

[[agenda-item]]
ref = "QPA_01_0302/1"
meeting = "QPA_01_0302"
number = 1
place = 1
heading = "Practice statement"
label = "white"
ask = "approval"

[[document]]
ref = "CPS"
label = "white"
body = "QPA"
name = "Quill Practice Statement"
kind = "certification-practice-statement"
"""
RESOLUTION = """
[[resolution]]
ref = "QPA_01_0302/1/{place}"
item = "QPA_01_0302/1"
place = {place}
verb = "approved"
bodies = ["QPA"]
text = "Approved version {number}."
about = "CPS"
version = "{number}"
"""
VERSION = """
[[version]]
ref = "CPS/{number}"
document = "CPS"
number = "{number}"
state = "{state}"
presented_at = ["QPA_01_0302/1"]
resolutions = {resolutions}
file = {{ name = "cps.txt", sha256 = "{digest}", octets = {octets} }}
{more}
"""
DIRECTION = """
[[direction]]
ref = "QPA-DIR-1"
body = "QPA"
source = "authority"
to = "operator"
dated = 2026-02-03
due = 2026-02-10
demands = ["lodge the statement"]
version = "CPS/1.0"
"""


def versioned(number: str, content: bytes, state: str, *resolutions: str, more: str = "") -> str:
    """The table of a version."""
    return VERSION.format(
        number=number,
        state=state,
        resolutions=list(resolutions),
        digest=sha256(content).hexdigest(),
        octets=len(content),
        more=more,
    )


def brought_in(authority: Authority, text: str) -> None:
    """These tables are in the register."""
    file = authority.folder / "register.toml"
    file.write_text(text)
    code, said = authority.house.json("governance", "register", "import", str(file))
    assert code == 0, said


def lodged(authority: Authority, ref: str, content: bytes, *more: str) -> tuple[int, Any]:
    """The outcome of lodging that version with that content."""
    file = authority.folder / "cps.txt"
    file.write_bytes(content)
    desk = authority.desk("chair")
    return authority.house.json("document", "lodge-version", ref, str(file), *desk, *more)


def entry_of(house: House, ref: str) -> int | None:
    """Where the register says that the version lies."""
    code, shown = house.json("document", "standing", ref, "--for", "chair")
    assert code == 0, shown
    found: int | None = shown["entry"]
    return found


@pytest.mark.clause("sec:L5.3", "sec:L9", "sec:L9.8")
def test_an_approved_version_is_lodged_and_the_register_knows_where(authority: Authority) -> None:
    """Approved, lodged, tied; directed, fulfilled; then superseded under the resolution's decision."""
    house = authority.house
    first = versioned("1.0", FIRST, "approved", "QPA_01_0302/1/1")
    brought_in(authority, BODIES + RESOLUTION.format(place=1, number="1.0") + first + DIRECTION)
    assert house.json("document", "to-lodge", "--for", "chair")[1]["directions"][0]["late"] is True
    code, said = lodged(authority, "CPS/1.0", SECOND)
    assert (code, "another file was approved" in said["error"]["message"]) == (1, True)
    code, tied = lodged(authority, "CPS/1.0", FIRST)
    assert (code, tied["fulfilled"]) == (0, ["QPA-DIR-1"])
    assert entry_of(house, "CPS/1.0") == tied["entry"]
    (row,) = house.json("document", "to-lodge", "--for", "chair")[1]["directions"]
    assert (row["fulfilled"], row["late"]) == (tied["entry"], False)
    assert lodged(authority, "CPS/1.0", FIRST)[0] == 1
    _supersede(authority)
    _, told = house.json("document", "history", "Quill Practice Statement")
    assert [(one["version"], one["standing"], one["decision"]) for one in told["versions"]] == [
        ("1.0", "superseded", None),
        ("2.0", "current", "QPA_01_0302/1/2"),
    ]
    code, shown = house.json("document", "standing", "CPS/1.0", "--for", "chair")
    assert (code, shown["standing"]) == (0, "not in force any more")
    assert shown["reasons"] == ["CPS/1.0 is superseded by CPS/2.0"]
    _nobody_else_sees(house)


def _supersede(authority: Authority) -> None:
    house = authority.house
    draft = versioned("2.0", SECOND, "presented")
    brought_in(authority, RESOLUTION.format(place=2, number="2.0") + draft)
    out = str(authority.folder / "decision.json")
    decided = ("document", "decide", "CPS/2.0", "--expiry", "2090-01-01", "--out", out)
    code, said = house.json(*decided)
    assert (code, "is not yet in force" in said["error"]["message"]) == (1, True)
    gone = versioned(
        "1.0",
        FIRST,
        "superseded",
        "QPA_01_0302/1/1",
        more=f'superseded_by = "CPS/2.0"\nentry = {entry_of(house, "CPS/1.0")}',
    )
    approved = versioned("2.0", SECOND, "approved", "QPA_01_0302/1/2")
    brought_in(authority, approved + gone)
    assert house.json(*decided)[1]["id"] == "QPA_01_0302/1/2"
    signatures: tuple[str, ...] = ()
    for officer in ("chair", "secretary"):
        place = f"{out}.{officer}"
        assert (
            house.run("governance", "sign", out, *authority.desk(officer), "--out", place)[0] == 0
        )
        signatures += ("--signature", place)
    assert lodged(authority, "CPS/2.0", SECOND, "--decision", out)[0] == 1
    assert house.json("governance", "lodge", out, *signatures)[0] == 0
    code, tied = lodged(authority, "CPS/2.0", SECOND, "--decision", out)
    assert code == 0, tied
    assert house.json("document", "tie", "CPS/2.0")[1]["entry"] == tied["entry"]
    _, found = house.json("document", "falls", "QPA_01_0302/1/2", "--for", "chair")
    assert found["falls"] == [{"kind": "version", "ref": "CPS/2.0"}]


def _nobody_else_sees(house: House) -> None:
    """What is White and not given out is as what is not there."""
    for words in (("standing", "CPS/2.0"), ("falls", "QPA_01_0302/1/2")):
        code, said = house.json("document", *words, "--public")
        assert (code, said["error"]["message"].endswith("is not there")) == (1, True)
    assert house.json("document", "to-lodge", "--public")[1]["directions"] == []


@pytest.mark.clause("sec:L9")
def test_what_may_not_be_lodged_is_refused_with_every_reason(authority: Authority) -> None:
    """Unknown, a draft without effect, not White, without a file, or nowhere in the record."""
    house = authority.house
    bare = '[[version]]\nref = "CPS/0.1"\ndocument = "CPS"\nnumber = "0.1"\nlabel = "green"\n'
    brought_in(authority, BODIES + bare)
    code, said = lodged(authority, "CPS/9.9", FIRST)
    assert (code, "is not in the register" in said["error"]["message"]) == (1, True)
    _, said = lodged(authority, "CPS/0.1", FIRST)
    for part in ("is not yet in force", "not labelled white", "has no file"):
        assert part in said["error"]["message"]
    assert house.run("document", "tie", "CPS/0.1")[0] == 1
    assert house.run("document", "tie", "CPS/9.9")[0] == 1


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("number", "content", "said"),
    [
        ("1.0", FIRST, ""),
        ("1.0", SECOND, "another file was approved as version 1.0"),
        ("3.0", FIRST, "version 3.0 is not in it"),
        ("0.1", FIRST, "version 0.1 is not yet in force in it"),
    ],
)
def test_whoever_lodges_the_register_is_asked(
    authority: Authority, number: str, content: bytes, said: str
) -> None:
    """What the register keeps is lodged as it was approved, or not, whichever way it comes."""
    draft = '[[version]]\nref = "CPS/0.1"\ndocument = "CPS"\nnumber = "0.1"\n'
    first = versioned("1.0", FIRST, "approved", "QPA_01_0302/1/1")
    brought_in(authority, BODIES + RESOLUTION.format(place=1, number="1.0") + first + draft)
    file = authority.folder / "cps.txt"
    file.write_bytes(content)
    named = ("--title", "Quill Practice Statement", "--version", number)
    words = ("lodge", str(file), *named, *authority.desk("chair"))
    code, told = authority.house.json("document", *words)
    assert code == (1 if said else 0), told
    assert said in told.get("error", {"message": ""})["message"]
    if not said:
        assert authority.house.json("document", "tie", "CPS/1.0")[1]["entry"] == told["entry"]


def test_routes_are_shown(original: House) -> None:
    """The table of routes, with what is known and what is ours."""
    code, shown = original.json("document", "routes")
    assert (code, len(shown["routes"])) == (0, 8)
    _, text = original.run("document", "routes")
    assert (
        "report: authority recommends and testing-group recommends, then panel determines" in text
    )
    assert "procedure: authority approves (sec:L9, ours)" in text


MODIFICATION = """
[[modification]]
ref = "073"
label = "white"
body = "QPA"
number = 73
name = "Expiry notices"
proposer = "Ink Energy"
stages = [{ stage = "draft-proposal", on = 2026-01-05 }]
"""


@pytest.mark.clause("sec:D")
def test_the_monthly_paper_is_drafted_and_kept(authority: Authority) -> None:
    """Drafted it is shown alone; put, it is a paper of the item, found like any other."""
    house = authority.house
    brought_in(authority, BODIES + MODIFICATION)
    problem = authority.folder / "problem.txt"
    problem.write_text("Certificates expire unseen.")
    words = ("governance", "monthly", "QPA_01_0302/1", "--since", "2026-01-01", "--until")
    code, shown = house.json(*words, "2026-01-31", "--attach", str(problem))
    assert (code, shown["put"], shown["due"]) == (0, False, "2026-01-27")
    assert shown["sections"]["New draft proposals"].startswith("DP073 Expiry notices")
    assert shown["sections"]["Conversions"] == "None."
    paper = ("governance", "register", "show", shown["ref"], "--kind", "paper", "--for", "chair")
    assert house.run(*paper)[0] == 1
    code, text = house.run(*words, "2026-01-31", "--put")
    assert (code, "kept as a draft; to be out by 2026-01-27" in text) == (0, True)
    assert house.run(*paper)[0] == 0
    assert house.json(*words, "2025-12-31")[1]["error"]["family"] == "malformed"
    assert house.run("governance", "monthly", "QPA_09_0101/1", *words[3:], "2026-01-31")[0] == 1

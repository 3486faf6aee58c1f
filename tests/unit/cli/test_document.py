"""Documents are kept exactly, superseded under decisions only, and what is past the rules is named."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smki.bootstrap import load_settings, open_office
from smki.merkle.canonical import JSON, encode_json
from smki.merkle.leaf import LeafType, encode_framed
from smki.repository import catch_up, lodge_leaves

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Authority

TITLE = "Recovery Procedure"
LONG = b"a policy of many words; " * 3_000  # over 32 KiB: kept as a blob


def lodged(
    authority: Authority, version: str, *more: str, who: str = "chair", content: bytes = LONG
) -> tuple[int, dict[str, Any]]:
    """The outcome of lodging a version."""
    file = authority.folder / "policy.txt"
    file.write_bytes(content)
    desk = authority.desk(who)
    if who == "dcc":
        place = authority.house.state / "parties" / "dcc" / "portal"
        desk = ("--certificate", f"{place}.pem", "--key", f"{place}.key")
    words = ("lodge", str(file), "--title", TITLE, "--version", version, *desk, *more)
    return authority.house.json("document", *words)


@pytest.mark.clause("sec:L5", "sec:L5.3", "sec-app-p:1.3")
def test_a_version_is_kept_exactly_and_superseded_under_a_decision(
    authority: Authority, tmp_path: Path
) -> None:
    """Both versions stay, octet for octet; history, standing and proofs tell what happened."""
    assert lodged(authority, "1.0")[0] == 0
    code, said = lodged(authority, "2.0")
    assert (code, "needs a recorded decision" in said["error"]["message"]) == (1, True)
    authority.lodge("D-1", "supersede-document", TITLE)
    assert lodged(authority, "2.0", "--decision", "D-1", content=b"short")[0] == 0
    house, proofs = authority.house, tmp_path / "proofs"
    code, told = house.json("document", "history", TITLE, "--proofs", str(proofs))
    assert code == 0
    assert [(one["version"], one["standing"], one["decision"]) for one in told["versions"]] == [
        ("1.0", "superseded", None),
        ("2.0", "current", "D-1"),
    ]
    assert {one["officer"] for one in told["versions"]} == {"chair"}
    assert len(told["proofs"]) == 4
    for file in told["proofs"]:
        assert house.run("repository", "verify", file)[0] == 0
    for version, content in (("1.0", LONG), ("2.0", b"short")):
        out = tmp_path / version
        shown = house.run("document", "show", TITLE, "--version", version, "--out", str(out))
        assert (shown[0], out.read_bytes()) == (0, content)
    assert house.json("repository", "audit")[1]["problems"] == []


@pytest.mark.clause("sec:L5.3")
def test_a_decision_serves_once(authority: Authority) -> None:
    """The decision that permitted one version does not permit the next; a version's name is its own."""
    authority.lodge("D-1", "supersede-document", TITLE)
    assert lodged(authority, "1.0")[0] == 0
    assert lodged(authority, "2.0", "--decision", "D-1")[0] == 0
    code, said = lodged(authority, "3.0", "--decision", "D-1")
    assert (code, "was used for entry" in said["error"]["message"]) == (1, True)
    authority.lodge("D-2", "supersede-document", TITLE)
    code, said = lodged(authority, "1.0", "--decision", "D-2")
    assert (code, "is there already" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec:L5.3")
def test_the_operator_lodges_as_it_is_directed(authority: Authority) -> None:
    """Without a direction the DCC lodges nothing; a direction waits until it is fulfilled."""
    code, said = lodged(authority, "1.0", who="dcc")
    assert (code, "lodge a document for the authority" in said["error"]["message"]) == (1, True)
    authority.lodge("D-1", "direct-lodging", TITLE)
    _, told = authority.house.json("document", "directions")
    assert [(one["id"], one["used"]) for one in told["directions"]] == [("D-1", None)]
    code, said = lodged(authority, "1.0", "--decision", "D-1", who="dcc")
    assert code == 0, said
    _, told = authority.house.json("document", "directions")
    assert [one["used"] for one in told["directions"]] == [said["entry"]]


@pytest.mark.parametrize("who", ["clerk", "stranger"])
@pytest.mark.clause("sec:L5.3", "sec-app-p:1.3")
def test_who_may_lodge(authority: Authority, who: str) -> None:
    """The code administrator's officer may, an officer of a party without a part in it may not."""
    code, said = lodged(authority, "1.0", who=who)
    assert code == (0 if who == "clerk" else 1), said


@pytest.mark.clause("sec:L5.3")
def test_conditions_must_be_met_first(authority: Authority) -> None:
    """A decision with conditions permits once another says that they are met."""
    assert lodged(authority, "1.0")[0] == 0
    authority.lodge("D-1", "supersede-document", TITLE, "--condition", "after a review")
    code, said = lodged(authority, "2.0", "--decision", "D-1")
    assert (code, "conditions-met" in said["error"]["message"]) == (1, True)
    authority.lodge("D-2", "conditions-met", "D-1")
    assert lodged(authority, "2.0", "--decision", "D-1")[0] == 0


@pytest.mark.clause("sec:L5.3")
def test_a_document_is_withdrawn_and_stays(authority: Authority) -> None:
    """Withdrawn under a decision, it is not in force and can still be read."""
    assert lodged(authority, "1.0")[0] == 0
    house, desk = authority.house, authority.desk("chair")
    assert house.run("document", "withdraw", TITLE, *desk)[0] == 1
    authority.lodge("D-1", "withdraw-document", TITLE)
    assert house.run("document", "withdraw", TITLE, "--decision", "D-1", *desk)[0] == 0
    _, told = house.json("document", "list")
    assert told["documents"] == [{"title": TITLE, "version": None, "entry": None}]
    assert house.run("document", "show", TITLE, "--version", "1.0")[0] == 0
    _, told = house.json("document", "history", TITLE)
    assert [one["standing"] for one in told["versions"]] == ["withdrawn"]


@pytest.mark.clause("sec:L5")
def test_what_was_lodged_past_the_rules_counts_for_nothing(authority: Authority) -> None:
    """A version, or a standing, that the operator appends to the record by itself is a breach."""
    assert lodged(authority, "1.0")[0] == 0
    environment = {"SMKI_STATE": str(authority.house.state)}
    with open_office(load_settings(environment), environment) as office:
        front = office.front
        (first,) = front.index.items(of=LeafType.DOCUMENT)
        forged = {"title": TITLE, "version": "2.0", "decision": "", "refers": None}
        note: dict[str, JSON] = {"refers": first.entry, "standing": "superseded", "decision": ""}
        lodge_leaves(
            office.record,
            [
                (LeafType.DOCUMENT, encode_framed(forged, b"forged")),
                (LeafType.STANDING, encode_json(note)),
            ],
            front.clock.now(),
        )
        catch_up(front.reader, front.index, front.describe)
    code, told = authority.house.json("repository", "audit")
    assert code == 1
    assert [one.startswith("breach: entry") for one in told["problems"]] == [True, True]
    code, told = authority.house.json("document", "history", TITLE)
    assert code == 1
    assert [(one["version"], one["standing"]) for one in told["versions"]] == [("1.0", "current")]
    assert [one["entry"] for one in told["breaches"]] == [first.entry + 1, first.entry + 2]


@pytest.mark.clause("sec:L5")
def test_an_index_that_lies_about_documents_is_named(authority: Authority) -> None:
    """A row taken away, or another title in it, is a problem of the audit; reindex mends it."""
    assert lodged(authority, "1.0")[0] == 0
    house = authority.house
    for spoil in ("UPDATE index_item SET name = 'Another'", "DELETE FROM index_item"):
        with sqlite3.connect(house.state / "smki.sqlite") as database:
            database.execute(spoil)
        database.close()
        code, told = house.json("repository", "audit")
        assert (code, bool(told["problems"])) == (1, True)
        assert house.run("repository", "reindex")[0] == 0
        assert house.json("repository", "audit")[1]["problems"] == []

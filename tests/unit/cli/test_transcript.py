"""Confidential content: committed to, kept apart, removed by decision; the record stays whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from smki.bootstrap import load_settings, open_front
from smki.merkle.leaf import LeafForm, decode_leaf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Authority

SECRET = b"who said what at the ceremony"


def confided(authority: Authority) -> int:
    """The entry that commits to the secret."""
    words = ("transcript", "lodge", "-", "--name", "Key ceremony 1")
    code, told = authority.house.json(*words, given=SECRET)
    assert code == 0, told
    return int(told["entry"])


@pytest.mark.clause("sec:L5")
def test_the_record_says_nothing_of_the_content(authority: Authority, tmp_path: Path) -> None:
    """The entry is a commitment, no octet of name or content is in the record, and it is shown."""
    entry = confided(authority)
    with open_front(load_settings({"SMKI_STATE": str(authority.house.state)})) as front:
        leaf = front.reader.leaf(entry)
    assert decode_leaf(leaf).form is LeafForm.COMMITMENT
    for path in (authority.house.state / "record").rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            assert SECRET not in octets
            assert b"Key ceremony 1" not in octets
    out = tmp_path / "shown"
    shown = authority.house.json("transcript", "show", str(entry), "--out", str(out))
    assert (shown[0], shown[1]["name"], out.read_bytes()) == (0, "Key ceremony 1", SECRET)
    (kept,) = (authority.house.state / "confidential").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert authority.house.json("repository", "audit")[1]["problems"] == []


@pytest.mark.clause("sec:L5")
def test_it_is_removed_by_decision_and_the_audit_tells(authority: Authority) -> None:
    """Two officers decide: the content goes, a tombstone stays, nothing else of the record changes."""
    house, entry = authority.house, confided(authority)
    before = house.run("repository", "checkpoint")[1]
    authority.lodge("D-1", "remove-content", str(entry))
    words = ("transcript", "remove", str(entry), "--decision", "D-1", *authority.desk("chair"))
    code, told = house.json(*words)
    assert (code, told["decision"], told["officer"]) == (0, "D-1", "chair")
    assert list((house.state / "confidential").iterdir()) == []
    code, said = house.json("transcript", "show", str(entry), "--out", "-")
    assert (code, "removed under decision D-1" in said["error"]["message"]) == (1, True)
    code, audited = house.json("repository", "audit")
    assert (code, audited["problems"]) == (0, [])
    assert [(one["entry"], one["decision"]) for one in audited["removed"]] == [(entry, "D-1")]
    assert house.run("repository", "consistency", "--from", "-", given=before.encode())[0] == 0
    assert house.json(*words)[1] == told


@pytest.mark.clause("sec:L5", "sec:L5.3")
def test_one_signature_or_another_entry_removes_nothing(authority: Authority) -> None:
    """A decision that one officer signed, or about another entry, does not do; nor one of nobody."""
    house, entry = authority.house, confided(authority)
    single = authority.decide("D-1", "remove-content", str(entry), officers=("chair",))
    assert house.run("governance", "lodge", *single)[0] == 0
    authority.lodge("D-2", "remove-content", str(entry + 1))
    for decision, why in (
        ("D-1", "not signed by the secretary"),
        ("D-2", "must be about"),
        ("D-3", "not in the"),
    ):
        words = ("transcript", "remove", str(entry), "--decision", decision)
        code, said = house.json(*words, *authority.desk("chair"))
        assert (code, why in said["error"]["message"]) == (1, True), said
    authority.lodge("D-4", "remove-content", str(entry))
    words = ("transcript", "remove", str(entry), "--decision", "D-4")
    assert house.run(*words, *authority.desk("stranger"))[0] == 1
    assert house.run("transcript", "show", str(entry), "--out", "-") == (0, SECRET.decode())


@pytest.mark.clause("sec:L5")
def test_what_is_open_is_never_removed(authority: Authority) -> None:
    """A certificate's entry commits to nothing: no decision removes it."""
    authority.lodge("D-1", "remove-content", "1")
    words = ("transcript", "remove", "1", "--decision", "D-1", *authority.desk("chair"))
    code, said = authority.house.json(*words)
    assert (code, "never removed" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec:L5")
def test_content_that_is_missing_without_a_decision_is_named(authority: Authority) -> None:
    """The operator deletes or changes it: the audit names the entry."""
    entry, house = confided(authority), authority.house
    (kept,) = (house.state / "confidential").iterdir()
    kept.write_bytes(kept.read_bytes() + b"!")
    code, audited = house.json("repository", "audit")
    assert (code, len(audited["problems"])) == (1, 1)
    assert f"entry {entry}: its content is another" in audited["problems"][0]
    kept.unlink()
    code, audited = house.json("repository", "audit")
    assert f"entry {entry}: its content is missing" in audited["problems"][0]


@pytest.mark.clause("sec:L5.3")
def test_who_decided_then_is_asked_of_the_record(authority: Authority) -> None:
    """A change of who signs for the authority leaves what was decided before it as it was."""
    authority.lodge("D-1", "supersede-document", "Recovery Procedure")
    other = '{"smki-pma": ["0A-53-4D-4B-49-05-00-03"]}'
    refresh = ("registration", "refresh-crl", "issuing-oca")
    assert authority.house.run(*refresh, SMKI_BODIES=other)[0] == 0
    _, shown = authority.house.json("governance", "list", SMKI_BODIES=other)
    assert [one["id"] for one in shown["decisions"]] == ["D-1"]
    words = authority.decide("D-2", "supersede-document", "Another", officers=("chair",))
    assert authority.house.run("governance", "lodge", *words, SMKI_BODIES=other)[0] == 1

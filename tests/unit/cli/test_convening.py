"""`smki governance convene`, `send-calls` and `acknowledge`, as a secretary runs them in an emergency."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

PEOPLE = """
[[body]]
ref = "QPA"
name = "Quill Policy Authority"
kind = "committee"

[[person]]
ref = "chair"
name = "Chair"
credentials = ["{serial}"]
channel = "sealed mail chair"

[[person]]
ref = "networks"
name = "Networks"

[[seat]]
ref = "QPA/chair"
body = "QPA"
category = "chair"
votes = true
holder = "chair"

[[seat]]
ref = "QPA/1"
body = "QPA"
category = "networks"
votes = true
holder = "networks"
"""
WHAT = ("--criterion", "key-use", "--circumstances", "A custodian lost a share.")
CONVENE = ("governance", "convene", "QPA", *WHAT, "--option", "Use the recovery key.")


@pytest.fixture
def called(house: Any, tmp_path: Path) -> Any:
    """An SMKI with a body of two, of whom one has a credential; their key is beside it."""
    _, status = house.json("status")
    officer = Path(status["credentials"]["officer"]["certificate"])
    shown = subprocess.run(
        ["openssl", "x509", "-in", officer, "-noout", "-serial"], capture_output=True, check=True
    )
    serial = shown.stdout.decode().strip().partition("=")[2]
    (tmp_path / "people.toml").write_text(PEOPLE.format(serial=serial))
    code, _ = house.json("governance", "register", "import", str(tmp_path / "people.toml"))
    assert code == 0
    return house


@pytest.mark.clause("sec:L10.9")
def test_each_is_called_as_their_channel_permits(called: Any) -> None:
    """Who has a credential opens a sealed message with its key; who has none is told the bare call."""
    code, made = called.json(*CONVENE, "--by", "chair")
    assert (code, made["ref"]) == (0, "QPA/e1")
    sealed, bare = made["messages"]
    assert (sealed["person"], sealed["sealed"]) == ("chair", True)
    assert (bare["person"], bare["sealed"]) == ("networks", False)
    text = Path(bare["file"]).read_text()
    assert "You are called to an emergency meeting of QPA." in text
    assert "custodian" not in text
    assert b"custodian" not in Path(sealed["file"]).read_bytes()
    _, status = called.json("status")
    key = status["credentials"]["officer"]["key"]
    opened = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", sealed["file"], "-inkey", key],
        capture_output=True,
        check=True,
    )
    assert b"Circumstances: A custodian lost a share." in opened.stdout
    assert b"Do not use the key." in opened.stdout


@pytest.mark.clause("sec:L10.9")
def test_answers_are_noted_and_nobody_is_called_twice(called: Any) -> None:
    """Each acknowledges; what was sent is not sent again; who was not called cannot answer."""
    called.json(*CONVENE, "--by", "chair")
    code, again = called.json("governance", "send-calls", "QPA/e1")
    assert (code, again["messages"]) == (0, [])
    code, noted = called.json("governance", "acknowledge", "QPA/e1", "--by", "chair")
    assert (code, noted["waiting"]) == (0, ["networks"])
    code, said = called.run("governance", "acknowledge", "QPA/e1", "--by", "networks")
    assert (code, "everybody who was called has it" in said) == (0, True)
    code, refused = called.json("governance", "acknowledge", "QPA/e1", "--by", "ada")
    assert (code, refused["error"]["clause"]) == (1, "sec:L10.9")
    _, shown = called.json("governance", "register", "show", "QPA/e1", "--for", "chair")
    assert shown["entity"]["label"] == "amber"
    assert all("acknowledged" in one for one in shown["entity"]["calls"])


@pytest.mark.clause("sec:L10.9")
def test_who_may_not_trigger_calls_nobody(called: Any) -> None:
    """Refused with who may; no message is written, and there is nothing on record."""
    code, refused = called.json(*CONVENE, "--by", "networks")
    assert (code, refused["error"]["family"]) == (1, "refused")
    assert "must be chair or secretariat or operator of QPA" in refused["error"]["message"]
    assert not (called.state / "calls").exists()
    code, refused = called.json("governance", "send-calls", "QPA/e1")
    assert (code, "is not there" in refused["error"]["message"]) == (1, True)


def test_what_is_too_high_for_a_message_is_not_in_one(called: Any) -> None:
    """Of a Red emergency a message says only that there is one; criteria can be looked up."""
    code, made = called.json(*CONVENE, "--by", "chair", "--label", "red")
    assert code == 0
    _, status = called.json("status")
    key = status["credentials"]["officer"]["key"]
    file = made["messages"][0]["file"]
    opened = subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", "-in", file, "-inkey", key],
        capture_output=True,
        check=True,
    )
    assert b"You are called" in opened.stdout
    assert b"custodian" not in opened.stdout
    code, shown = called.json("governance", "criteria")
    assert code == 0
    assert {one["name"] for one in shown["criteria"]} >= {"key-compromise", "key-use"}

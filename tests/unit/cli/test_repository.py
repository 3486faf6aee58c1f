import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smki.adapters.record import FileRecord, FileRecordReader
from smki.bootstrap import load_settings
from smki.bootstrap.opening import LOG_KEY, log_key_store

Serial = Callable[[str, str], str]


@pytest.fixture
def proof(original: Any, serial_of: Serial, tmp_path: Path) -> Path:
    """A proof file of the supplier's batch credential."""
    path = tmp_path / "one.proof"
    code, _ = original.run(
        "repository", "prove", serial_of("supplier", "batch"), "--out", str(path)
    )
    assert code == 0
    return path


@pytest.mark.clause("c2sp:tlog-checkpoint")
def test_checkpoint(original: Any) -> None:
    """The note is printed to the octet as it is published; --json says what is in it."""
    published = (original.state / "record" / "checkpoint").read_text()
    assert original.run("repository", "checkpoint") == (0, published)
    code, document = original.json("repository", "checkpoint")
    assert (code, document["note"]) == (0, published)
    assert published.startswith(f"{document['origin']}\n{document['size']}\n")
    assert len(bytes.fromhex(document["root"])) == 32


@pytest.mark.clause("rfc6962:2.1.1")
def test_a_proof_needs_no_server_and_no_state(
    original: Any, proof: Path, serial_of: Serial, tmp_path: Path
) -> None:
    """With file and key alone, from a file or standard input, the serial number is proven."""
    key = load_settings({"SMKI_STATE": str(original.state)}).log_vkey
    stranger = type(original)(state=tmp_path / "none")
    for file, given in ((str(proof), None), ("-", proof.read_bytes())):
        code, shown = stranger.json("repository", "verify", file, "--key", key, given=given)
        assert (code, shown["entries"]) == (0, 1)
        assert shown["serial"] == serial_of("supplier", "batch")
    assert original.run("repository", "verify", str(proof))[0] == 0
    code, shown = stranger.json("repository", "verify", str(proof))
    assert (code, shown["error"]["where"]) == (1, "--key")
    assert not (tmp_path / "none").exists()


def test_a_changed_proof_is_refused(original: Any, proof: Path) -> None:
    """A proof in which any one line was changed, lost or doubled verifies never, and says why."""
    lines = proof.read_bytes().splitlines(keepends=True)
    for at, line in enumerate(lines):
        middle = len(line) // 2
        changed = line[:middle] + bytes((line[middle] ^ 1,)) + line[middle + 1 :]
        for new in ((changed,), (), (line, line)):
            spoilt = b"".join((*lines[:at], *new, *lines[at + 1 :]))
            code, shown = original.json("repository", "verify", "-", given=spoilt)
            assert code == 1, (at, new)
            assert shown["error"]["family"] in {"malformed", "refused"}


def test_another_logs_key_is_refused(original: Any, proof: Path) -> None:
    """A proof under a checkpoint that the key did not sign proves nothing."""
    other = "example.com/log+e7ff0b5f+AYr0yzKhyq4EzBdrBB2wUiCFIl45dw2dXMDjGu8yvWbb"
    code, shown = original.json("repository", "verify", str(proof), "--key", other)
    assert code == 1
    assert shown["error"]["clause"] == "c2sp:signed-note"


def test_prove_refuses_what_is_not_there(original: Any, tmp_path: Path) -> None:
    """An unknown serial number is refused, and no file is left behind."""
    out = tmp_path / "none.proof"
    code, shown = original.json("repository", "prove", "77", "--out", str(out))
    assert (code, shown["error"]["family"], out.exists()) == (1, "refused", False)


@pytest.mark.clause("rfc6962:2.1.2")
def test_consistency(house: Any, original: Any, tmp_path: Path) -> None:
    """A grown record begins with what an earlier checkpoint signed; the other way is refused."""
    early, late = tmp_path / "early", tmp_path / "late"
    early.write_text(house.run("repository", "checkpoint")[1])
    assert house.run("registration", "refresh-crl", "issuing-oca")[0] == 0
    late.write_text(house.run("repository", "checkpoint")[1])
    code, shown = house.json("repository", "consistency", "--from", str(early))
    assert (code, shown["to"]["size"] - shown["from"]["size"]) == (0, 1)
    code, shown = original.json("repository", "consistency", "--from", str(late))
    assert (code, shown["error"]["family"]) == (1, "refused")


@pytest.mark.clause("c2sp:tlog-tiles")
@pytest.mark.clause("rfc6962:2.1.2")
@pytest.mark.parametrize("longer", [0, 3])
def test_a_second_history_leaves_evidence(house: Any, tmp_path: Path, longer: int) -> None:
    """A record rewritten with the log's own key is named, and one file shows it without the house."""
    early, evidence = tmp_path / "early", tmp_path / "evidence"
    early.write_text(house.json("repository", "checkpoint")[1]["note"])
    environment = {"SMKI_STATE": str(house.state)}
    settings = load_settings(environment)
    honest = FileRecordReader(settings.path("record"), settings.log_vkey)
    leaves = list(honest.leaves(0, honest.checkpoint().size))
    leaves[7] = leaves[8]
    forged = FileRecord(
        tmp_path / "forged",
        settings.log_origin,
        log_key_store(settings, environment).open(LOG_KEY),
    )
    forged.append([*leaves, *leaves[:longer]])
    forged.close()
    shutil.rmtree(settings.path("record"))
    (tmp_path / "forged").rename(settings.path("record"))
    asked = ("repository", "consistency", "--from", str(early), "--evidence", str(evidence))
    code, shown = house.json(*asked)
    assert (code, shown["error"]["family"]) == (1, "refused")
    assert "log was rewritten" in shown["error"]["message"]
    stranger = type(house)(state=tmp_path / "none")
    key = ("--key", settings.log_vkey)
    code, shown = stranger.json("repository", "verify", str(evidence), *key)
    assert (code, shown["contradiction"]) == (0, True)
    assert shown["earlier"]["size"] == len(leaves)
    assert shown["later"]["size"] == len(leaves) + longer
    spoilt = evidence.read_bytes().replace(b"\n\n", b"\n", 1)
    assert stranger.run("repository", "verify", "-", *key, given=spoilt)[0] == 1


def test_audit_of_a_sound_house(original: Any) -> None:
    """Nothing is wrong with what nobody touched."""
    code, shown = original.json("repository", "audit")
    size = original.json("repository", "checkpoint")[1]["size"]
    assert (code, shown) == (0, {"entries": size, "indexed": size, "problems": [], "removed": []})


def _flip(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)


def _newest(record: Path, level: str) -> Path:
    folder = record / "tile" / level / "000.p"
    return max(folder.iterdir(), key=lambda path: int(path.name))


def _old(record: Path, level: str) -> Path:
    folder = record / "tile" / level / "000.p"
    return min(folder.iterdir(), key=lambda path: int(path.name))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bundle": (lambda record: _flip(_newest(record, "entries")), "was changed: it hashes"),
    "a tile": (lambda record: _flip(_newest(record, "0")), "tile/0/000.p/"),
    "an old partial tile": (lambda record: _flip(_old(record, "0")), "not the beginning"),
    "an old partial bundle": (lambda record: _flip(_old(record, "entries")), "not the beginning"),
    "a missing tile": (lambda record: _newest(record, "0").unlink(), "missing"),
    "an unknown file": (lambda record: (record / "tile" / "x").write_text(""), "tile/x: unknown"),
    "the checkpoint": (lambda record: _flip(record / "checkpoint"), "checkpoint: "),
}


@pytest.mark.clause("c2sp:tlog-tiles")
@pytest.mark.parametrize("what", DAMAGE)
def test_audit_names_damage_of_the_record(house: Any, what: str) -> None:
    """One octet, file or name that is not as it was lodged is named, and the exit code is 1."""
    damage, named = DAMAGE[what]
    damage(house.state / "record")
    code, shown = house.json("repository", "audit")
    assert code == 1
    assert any(named in problem for problem in shown["problems"])


def _change(house: Any, statement: str) -> None:
    with closing(sqlite3.connect(house.state / "smki.sqlite")) as database:
        assert database.execute(statement).rowcount == 1
        database.commit()


INDEX_DAMAGE = {
    "DELETE FROM index_certificate WHERE entry = 3": "entry 3: is missing, the record has certificate",
    "UPDATE index_certificate SET not_after = 5 WHERE entry = 3": "entry 3: not_after is 5",
    "UPDATE index_certificate SET status = status + 1 WHERE entry = 3": "entry 3: status",
    "UPDATE index_certificate SET entry = 9999 WHERE entry = 3": "entry 3: is missing",
    "UPDATE index_progress SET certificates = 3": "says that it has 3 certificates",
    "UPDATE index_progress SET size = 9999": "covers 9999 entries, the record has",
}


@pytest.mark.parametrize("statement", INDEX_DAMAGE)
def test_audit_names_a_lying_index_and_reindex_mends_it(house: Any, statement: str) -> None:
    """What the index says other than the record is named; made again, it agrees."""
    _change(house, statement)
    code, shown = house.json("repository", "audit")
    assert code == 1
    assert any(INDEX_DAMAGE[statement] in problem for problem in shown["problems"])
    code, made = house.json("repository", "reindex")
    assert (code, made["entries"]) == (0, shown["entries"])
    assert house.json("repository", "audit")[1]["problems"] == []


def test_nothing_to_read(original: Any, tmp_path: Path) -> None:
    """Without an SMKI every command says how to make one: exit code 3."""
    nowhere = type(original)(state=tmp_path / "none")
    for command in ("checkpoint", "audit", "reindex"):
        code, shown = nowhere.json("repository", command)
        assert (code, shown["error"]["family"]) == (3, "unavailable")
        assert "smki init" in shown["error"]["message"]

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from smki.interfaces.cli import main
from smki.terms import EUI64
from smki.wire.gbcs.blocks import blocks_of, encode_block
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, grouped, parse_message


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Messages of every security use case, made once."""
    folder = tmp_path_factory.mktemp("gbcs") / "out"
    done = CliRunner().invoke(main, ["gbcs", "make", "--out", str(folder), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["messages"] > 90
    return folder


def _show(*arguments: str) -> tuple[int, list[dict[str, object]]]:
    done = CliRunner().invoke(main, ["gbcs", "show", *arguments, "--json"])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.clause("gbcs:use-cases", "gbcs:18.4")
def test_what_is_made_is_read_and_everything_holds(made: Path) -> None:
    """Each message is what the index says, in DER, and its signature and MAC verify."""
    with (made / "index.csv").open(encoding="utf-8") as file:
        rows = {row["file"]: row for row in csv.DictReader(file)}
    files = sorted(str(path) for path in made.glob("*.HEX"))
    assert {Path(name).name for name in files} == set(rows)
    code, documents = _show(*files, "--keys", str(made / "keys"))
    assert code == 0
    for document in documents:
        row = rows[Path(str(document["file"])).name]
        assert document["message_code"] == row["message_code"]
        assert document["kind"] == row["kind"]
        assert document["originator"] == row["originator"]
        assert document["counter"] == int(row["counter"], 16)
        assert document["signature"] == {"yes": "valid", "no": "absent"}[row["signature"]]
        assert document["mac"] == {"yes": "valid", "no": "absent"}[row["mac"]]
        assert document.get("deviations", []) == []
    kinds = {(row["message_code"], row["kind"]) for row in rows.values()}
    assert {code for code, kind in kinds if kind == "alert"} >= {
        "0x00CA",
        "0x00CB",
        "0x0124",
        "0x00B2",
    }
    commands = {code for code, kind in kinds if kind == "command"}
    assert commands == {code for code, kind in kinds if kind == "response"}
    assert len(commands) >= 26


def test_public_keys_alone_verify_every_signature_that_is_made(made: Path, tmp_path: Path) -> None:
    """Who is given the .pem files only can verify, the contingency key's commands too."""
    for key in (made / "keys").glob("*.pem"):
        (tmp_path / key.name).write_bytes(key.read_bytes())
    files = sorted(str(path) for path in made.glob("*.HEX"))
    code, documents = _show(*files, "--keys", str(tmp_path))
    assert code == 0
    assert {document["signature"] for document in documents} == {"valid", "absent"}
    assert {key.stem for key in (made / "keys").glob("*.key")} == {
        key.stem for key in tmp_path.glob("*.pem")
    }


@pytest.mark.clause("gbcs:GBT")
def test_the_blocks_of_a_transfer_are_shown_as_their_message(made: Path, tmp_path: Path) -> None:
    """A file with a block a line says what the message says; without one of them, which is missing."""
    file = made / "CS02bSupplierBySupplier_ESME_NA_SUCCESS_COMMAND_GBCS.HEX"
    octets = bytes.fromhex(file.read_text())
    blocks = blocks_of(parse_message(octets).header, octets, 400, window=6)
    lines = [encode_block(each).hex() for each in blocks]
    (tmp_path / "all").write_text("\n".join(reversed(lines)))
    (tmp_path / "some").write_text("\n".join(lines[1:]))
    keys = ("--keys", str(made / "keys"))
    code, (whole, joined) = _show(str(file), str(tmp_path / "all"), *keys)
    assert code == 0
    assert whole | {"file": ""} == joined | {"file": ""}
    code, (document, _) = _show(str(tmp_path / "some"), str(file), *keys)
    assert code == 1
    assert "without number 1" in str(document["error"])


@pytest.mark.clause("gbcs:7.2.7")
def test_what_a_message_says_moves_no_cursor_and_forges_no_line(tmp_path: Path) -> None:
    """A text with a line of its own and terminal commands is shown as escapes; JSON has it as it is."""
    text = "\x1b[2Jhello\nsignature     holds\u202e"
    said = b"\x0f\x20\x00\x00\x07\x00\x0a" + bytes((len(text.encode()),)) + text.encode()
    header = GroupingHeader(
        category=MessageCategory.COMMAND,
        counter=7,
        originator=EUI64(bytes(8)),
        recipient=EUI64(bytes(8)),
        message_code=0x0021,
    )
    (tmp_path / "file").write_bytes(grouped(header, said))
    done = CliRunner().invoke(main, ["gbcs", "show", str(tmp_path / "file")])
    assert done.exit_code == 0
    assert "visible-string \\x1b[2Jhello\\nsignature     holds\\u202e\n" in done.stdout
    assert "\x1b" not in done.stdout
    one, _ = _show(str(tmp_path / "file"), str(tmp_path / "file"))[1]
    assert repr(text) in str(one["payload"])


def test_modes_are_named_as_the_notation_names_them(made: Path) -> None:
    """`SupplierByTransCoS`, as in the names of the published messages."""
    names = {path.name.partition("_")[0] for path in made.glob("CS02b*.HEX")}
    assert {"CS02bSupplierByTransCoS", "CS02bAccessControlBrokerByACB"} <= names


def test_a_folder_that_is_not_empty_is_left_alone(made: Path) -> None:
    """A second time is refused, and says what must be there."""
    before = {path: path.read_bytes() for path in made.glob("*.HEX")}
    done = CliRunner().invoke(main, ["gbcs", "make", "--out", str(made)])
    assert done.exit_code == 1
    assert "must be a new one" in done.stderr
    assert before == {path: path.read_bytes() for path in made.glob("*.HEX")}


@pytest.mark.clause("gbcs:7.2.7")
def test_what_cannot_be_decoded_has_a_line_of_its_own(made: Path, tmp_path: Path) -> None:
    """Among others, a file that is no message, or whose payload is not its use case's."""
    good = (made / "CS02d_NA_SUCCESS_COMMAND_GBCS.HEX").read_text()
    broken = (made / "CS03A1_NA_SUCCESS_PRECOMMAND_GBCS.HEX").read_text()
    inputs = {"good": good, "nothing": "", "payload": broken[:-2] + "09"}
    for name, text in inputs.items():
        (tmp_path / name).write_text(text)
    code, documents = _show(*(str(tmp_path / name) for name in (*inputs, "missing")))
    assert code == 1
    assert ["error" in document for document in documents] == [False, True, True, True]
    assert documents[0]["signature"] == "unknown"
    assert documents[2]["use_case"] == "CS03A1"
    assert "deviceType" in str(documents[2]["error"]) or "otherDeviceType" in str(
        documents[2]["error"]
    )


def test_it_is_shown_for_people(made: Path) -> None:
    """Without --json: what holds, in words, and the notation's names."""
    done = CliRunner().invoke(
        main,
        [
            "gbcs",
            "show",
            str(made / "CS02bSupplierBySupplier_ESME_NA_SUCCESS_COMMAND_GBCS.HEX"),
            "--keys",
            str(made / "keys"),
        ],
    )
    assert done.exit_code == 0
    for words in ("signature     holds", "credentialsReplacementMode supplierBySupplier(2)"):
        assert words in done.stdout


def test_keys_that_cannot_be_read_are_notes(made: Path, tmp_path: Path) -> None:
    """A broken key file is told on standard error, and the others are used."""
    (tmp_path / "0000000000000001-ds.pem").write_text("nonsense")
    done = CliRunner().invoke(
        main,
        ["gbcs", "show", str(made / "CS07_NA_SUCCESS_COMMAND_GBCS.HEX"), "--keys", str(tmp_path)],
    )
    assert done.exit_code == 0
    assert "0000000000000001-ds.pem" in done.stderr
    assert "not checked" in done.stdout

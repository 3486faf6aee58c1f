"""What somebody else found in devices is signed on a machine of their own, or told why not."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.evidence_people import people
from tests.unit.cli.conftest import House

from smki.governance.signing import verify_detached
from smki.interfaces.cli.officers import detached
from smki.interfaces.cli.recovery_notices import recipient
from smki.recovery.evidence_bundles import read_inspection
from smki.recovery.inspecting import HEADER
from smki.recovery.replacing import BROKER_CELL, ROOT_CELL
from smki.terms import Malformed, Refused
from smki.wire.cms import parse_detached

FIRST = "0A-53-4D-4B-60-00-00-01,root/key_cert_sign/management,0000000000000000,0102030405060708"
BROKER = (
    "0A-53-4D-4B-60-00-00-01,access_control_broker/key_agreement/management,"
    "0a534d4b50000001,1102030405060708"
)
SECOND = FIRST.replace("00-01,", "00-02,")


@pytest.fixture
def words(tmp_path: Path) -> tuple[str, ...]:
    """The options by which the maker signs, and where it goes."""
    maker = people().maker
    certificate = x509.load_der_x509_certificate(maker.certificate)
    (tmp_path / "maker.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "maker.key").write_bytes(maker.key.private_bytes(*secret))
    desk = ("--certificate", str(tmp_path / "maker.pem"), "--key", str(tmp_path / "maker.key"))
    return ("--by", "engineers of the maker", *desk, "--out", str(tmp_path / "signed"))


@pytest.mark.clause("sec:L10", "sec-app-q:B")
def test_what_was_found_is_signed(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Each device with its cells, by the signer's own key; what is there already is not written over."""
    found = tmp_path / "found.csv"
    found.write_text(f"{HEADER}\n{FIRST}\n{BROKER}\n{SECOND}\r\n")
    nowhere = House(state=tmp_path / "none")
    code, said = nowhere.json("recovery", "inspect", "first", str(found), *words)
    assert (code, said["devices"]) == (0, 2), said
    inspection = read_inspection(Path(said["files"][0]).read_bytes())
    one, two = inspection.rows
    assert set(one.found) == {ROOT_CELL, BROKER_CELL}
    assert one.found[BROKER_CELL].key_identifier.hex() == "1102030405060708"
    assert set(two.found) == {ROOT_CELL}
    assert (inspection.recovery, inspection.by) == ("first", "engineers of the maker")
    signed = inspection.signed
    verify_detached(inspection.looked, parse_detached(signed.signature), signed.certificate)
    with pytest.raises(Refused, match="names another certificate, "):
        verify_detached(
            inspection.looked, parse_detached(signed.signature), people().chair.certificate
        )
    assert nowhere.json("recovery", "inspect", "first", str(found), *words)[0] == 1
    found.write_text(f"{HEADER}\n{FIRST}\n")
    again = (*words[:-1], f"{words[-1]}-again")
    code, told = nowhere.run("recovery", "inspect", "first", str(found), *again)
    assert (code, told.splitlines()[0].partition(",")[0]) == (0, "1 device"), told


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("device,cell", FIRST), "line 1: 'device,cell', must be device,cell,subject"),
        ((HEADER,), "of no device, must be of one at least"),
        ((HEADER, FIRST, "x"), "line 3: fields: 1, must be 4"),
        ((HEADER, FIRST.replace("0102", "01 2")), "must be 16 hexadecimal digits"),
        ((HEADER, FIRST.replace("root/", "rout/")), "must be as root/key_cert_sign/management"),
        ((HEADER, FIRST.replace("0A-53", "0A-5")), "EUI-64"),
        ((HEADER, FIRST, FIRST), "a cell stands twice"),
        ((HEADER, SECOND, FIRST), "must ascend"),
        ((HEADER, FIRST, SECOND, BROKER), "must ascend"),
    ],
)
def test_what_is_no_inspection_is_told(
    tmp_path: Path, words: tuple[str, ...], lines: tuple[str, ...], said: str
) -> None:
    """With the line, and nothing is written."""
    found = tmp_path / "found.csv"
    found.write_text("\n".join(lines) + "\n")
    code, told = House(state=tmp_path / "none").json(
        "recovery", "inspect", "first", str(found), *words
    )
    assert (code, said in told["error"]["message"]) == (1, True), told
    assert not (tmp_path / "signed").exists()


def test_an_empty_file_is_no_inspection(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Not even the first line is there: nothing is signed as if nothing had been found."""
    found = tmp_path / "found.csv"
    found.write_bytes(b"")
    code, told = House(state=tmp_path / "none").json(
        "recovery", "inspect", "first", str(found), *words
    )
    assert (code, "line 1: '', must be device" in told["error"]["message"]) == (1, True), told
    assert not (tmp_path / "signed").exists()


def test_a_signer_without_a_certificate_is_told(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A file that is none, and one that is not there: malformed, as any file that a person names."""
    (tmp_path / "maker.pem").write_bytes(b"none")
    nowhere = House(state=tmp_path / "none")
    code, told = nowhere.json("recovery", "inspect", "first", str(tmp_path / "found.csv"), *words)
    assert (code, told["error"]["where"]) == (1, str(tmp_path / "maker.pem"))
    (tmp_path / "maker.pem").unlink()
    code, told = nowhere.json("recovery", "inspect", "first", "none.csv", *words)
    assert (code, told["error"]["family"]) == (1, "malformed")
    for function in (recipient, lambda path: detached(b"", path, path)):
        with pytest.raises(Malformed, match="file: cannot be read"):
            function(str(tmp_path / "maker.pem"))

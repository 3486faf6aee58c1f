import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.bootstrap import load_settings, open_front
from smki.interfaces.cli import main
from smki.merkle.leaf import decode_certificate
from smki.profiles import DeviceTemplate, Issuer, assemble, development
from smki.profiles.wording import explain
from smki.terms import CertificateKind, KeyUsage, Malformed
from smki.wire import der

GOLDEN = Path(__file__).parents[2] / "vectors" / "profiles" / "profiles.json"

NULL = bytes.fromhex("300c06082a8648ce3d0403020500")
BARE = bytes.fromhex("300a06082a8648ce3d040302")


def _run(*arguments: str, given: bytes | None = None) -> Result:
    """The command where there is no SMKI."""
    environment = {"SMKI_STATE": "no-such-folder"}
    return CliRunner().invoke(main, ("certificate", *arguments), input=given, env=environment)


@pytest.fixture
def organisation(original: Any) -> Path:
    """An organisation certificate, PEM."""
    path: Path = original.state / "parties/supplier/0a534d4b49020001-ds.pem"
    return path


@pytest.fixture
def octets(organisation: Path) -> bytes:
    """The same, DER."""
    certificate = x509.load_pem_x509_certificate(organisation.read_bytes())
    return certificate.public_bytes(Encoding.DER)


def test_fields_are_shown_without_a_state_directory(organisation: Path, octets: bytes) -> None:
    """PEM, DER and standard input show the same profile and fields, in their order."""
    shown = json.loads(_run("show", str(organisation), "--json").stdout)
    assert shown["profile"] == "organisation"
    assert list(shown["fields"])[:4] == ["version", "serialNumber", "signature", "issuer"]
    assert shown["fields"]["subject"].endswith("uniqueIdentifier=0A-53-4D-4B-49-02-00-01")
    again = _run("show", "-", "--json", given=octets)
    assert (again.exit_code, json.loads(again.stdout)) == (0, shown)
    lines = _run("show", str(organisation)).stdout.splitlines()
    assert lines[0].split() == ["profile", "organisation"]
    assert len(lines) == len(shown["fields"]) + 1


def test_what_this_environment_issued_passes_its_own_rules(original: Any) -> None:
    """Organisation, IKI and server certificates pass with `--ours`; of a chain the first is read."""
    parties = sorted(original.state.glob("parties/*/*.pem"))
    assert len(parties) > 10
    for path in (*parties, original.state / "tls/server.pem"):
        code, shown = original.json("certificate", "lint", str(path), "--ours")
        assert (code, shown["findings"]) == (0, []), path
    told = _run("lint", str(original.state / "tls/server.pem"))
    assert "the first of 2 certificates" in told.stderr
    assert told.stdout.startswith("profile: iki-server\n")


@pytest.mark.clause("gbcs:12")
def test_a_deviation_is_a_finding_with_its_clause(octets: bytes) -> None:
    """NULL parameters, which strict readers refuse, are named; exit code 1; one JSON document."""
    at = octets.rindex(BARE)
    body = octets[4:at] + NULL + octets[at + len(BARE) :]
    loose = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    done = _run("lint", "-", "--json", given=loose)
    shown = json.loads(done.stdout)
    assert (done.exit_code, shown["profile"]) == (1, "organisation")
    (finding,) = shown["findings"]
    assert set(finding) == {"rule", "message", "where", "clause"}
    assert (finding["clause"], finding["where"]) == ("gbcs:12", "signatureAlgorithm")
    assert "NULL parameters" in finding["message"]
    assert _run("lint", "-", given=loose).stdout.endswith("\n1 finding\n")


@pytest.mark.clause("gbcs:12")
def test_another_issuer_and_another_profile_are_named(octets: bytes, organisation: Path) -> None:
    """With `--issuer` the signature is checked, with `--profile` the form of that kind."""
    done = _run("lint", "-", "--json", "--issuer", str(organisation), given=octets)
    rules = {finding["rule"] for finding in json.loads(done.stdout)["findings"]}
    assert (done.exit_code, "organisation.signature" in rules) == (1, True)
    done = _run("lint", "-", "--json", "--profile", "device", given=octets)
    shown = json.loads(done.stdout)
    assert (done.exit_code, shown["profile"]) == (1, "device")
    assert {finding["rule"] for finding in shown["findings"]} >= {"device.subject.attributes"}


def _words(path: Path, *, ours: bool = False) -> dict[str, str]:
    words = ("show", str(path), "--json", *(("--ours",) if ours else ()))
    shown = json.loads(_run(*words).stdout)
    assert set(shown) == {"profile", "fields", "words"}
    assert set(shown["words"]) <= set(shown["fields"])
    said: dict[str, str] = shown["words"]
    return said


@pytest.mark.clause("gbcs:4.3.2.2", "rfc5280:4.2.1.3")
def test_what_octets_mean_is_said_beside_them(original: Any, organisation: Path) -> None:
    """Usage, role, key, names and purposes are words; the octets stay where they were."""
    said = _words(organisation)
    assert said["keyUsage (critical)"] == "digital signature"
    assert said["subject"] == "role 02: supplier"
    assert said["issuer"] == "role 07: issuing authority"
    assert said["subjectPublicKey"] == "P-256 point of 65 octets"
    assert _run("show", str(organisation)).stdout.count(" digital signature [03020780]\n") == 1
    said = _words(original.state / "tls/server.pem")
    assert said["subjectAltName"] == "host localhost, address 127.0.0.1, address ::1"
    assert said["extKeyUsage"] == "TLS server"
    said = _words(original.state / "tls/ca.pem")
    assert said["keyUsage (critical)"] == "certificate signing, CRL signing"
    assert said["basicConstraints (critical)"] == "an authority, authorities below it: none"


@pytest.mark.clause("sec-app-a:B", "sec-app-b:B")
def test_devices_roots_and_policies_in_words(original: Any, tmp_path: Path) -> None:
    """Device ID and hwType, the wrap of the contingency key, and what a policy OID is for."""
    with open_front(load_settings({"SMKI_STATE": str(original.state)})) as front:
        (root,) = (row.entry for row in front.index.rows(CertificateKind.ROOT_OCA))
        octets = decode_certificate(front.reader.leaf(root))[1].certificate
    file = tmp_path / "root.der"
    file.write_bytes(octets)
    said = _words(file)
    assert said["WrappedApexContingencyKey"].endswith("octets, wrapped by id-aes128-wrap-pad")
    assert said["subject"] == "role 00: root"
    policies = explain(octets, development())["certificatePolicies (critical)"]
    assert policies.endswith("(root-oca certificates of this environment)")
    device_id, point = bytes.fromhex("00db1234567890a0"), b"\4" + bytes(64)
    device = DeviceTemplate(
        Issuer(
            kind=CertificateKind.ISSUING_DCA, name=bytes.fromhex("3000"), key_identifier=bytes(8)
        ),
        development(),
        KeyUsage.KEY_AGREEMENT,
        der.oid("2.25.7")[2:],
    ).fill(b"\1" * 16, datetime(2026, 1, 1, tzinfo=UTC), device_id, point)
    words = explain(assemble(device, bytes(70), CertificateKind.DEVICE))
    name = "hardwareModuleName: device 00-DB-12-34-56-78-90-A0, hwType 2.25.7"
    assert words["subjectAltName (critical)"] == name
    assert words["keyUsage (critical)"] == "key agreement"
    assert words["notAfter"] == "without end"


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(CertificateKind, key=lambda kind: kind.value)),
    at=st.integers(4, 700),
    put=st.binary(min_size=1, max_size=3),
)
def test_words_are_total(kind: CertificateKind, at: int, put: bytes) -> None:
    """Any damage to a certificate leaves it with words, fewer words or malformed."""
    tbs = bytes.fromhex(json.loads(GOLDEN.read_text())[kind.value]["tbs"])
    whole = assemble(tbs, bytes(70), kind)
    assert explain(whole)
    with suppress(Malformed):
        explain(whole[:at] + put + whole[at + len(put) :], development())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"no base64!", "neither DER nor the base64"),
        (b"-----BEGIN X509 CRL-----\nAA==\n", "file: X509 CRL in it, must be a CERTIFICATE"),
        (b"\x30" * 70_000, "over 65536 octets"),
        (b"\x30\x03\x02\x01\x01", "must be 30"),
    ],
)
def test_what_cannot_be_read_is_malformed(given: bytes, said: str) -> None:
    """Other octets are malformed, exit code 1, in one document and in one sentence."""
    done = _run("show", "-", "--json", given=given)
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["family"]) == (1, "malformed")
    assert said in error["message"]
    plain = _run("show", "-", given=given)
    assert (plain.exit_code, plain.stdout) == (1, "")
    assert said in plain.stderr


def test_octets_that_are_no_certificate_get_a_finding() -> None:
    """The lint names where they stop being one; no profile is guessed."""
    done = _run("lint", "-", "--json", given=b"\x30\x03\x02\x01\x01")
    shown = json.loads(done.stdout)
    assert (done.exit_code, shown["profile"]) == (1, None)
    assert [finding["where"] for finding in shown["findings"]] == ["offset 2"]


@pytest.mark.clause("rfc5280:4.1.2.1")
def test_numbers_that_no_decimal_can_be_written_of_are_findings() -> None:
    """A version, a path length or an arc of thousands of octets is said, not tried to be printed."""
    golden = json.loads(GOLDEN.read_text())["root-oca"]
    body = bytes.fromhex(golden["tbs"])
    inner = body[4:]  # after the outer SEQUENCE's tag and length
    huge = b"\x7f" * 5_000
    arc = b"\xff" * 5_000 + b"\x7f"
    version, serial = inner[:5], inner[5 : 5 + 2 + inner[6]]
    rest = inner[len(version) + len(serial) :]
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    assert rest.startswith(algorithm)
    others = (
        der.element(der.context(0, constructed=True), der.element(der.INTEGER, huge))
        + serial
        + rest,
        version + serial + rest.replace(algorithm, der.sequence(der.element(der.OID, arc)), 1),
    )
    for changed in others:
        certificate = der.sequence(der.sequence(changed), algorithm, b"\x03\x02\x00\x00")
        for command in ("show", "lint"):
            done = _run(command, "-", "--json", given=certificate)
            assert done.exception is None or isinstance(done.exception, SystemExit)
            assert json.loads(done.stdout)
            assert done.exit_code == 1 or command == "show"


def test_what_a_certificate_says_moves_no_cursor_and_forges_no_line(
    organisation: Path, octets: bytes
) -> None:
    """A subject with a line of its own and terminal commands is shown as escapes."""
    assert organisation.exists()
    name = bytes.fromhex("060355040b 0c")  # organizationalUnitName, UTF8String
    at = octets.index(name) + len(name)
    text = b"\x1b\n" + b"a" * octets[at]
    forged = octets[: at + 1] + text[: octets[at]] + octets[at + 1 + octets[at] :]
    done = _run("show", "-", given=forged)
    assert "OU=\\x1b\\n" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_profile_that_is_none_is_a_matter_of_usage() -> None:
    """A profile that does not exist is refused as usage, exit code 2."""
    assert _run("lint", "-", "--profile", "meter", given=b"").exit_code == 2

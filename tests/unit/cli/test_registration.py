from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from smki.adapters.requesters import request_for_organisation, request_for_system
from smki.bootstrap import load_settings, open_front
from smki.terms import EUI64, BatchStatus, KeyUsage, RemotePartyRole

Serial = Callable[[str, str], str]
SUPPLIER = EUI64.parse("0A534D4B49020001")


def test_parties(original: Any) -> None:
    """Parties are listed; one is shown with each identity and credential."""
    code, shown = original.json("registration", "parties")
    assert code == 0
    assert {"manufacturer", "supplier"} <= {one["party"] for one in shown["parties"]}
    code, one = original.json("registration", "party", "supplier")
    assert one["identities"] == [{"eui64": str(SUPPLIER), "role": "supplier"}]
    assert sorted(c["interface"] for c in one["credentials"]) == ["adhoc", "batch", "portal"]
    code, shown = original.json("registration", "party", "nobody")
    assert (code, shown["error"]["clause"]) == (1, "sec:L3.15")


def test_a_device_changes_only_where_told(house: Any) -> None:
    """What no option names stays; showing changes nothing."""
    eui64 = "0A534D4B49D00002"
    code, unknown = house.json("registration", "device", eui64)
    assert (code, unknown["status"]) == (0, "not in the inventory")
    changed = ("--status", "commissioned", "--responsible", str(SUPPLIER), "--limit", "7")
    assert house.run("registration", "device", eui64, *changed)[0] == 0
    code, now = house.json("registration", "device", eui64, "--communications")
    expected = {
        "device": str(EUI64.parse(eui64)),
        "status": "commissioned",
        "responsible": str(SUPPLIER),
        "communications": True,
        "limit": 7,
    }
    (review,) = now.pop("reviews")
    assert (review["limit"], review["issued"], review["reason"]) == (7, 0, "")
    assert (code, now) == (0, expected)
    assert house.json("registration", "device", eui64)[1] == {**expected, "reviews": [review]}


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_a_limit_above_everybodys_needs_a_reason_and_is_in_the_record(house: Any) -> None:
    """Refused without one; with one it is lodged, shown, and there again when the database was lost."""
    eui64 = "0A534D4B49D00003"
    words = ("registration", "device", eui64, "--limit")
    code, refused = house.json(*words, "101")
    assert (code, refused["error"]["clause"]) == (1, "sec-app-m:2.3.1.8")
    assert "above 100 a review must say why" in refused["error"]["message"]
    assert house.json(*words, "101", "--reason", " ")[0] == 1
    assert house.json(*words, "101", "--reason", "x" * 1_001)[0] == 1
    assert house.json("registration", "device", eui64)[1]["limit"] is None
    assert house.run(*words, "100")[0] == 0
    code, shown = house.run(*words, "120", "--reason", "test bench, asked by its supplier")
    assert code == 0
    assert "120 after 0, entry" in shown
    assert "test bench, asked by its supplier" in shown
    _, now = house.json("registration", "device", eui64)
    assert [each["limit"] for each in now["reviews"]] == [100, 120]
    assert house.run("repository", "audit")[0] == 0
    for name in house.state.glob("smki.sqlite*"):
        name.unlink()
    assert house.run("init")[0] == 0
    _, again = house.json("registration", "device", eui64)
    assert (again["limit"], again["reviews"]) == (120, now["reviews"])
    assert house.run("registration", "device", eui64, "--reason", "none")[0] == 2


def _add_batch(house: Any, digest: bytes) -> int:
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        batch, _ = front.workbook.add_batch(
            party="supplier",
            document_id="one",
            digest=digest,
            document="none.xml",
            items=1,
            status=BatchStatus.PENDING,
            at=front.clock.now(),
        )
        return batch.number


@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_batches_that_wait(house: Any) -> None:
    """A batch waits until it is approved or rejected, and is decided on once."""
    first, second = _add_batch(house, bytes(32)), _add_batch(house, b"\1" * 32)
    _, waiting = house.json("registration", "batches")
    assert [one["batch_id"] for one in waiting["batches"]] == [first, second]
    assert house.json("registration", "approve", str(first))[1]["status"] == "PARSING"
    assert house.json("registration", "reject", str(second))[1]["status"] == "REJECTED"
    assert house.json("registration", "batches")[1]["batches"] == []
    code, shown = house.json("registration", "approve", str(second))
    assert (code, shown["error"]["clause"]) == (1, "sec-app-m:F")


@pytest.mark.clause("sec-app-q:B")
def test_revoke(house: Any, serial_of: Serial) -> None:
    """A revoked credential is marked, on the published CRL, and R in an index that agrees."""
    serial = serial_of("network", "batch")
    code, done = house.json("registration", "revoke", serial)
    assert (code, done["serial"]) == (0, serial)
    crl = x509.load_pem_x509_crl((house.state / "tls" / "issuing-ica.crl.pem").read_bytes())
    assert [entry.serial_number for entry in crl] == [int(serial, 16)]
    (shown,) = house.json("registration", "party", "network")[1]["credentials"]
    assert shown["revoked"]
    assert house.json("repository", "audit")[1]["problems"] == []
    assert house.json("registration", "revoke", "77")[0] == 1


@pytest.mark.clause("sec-app-b:B-crl")
def test_refresh_crl(house: Any) -> None:
    """Each refreshed list has the next number; a list of another authority is a usage error."""
    first = house.json("registration", "refresh-crl", "issuing-ica")[1]["crl_number"]
    second = house.json("registration", "refresh-crl", "issuing-ica")[1]["crl_number"]
    assert second == first + 1
    assert house.run("registration", "refresh-crl", "root-oca")[0] == 2


@pytest.mark.clause("sec-app-m:G")
def test_credential_from_a_request(house: Any, tmp_path: Path) -> None:
    """The credential comes with its issuer's certificate, and identifies the party from then on."""
    request, out = tmp_path / "system.csr", tmp_path / "system.pem"
    request.write_bytes(request_for_system("Sample Network Operator", "03", "adhoc").request)
    asked = ("registration", "credential", str(request), "--party", "network", "--out", str(out))
    code, made = house.json(*asked, "--interface", "adhoc")
    assert code == 0
    certificate, issuer = x509.load_pem_x509_certificates(out.read_bytes())
    certificate.verify_directly_issued_by(issuer)
    assert certificate.serial_number == int(made["serial"], 16)
    _, shown = house.json("registration", "party", "network")
    assert (made["serial"], "adhoc") in [
        (c["serial"], c["interface"]) for c in shown["credentials"]
    ]
    code, refused = house.json(*asked, "--interface", "adhoc")
    assert "must not be there yet" in refused["error"]["message"]


@pytest.mark.clause("sec-app-m:2.3.1.3")
def test_organisation_certificate_from_a_request(house: Any, tmp_path: Path) -> None:
    """The entitled party gets it, on standard output too; another is refused and no file is left."""
    made = request_for_organisation(
        SUPPLIER, RemotePartyRole.SUPPLIER, KeyUsage.DIGITAL_SIGNATURE
    ).request
    out = tmp_path / "refused.pem"
    code, shown = house.json(
        "registration", "organisation", "-", "--party", "network", "--out", str(out), given=made
    )
    assert (code, shown["error"]["family"], out.exists()) == (1, "refused", False)
    code, pem = house.run(
        "registration", "organisation", "-", "--party", "supplier", "--out", "-", given=made
    )
    assert code == 0
    assert x509.load_pem_x509_certificate(pem.encode()).serial_number > 0


def _plain_request(name: x509.Name, key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """A CSR (DER) as other programs make it when nobody asks for an extension."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.clause("sec-app-m:G", "sec-app-m:F")
def test_a_request_without_extensions_is_refused_with_the_way_to_make_one(
    house: Any, tmp_path: Path
) -> None:
    """Which extension is missing, and the command that makes the request; no file is left."""
    oids = x509.NameOID
    system = x509.Name(
        [
            x509.NameAttribute(oids.ORGANIZATION_NAME, "Sample Energy Supplier"),
            x509.NameAttribute(oids.ORGANIZATIONAL_UNIT_NAME, "02"),
            x509.NameAttribute(oids.COMMON_NAME, "one"),
        ]
    )
    nobody = x509.Name([x509.NameAttribute(oids.COMMON_NAME, "one")])
    out = tmp_path / "out.pem"
    for words, name, key, command in (
        (
            ("credential", "-", "--interface", "batch"),
            system,
            rsa.generate_private_key(65537, 2048),
            "smki csr system",
        ),
        (
            ("organisation", "-"),
            nobody,
            ec.generate_private_key(ec.SECP256R1()),
            "smki csr organisation",
        ),
    ):
        asked = ("registration", *words, "--party", "supplier", "--out", str(out))
        code, shown = house.json(*asked, given=_plain_request(name, key))
        assert (code, shown["error"]["family"], out.exists()) == (1, "refused", False)
        assert "one extension, keyUsage" in shown["error"]["message"]
        assert command in shown["error"]["message"]

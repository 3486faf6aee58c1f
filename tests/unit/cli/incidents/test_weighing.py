"""`smki recovery incident relevant`, `options`: what is concerned, and what the authority chooses between."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.incident_desk import Desk, begin, settings_of

from smki.bootstrap import open_front
from smki.bootstrap.recoveries import open_kept
from smki.devices import DeviceKind
from smki.governance.entities.convening import Convening
from smki.governance.looking import look
from smki.merkle.leaf import decode_certificate
from smki.ports.campaigns import Became
from smki.ports.estate import InventoryRow
from smki.recovery import Fate
from smki.recovery.progress import Point
from smki.terms import (
    CertificateKind,
    RemotePartyRole,
)


@pytest.mark.clause("sec:L10.9")
def test_the_authority_is_called_together_with_the_options(desk: Desk) -> None:
    """Each method is before it, and not to use the key; by whom who may not trigger it, nobody is."""
    ref = desk.take(desk.sealed(desk.notice("SUP-17")))[1]["incident"]
    call = ("--contact", "sue", "--mechanism", "in-person", "--by", "ada", "--confirmed")
    assert desk.step(ref, "call-back", *call, "--second", "bo")[0] == 0
    convene = ("--convene", "key-compromise")
    assert desk.step(ref, "declare", "--by", "bo", *convene)[0] == 1
    code, declared = desk.step(ref, "declare", "--by", "ada", "--text", "Today.", *convene)
    assert (code, declared["state"]) == (0, "declared"), declared
    with open_front(settings_of(desk)) as front:
        convening = look(front.proceedings, Convening, declared["convening"])
    assert convening is not None
    texts = [one.text.partition(":")[0] for one in convening.options]
    assert texts == ["method-1", "method-2", "method-3", "Do not use the key."]
    assert "Today." in convening.circumstances
    assert [one.person for one in convening.calls if one.sent] == ["ada"]
    assert desk.step(ref, "declare", "--by", "ada", "--convening", "QPA/e1", *convene)[0] == 2


@pytest.mark.clause("sec:L10.30(a)", "sec:L10.30(b)")
def test_relevant_devices_are_worked_out(
    desk: Desk, rows: tuple[InventoryRow, ...], tmp_path: Path
) -> None:
    """Commissioned, or until the event, and with the supplier's credentials in a cell: those alone."""
    named = ("--device", str(rows[0].device), "--device", str(rows[-1].device))
    ref = desk.take(desk.sealed(desk.notice("SUP-10", *named)))[1]["incident"]
    listing = tmp_path / "devices"
    code, found = desk.json("incident", "relevant", ref, "--list", str(listing))
    assert code == 0, found
    relevant = [one for one in rows if one.kind is not DeviceKind.CHF and one.mpxn != "never"]
    assert (found["looked_at"], found["devices"]) == (len(rows), len(relevant))
    assert found["only_before"] == sum(one.mpxn == "before" for one in relevant)
    assert found["subscribers"] == {"supplier": len(relevant)}
    assert (found["named"], found["named_not_relevant"]) == (2, 1)
    assert found["certificates"] == {desk.serial: len(relevant)}
    assert found["cells"] == {"esme": 10, "gsme": 10}
    given = ("--making", "10000", "--signing", "1000")
    code, planned = desk.authority.house.json("plan", "--estate", "--method", "method-3", *given)
    commissioned = sum(one.mpxn == "" and one.kind is not DeviceKind.CHF for one in rows)
    assert (code, planned["devices"]) == (0, commissioned)
    assert listing.read_text().split() == [str(one.device) for one in relevant]
    assert {one["region"]: one["devices"] for one in found["by"] if one["kind"] == "esme"} == {
        "north": 5,
        "south": 5,
    }


@pytest.mark.clause("sec:L10.30(a)", "sec:L10")
@pytest.mark.parametrize(
    ("key", "kind", "cells_of_a_hub"),
    [
        ("recovery", CertificateKind.ORGANISATION, 1),
        ("issuing-oca", CertificateKind.ISSUING_OCA, 5),
        ("root-oca", CertificateKind.ROOT_OCA, 6),
        ("contingency", CertificateKind.ROOT_OCA, 1),
        ("contingency-symmetric", CertificateKind.ROOT_OCA, 1),
    ],
)
def test_what_an_authority_vouches_for_is_relevant_with_it(
    desk: Desk, rows: tuple[InventoryRow, ...], key: str, kind: CertificateKind, cells_of_a_hub: int
) -> None:
    """Anybody may report a key that is no organisation's, by certificate or key; who trusts by it is concerned."""
    with open_front(settings_of(desk)) as front:
        wanted = RemotePartyRole.RECOVERY if key == "recovery" else None
        row = next(row for row in front.index.rows(kind) if wanted is None or row.role is wanted)
        certificate = decode_certificate(front.reader.leaf(row.entry))[1].certificate
    spki = x509.load_der_x509_certificate(certificate).public_key()
    digest = sha256(spki.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    relevant = [one for one in rows if one.mpxn != "never"]
    hubs = sum(one.kind is DeviceKind.CHF for one in relevant)
    for named in (("--certificate", str(row.serial)), ("--key-identifier", digest)):
        notice = desk.notice(f"ANY-{key}{named[0]}", "--key", key, *named)
        code, taken = desk.take(desk.sealed(notice))
        assert (code, taken["key"]) == (0, key), taken
        code, found = desk.json("incident", "relevant", taken["incident"])
        assert (code, found["devices"]) == (0, len(relevant))
        assert found["cells"]["chf"] == hubs * cells_of_a_hub


@pytest.mark.clause("sec:L10.9")
def test_networks_are_measured_by_the_newest_campaign(
    desk: Desk, rows: tuple[InventoryRow, ...]
) -> None:
    """What devices came to an end in what time is a rate, told beside the assumed one."""
    ref = desk.take(desk.sealed(desk.notice("SUP-14")))[1]["incident"]
    at = datetime.now(UTC) + timedelta(hours=1)  # newer than any other
    some = [one for one in rows if one.region == "north"][:4]
    begin(desk, ref, rows, "shown", at)
    later = at + timedelta(seconds=8)
    with open_kept(settings_of(desk)) as kept:
        most = {"north": len(some), "south": 0}
        leased = kept.campaigns.lease("shown", 0, "me", at=at, until=later, most=most)
        became = [
            Became(device=one.device, fate=Fate.RECOVERED, command=b"c", response=b"r", at=later)
            for one in leased
        ]
        assert kept.campaigns.settle("shown", "me", became) == len(some)
        kept.points.note("shown", Point(at=later, fates={Fate.RECOVERED: 4}), last=True)
    code, found = desk.json("options", ref, "--making", "10000", "--signing", "1000")
    assert (code, found["measured_in"]) == (0, "shown"), found
    hours = {one["method"]: one["hours_measured"] for one in found["options"]}
    assert hours["method-3"] == pytest.approx(10 / 0.5 / 3_600, abs=1e-3)  # ten are in the north
    assert hours["do-not-use-the-key"] is None
    assert any("north 0.50" in one for one in found["assumptions"])


@pytest.mark.clause("sec:L10", "sec:L10.9")
def test_options_are_compared(desk: Desk, rows: tuple[InventoryRow, ...], tmp_path: Path) -> None:
    """Each method that is possible, with cells, commands, hours and what stays exposed; and none of them."""
    ref = desk.take(desk.sealed(desk.notice("SUP-11")))[1]["incident"]
    assert desk.step(ref, "answer", "cost", "--text", "Borne | by us.", "--by", "ada")[0] == 0
    given = ("--making", "10000", "--signing", "1000", "--rate", "north=1")
    file = tmp_path / "paper.md"
    code, found = desk.json("options", ref, *given, "--paper", str(file))
    assert code == 0, found
    options = {one["method"]: one for one in found["options"]}
    assert list(options) == ["method-1", "method-2", "method-3", "do-not-use-the-key"]
    relevant = sum(1 for one in rows if one.kind is not DeviceKind.CHF and one.mpxn != "never")
    assert found["devices"] == relevant == 20
    assert options["method-3"]["cells"] == {"esme": 30, "gsme": 30}
    assert options["method-3"]["commands"] == 20 + 1  # one of them is lost, whatever the lots
    assert options["method-2"]["commands"] == 2 * 20 + 1
    assert options["method-3"]["hours"] == pytest.approx(12 / 3_600, abs=1e-3)
    assert options["method-3"]["slowest"] == "network of north"
    assert any(
        "use-key decision about the recovery key" in one for one in options["method-2"]["needs"]
    )
    unused = options["do-not-use-the-key"]
    assert (unused["commands"], unused["hours"], unused["cells"]) == (0, None, {})
    assert "for as long as it is believed" in unused["exposed_afterwards"]
    assert {one["name"]: one["answer"] for one in found["factors"]}["cost"] == "Borne | by us."
    text = file.read_text()
    for said in (ref, "do-not-use-the-key", "20 of 36 devices", "Borne \\| by us.", "not answered"):
        assert said in text
    assert desk.json("options", "QPA/i99")[0] == 1

"""`smki recovery notice`, `notify`, `incident`: from a supplier's file to the decision and the devices."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.estates import anchors_of, open_estate, trusted_certificates
from smki.bootstrap.opening import load_hierarchy, open_confidential
from smki.bootstrap.recoveries import open_kept
from smki.devices import DeviceKind, DeviceState
from smki.flows.confiding import revealed
from smki.flows.incidents import incident_of
from smki.flows.keeping import keep
from smki.flows.notifying import MADE_BEFORE
from smki.governance.entities import Key, Kind
from smki.governance.entities.convening import Convening
from smki.governance.entries import Change
from smki.governance.looking import look
from smki.interfaces.operations import perform
from smki.interfaces.web.portal.recovery import WatchedRecoveries
from smki.merkle.leaf import decode_certificate
from smki.ports.campaigns import Became, Member
from smki.ports.estate import EstateDevice, InventoryRow
from smki.recovery import CampaignPlan, Compromised, Fate, Method
from smki.recovery.progress import Point
from smki.steps import Requester
from smki.terms import (
    EUI64,
    CertificateKind,
    Interface,
    RemotePartyRole,
    SerialNumber,
    SmiStatus,
    instant_text,
)

PEOPLE: Final = """
[[body]]
ref = "QPA"
name = "Quill Policy Authority"
kind = "committee"
signs_as = "smki-pma"

[[person]]
ref = "ada"
name = "Ada"
organisation = "Sample DCC"
credentials = ["0ada"]

[[seat]]
ref = "QPA/chair"
body = "QPA"
category = "chair"
votes = true
holder = "ada"

[[person]]
ref = "bo"
name = "Bo"
organisation = "Sample DCC"
credentials = ["0b0b"]

[[person]]
ref = "sue"
name = "Duty officer of the supplier"
organisation = "Sample Energy Supplier"
channel = "telephone 020 7946 0000"
"""
SUPPLIER: Final = "0A-53-4D-4B-49-02-00-01"
AT: Final = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An SMKI with an authority in its register, a supplier with a file signing key, and the DCC's."""

    authority: Any
    folder: Path
    serial: str

    @property
    def state(self) -> Path:
        """The state directory."""
        return Path(self.authority.house.state)

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and the document of `smki recovery`."""
        found: tuple[int, Any] = self.authority.house.json("recovery", *arguments)
        return found

    def notice(self, name: str, *options: str) -> Path:
        """A notification file of the supplier's; one of its own certificate if none is given."""
        file = self.folder / name
        words = ("--party", "supplier", "--entity", SUPPLIER, "--reference", name)
        if not {"--certificate", "--key-identifier"} & set(options):
            options += ("--certificate", self.serial)
        said = ("--circumstances", "A token was stolen.", "--wish", "method-3", *options)
        assert self.json("notice", "make", *words, *said, "--out", str(file))[0] == 0
        return file

    def sealed(self, file: Path, signer: str = "supplier") -> Path:
        """It, signed by that party and sealed for the DCC."""
        keys = (
            "--certificate",
            f"{self.folder}/{signer}.pem",
            "--key",
            f"{self.folder}/{signer}.key",
        )
        out = file.with_suffix(f".{signer}.p7m")
        words = (str(file), *keys, "--to", f"{self.folder}/dcc.pem", "--out", str(out))
        assert self.json("notify", *words)[0] == 0
        return out

    def take(self, sealed: Path, holder: str = "dcc") -> tuple[int, Any]:
        """What comes of taking it in."""
        keys = (
            "--certificate",
            f"{self.folder}/{holder}.pem",
            "--key",
            f"{self.folder}/{holder}.key",
        )
        return self.json("incident", "take", str(sealed), *keys)

    def step(self, ref: str, *words: str) -> tuple[int, Any]:
        """What comes of a step of the incident."""
        command, *rest = words
        return self.json("incident", command, ref, *rest)


@pytest.fixture(scope="module")
def desk(seated: Any, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """All of it, once; each test has a notification of its own."""
    folder = tmp_path_factory.mktemp("incidents") / "authority"
    shutil.copytree(seated.folder, folder)
    authority = type(seated)(house=type(seated.house)(state=folder / "state"), folder=folder)
    house = authority.house
    (folder / "people.toml").write_text(PEOPLE)
    assert house.run("governance", "register", "import", str(folder / "people.toml"))[0] == 0
    for party, name in (
        ("supplier", "Sample Energy Supplier"),
        ("network", "Sample Network Operator"),
    ):
        role = "supplier" if party == "supplier" else "network-operator"
        asked = ("--organisation", name, "--role", role, "--name", "files")
        files = tuple(f"{folder}/{party}.{suffix}" for suffix in ("csr", "key", "pem"))
        assert house.run("csr", "system", *asked, "--out", files[0], "--key-out", files[1])[0] == 0
        words = (files[0], "--party", party, "--out", files[2])
        assert house.run("registration", "file-signer", *words)[0] == 0
    for suffix in ("pem", "key"):
        shutil.copy(house.state / "parties" / "dcc" / f"portal.{suffix}", folder / f"dcc.{suffix}")
    return Desk(
        authority=authority,
        folder=folder,
        serial=serial_of(house.state / "parties" / "supplier" / "0a534d4b49020001-ds.pem"),
    )


@pytest.mark.clause("sec-app-l:1", "sec-app-l:2", "sec:L10")
def test_a_supplier_reports_its_key_and_the_authority_decides(
    desk: Desk, rows: tuple[InventoryRow, ...]
) -> None:
    """Reported, taken, called back, declared, decided by a recorded decision, recovered, closed.

    A campaign that it is recovered by is one that was begun for it.
    """
    code, taken = desk.take(desk.sealed(desk.notice("SUP-1")))
    assert (code, taken["state"], taken["party"]) == (0, "notified", "supplier"), taken
    ref = taken["incident"]
    assert desk.take(desk.folder / "SUP-1.supplier.p7m")[1] == taken
    with open_front(settings_of(desk)) as front:
        name, _ = revealed(front, open_confidential(settings_of(desk)), taken["notice"])
    assert name == "notification of a compromise: supplier SUP-1"
    call = ("--contact", "sue", "--mechanism", "telephone", "--by", "ada", "--confirmed")
    assert desk.step(ref, "call-back", *call, "--second", "bo")[1]["state"] == "confirmed"
    assert desk.step(ref, "declare", "--by", "ada", "--text", "a token is lost")[0] == 0
    scope = ("--scope", "method-3")
    desk.authority.lodge("QPA-1", "recovery-method", ref, *scope)
    by = ("--by", "ada")
    code, refused = desk.step(ref, "decide", "method-3", "--decision", "QPA-1", *by)
    assert (code, refused["error"]["clause"]) == (1, "sec:L10.9")
    assert "factors devices, attackers, supply, time" in refused["error"]["message"]
    for factor in ("devices", "attackers", "supply", "time"):
        assert desk.step(ref, "answer", factor, "--text", "as far as known", *by)[0] == 0
    assert desk.step(ref, "answer", "luck", "--text", "good", *by)[0] == 1
    code, refused = desk.step(ref, "decide", "method-2", "--decision", "QPA-1", *by)
    assert (code, "must have 'method-2'" in refused["error"]["message"]) == (1, True)
    code, decided = desk.step(ref, "decide", "method-3", "--decision", "QPA-1", *by)
    assert (code, decided["method"], decided["decision"]) == (0, "method-3", "QPA-1")
    noted = ("recovering", "--campaign", "c1", *by)
    code, refused = desk.step(ref, *noted)
    assert (code, "c1: there is none, must be" in refused["error"]["message"]) == (1, True)
    begin(desk, "QPA/i99", rows, "c99", datetime.now(UTC))
    code, refused = desk.step(ref, "recovering", "--campaign", "c99", *by)
    assert (code, "c99: is for QPA/i99, must be" in refused["error"]["message"]) == (1, True)
    begin(desk, ref, rows, "c1", datetime.now(UTC))
    assert desk.step(ref, *noted)[0] == 0
    assert desk.step(ref, "recovered", *by, "--text", "3 devices are left")[0] == 0
    code, closed = desk.step(ref, "close", *by, "--report", "report.json")
    assert (code, [one["state"] for one in closed["steps"]]) == (
        0,
        ["notified", "confirmed", "declared", "decided", "recovering", "recovered", "closed"],
    )
    code, listed = desk.json("incident", "list")
    assert closed in listed["incidents"]
    assert desk.json("incident", "show", ref) == (0, closed)
    seen = {"confirmed", "declared", "factors", "decided", "campaign", "closed"}
    assert ticks(desk, ref) == seen
    use = {"key": "recovery", "incident": ref}
    desk.authority.lodge("QPA-2", "use-key", "recovery", "--scope", f"{ref}: method-3")
    asked = {"outcome": "permitted", "reasons": [], "wanted": use}
    perform(settings_of(desk), {}, "key-asked", {"said": asked})
    certified(desk)
    more = {"key-decided", "key-asked", "certificates"}
    assert ticks(desk, ref) == seen | more


def ticks(desk: Desk, ref: str) -> set[str]:
    """The items of the checklist that are done."""
    code, found = desk.json("checklist", ref)
    assert code == 0, found
    return {one["name"] for one in found["items"] if one["done"]}


def certified(desk: Desk) -> None:
    """The supplier has a new certificate for digital signatures, of a new key."""
    files = tuple(f"{desk.folder}/new.{suffix}" for suffix in ("csr", "key", "pem"))
    asked = ("--entity", SUPPLIER, "--role", "supplier", "--usage", "ds")
    house = desk.authority.house
    made = ("csr", "organisation", *asked, "--out", files[0], "--key-out", files[1])
    assert house.run(*made)[0] == 0
    words = (files[0], "--party", "supplier", "--out", files[2])
    assert house.run("registration", "organisation", *words)[0] == 0


@pytest.mark.clause("sec-app-l:2")
def test_a_call_back_goes_to_the_registered_contact(desk: Desk) -> None:
    """Somebody whom the register does not know as the reporter's confirms nothing; nobody alone does."""
    ref = desk.take(desk.sealed(desk.notice("SUP-2")))[1]["incident"]
    call = ("--mechanism", "telephone", "--by", "ada", "--confirmed")
    for words in (
        ("--contact", "bo", "--second", "bo"),
        ("--contact", "sue", "--second", "ada"),
        ("--contact", "nobody", "--second", "bo"),
    ):
        code, refused = desk.step(ref, "call-back", *call, *words)
        assert (code, refused["error"]["clause"]) == (1, "sec-app-l:2")
    assert desk.step(ref, "declare", "--by", "ada")[0] == 1
    denied = (*call[:-1], "--contact", "sue", "--second", "bo", "--false")
    assert desk.step(ref, "call-back", *denied)[1]["state"] == "false"
    assert desk.step(ref, "close", "--by", "ada", "--text", "a forgery")[1]["state"] == "closed"


def _of_another(desk: Desk) -> Path:
    return desk.sealed(desk.notice("SUP-3"), signer="network")


def _of_anothers_certificate(desk: Desk) -> Path:
    serial = serial_of(desk.state / "parties" / "network" / "0a534d4b49030001-ds.pem")
    return desk.sealed(desk.notice("SUP-4", "--certificate", serial))


def _unknown(desk: Desk) -> Path:
    return desk.sealed(desk.notice("SUP-5", "--certificate", "1234"))


def _altered(desk: Desk) -> Path:
    sealed = desk.sealed(desk.notice("SUP-6"))
    octets = bytearray(sealed.read_bytes())
    octets[-40] ^= 1
    sealed.write_bytes(octets)
    return sealed


def _by_an_officer(desk: Desk) -> Path:
    return desk.sealed(desk.notice("SUP-7"), signer="chair")


def _reference_again(desk: Desk) -> Path:
    assert desk.take(desk.sealed(desk.notice("SUP-8")))[0] == 0
    (desk.folder / "SUP-8").unlink()
    (desk.folder / "SUP-8.supplier.p7m").unlink()
    return desk.sealed(desk.notice("SUP-8", "--circumstances", "Another story."))


def _suspected_then_known(desk: Desk) -> Path:
    assert desk.take(desk.sealed(desk.notice("SUP-29", "--suspected")))[0] == 0
    (desk.folder / "SUP-29").unlink()
    (desk.folder / "SUP-29.supplier.p7m").unlink()
    return desk.sealed(desk.notice("SUP-29"))


def _made_at(desk: Desk, name: str, made: datetime) -> Path:
    """A notification whose file says that it was made then, and the key's loss found then."""
    file = desk.notice(name)
    lines = file.read_text().splitlines(keepends=True)
    said = f"{instant_text(made)},\n"
    wrong = {"made": f"made,{said}", "discovered": f"discovered,{said}"}
    file.write_text("".join(wrong.get(line.partition(",")[0], line) for line in lines))
    return desk.sealed(file)


def _long_ago(desk: Desk) -> Path:
    return _made_at(desk, "SUP-30", datetime.now(UTC) - MADE_BEFORE - timedelta(minutes=1))


def _of_tomorrow(desk: Desk) -> Path:
    return _made_at(desk, "SUP-31", datetime.now(UTC) + timedelta(days=1))


@pytest.mark.clause("sec-app-l:2", "sec-app-q:B")
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_of_another, "certificate of another"),
        (_of_anothers_certificate, "its subscriber is another"),
        (_unknown, "in the record, must be"),
        (_altered, ""),
        (_by_an_officer, "is no file signing certificate"),
        (_reference_again, "says something else"),
        (_suspected_then_known, "says something else"),
        (_long_ago, "must be at most 30 days before"),
        (_of_tomorrow, "and not after it: to be made anew"),
    ],
)
def test_what_is_refused_is_kept(desk: Desk, made: Callable[[Desk], Path], said: str) -> None:
    """Of another, unsigned, altered: refused with the reason, and the record commits to what came."""
    sealed = made(desk)
    with open_front(settings_of(desk)) as front:
        size = front.index.size()
    code, refused = desk.take(sealed)
    assert (code, said in refused["error"]["message"]) == (1, True), refused
    with open_front(settings_of(desk)) as front:
        entry = front.index.size() - 1
        assert entry >= size
        name, content = revealed(front, open_confidential(settings_of(desk)), entry)
    assert name == "refused notification of a compromise"
    kept = json.loads(content)
    assert kept["length"] == sealed.stat().st_size
    assert kept["reasons"]


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


@pytest.mark.clause("sec-app-q:B", "sec-app-l:2")
def test_a_file_signer_that_was_revoked_signs_nothing(desk: Desk) -> None:
    """Issued under a name of its own, taken while it is in force, and refused when it is on the list."""
    house = desk.authority.house
    asked = ("--organisation", "Sample Energy Supplier", "--role", "supplier", "--name", "others")
    files = tuple(f"{desk.folder}/others.{suffix}" for suffix in ("csr", "key", "pem"))
    assert house.run("csr", "system", *asked, "--out", files[0], "--key-out", files[1])[0] == 0
    words = ("registration", "file-signer", files[0], "--party", "supplier", "--out")
    code, issued = house.json(*words, files[2])
    assert code == 0, issued
    code, again = house.json(*words, f"{files[2]}.2")
    assert (code, "has it" in again["error"]["message"]) == (1, True)
    sealed = desk.sealed(desk.notice("SUP-15"), signer="others")
    assert desk.take(sealed)[1]["reference"] == "SUP-15"
    assert house.run("registration", "revoke", issued["serial"])[0] == 0
    code, refused = desk.take(desk.sealed(desk.notice("SUP-16"), signer="others"))
    assert (code, "was revoked on" in refused["error"]["message"]) == (1, True), refused


def test_a_parcel_opens_for_whom_it_is_sealed_alone(desk: Desk) -> None:
    """Another officer's key opens nothing."""
    code, refused = desk.take(desk.sealed(desk.notice("SUP-9")), holder="chair")
    assert (code, "does not open" in refused["error"]["message"]) == (1, True)


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


@pytest.mark.clause("sec-app-l:2")
def test_a_certificate_of_another_sort_of_key_is_refused(desk: Desk) -> None:
    """The supplier's own certificate is none of the recovery key, nor of a root's."""
    for key in ("recovery", "root-oca"):
        code, refused = desk.take(desk.sealed(desk.notice(f"NOT-{key}", "--key", key)))
        assert (code, f"none of a {key} key" in refused["error"]["message"]) == (1, True)


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


@pytest.mark.clause("sec:L10", "sec-app-l:1")
def test_a_checklist_is_ticked_by_what_is_seen_and_signed_by_people(desk: Desk) -> None:
    """What the register, the record and campaigns show is done; the rest when an officer signed it."""
    ref = desk.take(desk.sealed(desk.notice("SUP-12")))[1]["incident"]

    def done() -> dict[str, bool]:
        code, found = desk.json("checklist", ref, "--method", "method-3")
        assert code == 0, found
        return {one["name"]: one["done"] for one in found["items"]}

    assert not any(done().values())
    call = ("--contact", "sue", "--mechanism", "in-person", "--by", "ada", "--confirmed")
    assert desk.step(ref, "call-back", *call, "--second", "bo")[0] == 0
    assert {name for name, one in done().items() if one} == {"confirmed"}
    items = ("--item", "told", "--item", "thresholds")
    file = desk.folder / "items"
    assert desk.json("checklist", ref, *items, "--statement", str(file))[0] == 0
    officer = ("--certificate", f"{desk.folder}/chair.pem", "--key", f"{desk.folder}/chair.key")
    code, signed = desk.json("sign-items", str(file), *officer)
    assert (code, signed["items"]) == (0, ["thresholds", "told"])
    code, refused = desk.json(
        "checklist", ref, "--item", "told", "--signature", signed["signature"]
    )
    assert (code, refused["error"]["clause"]) == (1, "sec-app-q:B")
    code, kept = desk.json("checklist", ref, *items, "--signature", signed["signature"])
    assert code == 0, kept
    shown = {one["name"]: one["shown"] for one in kept["items"] if one["done"]}
    assert set(shown) == {"confirmed", "told", "thresholds"}
    assert shown["told"].startswith("signed by chair on ")
    forge(desk, ref)
    assert not done()["listed"]
    code, refused = desk.json("checklist", ref, "--item", "decided", "--statement", f"{file}.2")
    assert (code, "not for people to sign" in refused["error"]["message"]) == (1, True)
    assert desk.json("checklist", ref, "--item", "told")[0] == 2


@pytest.mark.clause("sec:L10", "sec-app-l:1", "sec:M4.13")
def test_the_portal_shows_the_same_checklist(desk: Desk, rows: tuple[InventoryRow, ...]) -> None:
    """The page of the incident's campaign has the items that the command has, ticked alike.

    It is there for who may read the incident in the register, and is noted as seen by them.
    """
    ref = desk.take(desk.sealed(desk.notice("SUP-18")))[1]["incident"]
    call = ("--contact", "sue", "--mechanism", "in-person", "--by", "ada", "--confirmed")
    assert desk.step(ref, "call-back", *call, "--second", "bo")[0] == 0
    begin(desk, ref, rows, "on-the-page", datetime.now(UTC))
    begin(desk, "QPA/i99", rows, "of-nothing", datetime.now(UTC))
    code, told = desk.json("checklist", ref)
    assert code == 0
    settings = settings_of(desk)
    with open_front(settings) as front:
        pages = WatchedRecoveries(settings, lambda: datetime.now(UTC), front)
        page, nothing = pages.watched("on-the-page"), pages.watched("of-nothing")
        assert page is not None
        assert nothing is not None
        ada, bo = _officer("0ada"), _officer("0b0b")
        found = pages.checklist(page, ada, "ada")
        assert found is not None
        assert found[0].ref == ref
        assert [(one.item.name, one.done) for one in found[1]] == [
            (one["name"], one["done"]) for one in told["items"]
        ]
        assert {one.item.name for one in found[1] if one.done} == {"confirmed"}
        assert pages.checklist(page, bo, "bo") is None
        assert pages.checklist(nothing, ada, "ada") is None
        asked = ((page, ada), (page, bo), (nothing, ada))
        assert [pages.has_checklist(*one, "x") for one in asked] == [True, False, False]
        seen = front.proceedings.seen(Key(Kind.INCIDENT, ref))
        assert [one.reader for one in seen] == ["ada"]


def _officer(credential: str) -> Requester:
    """An officer of the operator with that credential."""
    return Requester(
        party="dcc",
        name="Sample DCC",
        identities=(),
        interface=Interface.PORTAL,
        credential=SerialNumber.parse(credential),
    )


def forge(desk: Desk, ref: str) -> None:
    """Somebody who keeps the register writes into it by hand that another item was signed, too."""
    with open_front(settings_of(desk)) as front:
        register = front.proceedings
        before = incident_of(register, ref)
        (signed,) = before.signed
        forged = replace(signed, items=("listed",))
        after = replace(before, signed=(signed, forged))
        change = Change(at=datetime.now(UTC), by="", said="by hand", entities=(after,))
        keep(register, change, {after.key: before})


@pytest.mark.clause("sec-app-l:2")
def test_the_subscriber_is_told_of_each_device(
    desk: Desk, rows: tuple[InventoryRow, ...], tmp_path: Path
) -> None:
    """Progress files are signed, sealed, and opened by their reader alone; the authority sees counts."""
    ref = desk.take(desk.sealed(desk.notice("SUP-13")))[1]["incident"]
    by = ("--by", "ada")
    call = ("--contact", "sue", "--mechanism", "in-person", *by, "--confirmed", "--second", "bo")
    assert desk.step(ref, "call-back", *call)[0] == 0
    assert desk.step(ref, "declare", *by)[0] == 0
    assert desk.step(ref, "decide", "method-1", *by)[0] == 0
    begin(desk, ref, rows, "told", datetime.now(UTC))
    assert desk.step(ref, "recovering", "--campaign", "told", *by)[0] == 0
    keys = ("--certificate", f"{desk.folder}/network.pem", "--key", f"{desk.folder}/network.key")
    to = ("--seal", f"{desk.folder}/supplier.pem", "--out", str(tmp_path / "told"))
    words = (ref, "--campaign", "told", "--to", "subscriber", *keys, *to)
    code, told = desk.json("progress-file", *words)
    assert (code, len(told["files"])) == (0, 2), told
    reader = (
        "--certificate",
        f"{desk.folder}/supplier.pem",
        "--key",
        f"{desk.folder}/supplier.key",
    )
    sender = ("--from", f"{desk.folder}/network.pem")
    opened = str(tmp_path / "opened.csv")
    assert desk.json("open", told["files"][1], *reader, *sender, "--out", opened)[0] == 0
    assert Path(opened).read_bytes() == Path(told["files"][0]).read_bytes()
    code, shown = desk.json("progress", opened)
    assert (code, shown["to"], shown["reference"]) == (0, "supplier", "SUP-13")
    assert shown["fates"] == {"planned": len(rows)}
    assert (shown["devices"], shown["listed"]) == (len(rows), len(rows))
    other = ("--from", f"{desk.folder}/dcc.pem")
    assert desk.json("open", told["files"][1], *reader, *other, "--out", f"{opened}.2")[0] == 1
    assert desk.json("open", told["files"][1], *keys, *sender, "--out", f"{opened}.3")[0] == 1
    away = ("--seal", f"{desk.folder}/dcc.pem", "--out", str(tmp_path / "away"))
    words = (ref, "--campaign", "told", "--to", "authority", *keys, *away)
    assert desk.json("progress-file", *words)[0] == 0
    _, counts = desk.json("progress", str(tmp_path / "away-1.csv"))
    assert (counts["to"], counts["listed"], counts["devices"]) == ("QPA", 0, len(rows))
    wrong = (ref, "--campaign", "other", "--to", "authority", *keys, *away)
    assert desk.json("progress-file", *wrong)[0] == 1


def begin(desk: Desk, ref: str, rows: tuple[InventoryRow, ...], name: str, at: datetime) -> None:
    """A campaign of the incident, of which nothing was carried yet."""
    plan = CampaignPlan(
        incident=ref,
        decision="",
        compromised=Compromised.ORGANISATION,
        method=Method.ONE,
        expires=at + timedelta(days=1),
        per_second={},
    )
    with open_kept(settings_of(desk)) as kept:
        kept.campaigns.begin(name, plan, at)
        kept.campaigns.enlist(
            name,
            (
                Member(
                    device=one.device, kind=one.kind.value, make=one.make, region=one.region, wave=0
                )
                for one in rows
            ),
        )


@pytest.fixture(scope="module")
def rows(desk: Desk) -> tuple[InventoryRow, ...]:
    """Twelve of three kinds; metering points say which are not commissioned, or not any more."""
    settings = settings_of(desk)
    with open_front(settings) as front:
        certificates = trusted_certificates(settings, load_hierarchy(front))
    sorts = ("", "", "", "", "", "", "", "before", "never", "never", "", "")
    kinds = (DeviceKind.ESME, DeviceKind.GSME, DeviceKind.CHF)
    made = []
    with open_estate(settings, new=True) as kept:
        for number, (kind, sort) in enumerate((kind, sort) for kind in kinds for sort in sorts):
            device = EUI64((number + 1).to_bytes(8, "big"))
            row = InventoryRow(
                device=device,
                kind=kind,
                make="Sample Maker",
                model="M",
                hub=device,
                region=("north", "south")[number % 2],
                mpxn=sort,
                status=SmiStatus.PENDING if sort == "never" else SmiStatus.COMMISSIONED,
            )
            state = DeviceState(
                device=device,
                kind=kind,
                hw_type=b"\x01",
                anchors=anchors_of(kind, certificates),
                own={},
            )
            kept.add([EstateDevice(state=state, row=row)], AT)
            made.append(row)
        gone = [one.device for one in made if one.mpxn == "before"]
        kept.set_status(gone, SmiStatus.DECOMMISSIONED, datetime.now(UTC).replace(year=2090))
    return tuple(made)


def serial_of(path: Path) -> str:
    """The serial number of the certificate in that file, as it is printed."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return str(SerialNumber(certificate.serial_number))


def settings_of(desk: Desk) -> Any:
    """The configuration of the house."""
    return load_settings({"SMKI_STATE": str(desk.state)})

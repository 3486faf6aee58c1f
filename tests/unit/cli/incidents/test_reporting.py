"""`smki recovery notice`, `notify`, `incident`: from a supplier's file to the decision."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.incident_desk import SUPPLIER, Desk, begin, serial_of, settings_of

from smki.bootstrap import open_front
from smki.bootstrap.opening import open_confidential
from smki.flows.confiding import revealed
from smki.flows.notifying import MADE_BEFORE
from smki.interfaces.operations import perform
from smki.ports.estate import InventoryRow
from smki.terms import instant_text

LOST = ("--compromised", "organisation", "--role", "supplier", "--method", "method-3")


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
    recover = ("begin", "c1", "--incident", ref, "--decision", "QPA-1", *LOST)
    code, refused = desk.json(*recover)
    assert (code, "is declared, must be decided" in refused["error"]["message"]) == (1, True)
    code, refused = desk.step(ref, "decide", "method-3", "--decision", "QPA-1", *by)
    assert (code, refused["error"]["clause"]) == (1, "sec:L10.9")
    assert "factors devices, attackers, supply, time" in refused["error"]["message"]
    _factors_answered(desk, ref)
    assert desk.step(ref, "answer", "luck", "--text", "good", *by)[0] == 1
    code, refused = desk.step(ref, "decide", "method-2", "--decision", "QPA-1", *by)
    assert (code, "must have 'method-2'" in refused["error"]["message"]) == (1, True)
    code, decided = desk.step(ref, "decide", "method-3", "--decision", "QPA-1", *by)
    assert (code, decided["method"], decided["decision"]) == (0, "method-3", "QPA-1")
    assert desk.json(*recover)[0] == 3  # permitted now; nobody has the key open
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
    assert (code, "does not open, must be one" in refused["error"]["message"]) == (1, True)


def _factors_answered(desk: Desk, ref: str) -> None:
    """Each answer tells which factors wait for theirs, the last one what comes then."""
    left = ["devices", "attackers", "supply", "time"]
    while left:
        answer = ("incident", "answer", ref, left.pop(0), "--text", "as far as known")
        code, told = desk.authority.house.run("recovery", *answer, "--by", "ada")
        then = f"still to be answered: {', '.join(left)}" if left else "incident decide"
        assert (code, then in told) == (0, True), told


@pytest.mark.clause("sec-app-l:2")
def test_a_certificate_of_another_sort_of_key_is_refused(desk: Desk) -> None:
    """The supplier's own certificate is none of the recovery key, nor of a root's."""
    for key in ("recovery", "root-oca"):
        code, refused = desk.take(desk.sealed(desk.notice(f"NOT-{key}", "--key", key)))
        assert (code, f"the sort {key!r} in the record" in refused["error"]["message"]) == (1, True)

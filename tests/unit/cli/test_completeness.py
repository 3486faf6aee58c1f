"""All certificates of an identity, and none hidden: proven, refused, and found out."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from smki.bootstrap import load_settings, open_front, open_office
from smki.bootstrap.opening import open_map_keeper
from smki.flows.index_roots import lodge_index_root
from smki.merkle.leaf import certificate_of
from smki.profiles import RowFields
from smki.repository import catch_up, lodge_crl
from smki.terms import EUI64

SUPPLIER = "0A-53-4D-4B-49-02-00-01"
NOBODY = "00-DB-12-34-56-78-90-A0"
Keep = Callable[..., None]


def hides(known: Callable[[bytes], RowFields]) -> Callable[[bytes], RowFields]:
    """Reads certificates as before, but takes the supplier's for nobody's."""

    def describe(certificate: bytes) -> RowFields:
        fields = known(certificate)
        return replace(fields, identity=None) if str(fields.identity) == SUPPLIER else fields

    return describe


@pytest.fixture
def keep() -> Keep:
    """Lodges a root of the map of a house, as its keeper would."""
    minutes = iter(range(2, 100, 2))  # none is too soon after another

    def lodge(house: Any, describe: Callable[[Any], Any] = lambda known: known) -> None:
        later = datetime.now(UTC) + timedelta(minutes=next(minutes))
        environment = {"SMKI_STATE": str(house.state)}
        settings = load_settings(environment)
        with open_office(settings, environment) as office:
            lodging = partial(lodge_index_root, office)
            keeper = open_map_keeper(settings, office.front, lodging)
            keeper = replace(keeper, describe=describe(keeper.describe))
            while keeper.keep(later):
                pass

    return lodge


@pytest.fixture
def hide() -> Callable[[Any, int], None]:
    """Takes the row of an entry out of the database, behind the back of a house."""

    def run(house: Any, entry: int) -> None:
        with closing(sqlite3.connect(house.state / "smki.sqlite")) as database:
            taken = database.execute("DELETE FROM index_certificate WHERE entry = ?", (entry,))
            assert taken.rowcount == 1
            database.commit()

    return run


def list_of(office: Any, entry: int) -> None:
    """Lodges a list that names the certificate of this entry, and no other."""
    front = office.front
    certificate = certificate_of(front.reader.leaf(entry))
    day = datetime(2026, 11, 21, tzinfo=UTC)
    one = x509.RevokedCertificateBuilder().revocation_date(day)
    one = one.serial_number(front.describe(certificate).serial.value)
    name = x509.load_der_x509_certificate(certificate).issuer
    made = (
        x509.CertificateRevocationListBuilder(name, day, day + timedelta(days=2))
        .add_extension(x509.CRLNumber(1_000 + entry), critical=False)
        .add_revoked_certificate(one.build())
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    lodge_crl(office.record, made.public_bytes(Encoding.DER), front.clock.now())
    catch_up(front.reader, front.index, front.describe)


@pytest.fixture
def revoke() -> Callable[[Any, int], None]:
    """Does so in a house that nobody serves."""

    def lodge(house: Any, entry: int) -> None:
        environment = {"SMKI_STATE": str(house.state)}
        with open_office(load_settings(environment), environment) as office:
            list_of(office, entry)

    return lodge


@pytest.fixture
def proven(house: Any, keep: Keep, tmp_path: Path) -> Path:
    """A proof about the supplier, with a list that was lodged since the root."""
    keep(house)
    assert house.run("registration", "refresh-crl", "issuing-oca")[0] == 0
    path = tmp_path / "supplier.proof"
    assert house.run("repository", "prove-device", SUPPLIER, "--out", str(path))[0] == 0
    return path


@pytest.mark.clause("sec:L5")
def test_all_of_an_identity_are_proven_offline(house: Any, proven: Path, tmp_path: Path) -> None:
    """With file and key alone: which entries are its own, as at which size, and what came since."""
    key = load_settings({"SMKI_STATE": str(house.state)}).log_vkey
    stranger = type(house)(state=tmp_path / "none")
    code, shown = stranger.json("repository", "verify", str(proven), "--key", key)
    assert (code, shown["identity"], shown["later"]) == (0, SUPPLIER, [])
    assert shown["size"] == shown["as_at"] + 2  # the root itself, and the list
    assert shown["scanned"] == 1
    serials = {one["serial"] for one in shown["all"]}
    assert len(serials) == shown["entries"] == 3
    assert house.run("repository", "verify", str(proven))[0] == 0


@pytest.mark.clause("sec:L5")
def test_what_is_lodged_while_a_root_is_worked_out_is_looked_through(
    house: Any, tmp_path: Path
) -> None:
    """It comes before the root in the log and is not covered by it: a proof has it all the same."""
    environment = {"SMKI_STATE": str(house.state)}
    settings = load_settings(environment)
    with open_office(settings, environment) as office:

        def lodge(body: bytes) -> int:
            (first, *_) = office.front.index.by_identity(EUI64.parse(SUPPLIER))
            list_of(office, first.entry)
            return lodge_index_root(office, body)

        keeper = open_map_keeper(settings, office.front, lodge)
        while keeper.keep(datetime.now(UTC) + timedelta(hours=9)):
            pass
    path = tmp_path / "supplier.proof"
    assert house.run("repository", "prove-device", SUPPLIER, "--out", str(path))[0] == 0
    code, shown = house.json("repository", "verify", str(path))
    assert (code, shown["entries"], shown["size"]) == (0, 3, shown["as_at"] + 2)
    assert [one["entry"] for one in shown["later"]] == [shown["as_at"]]
    assert "root " + str(shown["as_at"] + 1) in path.read_text()


@pytest.mark.clause("sec:L5")
def test_that_an_identity_has_nothing_is_proven(house: Any, keep: Keep, tmp_path: Path) -> None:
    """An empty answer is proven like any other; without a root yet there is none."""
    path = tmp_path / "nobody.proof"
    asked = ("repository", "prove-device", NOBODY, "--out", str(path))
    code, shown = house.json(*asked)
    assert (code, shown["error"]["family"]) == (3, "unavailable")
    keep(house)
    assert house.json(*asked)[1]["entries"] == []
    code, shown = house.json("repository", "verify", str(path))
    assert (code, shown["entries"], shown["all"]) == (0, 0, [])


@pytest.mark.clause("sec-app-b:B-crl")
def test_revocations_are_among_what_is_proven(
    house: Any, keep: Keep, tmp_path: Path, revoke: Callable[[Any, int], None]
) -> None:
    """A list that names a certificate is of its holder, be it before the root or after it."""
    path, first = str(tmp_path / "supplier.proof"), str(tmp_path / "first.proof")
    asked = ("repository", "prove-device", SUPPLIER, "--out")
    keep(house)
    certificates = house.json(*asked, first)[1]["entries"]
    anothers = certificates[-1] + 1  # a credential of the same party: without an EUI-64
    revoke(house, certificates[0])
    keep(house)
    revoke(house, certificates[1])
    revoke(house, anothers)
    made = house.json(*asked, path)[1]
    assert made["entries"][:-1] == certificates
    shown = house.json("repository", "verify", path)[1]
    assert [one["type"] for one in shown["all"]] == ["certificate"] * 3 + ["crl"]
    assert [one["entry"] for one in shown["later"]] == [shown["as_at"] + 1]
    assert (shown["scanned"], shown["unread"]) == (2, [])
    assert house.json("repository", "audit")[1]["problems"] == []
    keep(house)
    mirrored = ("mirror", str(house.state / "record"), str(tmp_path / "copy"), "--verify")
    assert house.json(*mirrored)[1]["problems"] == []


def test_a_changed_proof_about_an_identity_is_refused(house: Any, proven: Path) -> None:
    """A file in which any one line was changed, lost or doubled verifies never, and says why."""
    lines = proven.read_bytes().splitlines(keepends=True)
    for at, line in enumerate(lines):
        middle = len(line) // 2
        changed = line[:middle] + bytes((line[middle] ^ 1,)) + line[middle + 1 :]
        for new in ((changed,), (), (line, line)):
            spoilt = b"".join((*lines[:at], *new, *lines[at + 1 :]))
            code, shown = house.json("repository", "verify", "-", given=spoilt)
            assert code == 1, (at, new)
            assert shown["error"]["family"] in {"malformed", "refused"}


def test_a_proof_about_another_identity_is_refused(house: Any, proven: Path) -> None:
    """Entries of one identity prove nothing of another."""
    spoilt = proven.read_bytes().replace(b"0a534d4b49020001", b"0a534d4b49020002", 1)
    code, shown = house.json("repository", "verify", "-", given=spoilt)
    assert (code, shown["error"]["family"]) == (1, "refused")


@pytest.mark.clause("sec:L5")
def test_a_root_that_hides_a_certificate_is_named(house: Any, keep: Keep, tmp_path: Path) -> None:
    """The audit makes the map anew, and says which root is a lie; a true one it passes over.

    So does whoever has a mirror and nothing else.
    """
    keep(house)
    assert house.json("repository", "audit")[1]["problems"] == []
    mirrored = ("mirror", str(house.state / "record"), str(tmp_path / "copy"), "--verify")
    assert house.json(*mirrored)[1]["problems"] == []
    (house.state / "identity-map.sqlite").unlink()
    assert house.run("registration", "refresh-crl", "issuing-oca")[0] == 0
    keep(house, hides)
    code, shown = house.json("repository", "audit")
    assert code == 1
    assert len(shown["problems"]) == 1
    assert f"index root: entry {shown['entries'] - 1} lies" in shown["problems"][0]
    assert "stays in the record" in house.run("repository", "audit")[1]
    alone = house.json(*mirrored)[1]["problems"]
    assert alone == shown["problems"]


@pytest.mark.clause("sec:L5")
def test_a_lie_about_an_identity_is_shown_by_two_proofs(
    house: Any, keep: Keep, tmp_path: Path, hide: Callable[[Any, int], None]
) -> None:
    """That there is none verifies, and is a lie by any proof of a certificate that the subscriber kept."""
    first, none, other = (str(tmp_path / name) for name in ("first", "none", "other"))
    keep(house)
    asked = ("repository", "prove-device", SUPPLIER, "--out")
    entries = house.json(*asked, first)[1]["entries"]
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        rows = front.index.by_identity(EUI64.parse(SUPPLIER))
        serials = {row.entry: str(row.serial) for row in rows}
    kept = tmp_path / "kept"
    proven = house.run("repository", "prove", serials[entries[0]], "--out", str(kept))
    assert proven[0] == 0
    against = ("--against", str(kept))
    assert house.run("repository", "verify", first, *against)[0] == 0
    (house.state / "identity-map.sqlite").unlink()
    assert house.run("registration", "refresh-crl", "issuing-oca")[0] == 0
    keep(house, hides)
    for entry in entries:
        hide(house, entry)
    assert house.json(*asked, none)[1]["entries"] == []
    assert house.run("repository", "verify", none)[0] == 0
    code, shown = house.json("repository", "verify", none, *against)
    assert (code, shown["error"]["family"]) == (1, "refused")
    assert (
        f"leaves out entry {entries[0]}, certificate {serials[entries[0]]}"
        in (shown["error"]["message"])
    )
    assert house.run("repository", "prove-device", NOBODY, "--out", other)[0] == 0
    assert house.run("repository", "verify", other, *against)[0] == 0
    assert house.json("repository", "verify", str(kept), *against)[0] == 1


@pytest.mark.clause("sec:L5")
def test_an_index_that_hides_a_certificate_cannot_be_proven(
    house: Any, keep: Keep, tmp_path: Path, hide: Callable[[Any, int], None]
) -> None:
    """A row that was taken out of the database is missed by the proof: 4, inconsistent."""
    keep(house)
    out, first = str(tmp_path / "x"), str(tmp_path / "first")
    newest = house.json("repository", "prove-device", SUPPLIER, "--out", first)[1]["entries"][-1]
    hide(house, newest)
    code, shown = house.json("repository", "prove-device", SUPPLIER, "--out", out)
    assert (code, shown["error"]["family"]) == (4, "inconsistent")


def test_a_new_index_begins_a_new_map(house: Any, keep: Keep) -> None:
    """The map is thrown away with the index, and made again from the record alone."""
    keep(house)
    assert house.run("repository", "reindex")[0] == 0
    assert not (house.state / "identity-map.sqlite").exists()
    assert house.run("registration", "refresh-crl", "issuing-oca")[0] == 0
    keep(house)
    assert house.json("repository", "audit")[1]["problems"] == []

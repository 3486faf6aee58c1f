"""Authorities that follow others in a house that runs: by ceremony, cut off anywhere, nothing lost."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.support.ceremony import kept, opening
from tests.support.founding import quick_stores
from tests.support.succession import MAINTENANCE, OCA, Rehearsed, held_now, rehearsed
from tests.support.succession import ROOT as ROOT_KEY
from tests.unit.cli.conftest import House, seat

from smki.bootstrap import open_front, open_office
from smki.bootstrap.estates import open_estate
from smki.bootstrap.pairs import EARLIER
from smki.bootstrap.succeeding import successor_names
from smki.devices import kinds
from smki.devices.path import held
from smki.flows import succeeding
from smki.flows.authorities import authorities, earlier, is_revoked
from smki.flows.revocation import current_list, newest_list, publish_list, refresh_lists
from smki.interfaces.link import ask
from smki.ports.estate import InventoryQuery
from smki.terms import CertificateKind, Refused, SerialNumber, Unavailable
from smki.wire.certificate import parse_certificate

ROOT = CertificateKind.ROOT_OCA
NEW_ROOT = "new-root"  # the recovery by which devices get one
TO_SIGN = "link.tbs"
LOST = ("--compromised", "contingency-symmetric", "--method", "root-update")
FIRST_LISTS = 5  # of three roots and the two issuing authorities that have one


@pytest.fixture(scope="module", name="model")
def fixture_model(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """The house; read it, never change it."""
    return rehearsed(tmp_path_factory.mktemp("rehearsed"))


@pytest.fixture(name="house")
def fixture_house(model: Rehearsed, tmp_path: Path) -> Rehearsed:
    """A copy, to be changed."""
    return model.copied(tmp_path / "copy")


@pytest.mark.clause("sec-app-l:3", "sec-app-b:B", "sec:L10")
def test_a_new_root_and_issuing_authority_are_in_force(house: Rehearsed) -> None:
    """Of a contingency ceremony: organisations get certificates under them, those before stay as they were."""
    old = {kind: house.certificate(kind) for kind in (ROOT, OCA)}
    supplier = next(house.settings.path("parties", "supplier").glob("*-ds.pem"))
    before, key = supplier.read_bytes(), supplier.with_suffix(".key").read_bytes()
    done = house.take(house.contingency())
    assert (done.script, done.authorities, done.lists) == ("contingency", (ROOT, OCA), (ROOT,))
    new = {kind: house.certificate(kind) for kind in (ROOT, OCA)}
    assert set(new.values()).isdisjoint(old.values())
    command = House(state=house.folder / "state")
    code, said = command.json("renew")
    assert code == 0, said
    renewed = {one["name"] for one in said["renewed"]}
    assert len(renewed) == 11
    assert f"supplier/{supplier.stem}" in renewed
    assert command.json("renew")[1]["renewed"] == []
    pair = [x509.load_pem_x509_certificate(one) for one in (before, supplier.read_bytes())]
    for each, one in zip(pair, (old, new), strict=True):
        each.verify_directly_issued_by(x509.load_der_x509_certificate(one[OCA]))
    kept = list((supplier.parent / EARLIER).glob(f"{supplier.stem}-*.key"))
    assert [one.read_bytes() for one in kept] == [key]
    assert kept[0].stat().st_mode & 0o077 == 0
    assert command.json("repository", "audit")[1]["problems"] == []


@pytest.mark.clause("sec-app-b:B-crl")
def test_an_authority_before_signs_its_own_lists(house: Rehearsed) -> None:
    """What it issued is revoked on its list, which is published anew when it is due; nothing else."""
    old = house.certificate(OCA)
    supplier = next(house.settings.path("parties", "supplier").glob("*-ds.pem"))
    serial = SerialNumber(x509.load_pem_x509_certificate(supplier.read_bytes()).serial_number)
    house.take(house.contingency())
    with open_office(house.settings, house.environment) as office:
        front = office.front
        assert earlier(office, OCA) == (old,)
        assert refresh_lists(office) == ()
        listed = publish_list(office, OCA, (serial,))
        assert [one for one, _ in listed.entries] == [serial]
        assert newest_list(front, old) == listed
        in_force = current_list(front, OCA)
        assert in_force is not None
        assert (in_force.number, in_force.entries) == (1, ())
        root = current_list(front, ROOT)
        assert root is not None
        assert root.number == 1
        assert publish_list(office, OCA).number == in_force.number + 1


@pytest.mark.clause("sec-app-l:3", "sec-app-b:B", "sec-app-b:B-crl")
def test_an_issuing_authority_is_followed_and_revoked(house: Rehearsed) -> None:
    """Under the same root, in custody: the root's next list names it, and it signs no lists any more."""
    old, root = house.certificate(OCA), house.certificate(ROOT)
    supplier = next(house.settings.path("parties", "supplier").glob("*-ds.pem"))
    serial = SerialNumber(x509.load_pem_x509_certificate(supplier.read_bytes()).serial_number)
    transcript = house.issuing()
    done = house.take(transcript)
    assert (done.script, done.authorities, done.lists) == ("issuing", (OCA,), (ROOT,))
    assert house.certificate(ROOT) == root
    with open_office(house.settings, house.environment) as office:
        assert is_revoked(office.front, old)
        assert earlier(office, OCA) == ()
        with pytest.raises(Refused, match="signs no list any more"):
            publish_list(office, OCA, (serial,))
        size = office.front.reader.checkpoint().size
    assert house.take(transcript) == done
    with open_front(house.settings) as front:
        assert front.reader.checkpoint().size == size
        assert len(authorities(front, OCA)) == 2


@pytest.mark.clause("sec-app-l:3", "sec-app-b:B-crl")
def test_a_transcript_that_is_lodged_puts_nothing_in_force(house: Rehearsed) -> None:
    """Of 'issuing': neither the authority that follows nor the list that revokes the one before."""
    old = house.certificate(OCA)
    file = house.folder / "issuing.json"
    file.write_bytes(house.issuing())
    code, said = House(state=house.folder / "state").json("ceremony", "lodge", str(file))
    assert (code, said["lists"]) == (0, [])
    assert house.certificate(OCA) == old
    with open_front(house.settings) as front:
        assert not is_revoked(front, old)
    house.take(file.read_bytes())
    with open_front(house.settings) as front:
        assert is_revoked(front, old)


@pytest.mark.clause("sec-app-l:3", "sec:L10")
def test_the_recovery_key_in_custody_has_its_certificate(house: Rehearsed) -> None:
    """It takes the place of the sample's, whose key is kept with the earlier ones and used by nobody."""
    folder = house.settings.path("parties", "dcc")
    (pair,) = folder.glob("*040001-ds.pem")
    transcript = held_now(house.folder / "recovery", opening("recovery-key"))
    done = house.take(transcript)
    assert done.recovery is not None
    shown = x509.load_pem_x509_certificate(pair.read_bytes())
    assert shown == x509.load_der_x509_certificate(done.recovery)
    assert not pair.with_suffix(".key").exists()
    assert len(list((folder / EARLIER).iterdir())) == 2
    assert house.take(transcript) == done
    command = House(state=house.folder / "state")
    for name in (f"dcc/{pair.stem}", "list/root-oca"):
        code, said = command.json("renew", name)
        assert (code, "is renewed by a ceremony" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec-app-l:3", "gbcs:12")
def test_a_ceremony_of_another_house_changes_nothing(house: Rehearsed, original: House) -> None:
    """For another key, under a name that was had, not of this kind of house: refused, nothing lodged."""
    with open_front(house.settings) as front:
        size = front.reader.checkpoint().size
        assert successor_names(front) == {ROOT: "RB", OCA: "R2"}
    other = held_now(house.folder / "other", opening("contingency"))
    with pytest.raises(Refused, match="certified another key") as caught:
        house.take(other)
    assert "is an earlier one's, must be a new one" in caught.value.message
    with pytest.raises(Refused, match="puts nothing in force here"):
        house.take(house.settings.path("ceremony.json").read_bytes())
    file = house.folder / "other.json"
    file.write_bytes(other)
    code, said = original.json("ceremony", "take", str(file))
    assert (code, "this is a development SMKI, whose roots" in said["error"]["message"]) == (
        1,
        True,
    )
    more = ("ceremony", "requests", "--renew", "issuing-oca", "--out", str(house.folder / "more"))
    code, said = original.json(*more)
    assert (code, "this is a development SMKI, whose roots" in said["error"]["message"]) == (
        1,
        True,
    )
    with open_front(house.settings) as front:
        assert front.reader.checkpoint().size == size


@pytest.mark.parametrize("step", ["catch_up", "_take_list", "lodge_transcript"])
def test_what_was_cut_off_is_finished(
    house: Rehearsed, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before each step, and called again: everything is there once."""
    transcript = house.contingency()

    def away(*_: Any) -> None:
        raise Unavailable("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(succeeding, step, away)
        with pytest.raises(Unavailable, match="power"):
            house.take(transcript)
    done = house.take(transcript)
    with open_front(house.settings) as front:
        assert [len(authorities(front, kind)) for kind in (ROOT, OCA)] == [2, 2]
        assert sum(one.number == 1 for one in front.index.lists()) == FIRST_LISTS + 2
        newest = current_list(front, OCA)
    assert newest is not None
    assert newest.this_update <= datetime.now(UTC)
    assert done.entry > 0


def test_a_worker_begins_anew(house: Rehearsed) -> None:
    """One that runs takes it in, and ends by itself: whoever looks after it starts it again."""
    environment = {**os.environ, **house.environment}
    words = (sys.executable, "-m", "smki", "worker")
    with subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL) as worker:
        try:
            until = time.monotonic() + 180
            while ask(house.settings.path("worker.sock"), "ping", {}, 5) is None:
                assert time.monotonic() < until
                time.sleep(0.05)
            done = house.take(house.contingency())
            assert worker.wait(180) == 0
        finally:
            worker.kill()
    assert done.authorities == (ROOT, OCA)
    with open_front(house.settings) as front:
        assert current_list(front, OCA) is not None


@pytest.mark.clause("sec-app-b:B")
def test_requests_of_what_follows_say_the_names(house: Rehearsed, tmp_path: Path) -> None:
    """The same key is meant until a ceremony certifies it; names are those that nobody had."""
    command = House(state=house.folder / "state")
    asked = []
    for out in ("one", "two"):
        with quick_stores():
            code, said = command.json(
                "ceremony", "requests", "--renew", "issuing-oca", "--out", str(tmp_path / out)
            )
        assert code == 0, said
        asked.append(said["requests"])
        assert said["names"] == {"root-oca": "RB", "issuing-oca": "R2"}
    assert asked[0] == asked[1]


def test_what_a_ceremony_brings_is_written(house: Rehearsed, tmp_path: Path) -> None:
    """The roots' certificates and lists in force, and the authority that is to be revoked."""
    command, out = House(state=house.folder / "state"), tmp_path / "lists"
    words = ("ceremony", "lists", "--revoke", "issuing-oca", "--out", str(out))
    assert command.run(*words)[0] == 0
    assert (out / "root-oca.cer").read_bytes() == house.certificate(ROOT)
    assert (out / "revoke.cer").read_bytes() == house.certificate(OCA)


def _estate(house: Rehearsed) -> None:
    """A few devices, and a decision of officers about how they are recovered."""
    with (house.folder / "state" / "smki.toml").open("a") as configuration:
        for region in ("north", "central", "south"):
            configuration.write(f"\n[line.regions.{region}]\nunreachable = 0.0\nfaulty_makes = []")
    command = House(state=house.folder / "state")
    assert command.run("estate", "make", "--devices", "5")[0] == 0
    authority = seat(command, house.folder, ("chair", "secretary"))
    authority.lodge("M-1", "recovery-method", "INC-7", "--scope", "root-update")


def _roots(house: Rehearsed) -> set[bytes]:
    """By what key identifiers the roots are told that devices hold, but for a PPMID's."""
    found = set()
    with open_estate(house.settings) as estate:
        for row in estate.inventory(InventoryQuery(), None, 100):
            device = estate.device(row.device)
            if device is not None and row.kind.value != "ppmid":
                found.add(device.state.anchors[kinds.ROOT].key_identifier)
    return found


@pytest.mark.clause("sec:L10", "gbcs:CS02b", "sec-app-b:B")
def test_a_new_root_is_placed_by_the_old_ones_word(house: Rehearsed, tmp_path: Path) -> None:
    """The old root vouches for it in a ceremony; each command is a campaign; the report has them all."""
    _estate(house)
    command = House(state=house.folder / "state")
    to_sign, link = tmp_path / TO_SIGN, tmp_path / "link.cer"
    make = ("recovery", "link", "--out")
    code, said = command.json(*make, str(tmp_path / "none"))
    assert (code, "no root before the one in force" in said["error"]["message"]) == (1, True)
    house.take(house.contingency())
    assert command.run(*make, str(to_sign))[0] == 0
    signature = tmp_path / "signature"
    assemble = (*make, str(link), "--signed", str(to_sign), "--signature", str(signature))
    signature.write_bytes(_signed(house, "contingency", to_sign.read_bytes()))
    assert command.json(*assemble)[1]["error"]["family"] == "malformed"  # by the new root itself
    signature.write_bytes(_signed(house, "roots", to_sign.read_bytes()))
    assert command.run(*assemble)[0] == 0

    begin = ("--unregistered", "--incident", "INC-7", "--decision", "M-1", *LOST)
    plan = ("--waves", "1000", "--canaries", "0")
    words = ("recovery", "begin", f"{NEW_ROOT}.mode-0", *begin, *plan)
    code, said = command.json(*words, "--mode", "0")
    assert (code, "without a certificate of the old root" in said["error"]["message"]) == (1, True)
    other = tmp_path / "other.cer"
    other.write_bytes(house.certificate(OCA))
    code, said = command.json(*words, "--mode", "0", "--link", str(other))
    assert (code, "vouches for another key" in said["error"]["message"]) == (1, True)
    octets = link.read_bytes()
    other.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    code, said = command.json(*words, "--mode", "0", "--link", str(other))
    assert (code, "does not hold with the issuer's key" in said["error"]["message"]) == (1, True)
    by = ("--link", str(link))
    code, said = command.json(*words, *by)
    assert (code, "commands of the modes 0, 1, 8" in said["error"]["message"]) == (1, True)
    for mode in ("0", "1"):
        campaign = f"{NEW_ROOT}.mode-{mode}"
        code, begun = command.json(
            "recovery", "begin", campaign, *begin, *plan, "--mode", mode, *by
        )
        assert (code, begun["devices"] > 0) == (0, True), begun
        code, carried = command.json("recovery", "carry", campaign)
        assert (code, carried["recovered"]) == (0, begun["devices"]), carried
    last = ("recovery", "begin", f"{NEW_ROOT}.mode-8", *begin, *plan, "--mode", "8", *by)
    assert command.run(*last)[0] == 3  # nobody has the recovery key open
    new = held(parse_certificate(house.certificate(ROOT)))
    assert _roots(house) == {new.key_identifier}

    code, done = command.json("recovery", "conclude", NEW_ROOT, "--commander", "Sample DCC")
    assert code == bool(done["problems"]), done
    assert done["recovered"] == done["devices"] > 0
    assert not [one for one in done["problems"] if "rehearsal" not in one and "ceremony" not in one]


def _signed(house: Rehearsed, custody: str, octets: bytes) -> bytes:
    """The signature of the root's key that is in custody since that ceremony."""
    name = f"link-by-{custody}"
    keys = (kept(house.folder / custody, ROOT_KEY),)
    opened = opening("activation", (ROOT_KEY,))
    house.hold(name, opened, keys=keys, contents={TO_SIGN: octets}, instead=MAINTENANCE)
    return (house.folder / name / "signatures" / f"{ROOT_KEY}-{TO_SIGN}.sig").read_bytes()

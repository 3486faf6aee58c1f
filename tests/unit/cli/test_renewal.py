"""What expires, years from now, and what follows it."""

import base64
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.support.founding import quick_stores

from smki.adapters.requesters import request_for_system
from smki.bootstrap import Settings, load_settings, open_office
from smki.bootstrap.holdings import DUE_DAYS, Holding, holdings
from smki.bootstrap.initialising import initialise
from smki.bootstrap.pairs import certified, keep_certificate, next_of, server_pair
from smki.bootstrap.renewing import Renewer, choose, finish_renewals
from smki.bootstrap.roots import open_roots
from smki.ceremonies import sign_root_list
from smki.flows.office import Office
from smki.flows.registering import credential_for
from smki.flows.renewal import renew_root_list
from smki.flows.revocation import current_list
from smki.interfaces.operations import carry_out
from smki.interfaces.status import expiries
from smki.ports import KeyStore
from smki.terms import CertificateKind, Interface, Refused, SerialNumber, Unavailable

DAY = timedelta(days=1)
LISTS = {"list/root-oca", "list/root-dca", "list/root-ica"}
SERVED = {"server", "supplier/adhoc", "supplier/batch", "supplier/portal", "manufacturer/batch"}


@dataclasses.dataclass(frozen=True)
class ClockAt:
    """A clock that stands."""

    instant: datetime

    def now(self) -> datetime:
        """The instant."""
        return self.instant


@dataclasses.dataclass
class Later:
    """A house so long after it was made: its office, and what an operator does there."""

    settings: Settings
    office: Office
    now: datetime
    asked: list[str] = dataclasses.field(default_factory=list)

    def holdings(self) -> dict[str, Holding]:
        """What expires, by name."""
        return {one.name: one for one in holdings(self.settings, self.office.front, self.now)}

    def ask(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """As the worker carries it out."""
        self.asked.append(operation)
        return carry_out(self.settings, self.office, operation, arguments)

    def renewer(self) -> Renewer:
        """What `smki renew` uses, here with the root keys in the state directory."""
        return Renewer(
            settings=self.settings,
            front=self.office.front,
            ask=self.ask,
            roots=lambda: open_roots(self.settings.path("root"), {}),
            now=self.now,
        )

    def renew(self, *names: str, within: timedelta = DUE_DAYS * DAY) -> set[str]:
        """The names of what was renewed."""
        _, chosen = choose(
            self.settings, self.office.front, names=names, within=within, now=self.now
        )
        return set(self.renewer().renew(chosen))


def at(office: Office, now: datetime) -> Office:
    """The office at that instant."""
    return dataclasses.replace(office, front=dataclasses.replace(office.front, clock=ClockAt(now)))


@pytest.fixture
def later(house: Any) -> Iterator[Callable[[int], Later]]:
    """The house so many days from now."""
    environment = {"SMKI_STATE": str(house.state)}
    settings = load_settings(environment)
    with open_office(settings, environment) as office:

        def make(days: int) -> Later:
            now = datetime.now(UTC) + days * DAY
            return Later(settings, at(office, now), now)

        yield make


def serial_in(path: Path) -> int:
    """The serial number of the certificate in a file."""
    return x509.load_pem_x509_certificate(path.read_bytes()).serial_number


@pytest.mark.clause("sec-app-b:B-crl")
def test_a_new_house_says_when_everything_expires(original: Any) -> None:
    """Lists of the roots, the server, the parties, the authorities: each with its day, first first."""
    code, shown = original.json("renew", "--list")
    assert (code, shown["renewed"]) == (0, [])
    rows = {row["name"]: row for row in shown["holdings"]}
    assert rows.keys() >= LISTS | SERVED | {"authority/issuing-ica", "authority/root-oca"}
    assert [row["days"] for row in shown["holdings"]] == sorted(
        row["days"] for row in shown["holdings"]
    )
    assert {row["days"] for name, row in rows.items() if name in LISTS} <= {363, 364, 365}
    assert not any(row["due"] for row in rows.values())
    _, within = original.json("renew", "--dry-run", "--within", "400")
    assert {row["name"] for row in within["holdings"] if row["due"]} == LISTS
    assert original.json("status")[1]["expiring"] == []
    code, out = original.run("renew")
    assert code == 0
    assert out.startswith("nothing is due; first to expire: list/root-")


@pytest.mark.clause("sec-app-b:B-crl")
def test_status_names_what_expires_within_sixty_days(later: Callable[[int], Later]) -> None:
    """Sixty days before, the lists are named; the day after, nobody can connect, and it says so."""
    before = later(365 - DUE_DAYS + 1)
    shown = expiries(tuple(before.holdings().values()), before.now)
    assert {one["name"] for one in shown["expiring"]} == LISTS
    assert {one["days"] for one in shown["expiring"]} <= {DUE_DAYS - 3, DUE_DAYS - 2, DUE_DAYS - 1}
    assert "ready" not in shown
    after = later(366)
    shown = expiries(tuple(after.holdings().values()), after.now)
    assert shown["ready"] is False
    assert "nobody can connect: revocation list 1 of root-ica expired on" in shown["problem"]


@pytest.mark.clause("sec-app-b:B-crl", "sec-app-m:2.3.1.5")
def test_a_house_is_kept_going_for_years(later: Callable[[int], Later]) -> None:
    """`smki renew` every eight weeks: lists are renewed once a year, credentials every other year.

    In five years nothing ever expires, and everything that was made is in the record.
    """
    renewed: list[set[str]] = []
    for days in range(56, 5 * 365, 56):
        house = later(days)
        assert all(one.expires > house.now for one in house.holdings().values())
        if names := house.renew():
            renewed.append(names)
            assert all(
                one.expires - house.now > DUE_DAYS * DAY for one in house.holdings().values()
            )
            assert house.renew() == set()
    assert sum(names >= LISTS for names in renewed) == 5
    assert sum(names >= SERVED for names in renewed) == 2
    assert all(names >= LISTS or names >= SERVED for names in renewed)
    last = later(5 * 365)
    front = last.office.front
    for root in (CertificateKind.ROOT_OCA, CertificateKind.ROOT_DCA, CertificateKind.ROOT_ICA):
        current = current_list(front, root)
        assert current is not None
        assert current.number == 1 + 5
    server = last.settings.path("tls", "server.pem")
    assert front.index.by_serial(SerialNumber(serial_in(server))) is not None
    arl = x509.load_pem_x509_crl(last.settings.path("tls", "root-ica.crl.pem").read_bytes())
    assert arl.next_update_utc is not None
    assert arl.next_update_utc > last.now


def test_a_renewed_pair_is_a_new_key_and_the_earlier_one_stays_good(
    later: Callable[[int], Later],
) -> None:
    """Named, it is renewed whenever it expires; its key is a fresh one, its name the same."""
    house = later(10)
    certificate = house.settings.path("parties", "supplier", "adhoc.pem")
    before, key = certificate.read_bytes(), certificate.with_suffix(".key").read_bytes()
    assert house.renew("supplier/adhoc") == {"supplier/adhoc"}
    old, new = (x509.load_pem_x509_certificate(one) for one in (before, certificate.read_bytes()))
    assert (old.subject, old.serial_number) != (new.subject, new.serial_number)
    assert old.subject == new.subject
    assert old.public_key() != new.public_key()
    assert certificate.with_suffix(".key").read_bytes() != key
    assert certificate.with_suffix(".key").stat().st_mode & 0o077 == 0
    registry = house.office.front.registry
    for one in (old, new):
        credential = registry.credential(SerialNumber(one.serial_number))
        assert credential is not None
        assert (credential.interface, credential.revoked) == (Interface.AD_HOC, False)
    assert house.renew("supplier/adhoc") == {"supplier/adhoc"}  # and once more


def test_a_renewal_that_was_cut_off_is_finished(later: Callable[[int], Later]) -> None:
    """The answer is lost after the certificate was issued: called again, none is issued twice."""
    house = later(700)
    count = house.office.front.index.count()
    answered = house.ask

    def lost(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        answered(operation, arguments)
        raise Unavailable("the answer was lost")

    house.ask = lost  # type: ignore[method-assign]  # the fault that is tested
    before = serial_in(house.settings.path("tls", "server.pem"))
    with pytest.raises(Unavailable, match="lost"):
        house.renew("server")
    assert serial_in(house.settings.path("tls", "server.pem")) == before
    house.ask = answered  # type: ignore[method-assign]  # it is over
    assert house.renew("server") == {"server"}
    assert serial_in(house.settings.path("tls", "server.pem")) != before
    assert house.office.front.index.count() == count + 1


@pytest.mark.parametrize("renamed", [False, True])
def test_two_files_take_over_together(later: Callable[[int], Later], *, renamed: bool) -> None:
    """Cut off before both were renamed, or between the two: whoever comes next finishes it."""
    house = later(700)
    front = house.office.front
    pair = server_pair(house.settings, front.build)
    new = next_of(pair)
    issued = certified(
        front,
        new,
        lambda request: base64.b64decode(
            house.ask(
                "server",
                {
                    "request": base64.b64encode(request).decode(),
                    "names": ["localhost"],
                    "addresses": ["127.0.0.1"],
                },
            )["chain"][0]
        ),
    )
    keep_certificate(new, issued, house.office.hierarchy)
    key = new.key.read_bytes()
    if renamed:
        new.key.replace(pair.key)
    finish_renewals(house.settings, front)
    assert serial_in(pair.certificate) == x509.load_der_x509_certificate(issued).serial_number
    assert pair.key.read_bytes() == key
    assert not new.certificate.exists()
    assert not new.key.exists()
    finish_renewals(house.settings, front)  # nothing is left to do


@pytest.mark.clause("sec-app-b:B-crl")
def test_lists_of_roots_need_the_root_keys(house: Any, tmp_path: Path) -> None:
    """Taken away: refused with what to do, and nothing was done; with them and their passphrase: done."""
    away = (house.state / "root").rename(tmp_path / "root")
    serial = serial_in(house.state / "tls" / "server.pem")
    code, said = house.json("renew", "server", "list/root-oca")
    assert (code, said["error"]["family"]) == (3, "unavailable")
    assert "--root" in said["error"]["message"]
    assert serial_in(house.state / "tls" / "server.pem") == serial
    passphrase = (away / "passphrase").rename(tmp_path / "elsewhere")
    named = ("renew", "list/root-oca", "--root", str(away))
    code, said = house.json(*named)
    assert (code, said["error"]["family"]) == (1, "refused")
    assert "SMKI_ROOT_PASSPHRASE" in said["error"]["message"]
    code, said = house.json(*named, SMKI_ROOT_PASSPHRASE="another")
    assert (code, "does not open" in said["error"]["message"]) == (1, True)
    code, said = house.json(*named, SMKI_ROOT_PASSPHRASE_FILE=str(passphrase))
    assert (code, [one["name"] for one in said["renewed"]]) == (0, ["list/root-oca"])
    assert "revocation list 2 of root-oca" in said["renewed"][0]["what"]
    environment = {"SMKI_STATE": str(house.state)}
    initialise(load_settings(environment), environment, bare=False, tell=lambda _: None)
    assert not (house.state / "root").exists()  # nor is anything made in their place


def test_what_is_not_renewed_by_the_command_is_refused(house: Any) -> None:
    """An authority's certificate is a ceremony's; a name that nothing has is refused by that."""
    code, said = house.json("renew", "authority/root-oca")
    assert (code, "is renewed by a ceremony" in said["error"]["message"]) == (1, True)
    code, said = house.json("renew", "nothing", "server")
    assert (code, "has the name 'nothing'" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec-app-m:G")
def test_a_party_is_warned_for_until_its_system_has_a_later_credential(
    later: Callable[[int], Later],
) -> None:
    """In its last sixty days a party's own credential is named, until one with its name follows."""
    begun = later(0)
    made = request_for_system("Sample Energy Supplier", "02", "billing")
    first = credential_for(begun.office, "supplier", Interface.BATCH, made.request)
    serial = first.lodged.issued.prepared.serial
    assert f"credential/{serial}" not in begun.holdings()
    end = later(2 * 365 - 30)
    found = end.holdings()[f"credential/{serial}"]
    assert found.what == "'batch' credential of supplier"
    with pytest.raises(Refused, match=r"is renewed by its party"):
        end.renew(f"credential/{serial}")
    again = request_for_system("Sample Energy Supplier", "02", "billing")
    with pytest.raises(Refused, match="must be one that no other has"):
        credential_for(end.office, "supplier", Interface.BATCH, again.request)
    with pytest.raises(Refused, match="is no 'adhoc' credential of supplier"):
        credential_for(end.office, "supplier", Interface.AD_HOC, again.request, replaces=serial)
    credential_for(end.office, "supplier", Interface.BATCH, again.request, replaces=serial)
    assert f"credential/{serial}" not in end.holdings()


@pytest.mark.clause("sec-app-b:B-crl")
def test_what_is_no_list_of_the_root_is_not_lodged(later: Callable[[int], Later]) -> None:
    """Another root's signature, a number left out, a revocation left out, the past: each refused."""
    house = later(100)
    kept: list[bytes] = []

    def keep(_operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        kept.append(base64.b64decode(arguments["list"]))
        return {}

    roots: KeyStore = open_roots(house.settings.path("root"), {})
    renewer = dataclasses.replace(house.renewer(), ask=keep)
    renewer._root_list(CertificateKind.ROOT_OCA, roots)
    size = house.office.front.reader.checkpoint().size
    with pytest.raises(Refused, match="issuer"):
        renew_root_list(house.office, CertificateKind.ROOT_ICA, kept[0])
    with pytest.raises(Refused, match="is no root"):
        renew_root_list(house.office, CertificateKind.ISSUING_ICA, kept[0])
    with pytest.raises(Refused, match="must be valid at"):
        renew_root_list(at(house.office, house.now + 400 * DAY), CertificateKind.ROOT_OCA, kept[0])
    assert house.office.front.reader.checkpoint().size == size
    renew_root_list(house.office, CertificateKind.ROOT_OCA, kept[0])
    renew_root_list(house.office, CertificateKind.ROOT_OCA, kept[0])  # the answer was lost
    assert house.office.front.reader.checkpoint().size == size + 1
    first = house.settings.path("root", "root-oca.arl").read_bytes()
    with pytest.raises(Refused, match="number 1, must be 3"):
        renew_root_list(house.office, CertificateKind.ROOT_OCA, first)
    with pytest.raises(Refused, match=r"certificate 0.*7 on it is not in the record"):
        renew_root_list(house.office, CertificateKind.ROOT_OCA, signed(house, roots, 3, (7,)))
    (row,) = house.office.front.index.rows(CertificateKind.ISSUING_OCA)
    revoking = signed(house, roots, 3, (row.serial.value,))
    renew_root_list(house.office, CertificateKind.ROOT_OCA, revoking)
    forgetful = signed(house, roots, 4)
    with pytest.raises(Refused, match="1 certificates that were revoked are not on it"):
        renew_root_list(house.office, CertificateKind.ROOT_OCA, forgetful)
    kept.clear()
    renewer._root_list(CertificateKind.ROOT_OCA, roots)
    renew_root_list(house.office, CertificateKind.ROOT_OCA, kept[0])
    (entry,) = x509.load_der_x509_crl(kept[0])
    assert entry.serial_number == row.serial.value


def signed(house: Later, roots: KeyStore, number: int, revoked: Sequence[int] = ()) -> bytes:
    """A list of the Root OCA."""
    return sign_root_list(
        house.office.hierarchy.authority(CertificateKind.ROOT_OCA).certificate,
        roots.open("root-oca"),
        house.office.front.settings,
        entries=[(SerialNumber(one), house.now.replace(microsecond=0)) for one in revoked],
        number=number,
        at=house.now,
    )


def test_the_root_passphrase_can_be_kept_out_from_the_beginning(tmp_path: Path) -> None:
    """Made with it given, no file holds it; renewed with it and not with the other passphrase."""
    environment = {"SMKI_STATE": str(tmp_path / "state"), "SMKI_ROOT_PASSPHRASE": "of the roots"}
    with quick_stores():
        settings = initialise(
            load_settings(environment), environment, bare=True, tell=lambda _: None
        )
    root = settings.path("root")
    assert settings.path("passphrase").exists()
    assert not (root / "passphrase").exists()
    assert "root-oca" in open_roots(root, environment).names()
    issuing = {"SMKI_PASSPHRASE_FILE": str(settings.path("passphrase"))}
    with pytest.raises(Refused, match="does not open"):
        open_roots(root, issuing)
    assert "root-oca" in open_roots(root, {**issuing, **environment}).names()

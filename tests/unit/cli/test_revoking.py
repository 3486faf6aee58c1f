"""Organisation certificates are revoked when the table permits it, by those who may ask, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.bootstrap import load_settings, open_front, open_office
from smki.flows import revoking
from smki.flows.revocation import current_list
from smki.policy.revocation import Circumstance
from smki.repository.shown_lists import first_naming, lists_in_force
from smki.terms import CertificateKind, CertificateStatus, SerialNumber, Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.cli.conftest import Authority


def serial_in(authority: Authority, party: str, file: str) -> str:
    """The serial number in a sample party's certificate."""
    folder = authority.house.state / "parties" / party
    (place,) = folder.glob(f"*{file}") if file == "portal.pem" else folder.glob(f"*0001-{file}")
    return f"{x509.load_pem_x509_certificate(place.read_bytes()).serial_number:032X}"


def officer(authority: Authority, party: str) -> tuple[str, ...]:
    """The desk of a sample party's officer."""
    place = authority.house.state / "parties" / party
    return ("--certificate", f"{place}/portal.pem", "--key", f"{place}/portal.key")


def asks(
    authority: Authority, desk: Sequence[str], serial: str, circumstance: str, *more: str
) -> tuple[int, str]:
    """Exit code, and what was said against it."""
    words = ("revoke-organisation", serial, "--circumstance", circumstance, *desk, *more)
    code, said = authority.house.json("registration", *words)
    return code, said["error"]["message"] if "error" in said else ""


@pytest.mark.clause("sec-app-m:2.3.1.5", "sec-app-b:B-crl", "sec:L11.5")
def test_a_subscriber_rejects_its_certificate(authority: Authority) -> None:
    """It is on the newest list, lodged; its status is R, the others' stays; the audit agrees."""
    serial = serial_in(authority, "supplier", "ds.pem")
    assert asks(authority, officer(authority, "supplier"), serial, "rejected") == (0, "")
    environment = {"SMKI_STATE": str(authority.house.state)}
    with open_front(load_settings(environment)) as front:
        row = front.index.by_serial(SerialNumber.parse(serial))
        listed = current_list(front, CertificateKind.ISSUING_OCA)
        others = {one.status for one in front.index.rows(CertificateKind.ORGANISATION)}
        revoked = front.index.rows(CertificateKind.ORGANISATION)
        assert [one.serial for one in revoked if one.status is CertificateStatus.REVOKED] == [
            SerialNumber.parse(serial)
        ]
    assert row is not None
    assert others == {CertificateStatus.REVOKED, CertificateStatus.IN_USE}
    assert listed is not None
    assert [one for one, _ in listed.entries] == [SerialNumber.parse(serial)]
    assert authority.house.json("repository", "audit")[1]["problems"] == []
    code, said = asks(authority, officer(authority, "supplier"), serial, "requested")
    assert (code, said) == (1, f"revocation: {serial} is revoked already")


@pytest.mark.parametrize(
    ("party", "circumstance", "said"),
    [
        ("stranger", "requested", "asked by another party, may be asked by its subscriber"),
        ("stranger", "compromise", "may be asked by its subscriber or the DCC"),
        ("dcc", "rejected", "asked by the DCC, may be asked by its subscriber"),
        ("dcc", "breach", "needs a decision of the authority"),
        ("supplier", "direction", "may be asked by the DCC or the policy authority"),
    ],
)
@pytest.mark.clause("sec-app-b:B-crl")
def test_others_may_not_ask(authority: Authority, party: str, circumstance: str, said: str) -> None:
    """Who may not ask in a circumstance is refused, with who may; nothing is revoked or lodged."""
    serial = serial_in(authority, "supplier", "ds.pem")
    desk = authority.desk(party) if party == "stranger" else officer(authority, party)
    code, why = asks(authority, desk, serial, circumstance)
    assert (code, said in why) == (1, True), why
    with open_front(load_settings({"SMKI_STATE": str(authority.house.state)})) as front:
        row = front.index.by_serial(SerialNumber.parse(serial))
    assert row is not None
    assert row.status is CertificateStatus.IN_USE


@pytest.mark.clause("sec-app-b:B-crl", "sec:L5.3")
def test_a_breach_is_for_the_authority_to_decide(authority: Authority) -> None:
    """A recorded decision about that very certificate permits it, once."""
    first, second = (serial_in(authority, "supplier", f"{one}.pem") for one in ("ds", "pp-ka"))
    authority.lodge("R-1", "revoke-certificate", first)
    desk, named = officer(authority, "dcc"), ("--decision", "R-1")
    code, said = asks(authority, desk, second, "breach", *named)
    assert (code, "must be about" in said) == (1, True)
    assert asks(authority, desk, first, "breach", *named) == (0, "")
    _, shown = authority.house.json("governance", "list")
    assert shown["decisions"][0]["used"] is not None


@pytest.mark.clause("sec-app-m:2.3.1.10", "sec-app-b:B-crl")
def test_only_organisation_certificates_are_revoked_by_it(authority: Authority) -> None:
    """An authority's certificate or a credential is refused; so is a serial number of nobody."""
    credential = serial_in(authority, "supplier", "portal.pem")
    code, said = asks(authority, officer(authority, "supplier"), credential, "requested")
    assert (code, "must be for organisation" in said) == (1, True)
    code, said = asks(authority, officer(authority, "supplier"), "AB", "requested")
    assert (code, "no certificate in the repository" in said) == (1, True)


@pytest.mark.clause("sec-app-o:portal", "sec-app-b:B-crl")
def test_the_history_names_who_asked_and_the_first_list(authority: Authority) -> None:
    """Later lists repeat it: the history says by which it was revoked, and which entry asked."""
    serials = [serial_in(authority, "supplier", f"{one}.pem") for one in ("ds", "ka", "pp-ka")]
    for serial in serials:
        assert asks(authority, officer(authority, "supplier"), serial, "compromise") == (0, "")
    with open_front(load_settings({"SMKI_STATE": str(authority.house.state)})) as front:
        issuer = front.index.lists()[-1].issuer
        numbers, askers = [], []
        for number in map(SerialNumber.parse, serials):
            named = first_naming(front.index, front.reader, issuer, number)
            assert named is not None
            numbers.append(named[0].number)
            askers += [one.circumstance for one in revoking.revocation_requests(front, number)]
        current = lists_in_force(front.index, front.reader)
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert askers == [Circumstance.COMPROMISE] * 3
    newest = next(one for one in current if one.revoked)
    assert newest.number == numbers[-1]
    assert [str(one) for one, _ in newest.certificates] == serials[::-1]


@pytest.mark.clause("sec-app-b:B-crl")
def test_a_revocation_that_was_cut_off_is_finished(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for and lodged, but no list made: the next chores put it on the list, once."""
    serial = SerialNumber.parse(serial_in(authority, "supplier", "ds.pem"))

    def away(*_: object) -> None:
        raise Unavailable("the token is away")

    with monkeypatch.context() as patched:
        patched.setattr(revoking, "publish_list", away)
        assert asks(authority, officer(authority, "supplier"), str(serial), "rejected")[0] == 3
    environment = {"SMKI_STATE": str(authority.house.state)}
    with open_office(load_settings(environment), environment) as office:
        assert revoking.finish_revocations(office) == (serial,)
        assert revoking.finish_revocations(office) == ()
        row = office.front.index.by_serial(serial)
        assert row is not None
        assert row.status is CertificateStatus.REVOKED


def test_the_table_is_shown(authority: Authority) -> None:
    """Each circumstance is shown with who may ask and the clause."""
    _, shown = authority.house.json("registration", "circumstances")
    assert len(shown["circumstances"]) == len(Circumstance)


@pytest.mark.clause("sec-app-b:B-crl", "sec:L5.3")
def test_the_authority_withholds_a_revocation(authority: Authority) -> None:
    """While it withholds, what would take a failing supplier's certificates waits; misuse does not.

    Its own direction about one certificate stands above it, and what it says ends with its expiry.
    """
    first, second, third = (
        serial_in(authority, "supplier", f"{one}.pem") for one in ("ds", "pp-ka", "ka")
    )
    _, shown = authority.house.json("registration", "party", "supplier")
    authority.lodge("W-0", "withhold-revocation", shown["identities"][0]["eui64"], *OVER)
    assert asks(authority, officer(authority, "supplier"), third, "requested") == (0, "")
    authority.lodge("W-1", "withhold-revocation", shown["identities"][0]["eui64"])
    for party, circumstance in (("dcc", "ineligible"), ("supplier", "requested")):
        code, said = asks(authority, officer(authority, party), first, circumstance)
        assert (code, "withheld by decision W-1 of the authority" in said) == (1, True), said
    authority.lodge("R-2", "revoke-certificate", second)
    named = ("--decision", "R-2")
    code, said = asks(authority, officer(authority, "dcc"), second, "breach", *named)
    assert (code, "withheld by decision W-1" in said) == (1, True)
    assert asks(authority, officer(authority, "dcc"), second, "direction", *named) == (0, "")
    assert asks(authority, officer(authority, "dcc"), first, "compromise") == (0, "")


OVER = ("--not-before", "2020-01-01", "--expiry", "2020-01-02")

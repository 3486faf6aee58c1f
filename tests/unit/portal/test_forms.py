"""The search form as values: what it means, what is wrong with it, and that nothing else gets out."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.interfaces.web.portal.forms import FIELDS, read_entry, read_instant, read_search
from smki.ports import CertificateQuery, Party
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)

pytestmark = pytest.mark.clause("sec-app-o:portal")
AT = 1_800_000_000
OWN = EUI64.parse("0A-53-4D-4B-49-02-00-01")
PARTIES = (
    Party(party="acme", name="Acme <Energy>", identities=((OWN, RemotePartyRole.SUPPLIER),)),
    Party(party="none", name="Without", identities=()),
)


def test_all_fields_together() -> None:
    """Each field becomes its condition; days are whole days of UTC, the last one included."""
    form = read_search(
        {
            "eui64": " 90b3d51f3001000a ",
            "serial": "0a1b",
            "party": "acme",
            "role": "02",
            "usage": "KA",
            "type": "device",
            "status": "R",
            "from": "2026-11-21",
            "to": "2026-11-21",
        },
        PARTIES,
        AT,
    )
    assert form.errors == {}
    assert form.query == CertificateQuery(
        at=AT,
        identity=EUI64.parse("90-B3-D5-1F-30-01-00-0A"),
        serial=SerialNumber(0x0A1B),
        subscriber=OWN,
        role=RemotePartyRole.SUPPLIER,
        usage=KeyUsage.KEY_AGREEMENT,
        kind=CertificateKind.DEVICE,
        status=CertificateStatus.REVOKED,
        lodged_from=1_795_219_200_000,
        lodged_before=1_795_305_600_000,
    )


def test_an_empty_form_asks_for_anything() -> None:
    """Nothing filled in is no condition, and nothing to be asked again."""
    form = read_search({"eui64": "  "}, PARTIES, AT)
    assert (form.query, form.errors, form.asked) == (CertificateQuery(at=AT), {}, ())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("eui64", "zz", "'zz', must be 16 hexadecimal digits"),
        ("serial", "-1", "must be 1 to 40 hexadecimal digits"),
        ("serial", "0", "must be positive"),
        ("party", "nobody", "must be one"),
        ("party", "none", "must be one"),
        ("role", "09", "must be the two hexadecimal digits"),
        ("usage", "XX", "must be one of them"),
        ("type", "x", "must be one of them"),
        ("status", "i", "must be one of them"),
        ("from", "21.11.2026", "must be a date, like 2026-11-21"),
        ("to", "2026-02-30", "must be a date"),
        ("to", "9999-12-31", "must be from 1970-01-01"),
        ("to", "2026-11-21 24:00", "must be a date"),
        ("to", "2026-11-21Z", "must be a date"),
        ("from", "2026-11-21 09:30 +25:00", "must be a date"),
        ("from", "1970-01-01 00:30+01:00", "must be from 1970-01-01"),
        ("eui64", "90-B3:D5-1F-30-01-00-00", "must be 16 hexadecimal digits"),
        ("eui64", "90B3D51F300100000", "must be 16 hexadecimal digits"),
        ("serial", "0" * 41, "must be 1 to 40 hexadecimal digits"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(name: str, value: str, said: str) -> None:
    """A value that cannot be read is an error of its field, which still shows what was typed."""
    form = read_search({name: value}, PARTIES, AT)
    assert form.query is None
    assert list(form.errors) == [name]
    assert said in form.errors[name]
    assert form.values[name] == value


def test_faults_are_told_together_in_the_order_of_the_form() -> None:
    """One fault does not hide another; days in the wrong order are a fault too."""
    form = read_search(
        {"to": "2026-11-20", "from": "2026-11-21", "status": "?", "eui64": "1"}, PARTIES, AT
    )
    assert list(form.errors) == ["eui64", "status", "to"]


@pytest.mark.parametrize(
    ("value", "first", "after"),
    [
        ("2026-11-21", 1_795_219_200, 86_400),
        ("2026-11-21 09:30", 1_795_253_400, 60),
        ("2026-11-21T09:30:05Z", 1_795_253_405, 1),
        ("2026-11-21 10:30+01:00", 1_795_253_400, 60),
        ("2026-11-20 22:00 -1130", 1_795_253_400, 60),
        ("2026-11-21 09:30 utc", 1_795_253_400, 60),
    ],
)
def test_times_are_as_long_as_they_are_exact(value: str, first: int, after: int) -> None:
    """A day, a minute or a second, in UTC or the zone that is named."""
    assert read_instant(value) == (first * 1000, (first + after) * 1000)


def test_times_of_lodging_include_both_ends() -> None:
    """From the first instant of one to the last of the other; the wrong way round is a fault."""
    times = {"from": "2026-11-21 09:30", "to": "2026-11-21 09:30"}
    query = read_search(times, PARTIES, AT).query
    assert query is not None
    assert (query.lodged_from, query.lodged_before) == (1_795_253_400_000, 1_795_253_460_000)
    wrong = read_search({"from": "2026-11-21 09:30", "to": "2026-11-21 09:29"}, PARTIES, AT)
    assert "must be then or later" in wrong.errors["to"]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("serial", "0a:1b", SerialNumber(0x0A1B)),
        ("serial", "00 0A 1B", SerialNumber(0x0A1B)),
        ("serial", "0" * 36 + "0a1b", SerialNumber(0x0A1B)),
        ("eui64", "0a:53:4d:4b:49:02:00:01", OWN),
        ("eui64", "0A534D4B 49020001", OWN),
    ],
)
def test_numbers_are_read_as_people_have_them(name: str, value: str, meant: object) -> None:
    """With colons as OpenSSL prints them, in groups, in either case, with zeros in front."""
    query = read_search({name: value}, PARTIES, AT).query
    assert query is not None
    assert meant in (query.identity, query.serial)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=100)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_query_or_errors(given_fields: Mapping[str, str]) -> None:
    """Whatever is typed, the form is read: it has a query or errors, never both."""
    form = read_search(given_fields, PARTIES, AT)
    assert (form.query is None) == bool(form.errors)


@pytest.mark.parametrize(
    ("text", "entry"),
    [("0", 0), ("12", 12), ("", None), ("-1", None), ("1" * 19, None), ("\u0663", None)],
)
def test_entries(text: str, entry: int | None) -> None:
    """A place to go on from is up to 18 decimal digits, or it is none."""
    assert read_entry(text) == entry

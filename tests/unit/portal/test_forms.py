"""The search form as values: what it means, what is wrong with it, and that nothing else gets out."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.interfaces.web.portal.forms import FIELDS, read_entry, read_search
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

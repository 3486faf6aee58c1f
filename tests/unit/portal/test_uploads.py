"""Forms with a file in them: what browsers send is read, and anything else is Malformed."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.interfaces.web.portal.uploads import parse_parts
from smki.terms import Malformed

pytestmark = pytest.mark.clause("sec-app-o:portal")
NAMES = st.text("abcdef", min_size=1, max_size=8)


def form(fields: dict[str, bytes]) -> bytes:
    """As a browser sends it."""
    head = (
        b'--B\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\nContent-Type: x\r\n\r\n'
    )
    parts = (head % name.encode() + content + b"\r\n" for name, content in fields.items())
    return b"".join(parts) + b"--B--\r\n"


@given(
    st.dictionaries(
        NAMES, st.binary(max_size=200).filter(lambda one: b"\r\n--B" not in one), max_size=10
    )
)
@settings(max_examples=200, deadline=None)
def test_every_octet_of_a_field_arrives(fields: dict[str, bytes]) -> None:
    """Also line ends of every kind at either end, and octets that are no text."""
    assert dict(parse_parts(form(fields), b"B")) == {
        name: ("f", content) for name, content in fields.items()
    }


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_anything_else_is_malformed(octets: bytes) -> None:
    """Whatever comes is read as fields or refused as no form; nothing else is raised."""
    with contextlib.suppress(Malformed):
        assert isinstance(parse_parts(octets, b"B"), tuple)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"--B",
        form({"a": b"x"})[:-6],
        b"--B\r\nContent-Type: x\r\n\r\nno name\r\n--B--",
        b"--B\r\nno end of the head\r\n--B--",
        form({f"n{number}": b"" for number in range(30)}),
    ],
)
def test_what_is_no_form_is_told(octets: bytes) -> None:
    """Cut short, without a name, with too many parts."""
    with pytest.raises(Malformed, match="form: "):
        parse_parts(octets, b"B")

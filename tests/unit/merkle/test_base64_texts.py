"""Base64 has one spelling, wherever octets stand in a file that is signed, lodged or compared."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.ceremonies.fields import Fields
from smki.flows.statements import parted
from smki.governance.decisions import parse_recorded
from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.heads import TreeHead
from smki.merkle.notes import unbase64
from smki.terms import Malformed

WRITTEN = "cm9vdA=="
OTHERS = (
    "cm9vdB==",
    "cm9vdA",
    "cm9v dA==",
    "cm9vdA==\n",
    "cm9vdA===",
    "cm9vd-==",
    "\u00e9m9v",
    "*",
)


@given(st.binary(max_size=100))
def test_what_is_written_is_read(octets: bytes) -> None:
    """Octets come back, and the text is that of the standard."""
    assert write_base64(octets) == b64encode(octets).decode()
    assert read_base64(write_base64(octets)) == octets


@given(st.text(max_size=30))
def test_no_text_is_read_in_two_ways(text: str) -> None:
    """Whatever is read is written again as it was; the rest is nothing."""
    found = read_base64(text)
    assert found is None or write_base64(found) == text


@pytest.mark.parametrize("text", [*OTHERS, None, 7, b"cm9vdA=="])
def test_other_spellings_are_none(text: object) -> None:
    """Stray bits, line ends, blanks, missing padding, letters of others: nothing."""
    assert read_base64(text) is None


@pytest.mark.parametrize("text", OTHERS)
def test_readers_refuse_another_spelling(text: str) -> None:
    """Decisions, statements, ceremonies, notes and heads refuse it in words of their own."""
    body = '{"decision":{},"signatures":["' + text.replace("\n", "\\n") + '"]}'
    with pytest.raises(Malformed, match="signatures: not base64 in its only form"):
        parse_recorded(body.encode())
    with pytest.raises(Malformed, match="statement: signature: not base64 in its only form"):
        parted({"signature": text})
    with pytest.raises(Malformed, match="salt: must be base64 in its only form"):
        Fields({"salt": text}, "custodian", ("salt",)).octets("salt")
    with pytest.raises(Malformed, match="is not base64 in its only form"):
        unbase64(text, "step")
    with pytest.raises(Malformed, match="must"):
        TreeHead.parse(f"example.com/log\n1\n{text}\n".encode())


def test_a_statement_without_a_signature_is_malformed() -> None:
    """Nobody signed: said so, before any signature is looked for in it."""
    with pytest.raises(Malformed, match="signature"):
        parted({"act": "revoke"})

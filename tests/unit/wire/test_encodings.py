import base64
import textwrap
from typing import Final

import pytest

from smki.terms import Malformed
from smki.wire import encodings
from smki.wire.pkcs10 import RULES

DER: Final = b"\x30\x82\x01\x13" + bytes(range(256)) + bytes(19)
BARE: Final = base64.b64encode(DER).decode()
LABELS: Final = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")


def _text(width: int, end: str, label: str | None, *, last: bool = True) -> bytes:
    lines = textwrap.wrap(BARE, width) if width else [BARE]
    if label:
        lines = [f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"]
    return (end.join(lines) + (end if last else "")).encode()


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("last", [True, False], ids=["ended", "not ended"])
@pytest.mark.parametrize("label", [None, *LABELS])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("width", [0, 64, 76])
def test_portal_takes_every_listed_encoding(
    width: int,
    end: str,
    label: str | None,
    last: bool,  # noqa: FBT001  # a parametrised argument
) -> None:
    """One line, 64 or 76; LF or CRLF; either armour or none; the last line ended or not."""
    text = _text(width, end, label, last=last)
    assert encodings.read_portal_encoding(text) == DER
    assert encodings.read_request_file(text) == DER


PORTAL_REFUSALS: Final = {
    "broken at 60": ("csr.armour", _text(60, "\n", None)),
    "broken at 72": ("csr.armour", _text(72, "\n", LABELS[0])),
    "line ends mixed": ("csr.armour", _text(64, "\r\n", None).replace(b"\r\n", b"\n", 1)),
    "empty line in between": ("csr.armour", _text(64, "\n", None).replace(b"\n", b"\n\n", 1)),
    "armour of a certificate": ("csr.armour", _text(64, "\n", "CERTIFICATE")),
    "armour that does not match": (
        "csr.armour",
        _text(64, "\n", LABELS[0]).replace(b"BEGIN", b"BEGIN NEW"),
    ),
    "no end": ("csr.armour", _text(64, "\n", LABELS[0]).rsplit(b"\n", 2)[0]),
    "text before": ("csr.armour", b"my request:\n" + _text(64, "\n", LABELS[0])),
    "armour alone": ("csr.base64", _text(0, "\n", LABELS[0]).replace(BARE.encode() + b"\n", b"")),
    "nothing": ("csr.base64", b""),
    "line end alone": ("csr.base64", b"\n"),
    "another character": ("csr.base64", BARE.replace("A", "*").encode()),
    "blank in a line": ("csr.base64", b" " + BARE.encode()),
    "60 kB": ("csr.size", b"A" * 60_000),
}


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("case", PORTAL_REFUSALS)
def test_portal_refuses_every_other_encoding(case: str) -> None:
    """What the specification does not list is refused, under a rule of the closed set."""
    rule, text = PORTAL_REFUSALS[case]
    with pytest.raises(Malformed) as caught:
        encodings.read_portal_encoding(text)
    assert caught.value.rule == rule
    assert rule in RULES
    assert caught.value.clause


BARE_REFUSALS: Final = {
    "": "csr.base64",
    " MTIz": "csr.base64",
    "MTIz\n": "csr.base64",
    "MT\nIz": "csr.base64",
    "MTI": "csr.base64",
    "MTI==": "csr.base64",
    "MTI=MTI=": "csr.base64",
    "MTJ=": "csr.base64",
    "MR==": "csr.base64",
    "MTI_": "csr.base64",
    "MTI=é": "csr.base64",
    "====": "csr.base64",
    "A" * 60_000: "csr.size",
}


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("text", BARE_REFUSALS, ids=lambda text: repr(text[:9]))
def test_services_take_canonical_base64_only(text: str) -> None:
    """White space, missing padding, left-over bits and other alphabets are refused."""
    for form in (text, text.encode()):
        with pytest.raises(Malformed) as caught:
            encodings.read_bare_base64(form)
        assert caught.value.rule == BARE_REFUSALS[text]


@pytest.mark.clause("sec-app-m:F")
def test_services_take_bare_base64() -> None:
    """The one spelling of some octets is read, as text or as octets."""
    assert encodings.read_bare_base64(BARE) == encodings.read_bare_base64(BARE.encode()) == DER
    assert encodings.read_bare_base64("MTI=") == b"12"


def test_file_of_der_is_taken_as_it_is() -> None:
    """A file that begins as a SEQUENCE is DER, however long: the parser judges it."""
    assert encodings.read_request_file(DER) == DER


@pytest.mark.parametrize("length", [0, 1, 47, 48, 49, 290])
def test_pem_is_read_back(length: int) -> None:
    """What is written as PEM has lines of at most 64 characters and is read back."""
    octets = b"\x30" + bytes(length)
    text = encodings.write_pem(octets)
    assert max(map(len, text.splitlines())) <= 64
    assert text.endswith(b"-----END CERTIFICATE REQUEST-----\n")
    assert encodings.read_portal_encoding(text) == octets

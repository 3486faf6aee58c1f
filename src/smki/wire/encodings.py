"""The texts in which DER travels: armoured or bare base64, strictly.

The portal takes what the interface specification lists and nothing else; the web services take
the bare text only. What the DER says is not looked at.

Clause: sec-app-m:F
"""

from binascii import Error, a2b_base64, b2a_base64
from itertools import pairwise
from typing import Final

from smki.terms import Malformed

BASE64_CHARACTERS_MAX: Final = 5_400  # an RSA request of 4,000 octets and a little more
PORTAL_OCTETS_MAX: Final = 6_000  # the same with armour and line ends
REQUEST_LABELS: Final = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
LINE_WIDTHS: Final = (64, 76)

_CLAUSE: Final = "sec-app-m:F"
_DER_SEQUENCE: Final = b"\x30"  # as text the character 0, with which no request in base64 begins


def read_bare_base64(text: bytes | str) -> bytes:
    """The octets that `text` holds as base64: no armour, no white space, one spelling only.

    Padding must be there in full, and the bits that it leaves over must be zero.

    Raises:
        Malformed: `csr.base64`, or `csr.size` for more than `BASE64_CHARACTERS_MAX` characters.

    Clause: sec-app-m:F
    """
    if len(text) > BASE64_CHARACTERS_MAX:
        raise Malformed(
            f"base64: {len(text)} characters, must be at most {BASE64_CHARACTERS_MAX}",
            clause=_CLAUSE,
            rule="csr.size",
        )
    try:
        octets = text.encode("ascii") if isinstance(text, str) else text
        decoded = a2b_base64(octets)
    except (Error, UnicodeEncodeError):
        raise _not_base64() from None
    if not decoded or b2a_base64(decoded, newline=False) != octets:
        raise _not_base64()
    return decoded


def _not_base64() -> Malformed:
    return Malformed(
        "base64: empty, or other characters, wrong padding or left-over bits in it,"
        " must be canonical base64 without white space or armour",
        clause=_CLAUSE,
        rule="csr.base64",
    )


def read_portal_encoding(text: bytes) -> bytes:
    """The octets of a request in any text that the portal takes.

    Base64 with the armour of a request or with none; on one line, or broken at 64 or at 76
    characters; lines end with LF or all with CRLF, the last one perhaps with none.

    Raises:
        Malformed: `csr.armour`, `csr.base64` or `csr.size`.

    Clause: sec-app-m:F
    """
    if len(text) > PORTAL_OCTETS_MAX:
        raise Malformed(
            f"encoded CSR: {len(text)} octets, must be at most {PORTAL_OCTETS_MAX}",
            clause=_CLAUSE,
            rule="csr.size",
        )
    lines = _without_armour(_lines(text))
    width = len(lines[0]) if lines else 0
    uneven = any(len(line) != width for line in lines[:-1])
    if uneven or (len(lines) > 1 and (width not in LINE_WIDTHS or len(lines[-1]) > width)):
        raise Malformed(
            f"encoded CSR: lines of {', '.join(sorted({str(len(line)) for line in lines})[:4])}"
            " characters, must be one line, or broken at 64 or at 76",
            clause=_CLAUSE,
            rule="csr.armour",
        )
    return read_bare_base64(b"".join(lines))


def _lines(text: bytes) -> list[bytes]:
    """The lines of `text`; carriage returns stay in them unless every line ends with one."""
    end = b"\r\n" if b"\r\n" in text else b"\n"
    lines = text.split(end)
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def _without_armour(lines: list[bytes]) -> list[bytes]:
    for label in REQUEST_LABELS:
        begin, end = _armour(label)
        if lines[0] == begin and len(lines) > 1 and lines[-1] == end:
            return lines[1:-1]
    if b"-" in lines[0] or b"-" in lines[-1]:
        raise Malformed(
            f"armour: {lines[0][:60]!r} and {lines[-1][:60]!r}, must be BEGIN and END of"
            f" {' or '.join(REQUEST_LABELS)}, or none",
            clause=_CLAUSE,
            rule="csr.armour",
        )
    return lines


def _armour(label: str) -> tuple[bytes, bytes]:
    return f"-----BEGIN {label}-----".encode(), f"-----END {label}-----".encode()


def read_request_file(octets: bytes) -> bytes:
    """The DER of a request in a file: DER as it is, or any text that the portal takes.

    Raises:
        Malformed: as for `read_portal_encoding`.
    """
    return octets if octets.startswith(_DER_SEQUENCE) else read_portal_encoding(octets)


def write_pem(der: bytes, label: str = REQUEST_LABELS[0]) -> bytes:
    """`der` in base64 lines of 64 characters, each ended by LF, within the armour of `label`."""
    base64 = b2a_base64(der, newline=False)
    cuts = [*range(0, len(base64), LINE_WIDTHS[0]), len(base64)]
    begin, end = _armour(label)
    body = [base64[start:stop] for start, stop in pairwise(cuts)]
    return b"\n".join((begin, *body, end, b""))

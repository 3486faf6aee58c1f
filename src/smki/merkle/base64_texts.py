"""Octets as base64 texts: one value, one spelling.

Base64 has several texts for the same octets: stray bits before the padding, characters that are
passed over. What is signed, lodged or compared has one. Who reads says what is wrong, and where.
"""

from binascii import a2b_base64, b2a_base64


def read_base64(text: object) -> bytes | None:
    """The octets that `text` writes in base64 in its only spelling; None if it does not."""
    if not isinstance(text, str):
        return None
    try:
        spelled = text.encode("ascii")
        octets = a2b_base64(spelled)
    except ValueError:  # binascii's and the codec's errors are kinds of it
        return None
    return octets if b2a_base64(octets, newline=False) == spelled else None


def write_base64(octets: bytes) -> str:
    """The only spelling of the octets."""
    return b2a_base64(octets, newline=False).decode()

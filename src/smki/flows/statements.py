"""What an officer asks for in signed words: canonical JSON, and a detached signature over it.

    statement  canonical JSON {"act", "log", ...}: what is asked, of the SMKI of that log
    said       the same with "signature": base64 of the CMS over the statement

    act                keys beside act and log
    lodge-document     title, version, file, sha256 and length of the content, decision, supersedes
                       (entry of the current version or null)
    withdraw-document  refers (entry of the current version), standing ("withdrawn"), title, decision
    revoke             serial, circumstance, decision
    remove-content     refers (entry of the commitment), decision
    recovery-checklist incident, items (names, ascending)

A decision is named by its id; an empty text is none. What was said becomes part of a leaf, so that
whoever has the record sees who asked, and that they did. Made where the officer's key is; looked at again by whoever lodges.
"""

from collections.abc import Mapping
from datetime import datetime

from smki.flows.office import FrontOffice
from smki.flows.officers import officer_who_signed
from smki.flows.recorded import Officer
from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.canonical import JSON, encode_json
from smki.terms import Malformed, Refused

Fields = Mapping[str, JSON]
_SIGNATURE = "signature"


def statement(front: FrontOffice, act: str, fields: Fields) -> dict[str, JSON]:
    """The statement that asks for `act`; an officer signs its canonical JSON."""
    return {**fields, "act": act, "log": front.reader.origin}


def said(asked: Fields, signature: bytes) -> dict[str, JSON]:
    """The statement with the signature over it."""
    return {**asked, _SIGNATURE: write_base64(signature)}


def who_said(front: FrontOffice, found: Fields, act: str, *, at: datetime, before: int) -> Officer:
    """The officer in force who asked for this `act`, of this SMKI, when `before` was lodged.

    Raises:
        Malformed: no signature in it, or not of its form.
        Refused: another act or log, or not signed by an officer in force.

    Clause: sec-app-q:B, sec-app-p:1.3
    """
    asked, signature = parted(found)
    if (found.get("act"), found.get("log")) != (act, front.reader.origin):
        raise Refused(
            f"statement: asks for {found.get('act')!r} of {found.get('log')!r}, must be for"
            f" {act!r} of {front.reader.origin!r}",
            where="statement",
            clause="sec-app-p:1.3",
            rule="statement.act",
        )
    return officer_who_signed(front, asked, signature, at=at, before=before)


def parted(found: Fields) -> tuple[bytes, bytes]:
    """The octets of the statement, and the signature (CMS, DER) over them.

    Raises:
        Malformed: there is no signature, or not in the only spelling of base64.
    """
    signature = read_base64(found.get(_SIGNATURE))
    if signature is None:
        raise Malformed(
            "statement: signature: not base64 in its only form, must be",
            where=_SIGNATURE,
            rule="cms.form",
        )
    return encode_json({name: one for name, one in found.items() if name != _SIGNATURE}), signature


def text_of(found: Fields, name: str, most: int = 200) -> str:
    """The printable text of that name; empty if it is not there.

    Raises:
        Malformed: something else, or longer than `most` characters.
    """
    value = found.get(name, "")
    if not isinstance(value, str) or len(value) > most or not (value.isprintable() or not value):
        raise Malformed(
            f"statement: {name}: must be a printable text of at most {most} characters",
            where=name,
            rule="statement.form",
        )
    return value

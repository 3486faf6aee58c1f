"""The transcript of a ceremony: entries chained by their hashes, signed by who was there.

    transcript  canonical JSON {"entries": [...], "format": "smki-transcript-1",
                "signatures": [{"certificate": base64, "signature": base64 of detached CMS}, ...]}
    entry       {"at", "kind", "number", "previous", "said", "step"}
      previous    SHA-256 of the entry before, in its canonical encoding; 64 zeros in the first
      number      from 0
      step        number of the script's step; 0 for the ceremony as a whole
      said        object; what it holds depends on kind and act
    signed      canonical JSON {"entries", "format"}, the transcript without its signatures

What the entries mean is looked at by `replaying`. People's names are never in them, only
commitments to them.

Clause: sec-app-l:3
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Final

from smki.ceremonies.fields import Fields, malformed, read_document, text64
from smki.governance.signing import verify_detached
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.terms import Refused, instant_text
from smki.wire.cms import parse_detached

FORMAT: Final = "smki-transcript-1"
TRANSCRIPT_MAX: Final = 512 * 1024  # octets; one of initial roots has some forty thousand
ENTRY_MAX: Final = 64 * 1024
SIGNATURE_MAX: Final = 8 * 1024  # octets: a certificate, and a signature that has it again
UNPLANNED_MAX: Final = 128 * 1024  # octets of interruptions, deviations and refusals together
ENTRIES: Final = range(1_000_000)
STEPS: Final = range(1_000)
FIRST: Final = "0" * 64
_ENTRY: Final = ("at", "kind", "number", "previous", "said", "step")
_SIGNATURE: Final = ("certificate", "signature")


class Kind(Enum):
    """What an entry tells."""

    OPENED = "opened"
    RESUMED = "resumed"
    BEGUN = "begun"
    DONE = "done"
    DEVIATION = "deviation"
    REFUSED = "refused"
    CLOSED = "closed"


UNPLANNED: Final = frozenset({Kind.RESUMED, Kind.DEVIATION, Kind.REFUSED})
"""What comes as often as it comes; all else is as often as the script has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry; the attributes are its keys."""

    number: int
    previous: str
    at: datetime
    kind: Kind
    step: int
    said: Mapping[str, JSON]

    @property
    def digest(self) -> str:
        """What the next entry calls it."""
        return sha256(encode_entry(self)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature over the entries.

    Attributes:
        certificate: DER.
        signature: detached CMS, DER.
    """

    certificate: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """The entries and who signed them."""

    entries: tuple[Entry, ...]
    signatures: tuple[Signature, ...]


def next_entry(
    entries: tuple[Entry, ...], kind: Kind, at: datetime, said: Mapping[str, JSON], step: int = 0
) -> Entry:
    """The entry that follows these."""
    return Entry(
        number=len(entries),
        previous=entries[-1].digest if entries else FIRST,
        at=at.replace(microsecond=0),
        kind=kind,
        step=step,
        said=said,
    )


def encode_entry(entry: Entry) -> bytes:
    """The octets of the entry, as they are chained."""
    return encode_json(_entry_value(entry))


def parse_entry(octets: bytes) -> Entry:
    """The entry of these octets.

    Raises:
        Malformed: not of the form above.
    """
    if len(octets) > ENTRY_MAX:
        raise malformed("transcript", f"entry of {len(octets)} octets, must be at most {ENTRY_MAX}")
    return _entry(parse_json(octets, "transcript: entry"))


def must_be_chained(entries: Iterable[Entry]) -> None:
    """Each entry names the one before it.

    Raises:
        Refused: one was changed, left out, put in or moved.

    Clause: sec-app-l:3
    """
    before: Entry | None = None
    for number, entry in enumerate(entries):
        expected = before.digest if before else FIRST
        if entry.number != number or entry.previous != expected:
            raise _refused(
                f"entry {number} does not follow the one before it, must name its hash:"
                " something was changed, left out or put in"
            )
        if before is not None and entry.at < before.at:
            raise _refused(f"entry {number} is earlier than the one before it, must be later")
        before = entry


def to_be_signed(entries: tuple[Entry, ...]) -> bytes:
    """The octets that operator and witnesses sign."""
    return encode_json({"entries": _values(entries), "format": FORMAT})


def encode_transcript(transcript: Transcript) -> bytes:
    """The octets of the transcript's file."""
    signatures: list[JSON] = [
        {"certificate": text64(one.certificate), "signature": text64(one.signature)}
        for one in transcript.signatures
    ]
    return encode_json(
        {"entries": _values(transcript.entries), "format": FORMAT, "signatures": signatures}
    )


def parse_transcript(octets: bytes) -> Transcript:
    """The transcript of this file; nothing of it is believed yet.

    Raises:
        Malformed: not of the form above.
    """
    keys = ("entries", "format", "signatures")
    fields = read_document(octets, "transcript", TRANSCRIPT_MAX, keys)
    if fields.value("format") != FORMAT:
        raise malformed("transcript", f"format: must be {FORMAT}", where="format")
    return Transcript(
        entries=tuple(map(_entry, fields.many("entries"))),
        signatures=tuple(map(_signature, fields.many("signatures"))),
    )


def signers(transcript: Transcript) -> frozenset[str]:
    """SHA-256 of the certificate of everybody who signed these entries.

    Raises:
        Malformed: a signature or certificate is not of its form.
        Refused: a signature does not hold.

    Clause: sec-app-q:B
    """
    content = to_be_signed(transcript.entries)
    for one in transcript.signatures:
        verify_detached(content, parse_detached(one.signature), one.certificate)
    return frozenset(sha256(one.certificate).hexdigest() for one in transcript.signatures)


def _values(entries: tuple[Entry, ...]) -> list[JSON]:
    return [_entry_value(one) for one in entries]


def _entry_value(entry: Entry) -> JSON:
    return {
        "at": instant_text(entry.at),
        "kind": entry.kind.value,
        "number": entry.number,
        "previous": entry.previous,
        "said": entry.said,
        "step": entry.step,
    }


def _entry(value: JSON) -> Entry:
    fields = Fields(value, "transcript: entry", _ENTRY)
    said = fields.value("said")
    if not isinstance(said, Mapping):
        raise malformed("transcript", "said: must be an object", where="said")
    kind = next((one for one in Kind if one.value == fields.value("kind")), None)
    if kind is None:
        known = ", ".join(one.value for one in Kind)
        raise malformed("transcript", f"kind: must be one of {known}", where="kind")
    return Entry(
        number=fields.number("number", ENTRIES),
        previous=fields.digest("previous"),
        at=fields.instant("at"),
        kind=kind,
        step=fields.number("step", STEPS),
        said=said,
    )


def _signature(value: JSON) -> Signature:
    fields = Fields(value, "transcript: signature", _SIGNATURE)
    return Signature(certificate=fields.octets("certificate"), signature=fields.octets("signature"))


def _refused(message: str) -> Refused:
    return Refused(
        f"transcript: {message}",
        where="entries",
        clause="sec-app-l:3",
        rule="ceremony.transcript.chain",
    )

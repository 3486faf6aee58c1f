"""Which keys a log signs its checkpoints with, beside its first one: what the record says of it.

    LOG_KEY       the key, as a signed-note verifier key
    STATUS_NOTE   {"log_key": <verifier key>, "refers": <its LOG_KEY entry>, "signs": true | false}

A key signs every checkpoint that covers a note of it with `true`, up to the first that covers one
with `false`. The log's first key signs always, and needs no note. Decides nothing: says what stands
there, for whoever audits a log and for the log itself.

Clause: c2sp:tlog-checkpoint
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from smki.merkle.canonical import encode_json, parse_json
from smki.merkle.leaf import Leaf, LeafForm, LeafType
from smki.merkle.notes import SignedNote, VerifierKey
from smki.terms import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeyNote:
    """What a note says of a key.

    Attributes:
        key: the verifier key, as it stands in its entry.
        refers: the entry of the key.
        signs: whether it signs from here on.
    """

    key: str
    refers: int
    signs: bool

    def encode(self) -> bytes:
        """The body of the note's leaf."""
        return encode_json({"log_key": self.key, "refers": self.refers, "signs": self.signs})

    @classmethod
    def of(cls, leaf: Leaf) -> "LogKeyNote | None":
        """What this leaf says of a key of the log; None if it is about something else."""
        if leaf.type is not LeafType.STATUS_NOTE or leaf.form is not LeafForm.INLINE:
            return None
        said = parse_json(leaf.body, "status note")
        if not isinstance(said, Mapping):
            return None
        key, refers, signs = said.get("log_key"), said.get("refers"), said.get("signs")
        if isinstance(key, str) and type(refers) is int and isinstance(signs, bool):
            return cls(key=key, refers=refers, signs=signs)
        return None


@dataclass(slots=True)
class LogKeys:
    """The keys of a log, as its entries tell them one after the other.

    Attributes:
        lodged: entry of each key, by verifier key; the latest.
        signing: those that a note says sign beside the first, with the entry of the note.
    """

    lodged: dict[str, int] = field(default_factory=dict)
    signing: dict[str, int] = field(default_factory=dict)

    def take(self, entry: int, leaf: Leaf) -> None:
        """The entry is heeded if it is about a key."""
        if leaf.type is LeafType.LOG_KEY:
            self.lodged[leaf.body.decode()] = entry
        elif leaf.type is LeafType.STATUS_NOTE:
            note = LogKeyNote.of(leaf)
            if note is not None and not note.signs:
                self.signing.pop(note.key, None)
            elif note is not None and self.lodged.get(note.key) == note.refers:
                self.signing[note.key] = entry

    def problems(self, note: bytes, first: VerifierKey) -> Iterator[str]:
        """What is wrong with the lines by which the log signed this checkpoint.

        Lines of witnesses are not looked at. `first` is the log's first key.

        Raises:
            Malformed: not a note.

        Clause: c2sp:tlog-checkpoint
        """
        signed = SignedNote.parse(note)
        known = {first, *map(VerifierKey.parse, self.lodged)}
        ids = {key.key_id for key in known}
        for line in signed.signatures:
            if line.name == first.name and line.key_id not in ids:
                yield f"a line of the log by key {line.key_id.hex()}, which is no entry of it"
        for text, entry in self.signing.items():
            key = VerifierKey.parse(text)
            what = f"key {key.key_id.hex()} ({key.algorithm.name})"
            try:
                if key not in signed.signers([key]):
                    yield f"not signed with {what}, as entry {entry} says it is"
            except Refused as error:
                yield f"{what}: {error.message}"

"""The C2SP specifications of transparency logs: tiles, checkpoints and signed notes."""

from typing import Final

from smki.clauses.model import Clause, Document, Status

DOCUMENTS: Final = (
    Document(id="c2sp", title="C2SP specifications", version="as published in November 2026"),
)


def _clause(identifier: str, title: str, summary: str, status: Status, note: str) -> Clause:
    """A specification that binds whoever runs the log."""
    return Clause(
        id=identifier, title=title, summary=summary, who="log operator", status=status, note=note
    )


CLAUSES: Final = (
    _clause(
        "c2sp:tlog-tiles",
        "Tiles",
        "How hashes and entries of a log are laid out as files.",
        Status.MET,
        "",
    ),
    _clause(
        "c2sp:tlog-checkpoint",
        "Checkpoint",
        "Origin, size and root hash of the log, as a signed note.",
        Status.PARTLY,
        "Read and written; how the rooms use it together is still growing.",
    ),
    _clause(
        "c2sp:signed-note",
        "Signed note",
        "A text with signature lines, each naming its key.",
        Status.PARTLY,
        "Read and written; how the rooms use it together is still growing.",
    ),
    _clause(
        "c2sp:tlog-proof",
        "Proof file",
        "A proof that stands by itself: place, path and checkpoint, with room for the entry.",
        Status.MET,
        "",
    ),
    _clause(
        "c2sp:tlog-witness",
        "Witnesses",
        "Others who sign a checkpoint after seeing that it extends the last.",
        Status.MET,
        "",
    ),
    _clause(
        "c2sp:tlog-cosignature",
        "Cosignatures",
        "What a witness signs, and when: with Ed25519, or with ML-DSA-44.",
        Status.MET,
        "",
    ),
    _clause(
        "c2sp:tlog-policy",
        "Policy",
        "Which logs are believed, and how many of which witnesses must have signed.",
        Status.MET,
        "",
    ),
)

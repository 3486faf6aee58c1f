"""Evidence and reports of a recovery on their way into the record, from any process.

    recovery-evidence/<sha256>   of the state directory: a piece, until whoever holds the record has it

Pieces are too long for the link to the worker: they are put where it finds them, and named by their
digests. Cut off, the same is asked again: what is in the record already is not lodged twice.

Clause: sec:L10
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

from smki.adapters.files import make_folder, write_durably
from smki.bootstrap import Settings
from smki.flows.recovery_pieces import Piece, report_piece
from smki.interfaces.operations import RECOVERY_EVIDENCE, RECOVERY_PIECES, perform
from smki.recovery.evidence import Item
from smki.recovery.report import Listed, Report, encode_report, in_order

_TOGETHER = 16 * 1024 * 1024  # octets that are asked for at once


def lodge_evidence(
    settings: Settings,
    environment: Mapping[str, str],
    recovery: str,
    items: Iterable[Item],
    told: Callable[[int], object] = lambda _: None,
) -> tuple[Listed, ...]:
    """The evidence is in the record; the list of it, as a report has it.

    Args:
        settings: of the SMKI in whose record it goes.
        environment: of the process.
        recovery: its name.
        items: the evidence; taken as it is lodged, some megabytes at a time.
        told: is told how many pieces more are lodged.

    Raises:
        Malformed: a piece is not of its form.
        Unavailable: the record is away; the same may be asked again.

    Clause: sec:L10, sec:L5
    """
    listed: list[Listed] = []
    for some in _some(items):
        pieces = [Piece(kind=one.kind.value, name=one.name, octets=one.octets) for one in some]
        entries = _lodge(settings, environment, recovery, pieces)
        listed += [
            Listed(kind=one.kind, name=one.name, sha256=one.digest, entry=entry)
            for one, entry in zip(some, entries, strict=True)
        ]
        told(len(some))
    return in_order(listed)


def lodge_report(settings: Settings, environment: Mapping[str, str], report: Report) -> int:
    """The report is in the record; its entry. Lodged again, nothing changes.

    Raises:
        Malformed: not of its form.
        Unavailable: the record is away; the same may be asked again.

    Clause: sec:L10, sec:L5
    """
    piece = report_piece(encode_report(report))
    (entry,) = _lodge(settings, environment, report.subject.name, [piece])
    return entry


def _some(items: Iterable[Item]) -> Iterator[list[Item]]:
    some: list[Item] = []
    octets = 0
    for item in items:
        some.append(item)
        octets += len(item.octets)
        if octets >= _TOGETHER:
            yield some
            some, octets = [], 0
    if some:
        yield some


def _lodge(
    settings: Settings, environment: Mapping[str, str], recovery: str, pieces: list[Piece]
) -> list[int]:
    folder = settings.path(RECOVERY_PIECES)
    make_folder(folder, 0o700)
    named = []
    for piece in pieces:
        digest = sha256(piece.octets).hexdigest()
        write_durably(folder / digest, piece.octets, private=True)
        named.append({"kind": piece.kind, "name": piece.name, "sha256": digest})
    arguments = {"recovery": recovery, "pieces": named}
    result = perform(settings, environment, RECOVERY_EVIDENCE, arguments)
    for one in named:
        (folder / one["sha256"]).unlink(missing_ok=True)
    return [int(entry) for entry in result["entries"]]

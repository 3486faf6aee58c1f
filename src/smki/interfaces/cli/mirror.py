"""`smki mirror`: a copy of a log that proves it has everything. Needs no SMKI, only the log's key."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

from smki.adapters.addresses import files_at
from smki.adapters.bulk import BulkFolder
from smki.adapters.bulk_mirror import mirror_bulk
from smki.adapters.files import read_octets
from smki.adapters.mirror import mirror as mirror_log
from smki.adapters.record import AuditProgress, FileRecordReader, Problem, audit
from smki.adapters.record.reader import CHECKPOINT
from smki.bootstrap import load_settings
from smki.bootstrap.auditing import Auditing, open_auditing_copy
from smki.interfaces.cli.consistency import extends_or_evidence
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.progress import Told, progress_bar
from smki.repository import audit_roots
from smki.terms import Inconsistent, Malformed, Unavailable


@click.command(short_help="Copy a log, and prove that the copy has everything.")
@click.argument("place")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--key", metavar="VKEY", help="The log's public key, as 'smki status' prints it.")
@click.option("--evidence", metavar="OUT", help="If the log was rewritten: what shows it.")
@click.option("--bulk", is_flag=True, help="PLACE is a folder of bulk files: full file and deltas.")
@click.option(
    "--verify", is_flag=True, help="Also audit the copy: every octet, and each root of the index."
)
@json_option
@click.pass_context
def mirror(
    context: click.Context,
    place: str,
    folder: Path,
    *,
    key: str | None,
    evidence: str | None,
    bulk: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """Copy the log at PLACE, an address or a folder, into FOLDER, or continue such a copy.

    Every entry is proven to be under the log's signed checkpoint. What is wrong is named, and not
    copied: exit code 1. With --bulk the copy is made from bulk files instead, as they are fetched
    over SFTP, whichever of them are new. Any web server can serve the copy.

    A log that does not begin with what the copy has was rewritten; --evidence writes what shows
    anyone that it signed two histories. With --verify the verifiable index by EUI-64 is made anew
    from the copy alone, and each root of it that was lodged is compared: one that hides something
    of a device is named.
    """
    with reporting(as_json=as_json):
        believed = key or load_settings(os.environ).log_vkey
        if not believed:
            raise Malformed("key: none was given, must be with --key", where="--key")
        problems: list[str] = []
        with progress_bar("mirror") as told:
            if bulk:
                entries = _from_bulk(Path(place), folder, believed, told)
            else:
                with files_at(place) as files:
                    entries, problems = _seen(mirror_log(files, folder, believed), told)
                    if problems:
                        _must_extend(FileRecordReader(files, believed), folder, evidence)
        if verify and not problems:
            with open_auditing_copy(folder, believed) as auditing:
                with progress_bar("audit") as told:
                    entries, problems = _seen(audit(folder, believed, auditing.record), told)
                with progress_bar("roots of the verifiable index") as told:
                    problems += _lies(folder, believed, auditing, told) if not problems else []
    emit(
        {"entries": entries, "folder": str(folder), "problems": problems},
        (
            *(f"problem: {problem}" for problem in problems),
            f"{folder}: {entries} entries"
            + (" were read, what is wrong is not copied" if problems else ", all of them proven"),
        ),
        as_json=as_json,
    )
    context.exit(1 if problems else 0)


def _must_extend(log: FileRecordReader, folder: Path, evidence: str | None) -> None:
    """If the log was rewritten since the copy, that is what is wrong, and not what follows from it."""
    with suppress(Unavailable, Inconsistent):  # then what was found before is told
        note = read_octets(folder / CHECKPOINT)
        extends_or_evidence(log, note, evidence)


def _from_bulk(place: Path, folder: Path, key: str, told: Told) -> int:
    """How many entries the mirror has, made from the bulk files in `place`."""
    files = BulkFolder(place).files()
    if not files:
        raise Malformed("bulk files: none is there, at least a full one must be", where=str(place))
    return mirror_bulk(files, folder, key, told).size


def _lies(folder: Path, key: str, auditing: Auditing, told: Told) -> list[str]:
    """One sentence for each index root in the mirror that is not what its entries give."""
    problems: list[str] = []
    lies = audit_roots(
        FileRecordReader(folder, key),
        auditing.shelves,
        auditing.roots,
        lambda progress: told(progress.done, progress.total),
    )
    try:
        problems.extend(lies)
    except (Inconsistent, Malformed) as error:
        problems.append(f"index root: the roots cannot be compared, {error}")
    return problems


def _seen(steps: Iterable[Problem | AuditProgress], told: Told) -> tuple[int, list[str]]:
    entries, problems = 0, []
    for step in steps:
        match step:
            case Problem(file=file, message=message):
                problems.append(f"{file}: {message}")
            case AuditProgress(done=entries, total=total):
                told(entries, total)
    return entries, problems

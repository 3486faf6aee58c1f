"""`smki repository export`, `check-export` and `unpack`: the record as bulk files, and back.

`check-export` and `unpack` need the files and the log's public key, no SMKI.
"""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from smki.adapters.bulk import BulkFile, BulkFolder, read_entries, read_manifest
from smki.adapters.bulk_mirror import mirror_bulk
from smki.bootstrap import load_settings, open_front
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.daily import daily_folder, make_daily
from smki.merkle.bulk import BulkKind
from smki.repository import milliseconds
from smki.repository.exporting import first_on
from smki.terms import Malformed

_KEY_HELP = "The log's public key, as 'smki status' prints it."


@click.command
@click.option("--full", is_flag=True, help="The whole record.")
@click.option(
    "--delta",
    metavar="DATE",
    help="What was lodged from the beginning of DATE on (2026-11-21, in UTC).",
)
@click.option("--out", required=True, metavar="DIR", help="Folder for the files, made if need be.")
@json_option
def export(*, full: bool, delta: str | None, out: str, as_json: bool) -> None:
    """Make a bulk file of the record, and its manifest.

    Entries and blobs are in one file; it ends with the newest signed checkpoint, which the manifest
    holds, so that who has both needs only the log's public key to check them. Works beside a
    running server. Nobody ever sees half a file.
    """
    if full == bool(delta):
        raise click.UsageError("either --full or --delta DATE must be given")
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        now = front.clock.now()
        day = _day(delta) if delta else now.astimezone(UTC).date()
        with progress_bar("entries") as told:
            made = BulkFolder(Path(out)).export(
                front.reader,
                kind=BulkKind.DELTA if delta else BulkKind.FULL,
                start=first_on(front.reader, day) if delta else 0,
                day=day,
                made=milliseconds(now),
                tell=told,
            )
        key = front.reader.verifier_key
    manifest = made.manifest
    lines = (
        f"{made.data}: entries {manifest.start} to {manifest.size}, {manifest.octets} octets",
        f"its manifest is {made.path}",
        f"next: anyone may run 'smki repository check-export {made.path} --key {key}'",
    )
    emit(export_fields(made), lines, as_json=as_json)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise Malformed(
            f"date {text[:40]!r}, must be a day as 2026-11-21", where="--delta", rule="export.date"
        ) from error


@click.command
@json_option
def daily(*, as_json: bool) -> None:
    """Make the bulk files that are due for SFTP, and drop those that are too old.

    A delta for each day, a full file each week. A running server does so by itself at 'bulk_time';
    called in between, nothing is due and nothing is made.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        with progress_bar("entries") as told:
            made = make_daily(settings, front, told)
        kept = daily_folder(settings).files()
    lines = [f"{one.data}: entries {one.manifest.start} to {one.manifest.size}" for one in made]
    lines.append(f"{len(made)} made, {len(kept)} there; next: parties fetch them over SFTP")
    emit({"made": [export_fields(one) for one in made], "files": len(kept)}, lines, as_json=as_json)


@click.command("check-export")
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@click.option("--key", metavar="VKEY", help=_KEY_HELP)
@json_option
def check_export(manifests: tuple[str, ...], *, key: str | None, as_json: bool) -> None:
    """Check bulk files offline: each holds what the log signed, and nothing else.

    MANIFEST is the .json file beside a bulk file. Every entry is hashed and must lead to the root
    of the signed checkpoint. Without --key the SMKI of the state directory, if there is one, says
    which log is believed.
    """
    checked: list[BulkFile] = []
    with reporting(as_json=as_json):
        believed = _believed(key)
        for manifest in manifests:
            one = read_manifest(Path(manifest))
            with progress_bar(one.manifest.file) as told:
                for _ in read_entries(one, believed, told):
                    pass
            checked.append(one)
    lines = [
        f"verified: {one.data}, entries {one.manifest.start} to {one.manifest.size}, root"
        f" {one.manifest.root.hex()}"
        for one in checked
    ]
    lines.append("next: 'smki repository unpack' makes a mirror of the log from such files")
    emit(
        {"verified": True, "files": [export_fields(one) for one in checked]}, lines, as_json=as_json
    )


@click.command
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...")
@click.option("--out", required=True, metavar="DIR", help="Folder of the mirror, made if need be.")
@click.option("--key", metavar="VKEY", help=_KEY_HELP)
@json_option
def unpack(manifests: tuple[str, ...], *, out: str, key: str | None, as_json: bool) -> None:
    """Make, or continue, a mirror of the log from a full bulk file and deltas.

    Any order; what the mirror has already is passed over. Each file is proven before anything of it
    is written, and the log must go on from what the mirror has. The folder is then the same as the
    record: tiles, entries, blobs and checkpoint.
    """
    with reporting(as_json=as_json):
        believed = _believed(key)
        files = [read_manifest(Path(one)) for one in manifests]
        with progress_bar("entries") as told:
            checkpoint = mirror_bulk(files, Path(out), believed, told)
    document = {
        "out": out,
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }
    lines = (
        f"{out}: a mirror of {checkpoint.origin}, {checkpoint.size} entries",
        f"root {checkpoint.root.hex()}",
        "next: call it again with the next delta, or serve the folder with any web server",
    )
    emit(document, lines, as_json=as_json)


def _believed(key: str | None) -> str:
    believed = key or load_settings(os.environ).log_vkey
    if not believed:
        raise Malformed(
            "key: none was given and there is no SMKI in the state directory, must be given"
            " with --key as name+hash+base64",
            where="--key",
            clause="c2sp:signed-note",
        )
    return believed


def export_fields(one: BulkFile) -> dict[str, Any]:
    """A bulk file as `--json` shows it."""
    manifest = one.manifest
    return {
        "kind": manifest.kind.value,
        "date": manifest.date,
        "file": str(one.data),
        "manifest": str(one.path),
        "from": manifest.start,
        "size": manifest.size,
        "entries": manifest.size - manifest.start,
        "root": manifest.root.hex(),
        "octets": manifest.octets,
        "sha256": manifest.sha256.hex(),
    }

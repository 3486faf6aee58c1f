"""`smki recovery inspect`: what somebody found who is not who commands, signed for the report."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from smki.adapters.files import make_folder, write_durably
from smki.interfaces.cli.officers import certificate_in, detached
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.recovery_devices import devices_told
from smki.recovery.evidence import Signed
from smki.recovery.evidence_bundles import inspections, read_inspection
from smki.recovery.inspecting import read_found
from smki.terms import Malformed


@click.command("inspect", short_help="Sign what was found in the cells of devices.")
@click.argument("name")
@click.argument("found")
@click.option("--by", required=True, metavar="TEXT", help="Who looked, in words.")
@click.option(
    "--certificate", required=True, metavar="CERT", help="The IKI file signing certificate, PEM."
)
@click.option("--key", required=True, metavar="KEY", help="Its private key, PEM.")
@click.option("--out", required=True, metavar="FOLDER", help="For the signed bundles; made new.")
@json_option
def inspect(
    name: str, found: str, *, by: str, certificate: str, key: str, out: str, as_json: bool
) -> None:
    """Sign FOUND, a CSV file of what is in the cells of devices, for recovery NAME.

    For whoever looks and does not command: a maker's engineers, on a machine of their own. Columns
    are device, cell, subject_unique_id and subject_key_identifier; devices ascend. What is made is
    handed in with 'smki recovery conclude NAME --inspection FOLDER'.
    """
    with reporting(as_json=as_json):
        signer = certificate_in(certificate).public_bytes(Encoding.DER)
        folder, devices, files = Path(out), 0, []
        if folder.exists():
            raise Malformed("folder: is there already, must not be there yet", where=out)
        with _lines(found) as lines:  # once to see that all of it is of its form
            if not sum(1 for _ in read_found(lines)):
                raise Malformed("inspection: of no device, must be of one at least", where=found)
        with _lines(found) as lines:
            made = inspections(
                read_found(lines),
                recovery=name,
                by=by,
                at=datetime.now(UTC).replace(microsecond=0),
                sign=lambda looked: Signed(
                    certificate=signer, signature=detached(looked, certificate, key)
                ),
                authorities=(),
            )
            for item in made:
                make_folder(folder)
                write_durably(folder / item.name, item.octets)
                files.append(str(folder / item.name))
                devices += len(read_inspection(item.octets).rows)
    emit(
        {"files": files, "devices": devices},
        (
            f"{devices_told(devices)}, signed: {', '.join(files)}",
            f"next: smki recovery conclude {name} --inspection {folder}",
        ),
        as_json=as_json,
    )


@contextmanager
def _lines(path: str) -> Iterator[Iterator[str]]:
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            yield iter(file)
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"file: cannot be read ({error})", where=path) from error

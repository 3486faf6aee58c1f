import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from smki.wire.gbcs.frame import GbcsMessage, parse_message, read_message_file

ROOT: Final = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A published message, and what is published about it."""

    name: str
    message: GbcsMessage
    row: Mapping[str, str]


@pytest.fixture(scope="session")
def gbcs_vectors() -> Path:
    """The folder of reference data."""
    folder = Path(os.environ.get("SMKI_VECTORS", ROOT / "../shared/vectors"))
    if not (folder / "rtds").is_dir():
        pytest.skip(f"no reference data in {folder}: set SMKI_VECTORS")
    return folder


@pytest.fixture(scope="session")
def references(gbcs_vectors: Path) -> tuple[Reference, ...]:
    """Every published message, with its row of the index."""
    with (gbcs_vectors / "rtds" / "index.csv").open(encoding="utf-8") as index:
        rows = list(csv.DictReader(index))
    assert len(rows) > 100
    return tuple(
        Reference(
            name=row["file"],
            message=parse_message(
                read_message_file((gbcs_vectors / "rtds" / row["file"]).read_bytes())
            ),
            row=row,
        )
        for row in rows
    )

"""The corpus: for each target a file of inputs, one a line in hexadecimal, `#` before a remark.

Inputs are our own messages and documents, what the fuzzer made of them, and each input that once
broke a claim. They are kept so that plain tests can try them again; `keep` adds what is new.
"""

from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.fuzz import campaigns, devices, messages, notices, records, recoveries, texts

TARGETS: Final = MappingProxyType(
    {
        **messages.TARGETS,
        **devices.TARGETS,
        **records.TARGETS,
        **texts.TARGETS,
        **notices.TARGETS,
        **recoveries.TARGETS,
        **campaigns.TARGETS,
    }
)
"""Every target by its name."""

FOLDER: Final = Path(__file__).parent / "inputs"


def inputs(target: str) -> tuple[bytes, ...]:
    """The inputs that are kept for the target."""
    path = FOLDER / f"{target}.hex"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return tuple(bytes.fromhex(line) for line in lines if not line.startswith("#"))


def keep(target: str, new: Iterable[bytes]) -> int:
    """Adds inputs that are not there yet, short ones first; says how many."""
    path = FOLDER / f"{target}.hex"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    added = sorted(set(new) - set(inputs(target)), key=lambda each: (len(each), each))
    FOLDER.mkdir(exist_ok=True)
    path.write_text(text + "".join(f"{each.hex()}\n" for each in added), encoding="utf-8")
    return len(added)

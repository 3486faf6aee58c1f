"""Holds a rehearsal, or goes on with one that was cut off: one at a time under each name.

Beside an SMKI that is there: in its state directory, and with its record for the evidence. Of that
SMKI no key is used but those that lodge.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from smki.adapters.files import alone, make_folder
from smki.bootstrap import Settings, open_office
from smki.interfaces.rehearsal.concluding import REPORT
from smki.interfaces.rehearsal.frame import (
    FOLDER,
    HOUSE,
    LOCK,
    Asked,
    Run,
    asked_before,
    is_asked,
    take_steps,
)
from smki.merkle.canonical import JSON
from smki.terms import Malformed

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,7}")
_NAME_MOST: Final = 30  # names of decisions, campaigns and defects begin with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a rehearsal came to.

    Attributes:
        name: its own.
        devices: all kinds together.
        recovered: of them.
        residue: devices that were not, by what became of them and why.
        commands: of the recovery, repetitions among them.
        seconds: that carrying took, both runs.
        passed: every binary criterion was met, and nothing in the evidence is wrong.
        findings: what is wrong in it.
        report: its file.
        entry: of the report in the record.
        estate: the state directory of its house, with its devices.
    """

    name: str
    devices: int
    recovered: int
    residue: Mapping[str, int]
    commands: int
    seconds: float
    passed: bool
    findings: tuple[str, ...]
    report: Path
    entry: int
    estate: Path


def hold_rehearsal(run: Run) -> Rehearsed:
    """The rehearsal has come to its end; what it came to.

    Raises:
        Malformed: a name that none can have.
        Refused: another one of that name was begun, or a step is refused.
        Unavailable: something is away, or another process holds it; called again, it goes on.

    Clause: sec:L10
    """
    must_be_a_name(run.asked.name)
    with _alone(run.folder):
        asked_before(run.folder, run.asked)
        _finish(run)
        take_steps(run)
    return _rehearsed(run)


def _finish(run: Run) -> None:
    """What was being written in the house when the rehearsal was cut off is whole, and indexed.

    Only then do steps find what they did already. Before the first one is taken there is no house.
    """
    first, *_, last = (run.made_if_any(step.name) for step in run.scenario.steps)
    if first is not None and last is None:
        with open_office(run.house, run.house_environment):
            pass


def must_be_a_name(name: str) -> None:
    """A rehearsal can have that name.

    Raises:
        Malformed: it cannot.
    """
    if len(name) > _NAME_MOST or not _NAME.fullmatch(name):
        raise Malformed(
            f"rehearsal {name[:60]!r}: must be small letters and digits with single '-', at most"
            f" {_NAME_MOST} characters",
            where="--name",
            rule="rehearsal.name",
        )


def next_name(settings: Settings, asked: Asked) -> str:
    """A name for what is asked: that of one that was cut off, else one that nobody had."""
    names = (f"{asked.scenario}-{number}" for number in count(1))
    return next(
        name for name in names if _may_be(settings.path(FOLDER, name), replace(asked, name=name))
    )


def _may_be(folder: Path, asked: Asked) -> bool:
    """Nobody had that folder, or what is asked was cut off in it."""
    if not folder.exists():
        return True
    return is_asked(folder, asked) and not (folder / REPORT).exists()


def _rehearsed(run: Run) -> Rehearsed:
    told = run.made("verdict")
    residue, findings = told["residue"], told["findings"]
    return Rehearsed(
        name=run.asked.name,
        devices=int(str(told["devices"])),
        recovered=int(str(told["recovered"])),
        residue={
            why: int(str(number))
            for why, number in (residue.items() if isinstance(residue, Mapping) else ())
        },
        commands=int(str(told["commands"])),
        seconds=sum(_milliseconds(run.made(step)["ran"]) for step in ("first-run", "second-run"))
        / 1_000,
        passed=told["passed"] is True and not findings,
        findings=tuple(map(str, findings if isinstance(findings, list) else ())),
        report=run.path(REPORT),
        entry=int(str(told["entry"])),
        estate=run.path(HOUSE),
    )


def _milliseconds(ran: JSON) -> int:
    some = ran if isinstance(ran, list) else []
    return sum(int(str(one["milliseconds"])) for one in some if isinstance(one, Mapping))


def document_of(found: Rehearsed) -> dict[str, Any]:
    """What it came to, as JSON has it."""
    return {
        "name": found.name,
        "devices": found.devices,
        "recovered": found.recovered,
        "residue": dict(found.residue),
        "commands": found.commands,
        "seconds": round(found.seconds, 3),
        "per_second": round(found.recovered / found.seconds, 1) if found.seconds else 0.0,
        "passed": found.passed,
        "findings": list(found.findings),
        "report": str(found.report),
        "entry": found.entry,
        "estate": str(found.estate),
    }


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else holds this rehearsal.

    Raises:
        Unavailable: another process does.
    """
    make_folder(folder, 0o700)
    with alone(folder / LOCK, "another process holds this rehearsal, must be one at a time"):
        yield

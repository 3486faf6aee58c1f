"""What is counted while devices are looked at, as figures, and beside those of a report.

Clause: sec:L10
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from smki.recovery.campaign import Fate
from smki.recovery.proving_authority import Tell
from smki.recovery.report import Check, Count, Criterion, Figures, Share, not_recovered

REMARKS_MAX: Final = 100
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Tally:
    """What was counted so far.

    Attributes:
        held: of how many things each criterion holds.
        of: of how many there are.
        devices: by kind, make, region and what became of it.
        residue: by fate and why.
        answered: recovered, by a signed answer.
        read_back: recovered, by what it said when it was asked.
        commands: of the recovery.
        first: when the first command came to its end; None before.
        last: when the last one did.
        foreign: devices that held what nobody entitled had placed.
        remarks: of single devices, that are no fault of the evidence.
    """

    held: Counter[Criterion] = field(default_factory=Counter)
    of: Counter[Criterion] = field(default_factory=Counter)
    devices: Counter[tuple[str, str, str, Fate]] = field(default_factory=Counter)
    residue: Counter[tuple[Fate, str]] = field(default_factory=Counter)
    answered: int = 0
    read_back: int = 0
    commands: int = 0
    first: datetime | None = None
    last: datetime | None = None
    foreign: int = 0
    remarks: list[str] = field(default_factory=list)

    def judge(self, criterion: Criterion, *, holds: bool) -> bool:
        """It holds of one thing more, or does not; which of the two."""
        self.of[criterion] += 1
        self.held[criterion] += holds
        return holds

    def remark(self, text: str) -> None:
        """Something of a device that people may want to look at."""
        if len(self.remarks) < REMARKS_MAX:
            self.remarks.append(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of how many things a criterion holds, and how many there are."""

    held: int
    of: int

    @property
    def passed(self) -> bool:
        """Whether it holds of all."""
        return self.held == self.of


def figures(tally: Tally) -> Figures:
    """8: counted anew."""
    fates: Counter[str] = Counter()
    for (_, _, _, fate), count in tally.devices.items():
        fates[fate.value] += count
    return Figures(
        devices=sum(fates.values()),
        recovered=fates[Fate.RECOVERED.value],
        answered=tally.answered,
        read_back=tally.read_back,
        by_kind=_shares(tally, 0),
        by_region=_shares(tally, 2),
        by_make=_shares(tally, 1),
        fates=_counts(fates),
        residue=_counts(
            {not_recovered(fate, why): count for (fate, why), count in tally.residue.items()}
        ),
        commands=tally.commands,
        first=(tally.first or NEVER).replace(microsecond=0),
        last=(tally.last or NEVER).replace(microsecond=0),
        foreign=tally.foreign,
    )


def _shares(tally: Tally, place: int) -> tuple[Share, ...]:
    devices: Counter[str] = Counter()
    recovered: Counter[str] = Counter()
    for key, count in tally.devices.items():
        name = str(key[place])
        devices[name] += count
        recovered[name] += count * (key[3] is Fate.RECOVERED)
    return tuple(
        Share(name=name, devices=devices[name], recovered=recovered[name])
        for name in sorted(devices)
    )


def _counts(found: Mapping[str, int]) -> tuple[Count, ...]:
    return tuple(Count(name=name, devices=found[name]) for name in sorted(found) if found[name])


def compare_figures(said: Figures, found: Figures, tell: Tell) -> None:
    """8: every figure of the report is the one that the evidence gives."""
    for name in Figures.__slots__:
        ours, theirs = getattr(found, name), getattr(said, name)
        if ours != theirs:
            tell("report", f"figures: {name}: {_short(theirs)}, the evidence gives {_short(ours)}")


def compare_checks(said: Iterable[Check], found: Mapping[Criterion, Result], tell: Tell) -> None:
    """8: every criterion that the evidence decides is in the report, as it is decided."""
    named: dict[str, Check] = {}
    for check in said:
        if check.name in named:
            tell("report", f"criterion {check.name}: is there twice, must be once")
        named.setdefault(check.name, check)
    for criterion in Criterion:
        one, result = named.get(criterion.value), found.get(criterion)
        if one is not None and not one.binary:
            tell("report", f"criterion {criterion.value}: is said to be for people, is not")
        if one is None and result is None:
            continue
        if result is None:
            tell("report", f"criterion {criterion.value}: there is no evidence for it")
        elif one is None:
            tell("report", f"criterion {criterion.value}: is not in it, the evidence decides it")
        elif (one.held, one.of, one.passed) != (result.held, result.of, result.passed):
            tell(
                "report",
                f"criterion {criterion.value}: {one.held} of {one.of}, the evidence gives"
                f" {result.held} of {result.of}",
            )


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(_short, value))[:200]
    if isinstance(value, Share):
        return f"{value.name} {value.recovered}/{value.devices}"
    if isinstance(value, Count):
        return f"{value.name} {value.devices}"
    return str(value)

"""A later version of a report: what people add, and nothing of what was counted.

Clause: sec:L10
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from smki.recovery.report import Earlier, Report, Residual, encode_report


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is added.

    Attributes:
        not_assured: what the report does not assure either.
        lessons: what was learnt since.
        residuals: what is left, and whose it is; one that is named already has a new owner.
        approach: the version of the approach, if another one was named; empty to leave it.
    """

    not_assured: tuple[str, ...] = ()
    lessons: tuple[str, ...] = ()
    residuals: tuple[Residual, ...] = ()
    approach: str = ""


def corrected(report: Report, entry: int, correction: Correction, at: datetime) -> Report:
    """The next version of the report that is at that entry of the record.

    Clause: sec:L10
    """
    major, minor = report.number
    named = {one.what for one in correction.residuals}
    kept = tuple(one for one in report.residuals if one.what not in named)
    return replace(
        report,
        version=f"{major}.{minor + 1}",
        supersedes=Earlier(
            version=report.version,
            sha256=sha256(encode_report(report)).hexdigest(),
            entry=entry,
        ),
        at=at.replace(microsecond=0),
        subject=replace(report.subject, approach=correction.approach or report.subject.approach),
        not_assured=(*report.not_assured, *correction.not_assured),
        lessons=(*report.lessons, *correction.lessons),
        residuals=(*kept, *correction.residuals),
    )


def not_kept(before: Report, after: Report) -> Iterator[str]:
    """What a later version says otherwise than the one it supersedes, or leaves out.

    Clause: sec:L10
    """
    counted = ("figures", "checks", "defects", "wall_seconds")
    yield from (name for name in counted if getattr(before, name) != getattr(after, name))
    if replace(before.subject, approach="") != replace(after.subject, approach=""):
        yield "subject"
    for name in ("not_assured", "lessons", "evidence"):
        left = frozenset(getattr(before, name)) - frozenset(getattr(after, name))
        if left:
            yield f"{name} ({len(left)} left out)"
    named = {one.what for one in after.residuals}
    if any(one.what not in named for one in before.residuals):
        yield "residuals"

"""A report as people read it: lines of plain text, and a page in Markdown, from the same value.

Clause: sec:L10
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from smki.recovery.evidence import Defect
from smki.recovery.report import Check, Criterion, Figures, Report, RunKind, Share, Subject
from smki.terms import instant_text

_KINDS = {
    RunKind.REHEARSAL: "rehearsal: no real key was used, no real device commanded",
    RunKind.LIVE_EXERCISE: "live exercise: real keys, on a bounded list of devices",
    RunKind.INCIDENT: "incident",
}
_NETWORKS_CLOCK = "by the clock of the network, which runs ahead where it is simulated"


def summary(report: Report) -> Iterator[str]:
    """The report in a dozen lines."""
    subject, figures = report.subject, report.figures
    yield f"{subject.name}: report {report.version} of {instant_text(report.at)}"
    if report.supersedes is not None:
        yield f"  supersedes {report.supersedes.version}"
    yield f"  {_KINDS[subject.kind]}"
    yield (
        f"  key lost: {subject.compromised.value}; method: {subject.method.value}, decision"
        f" {subject.decision or 'of the subscriber'}"
    )
    yield (
        f"  {figures.recovered} of {figures.devices} devices recovered, {report.residue} are left,"
        f" {figures.commands} commands"
    )
    for one in figures.residue:
        yield f"    {one.devices} {one.name}"
    yield f"  {'every' if report.passed else 'not every'} binary criterion is met"
    for check in report.checks:
        yield f"    {_mark(check)} {check.name}: {check.held} of {check.of}{_judged(check)}"


def markdown(report: Report, raised: Iterable[Defect] = ()) -> str:
    """The report as a page: everything but the list of evidence, which is counted.

    Args:
        report: the report.
        raised: its defects, as the evidence has them; of others it has the name alone.
    """
    return "\n".join(_page(report, {one.ref: one for one in raised})) + "\n"


def defect_lines(one: Defect) -> Iterator[str]:
    """What did not work, where, why, and what was done."""
    yield f"{one.ref}: {one.title} ({one.severity}, {one.state})"
    yield f"  has it: {', '.join(one.affected)}"
    yield f"  has it not: {', '.join(one.not_affected) or 'nobody who was looked at'}"
    yield f"  cause: {one.cause}"
    yield f"  done: {one.workaround}, {one.recovered:,} of {one.failed:,} devices recovered by it"
    yield f"  owner: {one.owner}"


def _page(report: Report, raised: Mapping[str, Defect]) -> Iterator[str]:
    yield f"# {_text(report.subject.name)}, report {_text(report.version)}"
    yield ""
    yield from _about(report)
    yield from _devices(report.figures)
    yield "## Criteria"
    yield ""
    yield from _table(("criterion", "question", "holds of", "met"), map(_criterion, report.checks))
    yield from _list("Defects", (_defect(one, raised.get(one)) for one in report.defects))
    yield from _list("What this report does not assure", report.not_assured)
    yield from _list("Lessons", report.lessons)
    yield "## What is left, and whose it is"
    yield ""
    yield from _table(
        ("what", "owner", "devices"),
        ((one.what, one.owner, str(one.devices)) for one in report.residuals),
    )
    yield "## Evidence"
    yield ""
    kinds = Counter(one.kind.value for one in report.evidence)
    yield from _table(("kind", "pieces"), ((kind, str(count)) for kind, count in kinds.items()))


def _about(report: Report) -> Iterator[str]:
    subject, figures = report.subject, report.figures
    yield from _table(
        ("what", "of this recovery"),
        (
            ("kind", _KINDS[subject.kind]),
            ("scenario", subject.scenario or "none"),
            ("incident", subject.incident),
            ("compromised key", subject.compromised.value),
            ("method", subject.method.value),
            ("decisions", ", ".join(_decisions(subject)) or "of the subscriber"),
            ("approach", subject.approach or "none"),
            ("commanded by", subject.commander),
            ("first command ended", instant_text(figures.first)),
            ("last command ended", f"{instant_text(figures.last)}, {_NETWORKS_CLOCK}"),
            ("took", f"{report.wall_seconds} s by the clock of who carried it"),
            ("written", instant_text(report.at)),
            ("supersedes", report.supersedes.version if report.supersedes else "nothing"),
        ),
    )


def _decisions(subject: Subject) -> Iterator[str]:
    return filter(None, (subject.decision, subject.key_decision, *subject.further_decisions))


def _devices(figures: Figures) -> Iterator[str]:
    yield "## Devices"
    yield ""
    yield (
        f"{figures.recovered} of {figures.devices} recovered: {figures.answered} answered,"
        f" {figures.read_back} said so when they were asked. {figures.commands} commands."
        f" {figures.foreign} held what nobody entitled had placed when they were commanded."
    )
    yield ""
    shares = (*figures.by_kind, *figures.by_region, *figures.by_make)
    yield from _table(("of", "devices", "recovered"), map(_share, shares))
    yield from _table(
        ("left", "devices"), ((one.name, str(one.devices)) for one in figures.residue)
    )


def _defect(ref: str, raised: Defect | None) -> str:
    if raised is None:
        return f"{ref}: what it is says the record"
    return "; ".join(line.strip() for line in defect_lines(raised))


def _criterion(check: Check) -> tuple[str, ...]:
    return (
        check.name,
        check.question,
        f"{check.held} of {check.of}",
        "yes" if check.passed else "no",
    )


def _share(share: Share) -> tuple[str, ...]:
    return share.name, str(share.devices), str(share.recovered)


def _mark(check: Check) -> str:
    return "yes" if check.passed else "NO "


def _judged(check: Check) -> str:
    decided = any(check.name == one.value for one in Criterion)
    return "" if decided else ", as people judge it"


def _list(title: str, texts: Iterable[str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    found = [f"* {_text(one)}" for one in texts]
    yield from found or ["None."]
    yield ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_text, row))} |"
    yield ""


def _text(text: str) -> str:
    """What people wrote, without any meaning to Markdown."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|" else one for one in text)

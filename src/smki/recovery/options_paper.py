"""The paper for the authority: what happened, who is concerned, the options, the factors; Markdown.

What people must decide is not decided here. What the system does not know stands as not known.

Clause: sec:L10.9
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from smki.governance.factors import Guidance
from smki.recovery.options import Option
from smki.recovery.relevance import Relevance
from smki.recovery.spans import span_text
from smki.terms import Compromised

_MEBI: Final = 1 << 20
_NOTHING: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the paper is about.

    Attributes:
        incident: its ref.
        compromised: which key.
        organisation: who reports it.
        standing: how far the incident is.
        circumstances: what happened, as was said.
        answers: what people said to the factors, the latest of each.
    """

    incident: str
    compromised: Compromised
    organisation: str
    standing: str
    circumstances: str
    answers: Mapping[str, str]


def paper(
    subject: Subject,
    found: Relevance,
    options: Sequence[Option],
    guidance: Guidance,
    assumptions: Iterable[str],
) -> str:
    """The paper, complete, in Markdown.

    Clause: sec:L10.9
    """
    return "\n".join(
        (
            *_heading(subject),
            *_concerned(found),
            *_compared(options),
            *(line for option in options for line in _described(option)),
            *_factors(subject, guidance),
            *_assumed(assumptions),
        )
    )


def option_lines(options: Sequence[Option]) -> Iterator[str]:
    """The options side by side, for a terminal."""
    for option in options:
        yield (
            f"{option.method.value:20} {_time(option):>26} {_commands(option):>14} commands"
            f" {sum(option.cells.values()):>14,} cells  decided by the {option.row.decider.value}"
        )


def _heading(subject: Subject) -> Iterator[str]:
    yield f"# Options before the authority: incident {subject.incident}"
    yield ""
    yield f"The {subject.compromised.value} key of {subject.organisation}; {subject.standing}."
    yield ""
    yield f"What was said: {_plain(subject.circumstances)}"
    yield ""


def _concerned(found: Relevance) -> Iterator[str]:
    yield "## Who is concerned"
    yield ""
    yield f"{found.relevant:,} of {found.looked_at:,} devices are relevant."
    yield ""
    yield "| kind | make | region | devices |"
    yield "| --- | --- | --- | ---: |"
    for sort, count in sorted(found.devices.items(), key=lambda pair: str(pair[0])):
        yield f"| {_plain(sort.kind)} | {_plain(sort.make)} | {_plain(sort.region)} | {count:,} |"
    yield ""
    for party, count in sorted(found.by_subscriber.items()):
        yield f"* {_plain(party)}: {count:,} devices hold a certificate of theirs"
    yield ""


def _compared(options: Sequence[Option]) -> Iterator[str]:
    yield "## The options"
    yield ""
    yield "| option | decided by | cells | commands | time assumed | time measured | disk | slowest |"
    yield "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for option in options:
        yield (
            f"| {option.method.value} | {option.row.decider.value} |"
            f" {sum(option.cells.values()):,} | {_commands(option)} | {_time_assumed(option)} |"
            f" {_time_measured(option)} | {_disk(option)} | {_slowest(option)} |"
        )
    yield ""


def _described(option: Option) -> Iterator[str]:
    yield f"### {option.method.value}: {option.row.places.value}"
    yield ""
    for one in option.needs:
        yield f"* needs {one}"
    yield f"* meanwhile exposed: {option.row.exposed}"
    yield f"* afterwards exposed: {option.afterwards}"
    if option.plan is not None:
        for kind, count in sorted(option.plan.left_out.items()):
            yield f"* {count:,} devices of the kind {kind} have nothing that it replaces"
    yield ""


def _factors(subject: Subject, guidance: Guidance) -> Iterator[str]:
    yield "## The factors"
    yield ""
    yield "| factor | shall | weight | answer |"
    yield "| --- | --- | ---: | --- |"
    for one in guidance.in_order:
        answer = _plain(subject.answers.get(one.name, "not answered"))
        shall = "shall" if one.mandatory else "may"
        yield f"| {one.name}: {_plain(one.text)} | {shall} | {one.weight} | {answer} |"
    yield ""
    if guidance.prior_steps:
        yield "Before a decision:"
        yield ""
        yield from (f"* {_plain(step)}" for step in guidance.prior_steps)
        yield ""


def _assumed(assumptions: Iterable[str]) -> Iterator[str]:
    yield "## Assumed"
    yield ""
    yield from (f"* {one}" for one in assumptions)
    yield ""


def _time(option: Option) -> str:
    if option.plan is None:
        return "nothing is commanded"
    measured = _time_measured(option)
    told = "" if measured == _NOTHING else f", measured {measured}"
    return f"{_time_assumed(option)}{told}"


def _time_assumed(option: Option) -> str:
    return _NOTHING if option.plan is None else span_text(option.plan.estimate.hours)


def _time_measured(option: Option) -> str:
    return _NOTHING if option.measured is None else span_text(option.measured.estimate.hours)


def _commands(option: Option) -> str:
    return "0" if option.plan is None else f"{option.plan.estimate.commands:,}"


def _disk(option: Option) -> str:
    return _NOTHING if option.plan is None else f"{option.plan.disk_octets / _MEBI:,.0f} MiB"


def _slowest(option: Option) -> str:
    return _NOTHING if option.plan is None else option.plan.estimate.bounds[0].what


def _plain(text: str) -> str:
    """One line that stands in a table cell; nothing in it is markup."""
    line = " ".join(text.split())
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>#|!" else one for one in line)

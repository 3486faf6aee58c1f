"""Rules of labels: what goes into which minutes, what is given out by which act, and aliases.

    open minutes          White and Green alone; a stub has the minutes' own label
    confidential minutes  Amber and Red alone; withheld bodies nowhere else
    a heading             has the highest label of what is under it; who reads something open of a
                          confidential item knows the item by its stub
    publish               what is White;             minutes when they are approved
    distribute            what is White or Green;    minutes when they are approved
    entitle               named persons, to what is Amber or Red
    an alias              is confidential, one for a party in a category, for good; where it could be
                          undone by the party's name beside it, the name is refused

Who may read is `reading`'s; that labels are not lowered by mistake is for whoever sets them.

Clause: sec:M4.13
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from smki.governance.aliases import named_in, used_in
from smki.governance.duties import bodies_of
from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import Committee, MinutesSet, Person, Seat, SeatCategory
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper
from smki.governance.entities.minutes import Action, Minutes, Paragraph, ParagraphRole, Resolution
from smki.governance.entities.outputs import Alias, Output, OutputAct
from smki.governance.labels import Label, highest
from smki.governance.looking import all_under, look
from smki.governance.numbering import alias_place
from smki.governance.reading import label_of, top_label_of
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding, Malformed

CLAUSE: Final = "sec:M4.13"
_UNDER_ITEMS: Final = (Kind.PAPER, Kind.PARAGRAPH, Kind.RESOLUTION, Kind.ACTION)
_OUT: Final = frozenset({OutputAct.PUBLISH, OutputAct.DISTRIBUTE})
MAY_NAME: Final[Mapping[OutputAct, frozenset[Label]]] = {
    OutputAct.PUBLISH: frozenset({Label.WHITE}),
    OutputAct.DISTRIBUTE: frozenset({Label.WHITE, Label.GREEN}),
    OutputAct.ENTITLE: frozenset({Label.AMBER, Label.RED}),
}
"""Of which label what is named must be; for who is entitled, the highest in it."""


def _minutes(step: Step, after: Minutes, _: Minutes | None) -> Iterator[Finding]:
    meeting = look(step.known, Meeting, after.meeting)
    body = look(step.known, Committee, meeting.body) if meeting is not None else None
    if body is not None and after.set not in body.minutes:
        yield _wrong(after, "set", f"{body.ref} has no {after.set.value} minutes")
    own = after.label
    if after.set is MinutesSet.OPEN:
        label = label_of(after, step.known)
        if label.is_confidential:
            yield _wrong(after, "minutes", f"{label.value}, open minutes must be white or green")
    elif own is not None and not own.is_confidential:
        yield _wrong(after, "minutes", f"{own.value}, confidential minutes must be amber or red")


def _paragraph(step: Step, after: Paragraph, _: Paragraph | None) -> Iterator[Finding]:
    minutes = look(step.known, Minutes, after.minutes)
    item = look(step.known, AgendaItem, after.item)
    if minutes is None or item is None:
        return
    if item.meeting != minutes.meeting:
        yield _wrong(after, "item", f"item {item.ref} is of another meeting than {minutes.ref}")
    label = label_of(after, step.known)
    if minutes.set is MinutesSet.OPEN:
        if after.role is ParagraphRole.WITHHELD_BODY or label.is_confidential:
            yield finding(
                after,
                "classification.open",
                f"{label.value} {after.role.value}, open minutes have white and green text alone",
                CLAUSE,
                advice="put it into the confidential minutes, and a stub here",
            )
        if after.role is ParagraphRole.OPEN_STUB and label is not label_of(minutes, step.known):
            yield _wrong(after, "stub", f"{label.value}, a stub must have its minutes' label")
    elif after.role is ParagraphRole.OPEN_STUB or (after.label and not after.label.is_confidential):
        yield _wrong(
            after,
            "confidential",
            f"{label.value} {after.role.value}, must be amber or red, no stub",
        )


def _of_item(
    step: Step, after: Paper | Paragraph | Resolution | Action, _: Entity | None
) -> Iterator[Finding]:
    item = look(step.known, AgendaItem, after.item)
    if item is None:
        return
    top, over = top_label_of(after, step.known), label_of(item, step.known)
    if top.is_confidential and highest((top, over)) is not over:
        yield finding(
            after,
            "classification.heading",
            f"{top.value}, item {item.ref} is {over.value}: a heading has the highest label"
            " of what is under it",
            CLAUSE,
            advice=f"label the item {top.value} and give it a stub",
        )
    if over.is_confidential and not item.stub and not label_of(after, step.known).is_confidential:
        yield finding(
            after,
            "classification.stub",
            f"can be read without item {item.ref}, which has no stub",
            CLAUSE,
            advice="give the item a stub for the open agenda and minutes",
        )


def _item(step: Step, after: AgendaItem, before: AgendaItem | None) -> Iterator[Finding]:
    if before is None or (before.label, before.stub) == (after.label, after.stub):
        return
    for kind in _UNDER_ITEMS:
        for one in step.known.under(after.key, kind):
            if isinstance(one, Paper | Paragraph | Resolution | Action):
                yield from _of_item(step, one, None)


def _output(step: Step, after: Output, before: Output | None) -> Iterator[Finding]:
    if before is not None:
        if before.withdrawn is not None or replace(before, withdrawn=after.withdrawn) != after:
            yield _wrong(after, "output", "was given out, may be withdrawn and nothing else")
        return
    named = step.known.get(Key(after.of_kind, after.of))
    if named is None:
        return
    entitled = after.act is OutputAct.ENTITLE
    if not fits(after.act, named, step.known):
        label = top_label_of(named, step.known) if entitled else label_of(named, step.known)
        may = " or ".join(one.value for one in Label if one in MAY_NAME[after.act])
        yield _wrong(
            after, "act", f"{named.key} is {label.value}, to {after.act.value} it must be {may}"
        )
    minutes = look(step.known, Minutes, named.minutes) if isinstance(named, Paragraph) else named
    if isinstance(minutes, Minutes) and after.act in _OUT and not minutes.state.is_approved:
        yield _wrong(
            after, "draft", f"{minutes.key} is {minutes.state.value}, must be approved first"
        )
    if entitled is not bool(after.readers):
        yield _wrong(after, "readers", "readers are named by who is entitled, and only there")
    for one in after.readers:
        if look(step.known, Person, one) is None:
            yield _wrong(after, "readers", f"entitles {one!r}, must be a person of the register")


def fits(act: OutputAct, named: Entity, known: Known) -> bool:
    """Whether its label lets it be given out so.

    Clause: sec:M4.13
    """
    entitled = act is OutputAct.ENTITLE
    return (top_label_of(named, known) if entitled else label_of(named, known)) in MAY_NAME[act]


def _alias(step: Step, after: Alias, before: Alias | None) -> Iterator[Finding]:
    if after.ref != f"{after.body} {after.category} {after.letters}":
        yield _wrong(after, "alias", "must be called by body, category and letters")
    try:
        alias_place(after.letters)
    except Malformed as error:
        yield _wrong(after, "alias", error.message)
    if not label_of(after, step.known).is_confidential:
        yield _wrong(after, "alias", "whom an alias stands for must be amber or red")
    if before is not None and before.party != after.party:
        yield _wrong(after, "alias", "stands for somebody else before, must for good")
    for one in _aliases(step, after.body):
        if one.key != after.key and (one.category, one.party) == (after.category, after.party):
            yield _wrong(after, "alias", f"its party is {one.name} already, must be that for good")


def _names(step: Step, after: Entity, _: Entity | None) -> Iterator[Finding]:
    """A party that has an alias is not named where the one leads to the other."""
    if label_of(after, step.known).is_confidential and not isinstance(after, AgendaItem):
        return
    for body in bodies_of(after, step.known):
        aliases = _aliases(step, body)
        for text in (after.stub,) if isinstance(after, AgendaItem) else after.texts:
            for one in named_in(text, aliases) if _could_lead(step, after, text, aliases) else ():
                yield finding(
                    after,
                    "classification.named",
                    f"names a party that is {one.name}, where that can be undone by it",
                    CLAUSE,
                    advice="write the alias, or put it into the confidential minutes",
                )


def _could_lead(step: Step, after: Entity, text: str, aliases: tuple[Alias, ...]) -> bool:
    if not aliases or any(used_in(text, aliases)):
        return bool(aliases)
    item = after if isinstance(after, AgendaItem) else _item_of(step, after)
    return item is not None and label_of(item, step.known).is_confidential


def _item_of(step: Step, after: Entity) -> AgendaItem | None:
    found = (step.known.get(one) for one in after.parents if one.kind is Kind.AGENDA_ITEM)
    return next((one for one in found if isinstance(one, AgendaItem)), None)


def _aliases(step: Step, body: str) -> tuple[Alias, ...]:
    """The body's aliases, if who writes knows them anyway: a refusal tells that there is one."""
    committee = look(step.known, Committee, body)
    if committee is None:
        return ()
    day = step.change.at.date()
    keeps = any(
        one.holder == step.change.by
        and one.category is SeatCategory.SECRETARIAT
        and one.is_held_on(day)
        for one in all_under(step.known, committee, Seat)
    )
    known = keeps or not step.change.by
    return all_under(step.known, committee, Alias) if known else ()


def _wrong(after: Entity, rule: str, message: str) -> Finding:
    return finding(after, f"classification.{rule}", message, CLAUSE)


CLASSIFICATION: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.MINUTES: rules_of(Minutes, _minutes),
    Kind.PARAGRAPH: rules_of(Paragraph, _paragraph, _of_item, _names),
    Kind.PAPER: rules_of(Paper, _of_item, _names),
    Kind.RESOLUTION: rules_of(Resolution, _of_item, _names),
    Kind.ACTION: rules_of(Action, _of_item, _names),
    Kind.AGENDA_ITEM: rules_of(AgendaItem, _item, _names),
    Kind.OUTPUT: rules_of(Output, _output),
    Kind.ALIAS: rules_of(Alias, _alias),
}

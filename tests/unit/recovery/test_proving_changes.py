"""Whatever is changed in the evidence of a recovery is named: each command, each answer, all else."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from tests.support.evidence_changes import (
    Change,
    answer_of,
    asks,
    before,
    changed,
    decides,
    drop,
    examined,
    first,
    made_at_first,
    outdates,
    places,
    repeats_outdated,
    replays,
    reports,
    rooted,
    set_row,
    told,
    turned,
    turns,
    unanswered,
)
from tests.support.evidence_people import people
from tests.support.evidence_story import Story
from tests.support.recovering import AT

from smki.recovery import Compromised, Fate
from smki.recovery.evidence import Attack, InCell, Turn
from smki.recovery.replacing import ROOT_CELL
from smki.recovery.report import (
    RunKind,
)

EXCHANGES: Final[dict[str, tuple[Change, str]]] = {
    "command-signature": (
        lambda s: first(s, lambda one: replace(one, command=turned(one.command))),
        "command of turn commanded: signature does not hold",
    ),
    "command-payload": (
        lambda s: first(s, lambda one: replace(one, command=turned(one.command, 900))),
        "signature does not hold|places another certificate|command of turn commanded",
    ),
    "command-cut": (
        lambda s: first(s, lambda one: replace(one, command=one.command[:-1])),
        "command of turn commanded: GBCS message",
    ),
    "command-of-another": (
        lambda s: first(s, lambda one: replace(one, command=s.exchanges[2].exchanges[-1].command)),
        "is for another device",
    ),
    "response-signature": (
        lambda s: first(s, lambda one: replace(one, response=turned(one.response))),
        "response of turn commanded: signature does not hold",
    ),
    "response-payload": (
        lambda s: first(s, lambda one: replace(one, response=turned(one.response, 120))),
        "response of turn commanded",
    ),
    "response-of-another": (
        lambda s: first(s, lambda one: replace(one, response=answer_of(s, 2))),
        "answers command",
    ),
    "old-response": (replays, "has counter|answers command"),
    "no-response": (
        unanswered,
        "said to be recovered, its exchanges show nothing",
    ),
    "out-of-time": (
        lambda s: first(s, lambda one: replace(one, at=AT - timedelta(minutes=1))),
        "not in the order of time",
    ),
    "too-late": (
        lambda s: first(s, lambda one: replace(one, at=AT + timedelta(days=13))),
        "decision PMA/1 is in force from",
    ),
}


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize("name", EXCHANGES)
def test_each_change_of_what_was_said_is_named(right: Story, name: str) -> None:
    """A command or a response that is not the one that there was is told, with its device."""
    change, said = EXCHANGES[name]
    found = told(changed(right, change))
    assert any(part in found for part in said.split("|")), found


OTHERS: Final[dict[str, tuple[Change, str]]] = {
    "fate": (
        lambda s: set_row(s.outcomes, 7, fate=Fate.RECOVERED),
        "said to be recovered, its exchanges show nothing",
    ),
    "fate-worse": (
        lambda s: set_row(s.outcomes, 0, fate=Fate.SILENT),
        "said to be silent, its exchanges show recovered",
    ),
    "no-outcome": (lambda s: drop(s.outcomes, 7), "nothing says what became of it"),
    "not-in-roster": (
        lambda s: drop(s.roster, 7),
        "in exchanges, not in the roster",
    ),
    "before": (lambda s: before(s, 0), "held what it did not hold by the roster"),
    "certificate": (
        lambda s: set_row(s.roster, 0, certificate=s.roster[1].certificate),
        "certificate: is of ",
    ),
    "certificate-signature": (
        lambda s: set_row(s.roster, 0, certificate=turned(s.roster[0].certificate)),
        "certificate: ",
    ),
    "incident": (lambda s: reports(s, incident="INC-2"), "must be about 'INC-2'"),
    "method": (
        lambda s: decides(s, 0, scope="method-1"),
        "has the scope 'method-1', must have 'by-contingency'",
    ),
    "expired": (
        lambda s: decides(s, 0, not_before=AT - timedelta(hours=20), expiry=AT),
        "decision PMA/1 is in force from",
    ),
    "later": (
        lambda s: decides(s, 1, not_before=AT + timedelta(hours=1)),
        "decision PMA/2 is in force from",
    ),
    "another-key": (lambda s: decides(s, 1, object="root-oca"), "is about 'root-oca'"),
    "another-incident": (
        lambda s: decides(s, 1, scope="INC-9: recovery"),
        "must begin with 'INC-1: '",
    ),
    "conditions": (lambda s: decides(s, 0, conditions=("if so",)), "has conditions"),
    "one-officer": (
        lambda s: set_row(s.decisions, 0, signatures=s.decisions[0].signatures[:1]),
        "is signed by 1 officer, must be by 2",
    ),
    "other-credential": (
        lambda s: set_row(
            s.decisions,
            0,
            signatures=(people().maker.sign(s.decisions[0].decision),) * 2,
        ),
        "another kind of credential, must be iki-officer",
    ),
    "same-officer": (
        lambda s: set_row(s.decisions, 0, signatures=s.decisions[0].signatures[:1] * 2),
        "is signed by 1 officer, must be by 2",
    ),
    "signature": (
        lambda s: set_row(s.decisions, 0, signatures=s.decisions[1].signatures),
        "was made over other octets",
    ),
    "no-decision": (lambda s: drop(s.decisions, 1), "'PMA/2': not among the evidence"),
    "no-approval": (lambda s: drop(s.decisions, 2), "'PMA/3' is not among the evidence"),
    "officer-of-nobody": (
        lambda s: rooted(s, b'{"roots":1}', certificates=made_at_first(s)[:4]),
        "no believed authority issued it",
    ),
    "root-of-no-ceremony": (
        lambda s: rooted(s, certificates=()),
        "no ceremony made it",
    ),
    "placed-not": (
        lambda s: places(s, new=s.placed[0].new[:-1]),
        "places another certificate in",
    ),
    "placed-partly": (
        lambda s: places(s, new=s.placed[0].new[:-1]),
        "must be in every cell",
    ),
    "outdated-by-another-key": (
        lambda s: turns(s, 0, 0, Turn.OUTDATED),
        "command under the old anchors: is not signed by one of their keys",
    ),
    "outdated-counter": (
        repeats_outdated,
        "has a counter that was used before",
    ),
    "outdated-for-another": (
        lambda s: outdates(s, command=s.updates[1].exchanges[1].command),
        "command under the old anchors: is for another device",
    ),
    "read-back-answered-by-no-message": (
        lambda s: asks(s, response=b"x"),
        "response of turn read-back: ",
    ),
    "read-back-answered-to-another": (
        lambda s: asks(s, response=s.read_backs[1].exchanges[0].response),
        "response of turn read-back: answers command",
    ),
    "read-back-of-another": (
        lambda s: asks(s, command=s.read_backs[1].exchanges[0].command),
        "read-back: is for another device",
    ),
    "read-back-otherwise": (
        lambda s: asks(s, command=s.updates[0].exchanges[0].command),
        "read-back: another use case",
    ),
    "decision-twice": (
        lambda s: s.decisions.append(s.decisions[0]),
        "decision-4: decision PMA/1 is there twice, must be once",
    ),
    "placed-twice": (
        lambda s: s.placed.append(s.placed[0]),
        "once for each turn",
    ),
    "placed-nowhere": (lambda s: drop(s.placed, 0), "and of the recovery"),
    "placed-broken": (
        lambda s: places(s, new=(InCell(cell=ROOT_CELL, certificate=b"no"),)),
        "certificate",
    ),
    "originator": (lambda s: places(s, originators=()), "must be of who commands"),
    "inspector-commands": (
        lambda s: setattr(s, "inspector", people().commander),
        "looked and commands or decided, must be somebody else",
    ),
    "inspector-decides": (
        lambda s: setattr(s, "inspector", people().chair),
        "another kind of credential",
    ),
    "another-recovery": (lambda s: reports(s, name="second"), "is of 'first', must be of 'second'"),
    "rehearsal": (lambda s: reports(s, kind=RunKind.REHEARSAL), "must be one of rehearsals"),
    "exercise-of-no-list": (
        lambda s: reports(s, kind=RunKind.LIVE_EXERCISE, incident="EX-1@" + "0" * 64),
        "must be a live exercise of the list that they name",
    ),
    "incident-of-a-list": (
        lambda s: reports(s, incident="INC-1@" + "0" * 64),
        "must be a live exercise of the list that they name",
    ),
    "rehearsed-root": (lambda s: rooted(s, rehearsal=True), "must be of the run's own kind"),
}


@pytest.mark.clause("sec:L10", "sec:L10.9")
@pytest.mark.parametrize("name", OTHERS)
def test_each_change_of_other_evidence_is_named(right: Story, name: str) -> None:
    """Whatever else is changed is told, in words that say what it must be."""
    change, said = OTHERS[name]
    found = told(changed(right, change))
    assert said in found, found


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize("seed", range(24))
def test_a_certificate_with_any_octet_changed_is_named(right: Story, seed: int) -> None:
    """Whatever it reads as then: it is told, and nothing else is raised."""
    chance = random.Random(seed)  # noqa: S311 -- chooses what is spoilt

    def spoils(story: Story) -> None:
        place, what = chance.randrange(len(story.placed)), chance.choice(("old", "new"))
        some = list(getattr(story.placed[place], what))
        one = chance.randrange(len(some))
        octets = some[one].certificate
        some[one] = replace(some[one], certificate=turned(octets, chance.randrange(len(octets))))
        story.placed[place] = replace(story.placed[place], **{what: tuple(some)})  # type: ignore[arg-type]  # of its field

    assert told(changed(right, spoils))


@pytest.mark.parametrize("seed", range(12))
def test_planted_certificates_are_read_or_told(right: Story, seed: int) -> None:
    """A thief's certificate need not hold: one that reads is looked for, one that does not is told."""
    chance = random.Random(seed)  # noqa: S311 -- chooses what is spoilt
    octets = right.placed[0].new[0].certificate
    his = turned(octets, chance.randrange(len(octets)))
    story = changed(right, lambda _: None)
    story.attack = Attack(compromised=Compromised.ORGANISATION, planted=(his,), tried=())
    found = examined(story)
    assert all(one.rule in ("recovery.attack", "recovery.device") for one in found.findings)

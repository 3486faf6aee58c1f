"""How fast the policy authority's register answers, at a tenth of so many meetings and at all of them.

The register is filled first, in large transactions that leave what one by one would. Each question is
then asked by somebody who may see nearly everything and by somebody who may see little, in turn, with
nothing remembered of the answers before. The limit is the bare reading of what the answers show.
"""

import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Final

from smki.adapters.sql import SqlProceedings, migrate, open_database
from smki.adapters.sql.proceedings_rows import entity_of
from smki.governance.encoding import encode_entity, parse_entity
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import MinutesSet
from smki.interfaces.bench_meetings import (
    ADVISER,
    BODY,
    COMMON,
    PARAGRAPHS,
    PUBLISHED_EACH,
    SECRETARY,
    MadeRegister,
    meeting_ref,
    rare_word,
    word,
)
from smki.interfaces.benching import Progress
from smki.ports.register import Wanted
from smki.terms import Inconsistent

_TOGETHER: Final = 20  # meetings of one transaction
_ROUNDS: Final = 100  # of each question, for each reader
_WARM: Final = 5  # rounds before, not counted
_RARER: Final = range(COMMON, 10 * COMMON)  # ranks of the words of which two are asked together
ALL: Final = "all"
LITTLE: Final = "little"
_TOKENS: Final[Mapping[str, frozenset[str]]] = {
    ALL: frozenset(
        {
            *("everybody", "let-in", "register", "secretariats"),
            *(f"body {BODY}", f"secretariat {BODY}", f"person {SECRETARY}"),
        }
    ),
    LITTLE: frozenset({"everybody", "let-in", f"person {ADVISER}"}),
}
_Question = Callable[[SqlProceedings, frozenset[str], int], tuple[Entity, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """Of one question by one reader; the keys of its JSON.

    Attributes:
        question: what was asked.
        reader: `all` or `little`: how much they may see.
        tenth_shown: entities in an answer, on average, at a tenth of the meetings.
        whole_shown: the same at all of them.
        tenth_milliseconds: the median at a tenth of the meetings.
        whole_milliseconds: the median at all of them.
    """

    question: str
    reader: str
    tenth_shown: float
    whole_shown: float
    tenth_milliseconds: float
    whole_milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: paragraphs in the register.
        meetings: of which they are.
        processes: always one.
        seconds: in all answers at the whole together.
        per_second: answers a second by that, one after the other.
        limit_per_second: the same if there were nothing but reading what they show.
        ratio: of the two.
        medians: of each question by each reader.
        filled_per_second: paragraphs a second into the register.
        octets: of the database, for each paragraph.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    meetings: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    medians: tuple[Median, ...]
    filled_per_second: float
    octets: int
    peak_rss_mib: float


@dataclass(slots=True)
class _Asked:
    """How long answers took, and how long bare reading of what they showed."""

    seconds: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    shown: int = 0


def bench_register(
    scratch: Path, meetings: int, progress: Progress, *, rounds: int = _ROUNDS
) -> RegisterFigures:
    """So many meetings in a new register in `scratch`, and `rounds` of questions about them.

    Raises:
        SmkiError: the scratch database cannot be made.
        Inconsistent: an answer is not the one that was asked for.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    tenth = max(1, meetings // 10)
    with (
        _filled(scratch / "tenth.sqlite", tenth, progress) as (small, _),
        _filled(scratch / "whole.sqlite", meetings, progress) as (whole, filling),
    ):
        # In turn: whatever else the machine does, it does to both.
        before, after = _ask({tenth: small, meetings: whole}, rounds, progress)
    octets = (scratch / "whole.sqlite").stat().st_size
    spent = sum(sum(one.seconds) for one in after.values())
    bare = sum(sum(one.bare) for one in after.values())
    answers = sum(len(one.seconds) for one in after.values())
    return RegisterFigures(
        count=meetings * PARAGRAPHS,
        meetings=meetings,
        processes=1,
        seconds=round(spent, 3),
        per_second=round(answers / spent, 1),
        limit_per_second=round(answers / bare, 1),
        ratio=round(bare / spent, 3),
        medians=tuple(_median(*asked, before[asked], after[asked]) for asked in after),
        filled_per_second=round(meetings * PARAGRAPHS / filling, 1),
        octets=octets // (meetings * PARAGRAPHS),
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


@contextmanager
def _filled(
    file: Path, meetings: int, progress: Progress
) -> Iterator[tuple[SqlProceedings, float]]:
    """A register with so many meetings; and the seconds that it took to put them in."""
    url, made, spent = f"sqlite:///{file}", MadeRegister(), 0.0
    migrate(url)
    with open_database(url) as database:
        register = database.proceedings
        register.change_often([made.founding()])
        for start in range(1, meetings + 1, _TOGETHER):
            some = range(start, min(meetings + 1, start + _TOGETHER))
            changes = [one for number in some for one in made.meeting(number)]
            started = time.perf_counter()
            register.change_often(changes)
            spent += time.perf_counter() - started
            progress("filling", some.stop - 1, meetings)
        yield register, spent


def _ask(
    registers: Mapping[int, SqlProceedings], rounds: int, progress: Progress
) -> list[dict[tuple[str, str], _Asked]]:
    """All questions, by all readers, of each register with so many meetings, round by round."""
    asked = {
        meetings: {(name, reader): _Asked() for name in _QUESTIONS for reader in _TOKENS}
        for meetings in registers
    }
    chance = random.Random(0)  # noqa: S311 - which is asked for, nothing secret
    for turn, (meetings, register) in product(range(-_WARM, rounds), registers.items()):
        for (name, reader), found in asked[meetings].items():
            number = chance.randrange(1, meetings + 1)
            entity_of.cache_clear()
            started = time.perf_counter()
            shown = _QUESTIONS[name](register, _TOKENS[reader], number)
            took = time.perf_counter() - started
            if turn >= 0:
                found.seconds.append(took)
                found.bare.append(_read(shown))
                found.shown += len(shown)
        progress("asking", max(0, turn), rounds)
    several = list(asked.values())
    if not all(found.shown for (_, reader), found in several[-1].items() if reader == ALL):
        raise Inconsistent("benchmark: the register does not answer what it was filled with")
    return several


def _read(shown: tuple[Entity, ...]) -> float:
    """Seconds that it takes to read these, and nothing else."""
    written = [(one.key, encode_entity(one)) for one in shown]
    started = time.perf_counter()
    for key, octets in written:
        parse_entity(key, octets)
    return time.perf_counter() - started


def _median(question: str, reader: str, before: _Asked, after: _Asked) -> Median:
    tenth, whole = (statistics.median(one.seconds) * 1000 for one in (before, after))
    return Median(
        question=question,
        reader=reader,
        tenth_shown=round(before.shown / len(before.seconds), 1),
        whole_shown=round(after.shown / len(after.seconds), 1),
        tenth_milliseconds=round(tenth, 2),
        whole_milliseconds=round(whole, 2),
    )


def _meeting(register: SqlProceedings, tokens: frozenset[str], number: int) -> tuple[Entity, ...]:
    """A meeting, its agenda, and both versions of its minutes, as far as they may be seen."""
    if len(tokens) < len(_TOKENS[ALL]):  # who sees little looks at what was published
        number = max(PUBLISHED_EACH, number - number % PUBLISHED_EACH)
    meeting = Key(Kind.MEETING, meeting_ref(number))
    kept = register.kept(meeting)
    shown = [] if kept is None or kept.audience.isdisjoint(tokens) else [kept.entity]
    minutes = (Key(Kind.MINUTES, f"{meeting.ref}/{one.value}") for one in MinutesSet)
    for of, kind in ((meeting, Kind.AGENDA_ITEM), *((one, Kind.PARAGRAPH) for one in minutes)):
        wanted = Wanted(tokens=tokens, kinds=(kind,), under=of)
        shown += [one.entity for one in register.find(wanted, limit=PARAGRAPHS).kept]
    return tuple(shown)


def _open_actions(
    register: SqlProceedings, tokens: frozenset[str], number: int
) -> tuple[Entity, ...]:
    del number
    wanted = Wanted(tokens=tokens, kinds=(Kind.ACTION,), standings=("open",))
    return tuple(one.entity for one in register.find(wanted).kept)


def _searched(
    words: Callable[[random.Random, int], str],
) -> _Question:
    def ask(register: SqlProceedings, tokens: frozenset[str], number: int) -> tuple[Entity, ...]:
        chance = random.Random(number)  # noqa: S311 - as above
        wanted = Wanted(tokens=tokens, words=words(chance, number))
        return tuple(one.entity for one in register.find(wanted).kept)

    return ask


_QUESTIONS: Final[Mapping[str, _Question]] = {
    "a meeting": _meeting,
    "open actions": _open_actions,
    "a rare word": _searched(lambda _, number: rare_word(number)),
    "a common word": _searched(lambda chance, _: word(chance.randrange(COMMON))),
    "two words": _searched(lambda chance, _: " ".join(map(word, chance.sample(_RARER, 2)))),
}

"""The references by which committees name what they have: written one way, read as people wrote them.

    meeting       PREFIX_NN_DDMM         PMA_21_0803; no year: unique by prefix and NN
    paper         meeting_II             PMA_21_0803_04; II is the agenda item
                  meeting_CONFII         its confidential papers
    action        PREFIX NN/SS           PMA 21/01; NN is the meeting that raised it
    joint action  JM_DDMM/SS             JM_0803/01
    version       M.m                    3.9
    modification  DPnnn, MPnnn           one number for life; SECMPnnnn is the older form
    alias         category and letters   Large Supplier A ... Z, AA ...

Old papers have O for 0, zeros that are missing, a blank for `_`, a footnote's mark at the end and days that
no calendar has. `read_...` takes all that, and says what it took; `str` of what it gives is the one
form. Nothing here knows which numbers were given: that is the register's.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final, Generic, TypeVar

from smki.terms import Malformed

_PREFIX: Final = r"[A-Za-z][A-Za-z0-9]{1,15}"
_DIGIT: Final = r"[0-9Oo]"
_GAP: Final = r"[_ ]+"
_MARK: Final = r"(?:[*†‡§¹²³]|\[[0-9]{1,3}\])*"
_FORM_DATE: Final = date(2024, 1, 1)  # a leap year: 2902 can be

_Value_co = TypeVar("_Value_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[_Value_co]):
    """A reference as it was read.

    Attributes:
        value: what it names.
        notes: in what the text departs from the one form; empty if in nothing.
    """

    value: _Value_co
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class MeetingReference:
    """A meeting.

    Attributes:
        prefix: of the body, upper case.
        number: its meetings are counted, from 1.
        day: day of the month.
        month: 1 to 12; with `day` as the paper says them, be there such a day or not.
    """

    prefix: str
    number: int
    day: int
    month: int

    def __str__(self) -> str:
        return f"{self.prefix}_{self.number:02d}_{self.day:02d}{self.month:02d}"

    def is_of(self, day: date) -> bool:
        """Whether the meeting is that day's."""
        return (self.day, self.month) == (day.day, day.month)

    @property
    def is_possible(self) -> bool:
        """Whether any year has such a day: old papers name some that none has."""
        return not _of_no_calendar(self.day, self.month)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PaperReference:
    """A paper of a meeting.

    Attributes:
        meeting: which.
        item: number of the agenda item.
        confidential: whether it is one of the confidential papers.
    """

    meeting: MeetingReference
    item: int
    confidential: bool = False

    def __str__(self) -> str:
        return f"{self.meeting}_{'CONF' if self.confidential else ''}{self.item:02d}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ActionReference:
    """An action, named for life by the meeting that raised it.

    Attributes:
        prefix: of the body; `JM` for one of a joint item.
        meeting: number of the meeting; of a joint item its day and month, DDMM.
        sequence: its actions are counted, from 1.
    """

    prefix: str
    meeting: int
    sequence: int

    @property
    def is_joint(self) -> bool:
        """Whether it is of a joint item."""
        return self.prefix == JOINT

    def __str__(self) -> str:
        if self.is_joint:
            return f"{JOINT}_{self.meeting:04d}/{self.sequence:02d}"
        return f"{self.prefix} {self.meeting:02d}/{self.sequence:02d}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Version:
    """A version of a controlled document."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    def corrected(self) -> "Version":
        """The version after a round of corrections."""
        return Version(major=self.major, minor=self.minor + 1)


class ModificationStage(Enum):
    """How far a modification is, as its reference says."""

    DRAFT = "DP"
    MODIFICATION = "MP"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ModificationNumber:
    """A modification; the number is its own for life, the letters before it say the stage."""

    number: int

    def at(self, stage: ModificationStage) -> str:
        """How it is cited at that stage."""
        return f"{stage.value}{self.number:03d}"


JOINT: Final = "JM"

_MEETING: Final = re.compile(
    rf"({_PREFIX}){_GAP}({_DIGIT}{{1,3}}){_GAP}({_DIGIT}{{3,4}}){_MARK}", re.ASCII
)
_PAPER: Final = re.compile(
    rf"({_PREFIX}{_GAP}{_DIGIT}{{1,3}}{_GAP}{_DIGIT}{{3,4}}){_GAP}(CONF)?[_ ]*({_DIGIT}{{1,2}})"
    rf"{_MARK}",
    re.ASCII | re.IGNORECASE,
)
_ACTION: Final = re.compile(
    rf"({_PREFIX}){_GAP}({_DIGIT}{{1,4}}) ?/ ?({_DIGIT}{{1,3}}){_MARK}", re.ASCII
)
_VERSION: Final = re.compile(r"[vV]?([0-9]{1,3})\.([0-9]{1,3})")
_MODIFICATION: Final = re.compile(r"(DP|MP|SECMP) ?([0-9]{1,4})", re.ASCII)
_LETTERS: Final = re.compile(r"[A-Z]{1,6}", re.ASCII)


def read_meeting(text: str) -> Read[MeetingReference]:
    """The meeting that a reference names.

    Raises:
        Malformed: no reference of a meeting.
    """
    found = _found(_MEETING, text, "meeting", "PREFIX_NN_DDMM")
    prefix, number, day_and_month = found.groups()
    digits = _digits(day_and_month).zfill(4)
    value = MeetingReference(
        prefix=prefix.upper(),
        number=int(_digits(number)),
        day=int(digits[:2]),
        month=int(digits[2:]),
    )
    if not value.number:
        raise _malformed("meeting", text, "a number from 1")
    return _read(value, text, *_of_no_calendar(value.day, value.month))


def read_paper(text: str) -> Read[PaperReference]:
    """The paper that a reference names.

    Raises:
        Malformed: no reference of a paper.
    """
    found = _found(_PAPER, text, "paper", "PREFIX_NN_DDMM_II or PREFIX_NN_DDMM_CONFII")
    meeting, confidential, item = found.groups()
    named = read_meeting(meeting).value
    value = PaperReference(
        meeting=named, item=int(_digits(item)), confidential=confidential is not None
    )
    return _read(value, text, *_of_no_calendar(named.day, named.month))


def read_action(text: str) -> Read[ActionReference]:
    """The action that a reference names.

    Raises:
        Malformed: no reference of an action.
    """
    found = _found(_ACTION, text, "action", "PREFIX NN/SS or JM_DDMM/SS")
    prefix, meeting, sequence = found.groups()
    value = ActionReference(
        prefix=prefix.upper(), meeting=int(_digits(meeting)), sequence=int(_digits(sequence))
    )
    if not value.meeting or not value.sequence:
        raise _malformed("action", text, "numbers from 1")
    notes = _of_no_calendar(*divmod(value.meeting, 100)) if value.is_joint else ()
    return _read(value, text, *notes)


def read_version(text: str) -> Read[Version]:
    """The version that the text names.

    Raises:
        Malformed: no version.
    """
    found = _found(_VERSION, text, "version", "M.m")
    return _read(Version(major=int(found[1]), minor=int(found[2])), text)


def read_modification(text: str) -> Read[tuple[ModificationNumber, ModificationStage]]:
    """The modification that a reference names, and its stage when that was written.

    Raises:
        Malformed: no reference of a modification.
    """
    found = _found(_MODIFICATION, text, "modification", "DPnnn or MPnnn")
    letters, number = found.groups()
    stage = ModificationStage.DRAFT if letters == "DP" else ModificationStage.MODIFICATION
    value = ModificationNumber(number=int(number))
    form = value.at(stage)
    notes = () if form == text else (f"is written {text}, would be {form}",)
    return Read(value=(value, stage), notes=notes)


def alias_letters(place: int) -> str:
    """The letters of the alias at this place of a random order, from 0: A to Z, AA, AB ..."""
    letters = ""
    place += 1
    while place:
        place, at = divmod(place - 1, 26)
        letters = chr(ord("A") + at) + letters
    return letters


def alias_place(letters: str) -> int:
    """The place that an alias's letters stand for.

    Raises:
        Malformed: no letters of an alias.
    """
    _found(_LETTERS, letters, "alias", "one to six letters A to Z")
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1


_Reference = TypeVar("_Reference")


def _read(value: _Reference, text: str, *notes: str) -> Read[_Reference]:
    form = str(value)
    departs = () if form == text else (f"is written {text}, would be {form}",)
    return Read(value=value, notes=(*departs, *notes))


def _found(pattern: re.Pattern[str], text: str, what: str, form: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise _malformed(what, text, form)
    return found


def _digits(text: str) -> str:
    return text.replace("O", "0").replace("o", "0")


def _of_no_calendar(day: int, month: int) -> tuple[str, ...]:
    try:
        _FORM_DATE.replace(day=day, month=month)
    except ValueError:
        return (f"{day:02d}{month:02d} is no day of any year, kept as it is written",)
    return ()


def _malformed(what: str, text: str, form: str) -> Malformed:
    return Malformed(
        f"reference of {what}: {text[:60]!r}, must be {form}", rule=f"numbering.{what}"
    )

"""How long a ceremony's transcript can become: known before anything is held.

    planned      the opening, and what each step of the script says: no step says more than it may
    unplanned    interruptions, deviations, refusals: at most UNPLANNED_MAX together
    signatures   at most SIGNATURE_MAX of each operator and witness

What is longer than TRANSCRIPT_MAX nobody could replay: such a ceremony is not opened. Who says too much
in a step is asked again, and what was interrupted or refused too often is not held on.

Clause: sec-app-l:3
"""

from collections.abc import Iterable, Mapping
from typing import Final

from smki.ceremonies.opening import Opening
from smki.ceremonies.scripts import Act
from smki.ceremonies.transcript import (
    ENTRY_MAX,
    SIGNATURE_MAX,
    TRANSCRIPT_MAX,
    UNPLANNED,
    UNPLANNED_MAX,
    Entry,
    Kind,
    encode_entry,
)
from smki.terms import Refused

STEP_OCTETS: Final = 2_048  # of what a step says, with a certificate or a list of few entries
CUSTODIAN_OCTETS: Final = 512  # more in it for each custodian, or content that is signed
PERSON_OCTETS: Final = 2_048  # more where people come: what each of them and a document are called
MADE_OCTETS: Final = 128  # more where all that was made is compared: a name and a fingerprint
_BEGUN_OCTETS: Final = 512  # of the entry that begins a step
_BASE64: Final = (4, 3)
_BY_CONTENTS: Final = frozenset(
    {Act.USE, Act.RENEW_LIST, Act.ISSUE}
)  # what was brought is said again


def must_fit_a_transcript(opened: Entry, opening: Opening, contents: Mapping[str, bytes]) -> None:
    """The ceremony can be held to its end, and its transcript replayed.

    Args:
        opened: the entry that opens it.
        opening: what that entry says.
        contents: that were brought, by their names.

    Raises:
        Refused: too much was brought, too many keys are concerned, or too many people sign.

    Clause: sec-app-l:3
    """
    length = len(encode_entry(opened))
    steps = [_step(step.act, opening, contents) + _BEGUN_OCTETS for step in opening.steps]
    longest = max([length, *steps])
    if longest > ENTRY_MAX:
        raise _refused(
            f"{len(contents)} files of {sum(map(len, contents.values()))} octets were brought, an"
            f" entry of the transcript would have {longest}, must have at most {ENTRY_MAX}: fewer at"
            " a time"
        )
    whole = length + sum(steps) + UNPLANNED_MAX + SIGNATURE_MAX * len(opening.signatories)
    if whole > TRANSCRIPT_MAX:
        raise _refused(
            f"{len(opening.steps)} steps with {len(opening.seats)} custodians, signed by"
            f" {len(opening.signatories)}: the transcript may have {whole} octets, must have at most"
            f" {TRANSCRIPT_MAX}: fewer keys at a time"
        )


def must_have_room(entries: Iterable[Entry], entry: Entry, opening: Opening) -> None:
    """With this entry there is still room for all that is to come.

    Raises:
        Refused: too much is said in a step, or it was interrupted and refused too often.

    Clause: sec-app-l:3
    """
    octets = len(encode_entry(entry))
    act = next((step.act for step in opening.steps if step.number == entry.step), Act.CLOSE)
    most = ENTRY_MAX if entry.kind in UNPLANNED | {Kind.OPENED} else _most(act, opening)
    if octets > most:
        raise _refused(f"an entry of {octets} octets, must be at most {most}: say it shorter")
    if entry.kind not in UNPLANNED:
        return
    unplanned = (one for one in entries if one.kind in UNPLANNED)
    if octets + sum(len(encode_entry(one)) for one in unplanned) > UNPLANNED_MAX:
        raise _refused(
            "it was interrupted and refused so often that nobody could replay its transcript, another"
            " must be called"
        )


def _most(act: Act, opening: Opening) -> int:
    """Octets of what a step says at most, when it is done."""
    most = STEP_OCTETS + CUSTODIAN_OCTETS * len(opening.seats)
    if act in {Act.GO, Act.ATTEND}:
        return most + PERSON_OCTETS * (len(opening.seats) + len(opening.signatories))
    if act is Act.COMPARE:
        return most + MADE_OCTETS * len(opening.steps)
    return ENTRY_MAX if act in _BY_CONTENTS else most


def _step(act: Act, opening: Opening, contents: Mapping[str, bytes]) -> int:
    """The same where it is known what was brought."""
    if act not in _BY_CONTENTS:
        return _most(act, opening)
    most = STEP_OCTETS + CUSTODIAN_OCTETS * len(opening.seats)
    if act is Act.USE:
        return most + sum(len(name) + CUSTODIAN_OCTETS for name in contents)
    times, by = _BASE64
    return most + sum(map(len, contents.values())) * times // by


def _refused(message: str) -> Refused:
    return Refused(
        f"ceremony: {message}", where="ceremony", clause="sec-app-l:3", rule="ceremony.length"
    )

"""What resolutions are subject to, and what became of it.

    precedent     no effect until it is met
    subsequent    in effect now; reopened once it fails
    amendment     listed corrections, made in a later version before the next body sees it

Clause: sec:L9
"""

from smki.governance.entities import Known
from smki.governance.entities.consulting import Consultation
from smki.governance.entities.documents import DocumentVersion
from smki.governance.entities.minutes import (
    Comment,
    Condition,
    ConditionKind,
    ConditionState,
    Resolution,
)
from smki.governance.looking import all_under, look


def conditions_of(resolution: Resolution, known: Known) -> tuple[Condition, ...]:
    """What the resolution is subject to."""
    return all_under(known, resolution, Condition)


def amendments_of(resolution: Resolution, known: Known) -> tuple[Condition, ...]:
    """The corrections to which the resolution is subject: what it approves is the corrected version."""
    found = conditions_of(resolution, known)
    return tuple(one for one in found if one.kind is ConditionKind.AMENDMENT)


def condition_state(condition: Condition, known: Known) -> ConditionState:
    """What became of a condition: failed, too, once an answer to its consultation is material.

    Clause: sec:L9
    """
    consultation = look(known, Consultation, condition.consultation)
    if consultation is not None and material_answers(consultation, known):
        return ConditionState.FAILED
    return condition.state


def material_answers(consultation: Consultation, known: Known) -> tuple[Comment, ...]:
    """The answers that touch what was decided."""
    return tuple(one for one in all_under(known, consultation, Comment) if one.material)


def is_about(resolution: Resolution, version: DocumentVersion) -> bool:
    """Whether the resolution is about this version, by document and number or by its ref."""
    by_number = (resolution.about, resolution.version) == (version.document, version.number)
    return by_number or resolution.about == version.ref

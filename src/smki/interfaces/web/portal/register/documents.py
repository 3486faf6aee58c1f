"""What the pages of documents, versions and resolutions show of their effect and their route.

Worked out from what the reader may know, and from nothing else.
"""

from dataclasses import dataclass

from smki.governance.effects import Effect, resolution_effect, version_effect
from smki.governance.entities import Kind
from smki.governance.entities.documents import ControlledDocument, DocumentVersion, Trigger
from smki.governance.entities.minutes import Resolution
from smki.governance.progress import awaited, progress
from smki.governance.routes import RouteStep, route_of
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.showing import Piece, name_of
from smki.interfaces.web.portal.register.words import choice


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    """A step of a version's route.

    Attributes:
        who: who does it, in words.
        act: what they do.
        by: what did it; None if nothing has, as far as the reader may know.
        state: in words.
    """

    who: str
    act: str
    by: Piece | None
    state: str


def effect_of(one: DocumentVersion | Resolution, scene: Scene) -> Effect:
    """Whether it is in force today, and why or why not."""
    if isinstance(one, Resolution):
        return resolution_effect(one, scene.reading, scene.reading.today)
    return version_effect(one, scene.reading, scene.reading.today)


def versions_of(
    document: ControlledDocument, scene: Scene
) -> tuple[tuple[DocumentVersion, Effect], ...]:
    """The versions that this reader may see, newest first, each with its effect today."""
    found = scene.reading.under(document.key, Kind.VERSION)
    versions = [one for one in found if isinstance(one, DocumentVersion)]
    return tuple((one, effect_of(one, scene)) for one in reversed(versions))


def unwatched(document: ControlledDocument, scene: Scene) -> tuple[Trigger, ...]:
    """What should set off a review of it and nobody watches: an error that is to be seen."""
    found = scene.reading.under(document.key, Kind.TRIGGER)
    return tuple(one for one in found if isinstance(one, Trigger) and one.standing == "unassigned")


def route_shown(version: DocumentVersion, scene: Scene) -> tuple[StepShown, ...]:
    """The steps of the version's route, in their order; nothing if its document is not the reader's."""
    document = next(
        (one for one in map(scene.reading.get, version.parents) if one is not None), None
    )
    if not isinstance(document, ControlledDocument):
        return ()
    done = {one.step: one for one in progress(version, scene.reading).done}
    following = awaited(version, scene.reading)
    return tuple(
        StepShown(
            who=choice(step.by),
            act=choice(step.act),
            by=_piece(done[step].by.kind, done[step].by.ref, scene) if step in done else None,
            state=_state(step, following, is_done=step in done),
        )
        for step in route_of(document).steps
    )


def _piece(kind: Kind, ref: str, scene: Scene) -> Piece:
    return Piece(text=name_of(kind, ref, scene), href=scene.link(kind, ref))


def _state(step: RouteStep, following: tuple[RouteStep, ...], *, is_done: bool) -> str:
    if is_done:
        return "done"
    return "next" if step in following else "–"

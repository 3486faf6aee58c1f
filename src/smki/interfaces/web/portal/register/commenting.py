"""A member comments on a draft: in words, or by saying that they have nothing to say."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.governance.entities import Entity, Kind
from smki.governance.entities.minutes import Comment
from smki.interfaces.web.portal.register.scene import Scene, key_of
from smki.interfaces.web.portal.register.submitting import Act, Page, Submitted
from smki.interfaces.web.portal.register.words import one_of

COMMENTED: Final = frozenset({Kind.MINUTES, Kind.PAPER, Kind.VERSION})


class CommentForms:
    """The form of a comment."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (("/comment-on/{kind}/{ref:path}", _page, _comment),)


def _page(request: Request, scene: Scene, given: Submitted) -> Response | None:
    entity = _found(request, scene)
    if entity is None:
        return None
    heading = f"Comment on {one_of(entity.KIND).lower()} {entity.ref}"
    return scene.page(
        "comment.html",
        status=given.status,
        title=("Error: " if given.problems else "") + heading,
        heading=heading,
        part=entity.KIND.value,
        entity=entity,
        findings=given.problems,
        typed=given.typed,
        earlier=scene.reading.under(entity.key, Kind.COMMENT),
    )


def _comment(request: Request, scene: Scene, given: Submitted) -> str | None:
    entity, person = _found(request, scene), scene.reading.person
    if entity is None or person is None:
        return None
    there = scene.reading.register.under(entity.key, Kind.COMMENT)
    own = [one for one in there if isinstance(one, Comment) and one.by == person.ref]
    comment = Comment(
        ref=f"{entity.ref}/{person.ref}-{len(own) + 1}",
        about_kind=entity.KIND,
        about=entity.ref,
        by=person.ref,
        received=scene.reading.today,
        text=given.typed.get("text", "").strip(),
    )
    put(scene.reading, f"comment on {entity.key}", (comment,))
    return scene.to(entity)


def _found(request: Request, scene: Scene) -> Entity | None:
    key = key_of(request.path_params["kind"], request.path_params["ref"])
    found = None if key is None or key.kind not in COMMENTED else scene.reading.get(key)
    return found if found is not None and scene.reading.sits_in(found) else None

"""Minutes go to the members for comments, and to a later meeting for approval; each set on its own."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.governance.entities import Key, Kind
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Minutes, MinutesState
from smki.interfaces.web.portal.register.asking import day_of, kept_of
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.submitting import Act, Page, Submitted
from smki.interfaces.web.portal.register.words import SETS


class ApprovalForms:
    """The form by which minutes go forward."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (("/advance/minutes/{ref:path}", _advancing, _advanced),)


def _advancing(request: Request, scene: Scene, given: Submitted) -> Response | None:
    minutes = kept_of(request, scene, Minutes)
    if minutes is None:
        return None
    meeting = scene.reading.get(Key(Kind.MEETING, minutes.meeting))
    later = (
        [
            one
            for one in scene.reading.under(meeting.parents[0], Kind.MEETING)
            if isinstance(one, Meeting)
            and isinstance(meeting, Meeting)
            and one.held_on > meeting.held_on
        ]
        if isinstance(meeting, Meeting)
        else []
    )
    kept = scene.reading.kept(minutes.key)
    typed = given.typed or {
        "state": minutes.state.value,
        "comments_close": minutes.comments_close.isoformat() if minutes.comments_close else "",
        "approved_at": minutes.approved_at,
    }
    return scene.page(
        "advance.html",
        status=given.status,
        title=("Error: " if given.problems else "") + f"{SETS[minutes.set]} of {minutes.meeting}",
        heading=f"{SETS[minutes.set]} of {minutes.meeting}: comment round and approval",
        part="meeting",
        minutes=minutes,
        states=MinutesState,
        later=sorted(later, key=lambda one: one.held_on),
        findings=given.problems,
        typed=typed,
        since=0 if kept is None else kept.entry,
    )


def _advanced(request: Request, scene: Scene, given: Submitted) -> str | None:
    minutes = kept_of(request, scene, Minutes)
    if minutes is None:
        return None
    state = next(
        (one for one in MinutesState if one.value == given.typed.get("state")), minutes.state
    )
    after = replace(
        minutes,
        state=state,
        comments_close=day_of(given.typed.get("comments_close", "").strip(), "comments_close"),
        approved_at=given.typed.get("approved_at", ""),
        revision=minutes.revision + ("revised" in given.typed),
    )
    since = {} if given.since is None else {minutes.key: given.since}
    put(scene.reading, given.said(f"minutes {minutes.ref}: {state.value}"), (after,), since)
    return scene.to(minutes)

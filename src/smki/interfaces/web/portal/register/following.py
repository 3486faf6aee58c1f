"""What follows of a meeting: decisions and actions with what is known filled in; updates of actions."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.governance.entities import Kind
from smki.governance.entities.meetings import (
    AgendaItem,
    Meeting,
)
from smki.governance.entities.minutes import Action, ActionState, DueKind, Update
from smki.governance.looking import look
from smki.governance.next_numbers import next_action
from smki.interfaces.web.portal.entering import see
from smki.interfaces.web.portal.register.asking import entry_of, kept_of
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.submitting import (
    Act,
    Page,
    Submitted,
)


class FollowingForms:
    """Forms of actions, and links to those of decisions and actions."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return (("/update/action/{ref:path}", _updating, _updated),)

    def links(self) -> tuple[tuple[str, Page], ...]:
        """Paths that lead on to the form of a decision or action, with what is known filled in."""
        return (
            ("/decide/agenda-item/{ref:path}", _decide),
            ("/act/agenda-item/{ref:path}", _act),
        )


def _updating(request: Request, scene: Scene, given: Submitted) -> Response | None:
    action = kept_of(request, scene, Action)
    if action is None:
        return None
    typed = given.typed or {"state": action.state.value, "successor": action.successor}
    return scene.page(
        "update-action.html",
        status=given.status,
        title=("Error: " if given.problems else "") + f"Update of action {action.ref}",
        heading=f"Record an update of action {action.ref}",
        part="action",
        action=action,
        states=ActionState,
        typed=typed,
        findings=given.problems,
        since=entry_of(scene, action),
    )


def _updated(request: Request, scene: Scene, given: Submitted) -> str | None:
    action = kept_of(request, scene, Action)
    if action is None:
        return None
    state = next(
        (one for one in ActionState if one.value == given.typed.get("state")), action.state
    )
    text = given.typed.get("text", "").strip()
    update = Update(on=scene.reading.today, text=text, item=given.typed.get("item", "").strip())
    after = replace(
        action,
        state=state,
        updates=(*action.updates, update) if text else action.updates,
        successor=given.typed.get("successor", "").strip(),
    )
    since = {} if given.since is None else {action.key: given.since}
    put(scene.reading, given.said(f"action {action.ref}: {state.value}"), (after,), since)
    return scene.to(action)


def _decide(request: Request, scene: Scene, given: Submitted) -> Response | None:
    del given
    item = kept_of(request, scene, AgendaItem)
    meeting = None if item is None else look(scene.reading, Meeting, item.meeting)
    if item is None or meeting is None:
        return None
    place = len(scene.reading.under(item.key, Kind.RESOLUTION)) + 1
    bodies = item.joint.bodies if item.joint else (meeting.body,)
    return see(
        f"{scene.base}/new/resolution?"
        + urlencode(
            {
                "ref": f"{item.ref}/{place}",
                "item": item.ref,
                "place": place,
                "bodies": "\n".join(bodies),
            }
        )
    )


def _act(request: Request, scene: Scene, given: Submitted) -> Response | None:
    del given
    item = kept_of(request, scene, AgendaItem)
    meeting = None if item is None else look(scene.reading, Meeting, item.meeting)
    if item is None or meeting is None:
        return None
    reference = next_action(meeting, scene.reading.register, joint=item.joint is not None)
    return see(
        f"{scene.base}/new/action?"
        + urlencode(
            {
                "ref": str(reference),
                "item": item.ref,
                "raised": meeting.held_on.isoformat(),
                "due.kind": DueKind.NEXT_MEETING.value,
            }
        )
    )

"""The forms of the register: one table of them, and the form for anything at all.

A form carries the number of the entry that it was made from, so that nobody undoes what somebody
else did meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.flows.register_services import RegisterServices
from smki.governance.encoding import encode_entity, entity_of
from smki.governance.entities import ENTITIES, Entity, Key, Kind
from smki.governance.entities.minutes import Action
from smki.governance.working_days import due_of
from smki.interfaces.web.portal.register.agendas import AgendaForms
from smki.interfaces.web.portal.register.approving import ApprovalForms
from smki.interfaces.web.portal.register.attending import AttendanceForms
from smki.interfaces.web.portal.register.attributes import Shape, attributes_of, json_of, typed_of
from smki.interfaces.web.portal.register.commenting import CommentForms
from smki.interfaces.web.portal.register.differing import Difference, three
from smki.interfaces.web.portal.register.fields import Form, parent_typed, prefilled
from smki.interfaces.web.portal.register.following import FollowingForms
from smki.interfaces.web.portal.register.giving_out import OutputForms
from smki.interfaces.web.portal.register.minuting import MinuteForms
from smki.interfaces.web.portal.register.papers import PaperForms
from smki.interfaces.web.portal.register.scene import Scene, key_of
from smki.interfaces.web.portal.register.submitting import Act, Page, Submitted, asked, submitted
from smki.interfaces.web.portal.register.words import one_of
from smki.interfaces.web.portal.visiting import Handler
from smki.merkle.canonical import parse_json
from smki.terms import Malformed

_ENTITY: Final = "/{kind}/{ref:path}"
Table = tuple[tuple[str, str, Handler], ...]


class RegisterForms:
    """Every form, for who keeps what it is about; what they may not see is not there.

    Clause: sec:L1, sec:C6
    """

    def __init__(self, services: RegisterServices) -> None:
        self._services = services

    def table(self) -> Table:
        """Verbs, paths below the portal's, and handlers."""
        papers = PaperForms(self._services)
        return (
            *self._form("/edit" + _ENTITY, change_form, change),
            *self._form("/new/{kind}", new_form, make),
            ("GET", "/register/add" + _ENTITY, asked(self._services, add)),
            *self._forms(AgendaForms().forms()),
            *self._forms(AttendanceForms().forms()),
            *self._forms(FollowingForms().forms()),
            *(
                ("GET", f"/register{path}", asked(self._services, page))
                for path, page in FollowingForms().links()
            ),
            *self._forms(MinuteForms().forms()),
            *self._forms(ApprovalForms().forms()),
            *self._forms(CommentForms().forms()),
            *self._forms(OutputForms().forms()),
            *papers.table(),
        )

    def _forms(self, forms: Iterable[tuple[str, Page, Act]]) -> Table:
        return tuple(row for path, page, act in forms for row in self._form(path, page, act))

    def _form(self, path: str, page: Page, act: Act) -> Table:
        return (
            ("GET", f"/register{path}", asked(self._services, page)),
            ("POST", f"/register{path}", submitted(self._services, act, page)),
        )


def change_form(request: Request, scene: Scene, given: Submitted) -> Response | None:
    """The form that changes an entity."""
    key = key_of(request.path_params["kind"], request.path_params["ref"])
    kept = None if key is None else scene.reading.kept(key)
    if key is None or kept is None or not scene.keeps(kept.entity):
        return None
    of = type(kept.entity)
    typed = given.typed or typed_of(of, parse_json(encode_entity(kept.entity), str(key)))
    since = given.since if given.since is not None else kept.entry
    meanwhile = _meanwhile(scene, key, given) if given.problems else ()
    if meanwhile:
        since = kept.entry
    name = f"{one_of(key.kind).lower()} {key.ref}"
    return _page(
        scene,
        given,
        of,
        typed,
        new=False,
        heading=f"Change {name}",
        action=scene.to(kept.entity, "edit"),
        back=scene.to(kept.entity),
        back_words=f"{one_of(key.kind)} {key.ref}",
        since=since,
        meanwhile=meanwhile,
        button="Keep it",
    )


def change(request: Request, scene: Scene, given: Submitted) -> str | None:
    """The entity stands as it was typed."""
    key = key_of(request.path_params["kind"], request.path_params["ref"])
    there = None if key is None else scene.reading.get(key)
    if key is None or there is None:
        return None
    after = _dated(_typed(key.kind, {**given.typed, "ref": key.ref}), scene)
    since = {} if given.since is None else {key: given.since}
    put(scene.reading, given.said(f"{key} changed"), (after,), since)
    return scene.to(after)


def new_form(request: Request, scene: Scene, given: Submitted) -> Response | None:
    """The form for something new; the address may say what stands in it to begin with."""
    kind = _kind(request)
    if kind is None or not scene.reading.keeps_any:
        return None
    of = ENTITIES[kind]
    begun = {**typed_of(of, {}), **prefilled(of, request.query_params)}
    return _page(
        scene,
        given,
        of,
        given.typed or begun,
        new=True,
        heading=f"Add: {one_of(kind).lower()}",
        action=f"{scene.base}/new/{kind.value}",
        back=f"{scene.base}/kinds/{kind.value}",
        back_words="Back to the list",
        since=None,
        meanwhile=(),
        button="Add it",
    )


def make(request: Request, scene: Scene, given: Submitted) -> str | None:
    """It is in the register."""
    kind = _kind(request)
    if kind is None:
        return None
    after = _dated(_typed(kind, given.typed), scene)
    put(scene.reading, given.said(f"{after.key} added"), (after,))
    return scene.to(after)


def add(request: Request, scene: Scene, given: Submitted) -> Response | None:
    """Which kind of thing is to be added to an entity."""
    del given
    key = key_of(request.path_params["kind"], request.path_params["ref"])
    found = None if key is None else scene.reading.get(key)
    if found is None or not scene.keeps(found):
        return None
    return scene.page(
        "add.html",
        title=f"Add something to {one_of(found.KIND).lower()} {found.ref}",
        part=found.KIND.value,
        entity=found,
        kinds=[
            (kind, f"{scene.base}/new/{kind.value}?{_query(found.key, of)}")
            for kind, of in ENTITIES.items()
            if _belongs_to(found.key, of)
        ],
    )


def _kind(request: Request) -> Kind | None:
    named = key_of(request.path_params["kind"], "")
    return None if named is None else named.kind


def _typed(kind: Kind, typed: Mapping[str, str]) -> Entity:
    of = ENTITIES[kind]
    entity = entity_of(kind, json_of(of, typed))
    if not entity.ref.strip() or not entity.ref.isprintable():
        raise Malformed(
            "ref: must be 1 to 120 printable characters",
            where=f"{kind.value}.ref",
            rule="register.ref",
        )
    return entity


def _dated(entity: Entity, scene: Scene) -> Entity:
    """An action has the day to which what was said of it comes, if no day was typed."""
    if isinstance(entity, Action) and entity.due_on is None:
        return replace(entity, due_on=due_of(entity, scene.reading))
    return entity


def _meanwhile(scene: Scene, key: Key, given: Submitted) -> tuple[Difference, ...]:
    """What somebody else changed since the form was made."""
    now = scene.reading.get(key)
    before = None if given.since is None else scene.reading.state(key, given.since)
    if now is None or before is None or now == before:
        return ()
    try:
        typed = _typed(key.kind, {**given.typed, "ref": key.ref})
    except Malformed:
        typed = before
    return three(before, now, typed)


def _page(
    scene: Scene,
    given: Submitted,
    of: type[Entity],
    typed: Mapping[str, str],
    *,
    new: bool,
    **shown: object,
) -> Response:
    form = Form(scene=scene, typed=typed, errors=given.errors)
    first, others = form.of(of, new=new)
    return scene.page(
        "form.html",
        status=given.status,
        title=("Error: " if given.problems else "") + str(shown["heading"]),
        part=of.KIND.value,
        findings=given.problems,
        fields=first,
        others=others,
        lists=form.lists,
        said=given.typed.get("said", ""),
        explained="",
        **shown,
    )


def _belongs_to(key: Key, of: type[Entity]) -> bool:
    """Whether one of that class can belong to something of that kind."""
    names = {one.name for one in attributes_of(of) if one.shape is Shape.LINE}
    general = {"about_kind", "of_kind"} & {one.name for one in attributes_of(of)}
    own = {
        name for name in parent_typed(key) if name not in ("of", "of_kind", "about", "about_kind")
    }
    return bool(general) or bool(own & names)


def _query(key: Key, of: type[Entity]) -> str:
    return urlencode(prefilled(of, parent_typed(key)))

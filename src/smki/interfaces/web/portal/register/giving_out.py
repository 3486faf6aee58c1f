"""Three acts, three forms: White is published, Green distributed, to Amber and Red readers are entitled.

What is White, Green, Amber or Red is said by labels; here it is given out, or not.

Clause: sec:M4.13
"""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import Person
from smki.governance.entities.outputs import Output, OutputAct
from smki.interfaces.web.portal.register.scene import Scene, key_of
from smki.interfaces.web.portal.register.submitting import Act, Page, Submitted
from smki.interfaces.web.portal.register.words import one_of
from smki.ports.register import Wanted
from smki.terms import Malformed

_SOMEBODY: Final = ("",)  # before anybody is named
_WORDS: Final[Mapping[OutputAct, tuple[str, str, str]]] = {
    OutputAct.PUBLISH: (
        "Publish",
        "From now on everybody may read it, without log-in. What was published cannot be called back.",
        "Publish it to everybody",
    ),
    OutputAct.DISTRIBUTE: (
        "Distribute",
        "From now on the officers of all parties may read it here. It is never published.",
        "Distribute it to the parties",
    ),
    OutputAct.ENTITLE: (
        "Entitle readers to",
        "Those whom you name may read it from now on, nobody else. They may not hand it on.",
        "Entitle those whom I named",
    ),
}


class OutputForms:
    """The forms of the three acts."""

    def forms(self) -> tuple[tuple[str, Page, Act], ...]:
        """Paths, pages and what is done."""
        return tuple(
            (f"/{act.value}/{{kind}}/{{ref:path}}", _page(act), _give(act)) for act in OutputAct
        )


def _page(act: OutputAct) -> Page:
    def page(request: Request, scene: Scene, given: Submitted) -> Response | None:
        entity = _found(request, scene)
        if entity is None:
            return None
        verb, meaning, button = _WORDS[act]
        name = f"{one_of(entity.KIND).lower()} {entity.ref}"
        persons = scene.reading.all(Wanted(tokens=None, kinds=(Kind.PERSON,)))
        return scene.page(
            "give-out.html",
            status=given.status,
            title=("Error: " if given.problems else "") + f"{verb} {name}",
            heading=f"{verb} {name}",
            part=entity.KIND.value,
            entity=entity,
            act=act.value,
            meaning=meaning,
            button=button,
            fits=scene.reading.fits(act, entity),
            findings=given.problems,
            goes_out=scene.reading.opened_by(_output(scene, entity, act, _SOMEBODY)),
            persons=persons if act is OutputAct.ENTITLE else (),
            typed=given.typed,
        )

    return page


def _give(act: OutputAct) -> Act:
    def give(request: Request, scene: Scene, given: Submitted) -> str | None:
        entity = _found(request, scene)
        if entity is None:
            return None
        if act is not OutputAct.ENTITLE and "checked" not in given.typed:
            raise Malformed(
                "say that you have looked at what goes out",
                where="output.checked",
                clause="sec:M4.13",
                rule="register.output",
            )
        readers = _readers(scene, given) if act is OutputAct.ENTITLE else ()
        output = _output(scene, entity, act, readers)
        put(scene.reading, given.said(f"{act.value}: {entity.key}"), (output,))
        return scene.to(entity)

    return give


def _output(scene: Scene, entity: Entity, act: OutputAct, readers: tuple[str, ...]) -> Output:
    before = scene.reading.register.under(entity.key, Kind.OUTPUT)
    same = [one for one in before if isinstance(one, Output) and one.act is act]
    return Output(
        ref=f"{entity.KIND.value} {entity.ref}/{act.value}-{len(same) + 1}",
        act=act,
        of_kind=entity.KIND,
        of=entity.ref,
        on=scene.reading.today,
        readers=readers,
    )


def _readers(scene: Scene, given: Submitted) -> tuple[str, ...]:
    persons = scene.reading.all(Wanted(tokens=None, kinds=(Kind.PERSON,)))
    readers = tuple(
        one.ref for one in persons if isinstance(one, Person) and f"reader.{one.ref}" in given.typed
    )
    if not readers:
        raise Malformed(
            "nobody is named, must be at least one reader",
            where="output.readers",
            clause="sec:M4.13",
            rule="register.output",
        )
    return readers


def _found(request: Request, scene: Scene) -> Entity | None:
    key = key_of(request.path_params["kind"], request.path_params["ref"])
    found = None if key is None else scene.reading.get(key)
    return found if found is not None and scene.keeps(found) else None

"""What every page of the register has: who reads, where links lead, what things are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from smki.flows.reading_register import Reading
from smki.flows.register_services import RegisterServices
from smki.governance.entities import ENTITIES, Entity, Key, Kind
from smki.governance.entities.bodies import Election, Seat
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Action, Minutes
from smki.governance.labels import Label
from smki.governance.text.words import due_in_words
from smki.interfaces.web.portal.register import words
from smki.interfaces.web.portal.rendering import page
from smki.interfaces.web.portal.visiting import PORTAL_PATH, Visitor

REGISTER_PATH: Final = f"{PORTAL_PATH}/register"
PUBLIC_PATH: Final = "/register"
_SAID_MOST: Final = 160  # characters of a text in a list
_KIND_BY_VALUE: Final = {one.value: one for one in ENTITIES}


class Filled(dict[str, str]):
    """What stands in a form's fields; a field that nobody named is empty."""

    def __missing__(self, name: str) -> str:
        """Nothing stands there."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One answer in the making.

    Attributes:
        reading: the register as this reader sees it.
        visitor: who looks; None for whoever looks at what is published.
    """

    reading: Reading
    visitor: Visitor | None = None
    _called: dict[Key, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Where the pages begin."""
        return PUBLIC_PATH if self.visitor is None else REGISTER_PATH

    @property
    def form(self) -> str:
        """What a form of this session brings along."""
        session = self.visitor.session if self.visitor else None
        return session.form if session else ""

    def link(self, kind: Kind, ref: str, verb: str = "") -> str:
        """The address of an entity's page, or of what is done with it there."""
        before = f"/{verb}" if verb else ""
        return f"{self.base}{before}/{kind.value}/{quote(ref, safe='/')}"

    def to(self, entity: Entity, verb: str = "") -> str:
        """The same, of an entity."""
        return self.link(entity.KIND, entity.ref, verb)

    def called(self, kind: Kind, ref: str) -> str:
        """What an entity is called, if this reader may know; its ref otherwise."""
        key = Key(kind, ref)
        if key not in self._called:
            found = self.reading.get(key)
            self._called[key] = ref if found is None else (found.title or ref)
        return self._called[key]

    def owner(self, ref: str) -> Key | None:
        """The body or person of that ref, if this reader may know of it."""
        keys = (Key(Kind.BODY, ref), Key(Kind.PERSON, ref))
        return next((one for one in keys if self.there(one.kind, ref)), None)

    def due(self, action: Action) -> str:
        """When an action is due, in the committee's words; for as long as no day is known."""
        return due_in_words(action.due)

    def what(self, entity: Entity) -> str:
        """What a list says of it beside its reference."""
        match entity:
            case Meeting():
                return f"{self.called(Kind.BODY, entity.body)}, {entity.kind.value}"
            case Minutes():
                return words.SETS[entity.set]
            case Seat():
                holder = self.called(Kind.PERSON, entity.holder) if entity.holder else "vacant"
                return f"{words.choice(entity.category)}: {holder}"
            case Election():
                return f"Election for {self.called(Kind.SEAT, entity.seat)}"
        said = next((one for one in (entity.title, *entity.texts) if one != entity.ref), "")
        short = said if len(said) <= _SAID_MOST else f"{said[: _SAID_MOST - 4]} ..."
        return short or words.one_of(entity.KIND)

    def there(self, kind: Kind, ref: str) -> bool:
        """Whether this reader may follow a link to it."""
        return self.reading.get(Key(kind, ref)) is not None

    def label(self, entity: Entity) -> Label:
        """The label that it has, its own or that of what it belongs to."""
        return self.reading.label(entity)

    def keeps(self, entity: Entity) -> bool:
        """Whether this reader may change it; the rules are asked when they do."""
        return self.visitor is not None and self.reading.keeps(entity)

    def page(self, template: str, *, title: str, status: int = 200, **values: Any) -> Response:
        """The page; what it showed is noted first, so that nothing is shown that cannot be."""
        shown: Mapping[str, Any] = (
            {"who": None, "session": None} if self.visitor is None else self.visitor.shown
        )
        if "typed" in values:
            values["typed"] = Filled(values["typed"])
        answer = page(
            f"register/{template}",
            status=status,
            **shown,
            s=self,
            w=words,
            Kind=Kind,
            Label=Label,
            layout=f"register/{'public' if self.visitor is None else 'officer'}.html",
            navigation=words.PUBLIC_NAVIGATION if self.visitor is None else words.NAVIGATION,
            title=title,
            **values,
        )
        self.reading.note()
        return answer


def scene_of(services: RegisterServices, visitor: Visitor, by: str = "page") -> Scene:
    """The register as this officer sees it, and how it is shown to them."""
    user = visitor.session.user if visitor.session else ""
    return Scene(reading=services.readers.officer(visitor.who, user, by), visitor=visitor)


def key_of(kind: str, ref: str) -> Key | None:
    """What an address names; None if there is no such kind."""
    found = _KIND_BY_VALUE.get(kind)
    return None if found is None else Key(found, ref)

"""What must be done before, during and after a recovery: one table, by method; who says that it is done.

Where the system sees it, it says so, and what shows it. Where it cannot, people do, and sign for it.
What the system sees needs no signature; what people sign is never ticked by the system.

Clause: sec-app-l:1, sec:L10
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from smki.recovery.procedures import METHODS
from smki.terms import Method


class Phase(Enum):
    """The three phases that every method has.

    Clause: sec-app-l:1
    """

    BEFORE = "pre-recovery"
    EXECUTION = "execution"
    AFTER = "post-recovery"


class Seen(Enum):
    """What the system can see by itself."""

    CONFIRMED = "confirmed"
    DECLARED = "declared"
    FACTORS = "factors"
    DECIDED = "decided"
    KEY_DECIDED = "key-decided"
    KEY_ASKED = "key-asked"
    CERTIFICATES = "certificates"
    ISSUING = "issuing"
    CONTINGENCY = "contingency"
    CAMPAIGN = "campaign"
    CANARIES = "canaries"
    ENDED = "ended"
    REVOKED = "revoked"
    REPORT = "report"
    CLOSED = "closed"


_EVERY: Final = frozenset(Method) - {Method.NONE}
_COMMANDED: Final = frozenset(
    method for method, row in METHODS.items() if row.modes and method is not Method.ONE
)
_BY_KEY: Final = frozenset(method for method, row in METHODS.items() if row.key)
_OF_SUBSCRIBER: Final = frozenset({Method.ONE, Method.THREE})
_NEW_ROOT: Final = frozenset({Method.BY_CONTINGENCY, Method.ROOT_UPDATE})
_NEW_ISSUING: Final = frozenset({Method.BY_RECOVERY, Method.BY_CONTINGENCY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that must be done.

    Attributes:
        name: by which it is signed; stays.
        text: what.
        phase: when.
        methods: for which it is.
        seen: what the system sees of it; None where people say so.
    """

    name: str
    text: str
    phase: Phase
    methods: frozenset[Method] = frozenset(Method)
    seen: Seen | None = None


_B, _E, _A = Phase.BEFORE, Phase.EXECUTION, Phase.AFTER


def _item(
    phase: Phase,
    name: str,
    text: str,
    methods: frozenset[Method] = frozenset(Method),
    seen: Seen | None = None,
) -> Item:
    return Item(name=name, text=text, phase=phase, methods=methods, seen=seen)


ITEMS: Final[tuple[Item, ...]] = (
    _item(_B, "confirmed", "The notification is confirmed by call-back.", seen=Seen.CONFIRMED),
    _item(_B, "declared", "The incident is declared.", seen=Seen.DECLARED),
    _item(_B, "told", "Parties that are concerned and the authority are told."),
    _item(_B, "listed", "The list of relevant devices is agreed with the subscriber.", _EVERY),
    _item(_B, "factors", "The mandatory factors are answered.", seen=Seen.FACTORS),
    _item(_B, "decided", "The method is decided.", seen=Seen.DECIDED),
    _item(_B, "key-decided", "The use of the key is decided.", _BY_KEY, Seen.KEY_DECIDED),
    _item(_B, "thresholds", "Anomaly detection thresholds let the burst pass.", _EVERY),
    _item(_B, "suspended", "Processing for the compromised credentials is suspended, or why not."),
    _item(
        _B,
        "certificates",
        "New certificates of the subscriber are issued.",
        _OF_SUBSCRIBER,
        Seen.CERTIFICATES,
    ),
    _item(
        _B,
        "contingency",
        "New contingency material and its root are made in a ceremony.",
        _NEW_ROOT,
        Seen.CONTINGENCY,
    ),
    _item(_B, "issuing", "A new issuing authority is certified.", _NEW_ISSUING, Seen.ISSUING),
    _item(_B, "custodians", "Custodians are called, and a quorum will be there.", _BY_KEY),
    _item(_B, "risk", "Somebody bears the risk, and until when is said.", frozenset({Method.NONE})),
    _item(_E, "key-asked", "The key was opened under the decisions.", _BY_KEY, Seen.KEY_ASKED),
    _item(_E, "campaign", "A campaign commands the devices.", _COMMANDED, Seen.CAMPAIGN),
    _item(
        _E,
        "canaries",
        "People looked at the canaries, and let it go on.",
        _COMMANDED,
        Seen.CANARIES,
    ),
    _item(_E, "progress", "The subscriber and the authority are told of the progress.", _EVERY),
    _item(_E, "ended", "Every device came to an end.", _COMMANDED, Seen.ENDED),
    _item(_A, "inspected", "Devices were inspected, not by the way of the commands.", _EVERY),
    _item(_A, "closed-key", "The key is closed; custodians stand down.", _BY_KEY),
    _item(_A, "revoked", "The compromised certificates are revoked.", _EVERY, Seen.REVOKED),
    _item(
        _A,
        "published",
        "Revocation lists are published, the root's too where it is concerned.",
        _EVERY,
    ),
    _item(
        _A,
        "handed-back",
        "Devices are handed back to their subscriber.",
        frozenset({Method.TWO}),
    ),
    _item(_A, "updated", "A further ordinary update succeeded on recovered devices.", _EVERY),
    _item(_A, "restored", "Thresholds and processing are as before.", _EVERY),
    _item(_A, "residue", "Each device that is left has an owner.", _EVERY),
    _item(_A, "report", "The report is lodged.", _EVERY, Seen.REPORT),
    _item(_A, "lessons", "Lessons are written down, and custodians are replaced where needed."),
    _item(_A, "closed", "The incident is closed.", seen=Seen.CLOSED),
)
"""The table, in the order in which it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """An item as it stands.

    Attributes:
        item: which.
        done: whether it is.
        shown: what shows it, or who signed; empty while it is not done.
    """

    item: Item
    done: bool
    shown: str = ""

    @property
    def is_signed(self) -> bool:
        """Whether it is for people to sign."""
        return self.item.seen is None


def items_for(method: Method) -> tuple[Item, ...]:
    """The items of a method, in their order.

    Clause: sec-app-l:1
    """
    return tuple(item for item in ITEMS if method in item.methods)


def checklist(
    method: Method, seen: Mapping[Seen, str], signed: Mapping[str, str]
) -> tuple[Ticked, ...]:
    """The checklist of a method as it stands.

    Args:
        method: which.
        seen: what the system sees, each with what shows it.
        signed: by name of the item who signed it.

    Clause: sec-app-l:1, sec:L10
    """
    return tuple(_ticked(item, seen, signed) for item in items_for(method))


def _ticked(item: Item, seen: Mapping[Seen, str], signed: Mapping[str, str]) -> Ticked:
    shown = signed.get(item.name) if item.seen is None else seen.get(item.seen)
    return Ticked(item=item, done=shown is not None, shown=shown or "")

"""The scripts of the ceremonies: numbered steps, who must be there, what is read, what is typed.

One table a script. A step about `EACH_KEY` is held once for each key that the ceremony was opened
with. Who changes a script changes its digest, which each transcript names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from smki.merkle.canonical import JSON, encode_json

EACH_KEY: Final = "each key"
CONTINGENCY: Final = "contingency"
SYMMETRIC: Final = "contingency-symmetric"
RECOVERY: Final = "recovery"
ROOT_OCA: Final = "root-oca"


class Role(Enum):
    """Who takes part in a ceremony.

    Clause: sec-app-l:3
    """

    OPERATOR = "operator"
    WITNESS = "witness"
    CUSTODIANS = "custodians"


class Act(Enum):
    """What a step does; `acts` says how."""

    GO = "go"
    ATTEND = "attend"
    CONFIRM = "confirm"
    MAKE = "make"
    CERTIFY = "certify"
    PROVE = "prove"
    ISSUE = "issue"
    LIST = "list"
    RENEW_LIST = "renew-list"
    REQUEST = "request"
    REFRESH = "refresh"
    PERMIT = "permit"
    USE = "use"
    SERVE = "serve"
    DESTROY = "destroy"
    RECEIVE = "receive"
    COMPARE = "compare"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a script.

    Attributes:
        number: from 1.
        act: what it does.
        about: a key, a kind of certificate, `EACH_KEY`, or empty.
        title: what it is for, read aloud.
        types: what is typed, and by whom.
        present: who must be there.
    """

    number: int
    act: Act
    about: str
    title: str
    types: str
    present: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A ceremony's script.

    Attributes:
        name: as `smki ceremony run` takes it.
        title: what it is for.
        steps: in their order.
        opens: it uses keys that are in custody already.
    """

    name: str
    title: str
    steps: tuple[Step, ...]
    opens: bool

    @property
    def digest(self) -> str:
        """SHA-256 of the script, in hexadecimal digits."""
        return sha256(encode_json(_value(self))).hexdigest()

    def for_keys(self, keys: tuple[str, ...]) -> tuple[Step, ...]:
        """The steps, those about each key once for each of these; numbered anew."""
        steps = [
            replace(step, about=key)
            for step in self.steps
            for key in (keys if step.about == EACH_KEY else (step.about,))
        ]
        return tuple(replace(step, number=number) for number, step in enumerate(steps, 1))


_O, _W, _C = Role.OPERATOR, Role.WITNESS, Role.CUSTODIANS
_BOTH, _ALL = (_O, _W), (_O, _W, _C)
_Row = tuple[Act, str, str, str, tuple[Role, ...]]

_BEGINNING: Final[tuple[_Row, ...]] = (
    (
        Act.GO,
        "",
        "Each custodian was told of this ceremony and acknowledged it: go or no go?",
        "the operator: how each acknowledged, then 'go' or what stops it",
        (_O,),
    ),
    (
        Act.ATTEND,
        "",
        "Who is here, by which document was each known, and where do they work today?",
        "the operator for each: name, document, organisation; 'absent' for who is not here",
        _ALL,
    ),
    (
        Act.CONFIRM,
        "machine",
        "Which machine and which software is this, is it apart from every network, and who saw it?",
        "the operator: what the machine is; a witness: 'seen'",
        _BOTH,
    ),
)
_COMPARING: Final[_Row] = (
    Act.COMPARE,
    "",
    "The fingerprints are read aloud, group by group, and compared with what each one wrote down.",
    "a witness for each: 'agreed'",
    _BOTH,
)
_CLOSING: Final[_Row] = (
    Act.CLOSE,
    "",
    "What was not as the script says? The transcript is made, to be signed.",
    "a witness: the deviations, or 'none'",
    _BOTH,
)
_PERMITTING: Final[_Row] = (
    Act.PERMIT,
    EACH_KEY,
    "The decision names key, incident and purpose, and the method if it recovers; it is in force.",
    "the operator: ids of the decisions, incident, method, purpose",
    _BOTH,
)
_RECEIVING: Final[_Row] = (
    Act.RECEIVE,
    "",
    "Each custodian opens their share of every key on a machine of their own.",
    "each custodian: 'opens', or 'absent'",
    _ALL,
)


def _make(key: str, what: str) -> _Row:
    return (
        Act.MAKE,
        key,
        f"{what} is made, sealed and split among the custodians; nothing of it is shown.",
        "nothing",
        _ALL,
    )


def _certify(kind: str, what: str) -> _Row:
    return Act.CERTIFY, kind, f"{what} is certified.", "nothing, or shares if it was cut off", _BOTH


def _list(kind: str) -> _Row:
    title = "The root's revocation list is signed."
    return Act.LIST, kind, title, "nothing, or shares if the key is not open", _BOTH


_RENEWING_LIST: Final[_Row] = (
    Act.RENEW_LIST,
    EACH_KEY,
    "The root's next list is signed: what the last one has, for as long again.",
    "each custodian: their share, or 'absent'",
    _ALL,
)
_PROVING: Final[_Row] = (
    Act.PROVE,
    ROOT_OCA,
    "The wrapped key in the root certificate is opened, and belongs to the contingency key.",
    "nothing, or shares if it was cut off",
    _BOTH,
)
_ROWS: Final[tuple[tuple[str, str, bool, tuple[_Row, ...]], ...]] = (
    (
        "roots",
        "Initial roots: contingency key, three roots and what they certify",
        False,
        (
            *_BEGINNING,
            _make(CONTINGENCY, "The contingency key pair"),
            _make(SYMMETRIC, "The contingency symmetric key"),
            *(_make(name, f"The key of {name}") for name in (ROOT_OCA, "root-dca", "root-ica")),
            *(_certify(kind, f"The {kind}") for kind in (ROOT_OCA, "root-dca", "root-ica")),
            _PROVING,
            *(
                _certify(kind, f"The {kind}, whose key was brought as a request,")
                for kind in ("issuing-oca", "issuing-dca", "issuing-ica")
            ),
            *(_list(kind) for kind in (ROOT_OCA, "root-dca", "root-ica")),
            _RECEIVING,
            _COMPARING,
            _CLOSING,
        ),
    ),
    (
        "recovery-key",
        "The recovery key, and the request for its certificate",
        False,
        (
            *_BEGINNING,
            _make(RECOVERY, "The recovery key pair"),
            (
                Act.REQUEST,
                RECOVERY,
                "The request for the recovery certificate is signed.",
                "nothing, or shares if it was cut off",
                _BOTH,
            ),
            _RECEIVING,
            _COMPARING,
            _CLOSING,
        ),
    ),
    (
        "contingency",
        "New contingency material, and the new Root OCA that carries it",
        False,
        (
            *_BEGINNING,
            _make(CONTINGENCY, "The new contingency key pair"),
            _make(SYMMETRIC, "The new contingency symmetric key"),
            _make(ROOT_OCA, "The key of the new Root OCA"),
            _certify(ROOT_OCA, "The new Root OCA"),
            _PROVING,
            _certify("issuing-oca", "The Issuing OCA, whose key was brought as a request,"),
            _list(ROOT_OCA),
            _RECEIVING,
            _COMPARING,
            _CLOSING,
        ),
    ),
    (
        "renewal",
        "New shares for keys in custody, also where a custodian is replaced; the keys stay",
        True,
        (
            *_BEGINNING,
            (
                Act.REFRESH,
                EACH_KEY,
                "The key is opened by a quorum, sealed anew and split among the custodians.",
                "each custodian of the set before: their share, or 'absent'",
                _ALL,
            ),
            _RECEIVING,
            _COMPARING,
            _CLOSING,
        ),
    ),
    (
        "root-lists",
        "New revocation lists of roots in custody",
        True,
        (
            *_BEGINNING,
            _PERMITTING,
            _RENEWING_LIST,
            _COMPARING,
            _CLOSING,
        ),
    ),
    (
        "issuing",
        "A new Issuing OCA under the root in custody; what was brought as revoke.cer is revoked",
        True,
        (
            *_BEGINNING,
            _PERMITTING,
            (
                Act.ISSUE,
                "issuing-oca",
                "The Issuing OCA, whose key was brought as a request, is certified by the root.",
                "each custodian: their share, or 'absent'",
                _ALL,
            ),
            _RENEWING_LIST,
            _COMPARING,
            _CLOSING,
        ),
    ),
    (
        "activation",
        "A key in custody is used under a decision, so often and so long as was permitted",
        True,
        (
            *_BEGINNING,
            _PERMITTING,
            (
                Act.USE,
                EACH_KEY,
                "The key is opened by a quorum, signs what was brought, and is forgotten.",
                "each custodian: their share, or 'absent'; a witness: 'agreed' for each content",
                _ALL,
            ),
            _CLOSING,
        ),
    ),
    (
        "activation-for-recovery",
        "Keys in custody are open for whoever carries a recovery, so often and so long as was permitted",
        True,
        (
            *_BEGINNING,
            _PERMITTING,
            (
                Act.SERVE,
                "",
                "The keys are opened by a quorum, used by whoever carries the recovery, and forgotten.",
                "the operator: how often, at most; each custodian: their share, or 'absent'",
                _ALL,
            ),
            _CLOSING,
        ),
    ),
    (
        "destruction",
        "Keys in custody are destroyed, with every share",
        True,
        (
            *_BEGINNING,
            _PERMITTING,
            (
                Act.DESTROY,
                EACH_KEY,
                "The file of the key is overwritten and removed; custodians destroy their copies.",
                "each custodian: 'destroyed', or 'absent'; a witness: 'seen'",
                _ALL,
            ),
            _CLOSING,
        ),
    ),
)


def _script(name: str, title: str, rows: tuple[_Row, ...], *, opens: bool) -> Script:
    steps = tuple(
        Step(number=number, act=act, about=about, title=what, types=types, present=present)
        for number, (act, about, what, types, present) in enumerate(rows, 1)
    )
    return Script(name=name, title=title, steps=steps, opens=opens)


SCRIPTS: Final[Mapping[str, Script]] = MappingProxyType(
    {name: _script(name, title, rows, opens=opens) for name, title, opens, rows in _ROWS}
)


def _value(script: Script) -> JSON:
    steps: list[JSON] = [
        {
            "about": step.about,
            "act": step.act.value,
            "present": [role.value for role in step.present],
            "title": step.title,
            "types": step.types,
        }
        for step in script.steps
    ]
    return {"name": script.name, "opens": script.opens, "steps": steps, "title": script.title}

"""The decision file: one decision of one body, in the only spelling it has.

    decision   canonical JSON (`merkle.canonical`) with exactly these keys:
      id          1 to 64 letters, digits, `.`, `/`, `-`, `_`; one decision has one id for ever
      body        who decided, see `Body`
      kind        what was decided, see `DecisionKind`
      object      what it is about, see `permits`: a document's title, a serial number, an EUI-64 as
                  it is printed, an entry of the record, the id of a decision, a key, an incident
      scope       what of it, in words or as a version; may be empty
      not_before  from when it permits anything, `2026-11-21T00:00:00Z`
      expiry      until when
      conditions  list of sentences; empty if there are none
    recorded   canonical JSON {"decision": {...}, "signatures": [base64 of CMS, ...]}, the body of
               a DECISION leaf; signatures ascending, none twice

The signatures are over the octets of the decision alone. Nothing here believes them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeVar

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.terms import Malformed, instant_text

DECISION_MAX_OCTETS: Final = 24 * 1024  # with its signatures it stands in a leaf or a small blob
SIGNATURES_MAX: Final = 16  # more than a committee has members
TEXT_MAX: Final = 200  # characters of object and scope
CONDITION_MAX: Final = 1000

_KEYS: Final = (
    "body",
    "conditions",
    "expiry",
    "id",
    "kind",
    "not_before",
    "object",
    "scope",
)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class Body(Enum):
    """The bodies whose decisions systems obey, and whose officers may lodge.

    Clause: sec:L5.3
    """

    SMKI_PMA = "smki-pma"
    CODE_ADMINISTRATOR = "code-administrator"
    PANEL = "panel"
    SECURITY_SUB_COMMITTEE = "security-sub-committee"
    TEST_ASSURANCE_BOARD = "test-assurance-board"


class DecisionKind(Enum):
    """What can be decided so that a system acts on it; `permits` says what each permits.

    Clause: sec:L5.3
    """

    SUPERSEDE_DOCUMENT = "supersede-document"
    WITHDRAW_DOCUMENT = "withdraw-document"
    DIRECT_LODGING = "direct-lodging"
    REVOKE_CERTIFICATE = "revoke-certificate"
    WITHHOLD_REVOCATION = "withhold-revocation"
    REMOVE_CONTENT = "remove-content"
    CONDITIONS_MET = "conditions-met"
    USE_KEY = "use-key"
    APPROVE_CUSTODIAN = "approve-custodian"
    RECOVER = "recovery-method"
    CHANGE_PROFILES = "change-profiles"
    GO_LIVE = "go-live"
    REMOVE_PRODUCT = "remove-product"
    APPROVE_WORKAROUND = "approve-workaround"
    WITHDRAW_DECISION = "withdraw-decision"
    RATIFY_DECISION = "ratify-decision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision; the attributes are the keys of its file.

    Attributes:
        id: its lasting name.
        body: who decided.
        kind: what was decided.
        object: what it is about.
        scope: what of it; may be empty.
        not_before: from when it permits anything.
        expiry: until when.
        conditions: sentences; empty if there are none.
    """

    id: str
    body: Body
    kind: DecisionKind
    object: str
    scope: str
    not_before: datetime
    expiry: datetime
    conditions: tuple[str, ...]


def encode_decision(decision: Decision) -> bytes:
    """The octets of the decision file; what is signed."""
    return encode_json(
        {
            "body": decision.body.value,
            "conditions": list(decision.conditions),
            "expiry": instant_text(decision.expiry),
            "id": decision.id,
            "kind": decision.kind.value,
            "not_before": instant_text(decision.not_before),
            "object": decision.object,
            "scope": decision.scope,
        }
    )


def parse_decision(octets: bytes) -> Decision:
    """The decision in this file.

    Raises:
        Malformed: not canonical JSON, a key too many or too few, or a value of another form.
    """
    if len(octets) > DECISION_MAX_OCTETS:
        raise _malformed("file", f"{len(octets)} octets, must be at most {DECISION_MAX_OCTETS}")
    return _decision(parse_json(octets, "decision"))


def recorded_body(decision: bytes, signatures: Iterable[bytes]) -> bytes:
    """The body of the DECISION leaf: the decision (octets of its file) and its signatures.

    Raises:
        Malformed: not a decision file, no signature or too many.
    """
    parse_decision(decision)
    kept = sorted({write_base64(one) for one in signatures})
    if not 1 <= len(kept) <= SIGNATURES_MAX:
        raise _malformed("signatures", f"{len(kept)}, must be 1 to {SIGNATURES_MAX}")
    return encode_json({"decision": parse_json(decision, "decision"), "signatures": kept})


def parse_recorded(body: bytes) -> tuple[Decision, bytes, tuple[bytes, ...]]:
    """The decision in a DECISION leaf's body, its octets, and its signatures.

    Raises:
        Malformed: not of the form above.
    """
    value = parse_json(body, "decision")
    if not isinstance(value, Mapping) or set(value) != {"decision", "signatures"}:
        raise _malformed("recorded decision", "must have the keys decision and signatures")
    kept = value["signatures"]
    if not isinstance(kept, list) or not all(isinstance(one, str) for one in kept):
        raise _malformed("signatures", "must be a list of base64 texts")
    texts = [str(one) for one in kept]
    if texts != sorted(set(texts)) or not 1 <= len(texts) <= SIGNATURES_MAX:
        raise _malformed("signatures", "must ascend, none twice, 1 to 16 of them")
    signatures = tuple(found for one in texts if (found := read_base64(one)) is not None)
    if len(signatures) < len(texts):
        raise _malformed("signatures", "not base64 in its only form, must be")
    decision = _decision(value["decision"])
    return decision, encode_json(value["decision"]), signatures


def explain(decision: Decision) -> tuple[str, ...]:
    """The decision in sentences for whoever is to sign or to believe it."""
    scope = f", {decision.scope}" if decision.scope else ""
    lines = [
        f"decision {decision.id} of {decision.body.value}: {decision.kind.value}",
        f"  about {decision.object}{scope}",
        f"  in force from {instant_text(decision.not_before)} to {instant_text(decision.expiry)}",
    ]
    lines += [f"  on condition: {one}" for one in decision.conditions]
    return tuple(lines)


def _decision(value: JSON) -> Decision:
    if not isinstance(value, Mapping) or tuple(sorted(value)) != _KEYS:
        found = ", ".join(sorted(value)) if isinstance(value, Mapping) else "no object"
        raise _malformed("keys", f"{found[:200]}, must be exactly {', '.join(_KEYS)}")
    identifier = _string(value, "id", 64)
    if not _ID.fullmatch(identifier):
        raise _malformed("id", f"{identifier!r}, must be letters, digits, '.', '/', '-', '_'")
    start, end = _instant(value, "not_before"), _instant(value, "expiry")
    if not start < end:
        raise _malformed("expiry", f"{instant_text(end)}, must be after not_before")
    about = _string(value, "object", TEXT_MAX)
    if not about.strip():
        raise _malformed("object", "empty, must name what is decided about")
    return Decision(
        id=identifier,
        body=_member(Body, value, "body"),
        kind=_member(DecisionKind, value, "kind"),
        object=about,
        scope=_string(value, "scope", TEXT_MAX),
        not_before=start,
        expiry=end,
        conditions=_conditions(value),
    )


def _conditions(value: Mapping[str, JSON]) -> tuple[str, ...]:
    found = value["conditions"]
    if not isinstance(found, list):
        raise _malformed("conditions", "no list, must be a list of sentences")
    texts = tuple(one for one in found if isinstance(one, str) and 0 < len(one) <= CONDITION_MAX)
    if len(texts) != len(found):
        raise _malformed("conditions", f"must be texts of 1 to {CONDITION_MAX} characters")
    return texts


_Member = TypeVar("_Member", bound=Enum)


def _member(kinds: type[_Member], value: Mapping[str, JSON], key: str) -> _Member:
    for one in kinds:
        if one.value == value[key]:
            return one
    known = ", ".join(str(one.value) for one in kinds)
    raise _malformed(key, f"{str(value[key])[:60]!r}, must be one of {known}")


def _string(value: Mapping[str, JSON], key: str, most: int) -> str:
    found = value[key]
    if not isinstance(found, str) or len(found) > most or not (found.isprintable() or not found):
        raise _malformed(key, f"must be a printable text of at most {most} characters")
    return found


def _instant(value: Mapping[str, JSON], key: str) -> datetime:
    text = _string(value, key, 20)
    try:
        if _INSTANT.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise _malformed(key, f"{text!r}, must be as 2026-11-21T00:00:00Z")


def _malformed(field: str, message: str) -> Malformed:
    return Malformed(
        f"decision: {field}: {message}", where=field, clause="sec:L5.3", rule="decision.form"
    )

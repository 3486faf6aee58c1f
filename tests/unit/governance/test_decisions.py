"""Decision files: one spelling, closed values, and the table of what each kind permits."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.governance import (
    PERMITS,
    Act,
    Body,
    Circumstances,
    Decision,
    DecisionKind,
    Question,
    Signatory,
    Signed,
    decide_permitted,
    encode_decision,
    explain,
    parse_decision,
    parse_recorded,
    recorded_body,
)
from smki.merkle.canonical import encode_json
from smki.terms import Malformed

AT = datetime(2026, 11, 21, tzinfo=UTC)
DECISION = Decision(
    id="PMA-2026/11-1",
    body=Body.SMKI_PMA,
    kind=DecisionKind.SUPERSEDE_DOCUMENT,
    object="Recovery Procedure",
    scope="version 2",
    not_before=AT,
    expiry=AT + timedelta(days=30),
    conditions=(),
)


@pytest.mark.clause("sec:L5.3")
def test_a_decision_has_one_spelling() -> None:
    """What is encoded is read again as the same value, and its octets are the only ones."""
    octets = encode_decision(DECISION)
    assert parse_decision(octets) == DECISION
    assert encode_decision(parse_decision(octets)) == octets
    with pytest.raises(Malformed, match="not canonical"):
        parse_decision(octets.replace(b":", b": ", 1))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("id", "a b", "id: 'a b', must be letters"),
        ("id", "", "id"),
        ("body", "board", "must be one of smki-pma, code-administrator"),
        ("kind", "delete", "kind: 'delete', must be one of"),
        ("object", "  ", "object: empty"),
        ("object", 7, "object: must be a printable text"),
        ("scope", "x" * 201, "scope: must be a printable text"),
        ("not_before", "2026-11-21", "must be as 2026-11-21T00:00:00Z"),
        ("not_before", "2026-13-21T00:00:00Z", "must be as 2026-11-21T00:00:00Z"),
        ("not_before", "202\u0666-11-21T00:00:00Z", "must be as 2026-11-21T00:00:00Z"),
        ("expiry", "2026-11-21T00:00:00Z", "must be after not_before"),
        ("conditions", "none", "conditions: no list"),
        ("conditions", [""], "conditions: must be texts"),
        ("extra", 1, "keys: .*, must be exactly"),
    ],
)
@pytest.mark.clause("sec:L5.3")
def test_any_other_value_is_refused(key: str, value: Any, said: str) -> None:
    """A value of another form, or a key too many, is Malformed and says which."""
    fields = {**json.loads(encode_decision(DECISION)), key: value}
    with pytest.raises(Malformed, match=said):
        parse_decision(encode_json(fields))


@given(st.binary(max_size=300))
def test_any_octets_are_malformed_or_a_decision(octets: bytes) -> None:
    """Reading is total: no octets bring out another error, recorded bodies included."""
    for read in (parse_decision, parse_recorded):
        with pytest.raises(Malformed):
            read(octets)


def test_what_is_recorded_is_the_decision_with_its_signatures() -> None:
    """Signatures stand in one order, none twice, and come back with the octets that were signed."""
    octets = encode_decision(DECISION)
    body = recorded_body(octets, [b"two", b"one", b"two"])
    assert body == recorded_body(octets, [b"one", b"two"])
    assert parse_recorded(body) == (DECISION, octets, (b"one", b"two"))
    with pytest.raises(Malformed, match="signatures: 0"):
        recorded_body(octets, [])


def test_a_decision_is_explained_in_sentences() -> None:
    """Who decided what, about what, from when to when, on which condition."""
    said = "\n".join(explain(DECISION))
    for text in ("PMA-2026/11-1", "smki-pma", "supersede-document", "Recovery Procedure"):
        assert text in said
    assert "2026-11-21T00:00:00Z to 2026-12-21T00:00:00Z" in said


SIGNED = Signed(count=2, missing=())


def asked(
    act: Act = Act.SUPERSEDE, *, signed: Signed = SIGNED, released: bool = False, **changes: Any
) -> tuple[str, ...]:
    """What is said against it; `changes` are those of the question or of the decision."""
    question: dict[str, Any] = {"about": frozenset({DECISION.object}), "at": AT, "scope": None}
    question |= {name: value for name, value in changes.items() if name in question}
    found = Circumstances(signed=signed, released=released, withdrawn=changes.pop("withdrawn", ""))
    fields = {name: getattr(DECISION, name) for name in Decision.__slots__}
    given = {name: value for name, value in changes.items() if name not in question}
    findings = decide_permitted(
        Decision(**(fields | given)), Question(act=act, of=Body.SMKI_PMA, **question), found
    )
    return tuple(one.message for one in findings)


@pytest.mark.clause("sec:L5.3", "sec:L10.9", "sec:L10", "gbcs:12", "sec:G7", "sec:L1")
@pytest.mark.parametrize("kind", DecisionKind)
def test_each_row_permits_its_act_and_no_other(kind: DecisionKind) -> None:
    """Kind by kind, act by act and body by body, exactly the rows of the table permit."""
    for act in Act:
        rows = [one for one in PERMITS if (one.kind, one.act) == (kind, act)]
        for body in Body:
            permitted = any((one.body or Body.SMKI_PMA) is body for one in rows)
            assert (not asked(act, kind=kind, body=body)) is permitted


@pytest.mark.clause("sec:L5.3")
def test_every_row_asks_for_presider_and_secretary() -> None:
    """No kind of decision is permitted by one officer, or without one of the two."""
    for row in PERMITS:
        assert set(row.signatories) == set(Signatory)
        for lacks in Signatory:
            one = Signed(count=9, missing=(lacks,))
            body = row.body or Body.SMKI_PMA
            (message,) = asked(row.act, signed=one, kind=row.kind, body=body)
            assert "two different officers" in message


@pytest.mark.clause("sec:L5.3")
def test_what_was_lodged_before_capacities_were_named_is_judged_as_then() -> None:
    """Then a number of officers was enough; the kinds that came later were never permitted so."""
    for row in PERMITS:
        body = row.body or Body.SMKI_PMA
        for count in range(4):
            said = asked(
                row.act, signed=Signed(count=count, missing=None), kind=row.kind, body=body
            )
            assert (not said) is (0 < row.earlier <= count)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"about": frozenset({"another"})}, "must be about 'another'"),
        ({"scope": "version 3"}, "has the scope 'version 2', must have 'version 3'"),
        ({"at": AT - timedelta(seconds=1)}, "is in force from"),
        ({"at": AT + timedelta(days=30)}, "is in force from"),
        ({"signed": Signed(count=0, missing=None)}, "has 0 signatures of officers, must have 1"),
        (
            {"signed": Signed(count=2, missing=(Signatory.SECRETARY,))},
            "is not signed by the secretary",
        ),
        ({"body": Body.CODE_ADMINISTRATOR}, "must be of smki-pma"),
        ({"conditions": ("after review",)}, "conditions-met"),
        ({"withdrawn": "PMA-2"}, "was withdrawn by decision PMA-2"),
        ({"kind": DecisionKind.REMOVE_CONTENT}, "needs supersede-document or direct-lodging"),
    ],
)
@pytest.mark.clause("sec:L5.3")
def test_what_does_not_fit_is_said(changes: dict[str, Any], said: str) -> None:
    """Object, scope, time, signatures, body, conditions, kind: each that does not fit is named."""
    assert asked() == ()
    (message,) = asked(**changes)
    assert said in message


def test_conditions_that_are_met_stand_in_nobodys_way() -> None:
    """Once released, a decision with conditions permits."""
    assert asked(conditions=("after review",), released=True) == ()

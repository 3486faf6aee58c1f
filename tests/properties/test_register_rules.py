"""Whatever is put into the register, its rules answer with findings, and nothing breaks."""

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.known import Held

from smki.clauses import CLAUSES
from smki.governance.duties import decide_duties
from smki.governance.entities import ENTITIES, Entity
from smki.governance.entities.bodies import Seat
from smki.governance.entities.minutes import Action
from smki.governance.entries import Change
from smki.governance.planner import plan
from smki.governance.rulebook import RULES
from smki.governance.rules import decide_change
from smki.governance.working_days import due_of
from smki.terms import Refused

# Names that fit together often enough for one entity to speak of another, and some that nobody wants.
NAMES: Final = (
    "",
    "QPA",
    "QTG",
    "ada",
    "QPA/1",
    "QPA_21_0803",
    "QPA_22_1204",
    "QPA_21_3102",
    "QPA_21_0803/1",
    "QPA_21_0803/open",
    "QPA_21_0803/open/001",
    "QPA_21_0803/1/1",
    "QPA 21/01",
    "JM_0803/01",
    "QPA_21_0803_01",
    "3.9",
    "O",
    "../..",
    "A" * 41,
    "é",
)
DAYS: Final = st.one_of(
    st.sampled_from([date(2016, 3, 8), date(2016, 4, 12), date.min, date.max]), st.dates()
)
SIMPLE: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: st.sampled_from(NAMES),
    int: st.sampled_from([-1, 0, 1, 2, 21, 22, 12, 10**4, 10**9]),
    bool: st.booleans(),
    date: DAYS,
    time: st.sampled_from([time(0), time(15)]),
    datetime: DAYS.map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)),
}


def values(of: Any) -> st.SearchStrategy[Any]:
    """Any value of that annotation."""
    if of in SIMPLE:
        return SIMPLE[of]
    if isinstance(of, type) and issubclass(of, Enum):
        return st.sampled_from(of)
    if is_dataclass(of) and isinstance(of, type):
        hints = get_type_hints(of)
        return st.builds(of, **{one.name: values(hints[one.name]) for one in fields(of)})
    if get_origin(of) is tuple:
        return st.lists(values(get_args(of)[0]), max_size=2).map(tuple)
    (inner,) = (one for one in get_args(of) if one is not NoneType)
    return st.none() | values(inner)


IDS: Final = {one.id for one in CLAUSES}
ENTITY: Final = st.sampled_from(list(ENTITIES.values())).flatmap(values)
SEVERAL: Final = st.lists(ENTITY, max_size=8)
SOME: Final = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SOME
@given(there=SEVERAL, put=st.lists(ENTITY, min_size=1, max_size=6), by=st.sampled_from(["", "ada"]))
def test_rules_answer_whatever_is_put(there: list[Entity], put: list[Entity], by: str) -> None:
    """Each rule gives findings with a clause of the catalogue, and raises nothing."""
    known = Held(*there)
    change = Change(at=datetime(2016, 4, 13, tzinfo=UTC), by=by, said="so", entities=tuple(put))
    seats = [one for one in there if isinstance(one, Seat)]
    for one in (*decide_change(change, known, RULES), *decide_duties(change, known, seats)):
        assert one.rule.startswith("register.")
        assert one.message
        assert one.clause in IDS


@SOME
@given(found=SEVERAL, start=DAYS)
def test_the_planner_and_dues_answer_whatever_stands(found: list[Entity], start: date) -> None:
    """Every line is within the months that were asked for; days that nobody knows are refused."""
    end = min(start, date.max - timedelta(92)) + timedelta(92)
    assert all(start <= line.day <= end for line in plan(found, start, end))
    for one in found:
        if isinstance(one, Action):
            try:
                due_of(one, Held(*found))
            except Refused as error:
                assert "are not known" in error.message  # noqa: PT017 - it need not be refused

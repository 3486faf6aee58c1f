"""Options side by side: what each replaces and takes; the paper says all of it and decides nothing."""

from collections import Counter
from typing import Final

import pytest

from smki.governance.factors import DEFAULT
from smki.recovery import Rates
from smki.recovery.options import AFTERWARDS, NEEDS, Weighed, compare
from smki.recovery.options_paper import Subject, option_lines, paper
from smki.recovery.planning import Group, Weight
from smki.recovery.relevance import Relevance, Sort
from smki.terms import Compromised, Method

GROUPS: Final = (
    Group(kind="esme", region="north", devices=3_600),
    Group(kind="chf", region="north", devices=100),
)
WEIGHT: Final = Weight(command_octets=1_000, response_octets=100)
WEIGHTS: Final = {
    Method.ONE: {"esme": Weighed(cells=3, weights=(WEIGHT,))},
    Method.TWO: {"esme": Weighed(cells=3, weights=(WEIGHT, WEIGHT))},
    Method.THREE: {"esme": Weighed(cells=3, weights=(WEIGHT,))},
}
RATES: Final = Rates(
    network={"north": 1e9},
    commands={"north": 1.0},
    signing=1e6,
    making=1e6,
    lost_per_thousand=0,
)
SLOWER: Final = Rates(
    network={"north": 1e9}, commands={"north": 0.5}, signing=1e6, making=1e6, lost_per_thousand=0
)
SORT: Final = Sort(kind="esme", make="A|B", region="north")
CONCERNED: Final = Relevance(exposed={}, looked_at=5_000, devices=Counter({SORT: 3_600}))


@pytest.mark.clause("sec:L10", "sec:L10.9")
def test_each_option_says_what_it_takes() -> None:
    """Cells, commands and hours at both rates; kinds without the cells are left out; none commands nothing."""
    found = compare(
        Compromised.ORGANISATION, GROUPS, WEIGHTS, assumed=RATES, measured=SLOWER, kept_each=10
    )
    by = {option.method: option for option in found}
    assert list(by) == [Method.ONE, Method.TWO, Method.THREE, Method.NONE]
    three = by[Method.THREE]
    assert three.plan is not None
    assert three.measured is not None
    assert dict(three.cells) == {"esme": 10_800}
    assert dict(three.plan.left_out) == {"chf": 100}
    assert (three.plan.estimate.hours, three.measured.estimate.hours) == (1.0, 2.0)
    two = by[Method.TWO].plan
    assert two is not None
    assert two.estimate.commands == 7_200
    assert by[Method.NONE].plan is by[Method.NONE].measured is None
    assert any("custodians" in one for one in by[Method.TWO].needs)
    assert not any("custodians" in one for one in by[Method.ONE].needs)


def test_every_method_says_what_it_needs_and_what_stays() -> None:
    """The tables have a row for each method."""
    assert set(NEEDS) == set(AFTERWARDS) == set(Method)
    for compromised in Compromised:
        found = compare(compromised, GROUPS, {}, assumed=RATES, measured=None, kept_each=0)
        assert found[-1].method is Method.NONE
        assert all(option.needs and option.afterwards and option.row.exposed for option in found)
        assert all(option.measured is None for option in found)


@pytest.mark.clause("sec:L10.9")
def test_the_paper_tells_all_of_it_and_nothing_is_markup() -> None:
    """Who is concerned, each option, each factor with its answer or without; what was said is text."""
    options = compare(
        Compromised.ORGANISATION, GROUPS, WEIGHTS, assumed=RATES, measured=SLOWER, kept_each=10
    )
    subject = Subject(
        incident="QPA/i1",
        compromised=Compromised.ORGANISATION,
        organisation="Sample Supplier",
        standing="declared",
        circumstances="A token\nwas <b>stolen</b> | yes",
        answers={"time": "two days"},
    )
    text = paper(subject, CONCERNED, options, DEFAULT, ["networks are as they are"])
    for said in (
        "incident QPA/i1",
        "3,600 of 5,000 devices",
        "| esme | A\\|B | north | 3,600 |",
        "A token was \\<b\\>stolen\\</b\\> \\| yes",
        "| method-3 | authority | 10,800 | 3,600 | 1.00 hours | 2.00 hours |",
        "| do-not-use-the-key | authority | 0 | 0 | - | - |",
        "| time: How long does recovery take, also by method 1? | shall | 8 | two days |",
        "not answered",
        "* networks are as they are",
        *(f"* {step}" for step in DEFAULT.prior_steps),
    ):
        assert said in text, said
    lines = list(option_lines(options))
    assert "nothing is commanded" in lines[-1]
    assert "1.00 hours, measured 2.00 hours" in lines[2]

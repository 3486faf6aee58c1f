"""Factors of a decision: those that shall be taken into account first, and none of them unanswered."""

import pytest

from smki.bootstrap.guidance_settings import FactorSettings, GuidanceSettings
from smki.governance.factors import DEFAULT, Factor, Guidance
from smki.terms import Malformed


@pytest.mark.clause("sec:L10.9")
def test_mandatory_factors_must_be_answered() -> None:
    """What shall be taken into account is asked for until it is answered; what may be, never."""
    lacking = [one.name for one in DEFAULT.lacking(["devices", "cost"])]
    assert lacking == ["attackers", "supply", "time"]
    assert not DEFAULT.lacking(one.name for one in DEFAULT.factors if one.mandatory)
    assert DEFAULT.prior_steps


@pytest.mark.clause("sec:L10.9")
def test_factors_stand_by_their_weight() -> None:
    """Mandatory ones first, then by weight, and as they were given among equals."""
    found = Guidance(
        factors=(
            Factor(name="a", text="A?", mandatory=False, weight=100),
            Factor(name="b", text="B?", mandatory=True, weight=1),
            Factor(name="c", text="C?", mandatory=True, weight=2),
            Factor(name="d", text="D?", mandatory=False, weight=100),
        )
    )
    assert [one.name for one in found.in_order] == ["c", "b", "a", "d"]


@pytest.mark.parametrize(
    "factors",
    [
        (Factor(name="a", text="A?", mandatory=True), Factor(name="a", text="B?", mandatory=True)),
        (Factor(name="a", text=" ", mandatory=True),),
        (Factor(name="a", text="A?", mandatory=True, weight=0),),
        (Factor(name="a", text="A?", mandatory=True, weight=101),),
    ],
)
def test_guidance_that_cannot_be_followed_is_malformed(factors: tuple[Factor, ...]) -> None:
    """A factor twice, one that asks nothing, a weight that is none."""
    with pytest.raises(Malformed, match="guidance"):
        Guidance(factors=factors)


def test_what_is_configured_is_what_is_asked() -> None:
    """Without a configuration the default holds; with one, that and nothing else."""
    assert GuidanceSettings().guidance() == DEFAULT
    own = GuidanceSettings(
        factors=(FactorSettings(name="own", text="Own?", mandatory=True, weight=3),), prior_steps=()
    )
    assert [one.name for one in own.guidance().lacking(())] == ["own"]
    with pytest.raises(ValueError, match="twice"):
        GuidanceSettings(factors=(own.factors[0], own.factors[0]))

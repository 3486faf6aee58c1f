"""The table `guidance` of the configuration: what the authority takes into account before it decides."""

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

from smki.governance.factors import DEFAULT, Factor, Guidance

Text = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


class FactorSettings(BaseModel, extra="forbid", frozen=True):
    """A factor of a decision.

    Attributes:
        name: by which it is answered.
        text: the question.
        mandatory: it shall be taken into account; else it may.
        weight: beside the others.
    """

    name: Name
    text: Text
    mandatory: bool = False
    weight: Annotated[int, Field(ge=1, le=100)] = 1


_FACTORS = tuple(
    FactorSettings(name=one.name, text=one.text, mandatory=one.mandatory, weight=one.weight)
    for one in DEFAULT.factors
)


class GuidanceSettings(BaseModel, extra="forbid", frozen=True):
    """What can be configured of it."""

    factors: tuple[FactorSettings, ...] = Field(
        default=_FACTORS,
        description="factors that shall (mandatory) or may be taken into account, with their weights;"
        " a mandatory one must be answered before the decision for a method is noted",
    )
    prior_steps: tuple[Text, ...] = Field(
        default=DEFAULT.prior_steps, description="what is done before a decision"
    )

    @field_validator("factors")
    @classmethod
    def _once(cls, factors: tuple[FactorSettings, ...]) -> tuple[FactorSettings, ...]:
        names = [one.name for one in factors]
        if len(set(names)) != len(names):
            raise ValueError("a factor is there twice, must be once")
        return factors

    def guidance(self) -> Guidance:
        """The same, as it is asked.

        Clause: sec:L10.9
        """
        return Guidance(
            factors=tuple(
                Factor(name=one.name, text=one.text, mandatory=one.mandatory, weight=one.weight)
                for one in self.factors
            ),
            prior_steps=self.prior_steps,
        )

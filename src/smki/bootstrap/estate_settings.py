"""The table `estate` of the configuration: where simulated devices are kept, and what homes are like.

Kinds are named as in files and on pages; what they are is not loaded for it.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, field_validator

Kind = Literal["chf", "gpf", "esme", "gsme", "ppmid", "hcalcs", "sapc"]
InThousand = Annotated[int, Field(ge=0, le=1000)]
Share = Annotated[int, Field(ge=0, le=1_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class ModelSettings(BaseModel, extra="forbid", frozen=True):
    """A model of a maker.

    Attributes:
        kind: `chf` for a hub, which is its `gpf` too; else `esme`, `gsme`, `ppmid`, ...
        make: of its maker.
        model: of that maker's.
        share: how often it occurs beside the others of its kind.
    """

    kind: Kind
    make: Name
    model: Name
    share: Share = 1


def _model(kind: Kind, make: str, model: str, share: int) -> ModelSettings:
    return ModelSettings(kind=kind, make=make, model=model, share=share)


_MODELS: Final = (
    _model("chf", "Sample Hub Maker", "H1", 60),
    _model("chf", "Second Hub Maker", "H2", 35),
    _model("chf", "Third Hub Maker", "H3", 5),
    _model("esme", "Sample Meter Maker", "E1", 55),
    _model("esme", "Sample Meter Maker", "E3", 10),
    _model("esme", "Second Meter Maker", "E2", 35),
    _model("gsme", "Sample Meter Maker", "G1", 50),
    _model("gsme", "Second Meter Maker", "G2", 50),
    _model("ppmid", "Sample Display Maker", "P1", 1),
    _model("hcalcs", "Sample Switch Maker", "S1", 1),
    _model("sapc", "Sample Switch Maker", "S2", 1),
)
_MODELLED: Final = dict.fromkeys(each.kind for each in _MODELS)  # a hub is one box


class EstateSettings(BaseModel, extra="forbid", frozen=True):
    """What can be configured of an estate of simulated devices."""

    database: str = Field(
        default="",
        description="SQLAlchemy URL of the estate's own database; empty: SQLite in the state"
        " directory",
    )
    per_thousand_homes: dict[Kind, InThousand] = Field(
        default={"esme": 1000, "gsme": 820, "ppmid": 700, "hcalcs": 20, "sapc": 5},
        description="of a thousand homes, how many have a device of the kind; each has a"
        " communications hub, which is one CHF and one GPF",
    )
    regions: dict[Name, Share] = Field(
        default={"north": 30, "central": 35, "south": 35},
        description="regions of the wide area network, and how many homes are in each beside the"
        " others",
    )
    models: tuple[ModelSettings, ...] = Field(
        default=_MODELS,
        description="makes and models of each kind of device (a hub's as chf), and how often each"
        " occurs beside the others of its kind",
    )

    @field_validator("regions")
    @classmethod
    def _somewhere(cls, regions: dict[str, int]) -> dict[str, int]:
        if not any(regions.values()):
            raise ValueError("no region with a share above 0, must be one at least")
        return regions

    @field_validator("models")
    @classmethod
    def _of_each_kind(cls, models: tuple[ModelSettings, ...]) -> tuple[ModelSettings, ...]:
        drawn = {each.kind for each in models if each.share}
        missing = [kind for kind in _MODELLED if kind not in drawn]
        if missing:
            raise ValueError(
                f"no model of {', '.join(missing)} with a share above 0, must be one at least"
            )
        return models

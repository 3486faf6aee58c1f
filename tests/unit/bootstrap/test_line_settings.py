"""The table `line`: what is shipped, and what is named over it."""

from datetime import time
from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.bootstrap.line_settings import RegionSettings
from smki.simulator.regions import FAULTY_MAKE, REGIONS
from smki.simulator.weather import RegionFigures
from smki.terms import Malformed


def _line(state: Path, text: str, **environment: str) -> dict[str, RegionFigures]:
    (state / "smki.toml").write_text(text, encoding="utf-8")
    settings = load_settings({"SMKI_STATE": str(state), **environment})
    return dict(settings.line.figures())


def test_regions_are_as_shipped_where_nothing_is_named(tmp_path: Path) -> None:
    """Three, each with figures of its own; one make of hub is faulty in one of them."""
    figures = _line(tmp_path, "")
    assert figures == dict(REGIONS)
    assert [name for name, one in figures.items() if one.faulty_makes] == ["north"]
    assert figures["north"].faulty_makes == {FAULTY_MAKE}


def test_what_is_named_stands_over_what_is_shipped(tmp_path: Path) -> None:
    """Key by key; a region of another name has the figures of any."""
    figures = _line(
        tmp_path,
        """
        [line.regions.north]
        loss = 0.25
        faulty_makes = ["Other"]
        [line.regions.islands]
        delay_seconds = 30
        [line.regions.islands.hours]
        start = 08:00:00
        end = 20:00:00
        """,
    )
    assert figures["north"].loss == 0.25
    assert figures["north"].delay_seconds == REGIONS["north"].delay_seconds
    assert figures["north"].faulty_makes == {"Other"}
    assert figures["islands"] == RegionFigures(delay_seconds=30, opens=time(8), closes=time(20))
    assert figures["south"] == REGIONS["south"]


def test_a_variable_names_a_figure_too(tmp_path: Path) -> None:
    """Parts joined by two underscores."""
    figures = _line(tmp_path, "", SMKI_LINE__REGIONS__SOUTH__LOSS="0.5")
    assert figures["south"].loss == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "[line]\npace = 0",
        "[line]\nblock_octets = 20000",
        "[line.regions.north]\nloss = 1.5",
        "[line.regions.north]\ndelay_seconds = 0",
        "[line.regions.north]\nlos = 0.5",
    ],
)
def test_what_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    """With the key, before anything is served."""
    with pytest.raises(Malformed, match="configuration: line"):
        _line(tmp_path, text)


def test_the_page_shows_the_figures_that_are_shipped() -> None:
    """Region by region and key by key."""
    page = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "serve-simulated-devices.md"
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    assert rows[0][1:] == list(REGIONS)
    shown = {row[0].split("`")[1]: row[1:] for row in rows[1:] if "`" in row[0]}
    for number, figures in enumerate(REGIONS.values()):
        values = {name: each[number] for name, each in shown.items()}
        assert values.pop("hours") == "all day"
        assert figures.opens == figures.closes
        makes = values.pop("faulty_makes")
        assert makes == (", ".join(figures.faulty_makes) or "none")
        assert {name: float(value) for name, value in values.items()} == {
            name: getattr(figures, name) for name in values
        }
    assert set(shown) == set(RegionSettings.model_fields)

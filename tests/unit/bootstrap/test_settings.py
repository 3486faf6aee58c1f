"""The configuration: a file, and an environment that is an argument."""

from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.bootstrap.settings import shipped_profile
from smki.terms import Malformed


def test_only_the_environment_handed_in_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the process's own environment says is nobody's business."""
    monkeypatch.setenv("SMKI_STATE", "/nowhere")
    monkeypatch.setenv("SMKI_HTTPS_PORT", "1")
    settings = load_settings({"SMKI_STATE": str(tmp_path), "SMKI_LOCAL_PORT": "2"})
    assert settings.state == tmp_path
    assert (settings.https_port, settings.local_port) == (8443, 2)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """Nested keys too, by two underscores."""
    (tmp_path / "smki.toml").write_text(
        'https_port = 5\nlocal_port = 6\n[processing_window]\nstart = "20:00"\nend = "08:00"\n'
    )
    settings = load_settings(
        {
            "SMKI_STATE": str(tmp_path),
            "SMKI_LOCAL_PORT": "7",
            "SMKI_PROCESSING_WINDOW__END": "09:00",
        }
    )
    assert (settings.https_port, settings.local_port) == (5, 7)
    assert settings.processing_window.end.hour == 9
    assert settings.processing_window.start.hour == 20


@pytest.mark.parametrize("line", ["prot = 1", "https_port = 70000", "https_port = ["])
def test_what_is_not_known_is_refused(tmp_path: Path, line: str) -> None:
    """A misspelt key, a value out of range, and what is not TOML are named with the file."""
    (tmp_path / "smki.toml").write_text(line)
    with pytest.raises(Malformed, match="configuration") as caught:
        load_settings({"SMKI_STATE": str(tmp_path)})
    assert "smki.toml" in caught.value.where


@pytest.mark.clause("sec-app-n:3.1.1", "sec-app-n:3.1.2")
def test_the_values_of_great_britain_ship_as_a_profile(tmp_path: Path) -> None:
    """Window, capacity and ad hoc rates as the documents give them."""
    profile = shipped_profile("gb")
    (tmp_path / "smki.toml").write_text("")
    settings = load_settings({"SMKI_STATE": str(tmp_path)}).model_copy(update=profile)
    assert settings.nightly_capacity == 375_000
    assert settings.ad_hoc_seconds == 0.8
    assert settings.ad_hoc_seconds_otherwise == 4.0
    with pytest.raises(Malformed, match="not shipped"):
        shipped_profile("../gb")

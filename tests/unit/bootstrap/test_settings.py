"""The configuration: a file, and an environment that is an argument."""

from datetime import timedelta
from pathlib import Path

import pytest
import tomli_w

from smki.bootstrap import load_settings
from smki.bootstrap.settings import shipped_profile
from smki.crypto.key_wrap import AES256_WRAP_PAD
from smki.terms import CertificateKind as K
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


def _told(folder: Path, text: str, **variables: str) -> str:
    (folder / "smki.toml").write_text(text)
    with pytest.raises(Malformed) as caught:
        load_settings({"SMKI_STATE": str(folder), **variables})
    assert caught.value.where
    return caught.value.message


@pytest.mark.clause("sec-app-b:B", "sec-app-b:B-crl")
@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("[lifetime_years]\norganisation = 0", "lifetime_years.organisation: 0", "must be 1 to"),
        ("[lifetime_years]\nroot-oca = -1", "lifetime_years.root-oca: -1", "must be 1 to 100"),
        (f"[lifetime_years]\nroot-oca = {10**30}", "lifetime_years.root-oca", "must be 1 to 100"),
        ('[lifetime_years]\nroot-oca = "x"', "lifetime_years.root-oca", "valid integer"),
        ("[lifetime_years]\norganisation = 26", "26 years", "at most the 25 of issuing-oca"),
        ("[lifetime_years]\nroot-oca = true", "lifetime_years.root-oca", "must be a number"),
        ("[lifetime_years]\ndevice = 3", "lifetime_years.device: 3", "must be without end"),
        ("[lifetime_years]\nmeter = 3", "lifetime_years: meter", "must be among root-oca"),
        ("lifetime_years = 3", "lifetime_years", "dictionary"),
        ("common_name_characters = 3", "common_name_characters", "greater than or equal to 4"),
        ("common_name_characters = 65", "common_name_characters", "less than 65"),
        ("crl_interval_hours = 0", "crl_interval_hours", "greater than or equal to 1"),
        (f"crl_interval_hours = {10**30}", "crl_interval_hours", "less than or equal to 8784"),
        ("crl_interval_hours = 48", "crl_validity_hours: 48 hours", "an hour more than the 48"),
        ("crl_validity_hours = -5", "crl_validity_hours", "greater than or equal to 2"),
        ("arl_validity_months = 0", "arl_validity_months", "greater than or equal to 1"),
        ('wrap_algorithm = "rot13"', "wrap_algorithm: 'rot13'", "must be 2.16.840.1.101.3.4.1.8"),
        ('wrap_algorithm = "2.16.840.1.101.3.4.1.5"', "1.5'", "id-aes256-wrap-pad"),
        ('[policies]\ndevice = "abc"', "policies.device: 'abc'", "must be an object identifier"),
        ('[policies]\ndevice = "2.25.1"\nroot-oca = "2.25.1"', "12 different", "no two the same"),
        ('hw_types = ["x"]', "hw_types: 'x'", "must be an object identifier"),
        ("names = []", "names", "at least 1 item"),
        ('names = ["a b"]', "names.0", "should match pattern"),
        ('addresses = ["x"]', "addresses.0", "does not appear to be an IPv4 or IPv6 address"),
        ('environment = "a b"', "environment", "should match pattern"),
        ('environment = ""', "environment", "should match pattern"),
        ('log_origin = "a+b"', "log_origin", "should match pattern"),
        ("ad_hoc_seconds = inf", "ad_hoc_seconds", "less than or equal to 86400"),
        ("ad_hoc_seconds = nan", "ad_hoc_seconds", "less than or equal to 86400"),
        ('[keys.root-oca]\nstore = "pkcs11"', "keys: root-oca", "must be among issuing-oca"),
        ('[keys.issuing-dca]\nstore = "vault"', "keys.issuing-dca.store", "'software' or 'pkcs11'"),
        ("htps_port = 1", "htps_port: no such key", "perhaps 'https_port'"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_key(
    tmp_path: Path, text: str, key: str, expected: str
) -> None:
    """Whoever reads the configuration is told the key, what was found and what must stand there."""
    told = _told(tmp_path, text)
    assert key in told
    assert expected in told


def test_the_store_of_a_key_is_named_by_a_variable_too(tmp_path: Path) -> None:
    """A variable cannot have a hyphen: with an underscore the authority is the same one."""
    settings = load_settings(
        {"SMKI_STATE": str(tmp_path), "SMKI_KEYS__ISSUING_DCA__STORE": "pkcs11"}
    )
    assert settings.keys["issuing-dca"].store == "pkcs11"


@pytest.mark.parametrize("name", ["SMKI_POLICIES", "SMKI_NAMES", "SMKI_LIFETIME_YEARS"])
def test_a_variable_that_is_no_json_is_refused(tmp_path: Path, name: str) -> None:
    """A variable for a key with parts is JSON; any other text is said to be none."""
    assert "must be JSON" in _told(tmp_path, "", **{name: "a,b"})


@pytest.mark.clause("sec-app-b:B", "sec-app-b:B-crl")
def test_what_is_configured_is_what_the_profiles_have(tmp_path: Path) -> None:
    """Lifetimes, names, lists and wrapping arrive, a variable over the file; others stay."""
    (tmp_path / "smki.toml").write_text(
        "common_name_characters = 9\ncrl_interval_hours = 6\ncrl_validity_hours = 24\n"
        'arl_validity_months = 18\nwrap_algorithm = "2.16.840.1.101.3.4.1.48"\n'
        "[lifetime_years]\nroot-oca = 40\norganisation = 5\n"
    )
    settings = load_settings({"SMKI_STATE": str(tmp_path), "SMKI_LIFETIME_YEARS__ROOT_OCA": "30"})
    profiles = settings.profiles()
    years = [profiles.lifetime(kind) for kind in (K.ROOT_OCA, K.ORGANISATION, K.ROOT_DCA, K.DEVICE)]
    assert years == [30, 5, 50, None]
    assert (profiles.common_name_length, profiles.arl_months) == (9, 18)
    assert profiles.crl_validity - profiles.crl_interval == timedelta(hours=18)
    assert profiles.wrap_algorithm == AES256_WRAP_PAD


@pytest.mark.clause("sec-app-n:3.1.1", "sec-app-n:3.1.2")
def test_the_values_of_great_britain_ship_as_a_profile(tmp_path: Path) -> None:
    """Window, capacity and ad hoc rates as the documents give them."""
    profile = shipped_profile("gb")
    (tmp_path / "smki.toml").write_text(tomli_w.dumps(profile))
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    assert settings.nightly_capacity == 375_000
    assert settings.ad_hoc_seconds == 0.8
    assert settings.ad_hoc_seconds_otherwise == 4.0
    assert settings.profiles().lifetime(K.ORGANISATION) == 10
    with pytest.raises(Malformed, match="not shipped"):
        shipped_profile("../gb")

import sys
from pathlib import Path

import pytest

from smki.adapters.keys import (
    KeyStoreKind,
    KeyStoreSettings,
    SoftwareKeyStore,
    make_passphrase_file,
    open_key_store,
)
from smki.adapters.keys.private_files import create_private
from smki.ports.keys import KeyAlgorithm
from smki.terms import Refused, Unavailable


def test_a_software_store_is_opened_with_its_passphrase_file(tmp_path: Path) -> None:
    """Settings without anything said are software; the store opens again with the same file."""
    make_passphrase_file(tmp_path / "passphrase")
    settings = KeyStoreSettings(
        directory=tmp_path / "keys", passphrase_file=tmp_path / "passphrase"
    )
    made = open_key_store(settings, {}).make("log", KeyAlgorithm.ED25519)
    store = open_key_store(settings, {})
    assert isinstance(store, SoftwareKeyStore)
    assert store.open("log").public_key == made.public_key
    with pytest.raises(Refused, match="does not open it"):
        open_key_store(settings, {"SMKI_PASSPHRASE": "another"})


@pytest.mark.parametrize(
    ("settings", "setting"),
    [
        (KeyStoreSettings(), "directory"),
        (KeyStoreSettings(kind=KeyStoreKind.PKCS11, token="t"), "module"),
        (KeyStoreSettings(kind=KeyStoreKind.PKCS11, module=Path("/m.so")), "token"),
    ],
)
def test_a_missing_setting_is_named(settings: KeyStoreSettings, setting: str) -> None:
    """A store whose place is not said is refused, with the setting that it needs."""
    with pytest.raises(Refused, match=f"no {setting} in the settings") as caught:
        open_key_store(settings, {"SMKI_PASSPHRASE": "p", "SMKI_PIN": "1"})
    assert caught.value.where == setting


def test_a_missing_pin_is_refused_by_its_variable() -> None:
    """Each authority can have its own variable for the PIN, which the refusal names."""
    settings = KeyStoreSettings(
        kind=KeyStoreKind.PKCS11, module=Path("/m.so"), token="t", pin_variable="OCA_PIN"
    )
    with pytest.raises(Refused, match="set OCA_PIN or OCA_PIN_FILE"):
        open_key_store(settings, {})


def test_a_pin_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A PIN must be UTF-8; other octets are refused before a token sees them."""
    create_private(tmp_path / "pin", b"\xff1234")
    settings = KeyStoreSettings(
        kind=KeyStoreKind.PKCS11, module=Path("/m.so"), token="t", pin_file=tmp_path / "pin"
    )
    with pytest.raises(Refused, match="not UTF-8"):
        open_key_store(settings, {})


def test_a_module_that_is_not_there_is_unavailable() -> None:
    """A module that cannot be loaded is unavailable, with its path and the loader's words."""
    pytest.importorskip("pkcs11", reason="no module loaded: python-pkcs11 is absent, extra hsm")
    settings = KeyStoreSettings(kind=KeyStoreKind.PKCS11, module=Path("/no/m.so"), token="t")
    with pytest.raises(Unavailable, match=r"does not answer.*cannot open shared object") as caught:
        open_key_store(settings, {"SMKI_PIN": "1"})
    assert caught.value.where == "/no/m.so"


def test_without_the_library_the_advice_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where python-pkcs11 is not installed, a token is unavailable, and how to get it is said."""
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    settings = KeyStoreSettings(kind=KeyStoreKind.PKCS11, module=Path("/m.so"), token="t")
    with pytest.raises(Unavailable, match=r"pip install 'smki.hsm.'"):
        open_key_store(settings, {"SMKI_PIN": "1"})

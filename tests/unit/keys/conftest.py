"""Stores in temporary folders, and a SoftHSM token where the machine has one."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa

from smki.adapters.keys import SoftwareKeyStore
from smki.adapters.keys.token_library import _libraries, token_library
from smki.ports.keys import SigningKey

PASSPHRASE = b"correct horse battery staple"
QUICK = 16  # n of scrypt: tests need no strength
MODULES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftToken:
    """A SoftHSM token of its own."""

    module: Path
    folder: Path
    label: str
    pin: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a store may be."""
    return tmp_path / "keys"


@pytest.fixture
def open_store(folder: Path) -> Callable[[], SoftwareKeyStore]:
    """Opens the store in `folder` with the right passphrase."""
    return lambda: SoftwareKeyStore(folder, PASSPHRASE, cost=QUICK)


@pytest.fixture
def store(open_store: Callable[[], SoftwareKeyStore]) -> SoftwareKeyStore:
    """A store without keys."""
    return open_store()


@pytest.fixture
def holds() -> Callable[[SigningKey, bytes, bytes], bool]:
    """Whether a signature holds, as `cryptography` sees it."""
    return _holds


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """A fresh token, the only one that this process sees while the tests of a file run."""
    pytest.importorskip("pkcs11", reason="no token tested: python-pkcs11 is absent, extra hsm")
    module = next(filter(Path.is_file, MODULES), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no token tested: SoftHSM is absent, install the package softhsm2")
    with pytest.MonkeyPatch.context() as patch:
        token = _soft_token(tmp_path_factory.mktemp("softhsm"), module, patch)
        yield token
        token_library(str(module))._begin_anew()
        _libraries.clear()


def _soft_token(folder: Path, module: Path, patch: pytest.MonkeyPatch) -> SoftToken:
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    patch.setenv("SOFTHSM2_CONF", str(configuration))
    token = SoftToken(module=module, folder=folder / "tokens", label="authority", pin="246810")
    making = ["softhsm2-util", "--init-token", "--free", "--label", token.label]
    making += ["--pin", token.pin, "--so-pin", "13579135"]
    subprocess.run(making, check=True, capture_output=True)
    return token


def _holds(key: SigningKey, message: bytes, signature: bytes) -> bool:
    public = serialization.load_der_public_key(key.public_key)
    try:
        match public:
            case ec.EllipticCurvePublicKey():
                public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey():
                public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            case ed25519.Ed25519PublicKey() | mldsa.MLDSA44PublicKey():
                public.verify(signature, message)
            case _:
                raise AssertionError(public)
    except InvalidSignature:
        return False
    return True

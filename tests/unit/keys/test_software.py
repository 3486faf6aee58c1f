import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from smki.adapters.keys import SoftwareKeyStore, make_passphrase_file, passphrase_from
from smki.adapters.keys.protection import MADE_N, SCRYPT_N
from smki.ports.keys import KeyAlgorithm, SigningKey
from smki.terms import Inconsistent, Refused, Unavailable

PASSPHRASE = b"correct horse battery staple"
QUICK = 16

Opens = Callable[[], SoftwareKeyStore]
Holds = Callable[[SigningKey, bytes, bytes], bool]


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
def test_a_made_key_signs_now_and_after_reopening(
    store: SoftwareKeyStore, open_store: Opens, holds: Holds, algorithm: KeyAlgorithm
) -> None:
    """Signatures hold, in the order of the messages, with the key as made and as opened again."""
    made = store.make("issuing", algorithm)
    opened = open_store().open("issuing")
    assert opened.public_key == made.public_key
    assert opened.algorithm is algorithm
    for key in (made, opened):
        messages = (b"first", b"", b"third" * 1000)
        signatures = key.sign(messages)
        assert [holds(made, *pair) for pair in zip(messages, signatures, strict=True)] == [True] * 3
        assert not holds(made, b"other", signatures[0])
    assert opened.sign(()) == []


@pytest.mark.clause("rfc6979:3.2")
def test_p256_signatures_are_deterministic(store: SoftwareKeyStore, open_store: Opens) -> None:
    """The same message signed again, by the key opened again, has the same signature."""
    first = store.make("issuing", KeyAlgorithm.P256).sign((b"to be signed", b"other"))
    assert open_store().open("issuing").sign((b"to be signed",)) == first[:1]
    assert first[0] != first[1]


def test_chance_can_be_asked_for(folder: Path, holds: Holds) -> None:
    """With deterministic=False the same message gets different signatures, which all hold."""
    store = SoftwareKeyStore(folder, PASSPHRASE, deterministic=False, cost=QUICK)
    key = store.make("issuing", KeyAlgorithm.P256)
    one, other = key.sign((b"message", b"message"))
    assert one != other
    assert holds(key, b"message", one)
    assert holds(key, b"message", other)


def test_names_are_sorted_and_only_keys(store: SoftwareKeyStore, folder: Path) -> None:
    """Every key is named, in order; what else lies in the folder is not."""
    for name in ("root", "issuing", "a.b_c-1"):
        store.make(name, KeyAlgorithm.ED25519)
    (folder / "notes.txt").write_text("not a key")
    (folder / ".left-over.pem").write_text("not a key")
    assert store.names() == ("a.b_c-1", "issuing", "root")


def test_nothing_secret_lies_in_the_folder(store: SoftwareKeyStore, folder: Path) -> None:
    """No file holds the private scalar, in octets, digits or base64 of a bare PKCS#8."""
    store.make("issuing", KeyAlgorithm.P256)
    private = serialization.load_pem_private_key(
        (folder / "issuing.pem").read_bytes(), store._protection.password
    )
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    scalar = private.private_numbers().private_value.to_bytes(32, "big")
    bare = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    secrets = [scalar, scalar.hex().encode(), *bare.splitlines()[1:-1]]
    secrets += [PASSPHRASE, store._protection.password, store._protection._sealing]
    for path in folder.iterdir():
        content = path.read_bytes()
        assert [secret for secret in secrets if secret in content] == []
        assert path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nothing_secret_is_shown(store: SoftwareKeyStore) -> None:
    """The representations of store, protection and key show a place and a fingerprint only."""
    key = store.make("issuing", KeyAlgorithm.P256)
    shown = f"{store!r} {store._protection!r} {key!r}"
    assert hashlib.sha256(key.public_key).hexdigest()[:16] in shown
    assert store._protection.password.decode() not in shown
    assert "64 octets, not shown" in shown


def test_a_key_is_never_replaced(store: SoftwareKeyStore, folder: Path) -> None:
    """Making a key of a name that is taken is refused, and the key is as it was."""
    store.make("issuing", KeyAlgorithm.P256)
    before = (folder / "issuing.pem").read_bytes()
    with pytest.raises(Refused, match="one named 'issuing', must not be replaced") as caught:
        store.make("issuing", KeyAlgorithm.P256)
    assert caught.value.rule == "keys.name.taken"
    assert (folder / "issuing.pem").read_bytes() == before


def test_of_many_makers_one_wins(open_store: Opens, store: SoftwareKeyStore) -> None:
    """Of eight that make a key of one name at once, one does, and the others are refused."""

    def make(own: SoftwareKeyStore) -> bytes | None:
        try:
            return own.make("issuing", KeyAlgorithm.P256).public_key
        except Refused:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, [open_store() for _ in range(8)]))
    assert [key for key in made if key] == [store.open("issuing").public_key]


def test_a_missing_key_is_refused(store: SoftwareKeyStore) -> None:
    """A name without a key is refused with what to do."""
    with pytest.raises(Refused, match=r"none named 'gone' here.*make it first"):
        store.open("gone")


@pytest.mark.parametrize("name", ["", ".hidden", "../key", "a/b", "Upper", "x" * 65, "a\n", "é"])
def test_names_that_are_no_names_are_refused(store: SoftwareKeyStore, name: str) -> None:
    """Names that could leave the folder or differ by system are refused on both ways."""
    with pytest.raises(Refused, match="lower-case letters") as caught:
        store.make(name, KeyAlgorithm.ED25519)
    assert caught.value.rule == "keys.name"
    with pytest.raises(Refused, match="lower-case letters"):
        store.open(name)


def test_the_wrong_passphrase_is_refused_at_once(store: SoftwareKeyStore, folder: Path) -> None:
    """Another passphrase does not open the store, and the refusal says where the right one goes."""
    store.make("issuing", KeyAlgorithm.P256)
    with pytest.raises(Refused, match=r"does not open it.*SMKI_PASSPHRASE_FILE") as caught:
        SoftwareKeyStore(folder, b"guessed")
    assert caught.value.rule == "keys.passphrase.wrong"
    assert "guessed" not in str(caught.value)


def test_every_change_of_a_key_file_is_found(store: SoftwareKeyStore, folder: Path) -> None:
    """A bit flipped in any octet of a key file, or the file cut or grown, is inconsistent."""
    store.make("issuing", KeyAlgorithm.P256)
    path = folder / "issuing.pem"
    content = path.read_bytes()
    changed = [
        content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :] for at in range(len(content))
    ]
    for other in (*changed, b"", content[:-1], content + b"\n", content * 2):
        path.write_bytes(other)
        with pytest.raises(Inconsistent, match="its seal does not hold") as caught:
            store.open("issuing")
        assert caught.value.where == "issuing.pem"
    path.write_bytes(content)
    store.open("issuing")


def test_a_key_cannot_take_anothers_name(store: SoftwareKeyStore, folder: Path) -> None:
    """A key file under the name of another key, or from another store, is inconsistent."""
    store.make("root", KeyAlgorithm.P256)
    store.make("issuing", KeyAlgorithm.P256)
    shutil.copy(folder / "issuing.pem", folder / "root.pem")
    other = SoftwareKeyStore(folder.parent / "other", PASSPHRASE, cost=QUICK)
    shutil.copy(folder / "issuing.pem", folder.parent / "other" / "issuing.pem")
    for holder, name in ((store, "root"), (other, "issuing")):
        with pytest.raises(Inconsistent, match="as this store wrote it under this name"):
            holder.open(name)


def test_a_sealed_file_that_is_no_key_is_inconsistent(
    store: SoftwareKeyStore, folder: Path
) -> None:
    """A file under a good seal that is no private key, or of a kind never made here, is ours."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    agreement = x25519.X25519PrivateKey.generate()
    contents = {
        "cannot be read": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "never makes": agreement.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(store._protection.password),
        ),
    }
    for fault, pem in contents.items():
        (folder / "odd.pem").write_bytes(store._protection.seal("odd", pem))
        (folder / "odd.pem").chmod(0o600)
        with pytest.raises(Inconsistent, match=fault):
            store.open("odd")


def test_a_key_that_others_can_read_is_refused(store: SoftwareKeyStore, folder: Path) -> None:
    """A key file open to others is refused, with the command that closes it."""
    store.make("issuing", KeyAlgorithm.P256)
    (folder / "issuing.pem").chmod(0o640)
    with pytest.raises(Refused, match="chmod 0600"):
        store.open("issuing")


def test_a_store_that_others_can_enter_is_refused(
    store: SoftwareKeyStore, open_store: Opens, folder: Path
) -> None:
    """A folder open to others is refused, with the command that closes it."""
    assert store.names() == ()
    folder.chmod(0o750)
    with pytest.raises(Refused, match="chmod 0700"):
        open_store()


def test_keys_without_parameters_are_inconsistent(
    store: SoftwareKeyStore, open_store: Opens, folder: Path
) -> None:
    """If store.json has gone, keys are not buried under a new one."""
    store.make("issuing", KeyAlgorithm.P256)
    (folder / "store.json").unlink()
    with pytest.raises(Inconsistent, match=r"no store\.json"):
        open_store()
    assert not (folder / "store.json").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1 << 40},
        {"n": 24},
        {"n": 1},
        {"n": "16"},
        {"n": True},
        {"r": 0},
        {"p": -1},
        {"salt": "zz"},
        {"salt": 7},
        {"kdf": "md5"},
        {"check": "é"},
        {"p": None},
    ],
)
def test_damaged_parameters_are_inconsistent(
    store: SoftwareKeyStore, open_store: Opens, folder: Path, change: dict[str, object]
) -> None:
    """Parameters that cannot have been written here, or would take all memory, are named."""
    assert store.names() == ()
    path = folder / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(Inconsistent, match=r"store\.json is damaged"):
        open_store()


@pytest.mark.parametrize("change", [{"n": 32}, {"p": 2}, {"salt": "00" * 16}, {"check": "00"}])
def test_changed_parameters_open_nothing(
    store: SoftwareKeyStore, open_store: Opens, folder: Path, change: dict[str, object]
) -> None:
    """Other parameters, cheaper ones too, do not pass with the right passphrase."""
    assert store.names() == ()
    path = folder / "store.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(Refused, match="does not open it"):
        open_store()


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", "\xff", "[" * 60_000])
def test_parameters_that_are_no_object_are_inconsistent(
    store: SoftwareKeyStore, open_store: Opens, folder: Path, content: str
) -> None:
    """A file that is no JSON object with the names we write is damaged, never another error."""
    assert store.names() == ()
    (folder / "store.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(Inconsistent, match="damaged"):
        open_store()


@pytest.mark.clause("rfc7914:2")
def test_random_bits_are_not_stretched_as_words_are(tmp_path: Path) -> None:
    """A store under a passphrase that was made costs little, opens with it, and with no other."""
    make_passphrase_file(tmp_path / "file")
    passphrase, folder = passphrase_from({}, tmp_path / "file"), tmp_path / "keys"
    SoftwareKeyStore(folder, passphrase)
    assert json.loads((folder / "store.json").read_text())["n"] == MADE_N
    SoftwareKeyStore(folder, passphrase)
    with pytest.raises(Refused, match="does not open it"):
        SoftwareKeyStore(folder, passphrase[:-1])


@pytest.mark.clause("rfc7914:2")
def test_a_store_is_made_at_full_cost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless told otherwise, a store is stretched by scrypt at n 2^15, r 8, p 3 from a new salt."""
    SoftwareKeyStore(folder, PASSPHRASE)
    made = json.loads((folder / "store.json").read_text())
    assert (made["kdf"], made["n"], made["r"], made["p"]) == ("scrypt", SCRYPT_N, 8, 3)
    assert SCRYPT_N == 1 << 15
    assert len(bytes.fromhex(made["salt"])) == 16

    def fail(*_arguments: object, **_options: object) -> bytes:
        raise MemoryError("no memory")

    monkeypatch.setattr(hashlib, "scrypt", fail)
    with pytest.raises(Unavailable, match="no memory"):
        SoftwareKeyStore(folder, PASSPHRASE)


@pytest.mark.clause("rfc5958:3")
def test_openssl_reads_the_keys(store: SoftwareKeyStore, folder: Path) -> None:
    """OpenSSL derives the password from store.json and opens the file, seal line and all."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent: the recipe in protection.py is not tried")
    key = store.make("issuing", KeyAlgorithm.P256)
    made = json.loads((folder / "store.json").read_text())
    options = [f"pass:{PASSPHRASE.decode()}", f"hexsalt:{made['salt']}"]
    options += [f"{name}:{made[name]}" for name in ("n", "r", "p")]
    derive = ["openssl", "kdf", "-keylen", "32", "-binary"]
    derive += [word for option in options for word in ("-kdfopt", option)] + ["SCRYPT"]
    stretched = subprocess.run(derive, check=True, capture_output=True).stdout
    reading = ["openssl", "pkey", "-in", str(folder / "issuing.pem"), "-passin", "stdin"]
    public = subprocess.run(
        [*reading, "-pubout", "-outform", "DER"],
        input=stretched.hex().encode(),
        check=True,
        capture_output=True,
    ).stdout
    assert public == key.public_key

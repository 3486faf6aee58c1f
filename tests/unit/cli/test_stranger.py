"""A verifier written from docs/reference/record.md alone: nothing of this package, and it agrees.

What it needs beyond the page is RFC 6962's hashing, SHA-256, Ed25519 and a reader of certificates.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ObjectIdentifier

from smki.bootstrap import load_settings, open_office
from smki.bootstrap.opening import open_map_keeper
from smki.flows.index_roots import lodge_index_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.cli.conftest import Authority, House

SUPPLIER = "0A-53-4D-4B-49-02-00-01"
NOBODY = "0A-53-4D-4B-49-FF-FF-FF"
HARDWARE, UNIQUE = "1.3.6.1.5.5.7.8.4", "2.5.4.45"


def digest(*parts: bytes) -> bytes:
    """SHA-256 of the parts."""
    return sha256(b"".join(parts)).digest()


def head(note: list[str], vkey: str) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the key signed."""
    name, _, key = vkey.split("+", 2)
    octets = base64.b64decode(key)
    text = "".join(f"{line}\n" for line in note[: note.index("")]).encode()
    identifier = digest(name.encode(), b"\n", octets)[:4]
    for line in note[note.index("") + 1 :]:
        dash, signer, encoded = line.split(" ")
        signature = base64.b64decode(encoded)
        if (dash, signer, signature[:4]) == ("\u2014", name, identifier):
            Ed25519PublicKey.from_public_bytes(octets[1:]).verify(signature[4:], text)
            return int(note[1]), base64.b64decode(note[2])
    raise InvalidSignature


def tiles(start: int, stop: int) -> Iterator[int]:
    """Leaves of each full subtree between them, from left to right."""
    while start < stop:
        size = 1
        while start % (2 * size) == 0 and 2 * size <= stop - start:
            size *= 2
        yield size
        start += size


def root_of(peaks: list[tuple[int, bytes]]) -> bytes:
    """The root over full subtrees that lie side by side."""
    (_, found), *others = reversed(peaks)
    for _, left in others:
        found = digest(b"\1", left, found)
    return found


def grown(peaks: list[tuple[int, bytes]], size: int, found: bytes) -> None:
    """One more full subtree on the right."""
    while peaks and peaks[-1][0] == size:
        found, size = digest(b"\1", peaks.pop()[1], found), size * 2
    peaks.append((size, found))


def entries(lines: list[str], vkey: str) -> tuple[int, list[tuple[int, bytes]]]:
    """Size of the log, and the entries that a proof file proves."""
    assert lines[0] == "smki-proof 1"
    count, length = int(lines[1].split(" ")[1]), int(lines[2].split(" ")[1])
    size, root = head(lines[3 : 3 + length], vkey)
    rest = iter(lines[3 + length :])
    found: list[tuple[int, bytes]] = []
    peaks: list[tuple[int, bytes]] = []
    at = 0
    said = [line.split(" ") for line in rest]
    assert said.pop() == ["end"]
    leaves = [(int(one[1]), base64.b64decode(one[2])) for one in said if one[0] == "leaf"]
    hashes = iter([base64.b64decode(one[1]) for one in said if one[0] == "hash"])
    for index, leaf in [*leaves, (size, b"")]:
        for tile in tiles(at, index):
            grown(peaks, tile, next(hashes))
        if index < size:
            grown(peaks, 1, digest(b"\0", leaf))
            found.append((index, leaf))
        at = index + 1
    assert len(found) == count
    assert next(hashes, None) is None
    assert root_of(peaks) == root
    return size, found


def whose(leaf: bytes) -> bytes | None:
    """The EUI-64 that the certificate in this leaf says it is of."""
    if leaf[1] != 1:
        return None
    certificate = x509.load_der_x509_certificate(leaf[53:])
    for one in certificate.subject.get_attributes_for_oid(ObjectIdentifier(UNIQUE)):
        value = one.value if isinstance(one.value, bytes) else one.value.encode()
        return value[-8:]
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            return next(iter(extension.value.get_values_for_type(x509.OtherName))).value[-8:]
    return None


def path_to(identity: bytes) -> str:
    """The bits that lead to its bucket."""
    return f"{int.from_bytes(digest(b'smki-identity-map-1', identity)[:8], 'big'):064b}"


def certificates(text: str, vkey: str) -> tuple[bytes, list[int]]:
    """The identity, and the entries with certificates of it: none is hidden by this file."""
    lines = text.split("\n")[:-1]
    assert lines[0] == "smki-identity-proof 1"
    identity = bytes.fromhex(lines[1].removeprefix("identity "))
    rooted = int(lines[2].removeprefix("root "))
    bucket = base64.b64decode(lines[3].removeprefix("bucket"))
    count = int(lines[4].removeprefix("nodes "))
    beside = [base64.b64decode(line.removeprefix("node ")) for line in lines[5 : 5 + count]]
    size, found = entries(lines[5 + count :], vkey)
    said: dict[str, Any] = json.loads(dict(found)[rooted][11:])
    covered = said["size"]
    assert (said["map"], covered <= rooted, said["version"]) == ("eui64", True, 1)
    assert [index for index, _ in found if index >= covered] == list(range(covered, size))
    node, bits = digest(bucket), path_to(identity)
    for depth, other in zip(range(count - 1, -1, -1), beside, strict=True):
        pair = (node, other) if bits[depth] == "0" else (other, node)
        node = digest(b"\3", *pair)
    assert node.hex() == said["root"]
    value = bytes(32)
    for index, leaf in found:
        if index < covered:
            value = digest(b"\4", value, index.to_bytes(8, "big"), digest(b"\0", leaf))
    pairs = {bucket[at : at + 8]: bucket[at + 8 : at + 40] for at in range(1, len(bucket), 40)}
    assert pairs.get(identity, bytes(32)) == value
    return identity, [index for index, leaf in found if whose(leaf) == identity]


def proof_about(house: House, identity: str, folder: Path) -> tuple[str, str]:
    """The proof file that the command writes, and the log's public key."""
    environment = {"SMKI_STATE": str(house.state)}
    with open_office(load_settings(environment), environment) as office:
        lodge = partial(lodge_index_root, office)
        keeper = open_map_keeper(load_settings(environment), office.front, lodge)
        while keeper.keep(datetime.now(UTC) + timedelta(hours=1)):
            pass  # the map is brought up to the record, as its keeper does
    out = folder / "identity.proof"
    assert house.run("repository", "prove-device", identity, "--out", str(out))[0] == 0
    _, status = house.json("status")
    return out.read_text(), str(status["log"]["vkey"])


@pytest.mark.clause("sec:L5", "c2sp:tlog-checkpoint")
def test_a_stranger_comes_to_the_same_certificates(authority: Authority, tmp_path: Path) -> None:
    """All of an organisation with one revoked, and none of nobody; a flipped octet is believed by none."""
    house = authority.house
    folder = house.state / "parties" / "supplier"
    (file,) = folder.glob("*0001-ds.pem")
    serial = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
    desk = ("--certificate", str(folder / "portal.pem"), "--key", str(folder / "portal.key"))
    words = (f"{serial:X}", "--circumstance", "rejected", *desk)
    assert house.run("registration", "revoke-organisation", *words)[0] == 0
    text, vkey = proof_about(house, SUPPLIER, tmp_path)
    identity, found = certificates(text, vkey)
    assert identity.hex("-").upper() == SUPPLIER
    _, told = house.json("repository", "verify", str(tmp_path / "identity.proof"), "--key", vkey)
    all_of_it = [*told["all"], *told["later"]]
    assert found == [one["entry"] for one in all_of_it if one["type"] == "certificate"]
    assert any(one["type"] == "crl" for one in all_of_it)
    assert len(found) == len(list(folder.glob("*0001-*.pem")))
    absent = tmp_path / "absent"
    absent.mkdir()
    assert certificates(*proof_about(house, NOBODY, absent))[1] == []
    at = text.index("bucket ") + 20
    changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    with pytest.raises(AssertionError):
        certificates(changed, vkey)

"""Signed notes, verifier keys and checkpoints, against the examples that C2SP publishes."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.merkle.checkpoints import TreeHead, sign_checkpoint, verify_checkpoint
from smki.merkle.notes import SignatureLine, SignedNote, VerifierKey, sign_note
from smki.terms import Malformed, Refused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
SPKI = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
VKEY = VerifierKey(name="example.com/log", public_key=RAW)
HEAD = TreeHead(origin="example.com/log", size=3, root=bytes(range(32)))

# The checkpoint that the C2SP tlog-checkpoint document shows.
PUBLISHED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5"
    "/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)


@pytest.mark.clause("c2sp:tlog-checkpoint")
def test_published_checkpoint() -> None:
    """The published checkpoint is read, and written back octet for octet."""
    note = SignedNote.parse(PUBLISHED.encode())
    head = TreeHead.parse(note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert note.signatures[0].key_id.hex() == "033de0ae"
    assert len(note.signatures[0].signature) == 64
    assert bytes(note) == PUBLISHED.encode()
    assert head.text() == note.text


@pytest.mark.clause("c2sp:signed-note")
def test_verifier_key_of_the_go_project() -> None:
    """The published verifier key of a log in use has the key id that its text claims."""
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(VerifierKey.parse(text)) == text
    # The checkpoint above was signed with this key under another name: the id is the name's too.
    assert VerifierKey.parse(text).key_id.hex() == "033de0ae"


@pytest.mark.clause("c2sp:signed-note")
def test_sign_and_verify() -> None:
    """A checkpoint signed by a key is believed under that key, alone or among others."""
    other = VerifierKey(name="example.com/log", public_key=bytes(32))
    note = sign_checkpoint(HEAD, [(VKEY, KEY.sign)])
    assert verify_checkpoint(note, [VKEY]) == HEAD
    assert verify_checkpoint(note, [other, VKEY]) == HEAD
    with pytest.raises(Refused, match="one of the known keys"):
        verify_checkpoint(note, [other])


@pytest.mark.clause("c2sp:signed-note")
def test_signatures_are_a_list() -> None:
    """Signatures of unknown keys are passed over; a known key's wrong signature is not."""
    signed = SignedNote.parse(sign_checkpoint(HEAD, [(VKEY, KEY.sign)]))
    unknown = SignatureLine(name="witness", key_id=b"1234", signature=bytes(2420))
    wrong = SignatureLine(name=VKEY.name, key_id=VKEY.key_id, signature=bytes(64))
    more = SignedNote(text=signed.text, signatures=(unknown, *signed.signatures, unknown))
    assert verify_checkpoint(bytes(more), [VKEY]) == HEAD
    bad = SignedNote(text=signed.text, signatures=(*signed.signatures, wrong))
    with pytest.raises(Refused, match="does not hold"):
        verify_checkpoint(bytes(bad), [VKEY])


def test_key_of_another_log() -> None:
    """A key that is trusted for one log cannot speak for another."""
    other = VerifierKey(name="example.com/other", public_key=RAW)
    note = sign_checkpoint(HEAD, [(other, KEY.sign)])
    with pytest.raises(Refused):
        verify_checkpoint(note, [other])


def test_from_spki() -> None:
    """The key in a SubjectPublicKeyInfo is the same key; another algorithm is refused."""
    assert VerifierKey.from_spki("example.com/log", SPKI) == VKEY
    with pytest.raises(Malformed, match="must be of Ed25519"):
        VerifierKey.from_spki("example.com/log", b"\x30" + SPKI)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+AQ==",
        str(VKEY).replace("+", " ", 1),
        str(VKEY)[:-1],
        f"example.com/log+00000000+{base64.b64encode(bytes((1,)) + RAW).decode()}",
        f"example.com/log+{VKEY.key_id.hex()}+{base64.b64encode(bytes((4,)) + RAW).decode()}",
    ],
)
def test_refused_verifier_keys(text: str) -> None:
    """What is not a verifier key in its only form is refused."""
    with pytest.raises(Malformed):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "no signatures"),
        (b"\xff\n\n\xe2\x80\x94 a AAAA\n", "not UTF-8"),
        (b"a\r\n\n\xe2\x80\x94 a AAAAAAA=\n", "control character"),
        (b"a\n\n\xe2\x80\x94 a AAAAAAA=", "no signatures"),
        (b"a\n\n- a AAAAAAA=\n", "signature line"),
        (b"a\n\n\xe2\x80\x94 a AAAAAAB=\n", "not base64 in its only form"),
        (b"a\n\n\xe2\x80\x94 a AAAA\n", "signature line"),
        (b"a" * 200_000, "at most"),
    ],
)
def test_refused_notes(octets: bytes, message: str) -> None:
    """What is not a signed note is refused with what was found."""
    with pytest.raises(Malformed, match=message):
        SignedNote.parse(octets)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n1\n", "must be origin"),
        ("a\n01\n" + "A" * 43 + "=\n", "leading zeros"),
        ("a\n-1\n" + "A" * 43 + "=\n", "leading zeros"),
        ("a\n1\n" + "A" * 42 + "==\n", "root of 31"),
        ("a\n1\n!\n", "not base64 in its only form"),
        ("a\n1\n" + "A" * 43 + "=", "none empty"),
    ],
)
def test_refused_checkpoints(text: str, message: str) -> None:
    """A note that is no checkpoint is refused with what was found."""
    with pytest.raises(Malformed, match=message):
        TreeHead.parse(text.encode())


def test_note_text_may_hold_empty_lines() -> None:
    """The text ends at the last empty line, not at the first."""
    note = sign_note(b"one\n\ntwo\n", [(VKEY, KEY.sign)])
    assert SignedNote.parse(bytes(note)).text == b"one\n\ntwo\n"

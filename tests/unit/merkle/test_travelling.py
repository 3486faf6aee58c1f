"""Cosignatures, policies, travelling proofs and witness messages, with C2SP's own examples."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from smki.merkle.checkpoints import TreeHead, sign_checkpoint, verify_checkpoint
from smki.merkle.hashing import leaf_hash, node_hash
from smki.merkle.notes import SignatureLine, SignedNote, VerifierKey
from smki.merkle.signatures import Algorithm
from smki.merkle.travelling import AddCheckpoint, TlogProof, parse_cosignatures
from smki.merkle.trust import Policy
from smki.merkle.witnessing import check_extends_memory, read_head
from smki.terms import Malformed, Refused

Sign = Callable[[bytes], bytes]

# The cosigned checkpoint, the request and the answer that the C2SP documents show.
HEAD_TEXT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
)
LOG_LINE = (
    "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5"
    "/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
WITNESS_LINE = (
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJ"
    "sX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
REQUEST = (
    "old 20852014\n"
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
)


def keys(name: str, seed: int, algorithm: Algorithm) -> tuple[VerifierKey, Sign]:
    """A pair of keys that is always the same: the public one, and what signs."""
    octets = bytes((seed,)) * 32
    private: Ed25519PrivateKey | MLDSA44PrivateKey
    if algorithm is Algorithm.ML_DSA_44:
        private = MLDSA44PrivateKey.from_seed_bytes(octets)
    else:
        private = Ed25519PrivateKey.from_private_bytes(octets)
    raw = private.public_key().public_bytes_raw()
    return VerifierKey(name=name, public_key=raw, algorithm=algorithm), private.sign


LOG, LOG_SIGN = keys("example.com/log", 1, Algorithm.ED25519)
LOG_PQ, LOG_PQ_SIGN = keys("example.com/log", 2, Algorithm.ML_DSA_44)
W1, W1_SIGN = keys("witness.example/1", 3, Algorithm.COSIGNATURE)
W2, W2_SIGN = keys("witness.example/2", 4, Algorithm.ML_DSA_44)
W3, W3_SIGN = keys("witness.example/3", 5, Algorithm.COSIGNATURE)
ROOT = node_hash(leaf_hash(b"zero"), leaf_hash(b"one"))
HEAD = TreeHead(origin="example.com/log", size=2, root=ROOT)
SIGNED = sign_checkpoint(HEAD, [(LOG, LOG_SIGN)])
POLICY = f"""# two of three, by whatever algorithm
log {LOG}
\twitness one {W1} https://one.example/
witness two {W2}
witness three\t{W3}

group some 2 one two three
quorum some
""".encode()


def cosigned(*signers: tuple[VerifierKey, Sign], seconds: int = 1_700_000_000) -> bytes:
    """The signed checkpoint with cosignatures of these."""
    note = SignedNote.parse(SIGNED)
    return bytes(note.with_lines(key.sign(note.text, sign, seconds) for key, sign in signers))


@pytest.mark.clause("c2sp:tlog-cosignature")
def test_published_cosigned_checkpoint() -> None:
    """The published cosigned checkpoint is read, its time is the published one, and it is rewritten."""
    octets = (HEAD_TEXT + LOG_LINE + WITNESS_LINE).encode()
    note = SignedNote.parse(octets)
    assert bytes(note) == octets
    line = note.signatures[1]
    assert (line.name, line.key_id.hex(), len(line.signature)) == (
        "witness.example.com/w1",
        "8d66cf3f",
        72,
    )
    assert W1.time(line) == 1679315147


@pytest.mark.clause("c2sp:tlog-cosignature")
def test_what_ed25519_cosigns() -> None:
    """A witness's Ed25519 key signs the two lines of the document above the text, no others."""
    text = HEAD_TEXT[:-1].encode()
    line = W1.sign(text, W1_SIGN, 1679315147)
    message = b"cosignature/v1\ntime 1679315147\n" + text
    assert line.signature == (1679315147).to_bytes(8, "big") + W1_SIGN(message)
    assert W1.signed(text, line.signature)
    later = (1679315148).to_bytes(8, "big") + line.signature[8:]
    assert not W1.signed(text, later)
    assert not W1.signed(text, (1 << 63).to_bytes(8, "big") + line.signature[8:])
    assert not W1.signed(text, b"")


@pytest.mark.clause("c2sp:tlog-cosignature")
def test_what_ml_dsa_cosigns() -> None:
    """An ML-DSA-44 key signs the structure of the document, octet for octet, with its own name."""
    line = W2.sign(HEAD.text(), W2_SIGN, 5)
    assert len(line.signature) == 8 + 2420
    message = (
        b"subtree/v1\n\0"
        + bytes((17,))
        + b"witness.example/2"
        + (5).to_bytes(8, "big")
        + bytes((15,))
        + b"example.com/log"
        + bytes(8)
        + (2).to_bytes(8, "big")
        + ROOT
    )
    private = MLDSA44PrivateKey.from_seed_bytes(bytes((4,)) * 32)
    private.public_key().verify(line.signature[8:], message)
    assert W2.signed(HEAD.text(), line.signature)
    renamed = VerifierKey(name="other", public_key=W2.public_key, algorithm=W2.algorithm)
    assert not renamed.signed(HEAD.text(), line.signature)
    assert not W2.signed(b"no checkpoint\n", line.signature)


@pytest.mark.clause("c2sp:tlog-checkpoint")
def test_a_log_signs_with_both() -> None:
    """A checkpoint signed with Ed25519 and ML-DSA-44 is believed under either key alone."""
    note = sign_checkpoint(HEAD, [(LOG, LOG_SIGN), (LOG_PQ, LOG_PQ_SIGN)])
    assert verify_checkpoint(note, [LOG]) == HEAD
    assert verify_checkpoint(note, [LOG_PQ]) == HEAD
    forged = note.replace(b"\n2\n", b"\n3\n")
    with pytest.raises(Refused, match="does not hold"):
        verify_checkpoint(forged, [LOG_PQ])


@pytest.mark.clause("c2sp:tlog-cosignature")
@pytest.mark.parametrize("key", [LOG, LOG_PQ, W1])
def test_keys_are_written_and_read(key: VerifierKey) -> None:
    """A key of each algorithm reads back from its text; its algorithm is part of its id."""
    assert VerifierKey.parse(str(key)) == key
    spki = {32: "302a300506032b6570032100", 1312: "30820532300b06096086480165030403110382052100"}
    der = bytes.fromhex(spki[len(key.public_key)]) + key.public_key
    assert VerifierKey.from_spki(key.name, der, witness=key is W1) == key
    cut = base64.b64encode(bytes((key.algorithm,)) + key.public_key[:-1]).decode()
    with pytest.raises(Malformed, match="must be"):
        VerifierKey.parse(f"{key.name}+{key.key_id.hex()}+{cut}")


@pytest.mark.clause("c2sp:tlog-policy")
def test_quorum_of_witnesses() -> None:
    """Two of three are enough, whichever; one, or one twice, or a stranger's, is not."""
    policy = Policy.parse(POLICY)
    believed = policy.believe(cosigned((W1, W1_SIGN), (W2, W2_SIGN)))
    assert believed.head == HEAD
    assert believed.cosigners == (("one", 1_700_000_000), ("two", 1_700_000_000))
    assert policy.believe(cosigned((W3, W3_SIGN), (W1, W1_SIGN))).head == HEAD
    stranger = keys("witness.example/2", 9, Algorithm.COSIGNATURE)
    for note in (SIGNED, cosigned((W1, W1_SIGN)), cosigned((W1, W1_SIGN), stranger)):
        with pytest.raises(Refused, match="must be by 2 of 3"):
            policy.believe(note)


@pytest.mark.clause("c2sp:tlog-policy")
def test_cosignatures_do_not_stand_for_the_log() -> None:
    """Witnesses without the log's own signature are nobody's word; nor is one that does not hold."""
    policy = Policy.parse(POLICY)
    note = SignedNote.parse(cosigned((W1, W1_SIGN), (W2, W2_SIGN)))
    bare = SignedNote(text=note.text, signatures=note.signatures[1:])
    with pytest.raises(Refused, match="one of the known keys"):
        policy.believe(bytes(bare))
    line = note.signatures[2]
    wrong = SignatureLine(name=line.name, key_id=line.key_id, signature=bytes(len(line.signature)))
    broken = SignedNote(text=note.text, signatures=(*note.signatures[:2], wrong))
    with pytest.raises(Refused, match="does not hold"):
        policy.believe(bytes(broken))


@pytest.mark.clause("c2sp:tlog-policy")
def test_groups_of_groups() -> None:
    """The published shape, groups of groups with numbers, all and any, decides as it says."""
    witnesses = {
        f"{side}{number}": keys(f"{side}{number}", 20 + 3 * index + number, Algorithm.COSIGNATURE)
        for index, side in enumerate("XY")
        for number in (1, 2, 3)
    }
    lines = [f"witness {name} {key}" for name, (key, _) in witnesses.items()]
    text = "\n".join(
        [
            f"log {LOG}",
            *lines,
            "group X-witnesses 2 X1 X2 X3",
            "group Y-witnesses any Y1 Y2 Y3",
            "group X-and-Y all X-witnesses Y-witnesses",
            "quorum X-and-Y\n",
        ]
    )
    policy = Policy.parse(text.encode())
    assert policy.reached({"X1", "X3", "Y2"})
    assert not policy.reached({"X1", "Y1", "Y2", "Y3"})
    assert not policy.reached({"X1", "X2", "X3"})
    assert Policy.parse(b"quorum none\n").reached(set())


@pytest.mark.clause("c2sp:tlog-policy")
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "no quorum"),
        ("quorum none", "last line has no end"),
        ("quorum none\nquorum none\n", "second quorum"),
        ("quorum one\n", "must be defined above"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "stands above already"),
        (f"log {W1}\nquorum none\n", "algorithm 04, must be 01 or 06"),
        (f"witness one {LOG}\nquorum none\n", "algorithm 01, must be 04 or 06"),
        (f"witness none {W1}\nquorum none\n", "is taken"),
        (f"witness one {W1}\nwitness one {W3}\nquorum none\n", "is taken"),
        (f"witness one {W1}\ngroup g 2 one\nquorum g\n", "must be at most 1"),
        (f"witness one {W1}\ngroup g 0 one\nquorum g\n", "threshold '0'"),
        (f"witness one {W1}\ngroup g all one one\nquorum g\n", "in one group once"),
        (f"witness one {W1}\ngroup g any\nquorum g\n", "must be 'log"),
        ("group g any one\nquorum g\n", "must be defined above"),
        ("log example.com\nquorum none\n", "must be name"),
        ("quorum none\r\n", "control character"),
        ("believe everyone\n", "'believe' with 1 items"),
    ],
)
def test_wrong_policies(text: str, wrong: str) -> None:
    """What is no policy is refused, and the line is named."""
    with pytest.raises(Malformed, match=wrong) as caught:
        Policy.parse(text.encode())
    assert caught.value.where.startswith("line ")


@pytest.mark.clause("c2sp:tlog-policy")
def test_names_are_octets() -> None:
    """Names that only look alike are two, and what is not UTF-8 is a name like any other."""
    text = f"witness K {W1}\nwitness \u212a {W3}\ngroup \u00ff any K\n".encode()
    policy = Policy.parse(text + b"group \xff\xfe any \xe2\x84\xaa\nquorum \xff\xfe\n")
    assert policy.reached({"\u212a"})
    assert not policy.reached({"K"})


@pytest.mark.clause("c2sp:tlog-witness")
def test_published_request_and_answer() -> None:
    """The published request and answer are read, and the request is written back octet for octet."""
    octets = (REQUEST + HEAD_TEXT + LOG_LINE).encode()
    request = AddCheckpoint.parse(octets)
    assert (request.old, len(request.proof)) == (20852014, 4)
    assert request.encode() == octets
    (line,) = parse_cosignatures(WITNESS_LINE.encode())
    assert str(line) == WITNESS_LINE


@pytest.mark.clause("c2sp:tlog-witness")
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n\n",
        b"old 1\n",
        b"old 01\n\nx",
        b"new 1\n\nx",
        b"old 1\nAAAA\n\nx",
        b"old 1\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\nx",
        "old 1\n\u00e9\n\nx".encode(),
        bytes(200_000),
    ],
)
def test_wrong_requests(octets: bytes) -> None:
    """What is no add-checkpoint request is Malformed, and nothing else."""
    with pytest.raises(Malformed):
        AddCheckpoint.parse(octets)


@pytest.mark.clause("c2sp:tlog-witness")
@pytest.mark.parametrize("octets", [b"", b"\xff\n", b"\n", WITNESS_LINE[:-1].encode()])
def test_wrong_answers(octets: bytes) -> None:
    """What is no list of signature lines is Malformed."""
    with pytest.raises(Malformed):
        parse_cosignatures(octets)


@pytest.mark.clause("c2sp:tlog-witness")
def test_who_asks_a_witness() -> None:
    """Only a log that is known, and signed, is listened to; the old size is not beyond the new."""
    request = AddCheckpoint(old=0, proof=(), checkpoint=SIGNED)
    assert read_head(request, [LOG]) == HEAD
    with pytest.raises(Refused, match="not known here") as caught:
        read_head(request, [W1])
    assert caught.value.rule == "witness.log"
    with pytest.raises(Refused, match="one of the known keys"):
        read_head(request, [LOG_PQ])
    with pytest.raises(Malformed, match="old size 3"):
        read_head(AddCheckpoint(old=3, proof=(), checkpoint=SIGNED), [LOG])


@pytest.mark.clause("c2sp:tlog-witness")
def test_what_a_witness_may_sign() -> None:
    """The same tree again, and one that extends it, are signed; another root of one size never."""
    one = TreeHead(origin=HEAD.origin, size=1, root=leaf_hash(b"zero"))
    extends = AddCheckpoint(old=1, proof=(leaf_hash(b"one"),), checkpoint=SIGNED)
    check_extends_memory(extends, HEAD, one)
    check_extends_memory(AddCheckpoint(old=2, proof=(), checkpoint=SIGNED), HEAD, HEAD)
    check_extends_memory(AddCheckpoint(old=0, proof=(), checkpoint=SIGNED), HEAD, None)
    other = TreeHead(origin=HEAD.origin, size=2, root=bytes(32))
    with pytest.raises(Refused, match="two roots of size 2") as caught:
        check_extends_memory(AddCheckpoint(old=2, proof=(), checkpoint=SIGNED), HEAD, other)
    assert caught.value.rule == "witness.forked"
    foreign = TreeHead(origin=HEAD.origin, size=1, root=leaf_hash(b"other"))
    for memory, proof in ((foreign, extends.proof), (one, ()), (None, extends.proof)):
        request = AddCheckpoint(old=1, proof=proof, checkpoint=SIGNED)
        with pytest.raises(Refused) as caught:
            check_extends_memory(request, HEAD, memory)
        assert caught.value.rule == "witness.consistency"


@pytest.mark.clause("c2sp:tlog-proof")
def test_published_proof_shape() -> None:
    """A proof in the published shape, `extra` and all, is read and written back octet for octet."""
    octets = (
        "c2sp.org/tlog-proof@v1\n"
        "extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\n"
        "index 73894\n"
        "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
        "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\n" + HEAD_TEXT + LOG_LINE
    ).encode()
    proof = TlogProof.parse(octets)
    assert (proof.index, len(proof.path), proof.encode()) == (73894, 2, octets)
    assert (proof.extra or b"").startswith(b"age-v1.2.1-darwin-arm64.tar.gz")


@pytest.mark.clause("c2sp:tlog-proof")
def test_a_proof_under_a_policy() -> None:
    """An entry's proof holds under a policy that its cosignatures meet, and for no other entry."""
    note = cosigned((W1, W1_SIGN), (W2, W2_SIGN))
    proof = TlogProof(index=1, path=(leaf_hash(b"zero"),), checkpoint=note, extra=b"one")
    again = TlogProof.parse(proof.encode())
    assert again == proof
    assert again.verify(b"one", Policy.parse(POLICY)).head == HEAD
    assert again.verify(b"one", Policy.of_log(str(LOG))).cosigners == ()
    with pytest.raises(Refused, match="leads to"):
        again.verify(b"two", Policy.parse(POLICY))
    few = TlogProof(index=1, path=proof.path, checkpoint=SIGNED)
    with pytest.raises(Refused, match="must be by 2 of 3"):
        few.verify(b"one", Policy.parse(POLICY))


@pytest.mark.clause("c2sp:tlog-proof")
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 1\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\nextra AAAA\n\nx",
        b"c2sp.org/tlog-proof@v1\nextra AAA\nindex 1\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
    ],
)
def test_wrong_proofs(octets: bytes) -> None:
    """What is no proof is Malformed, and nothing else."""
    with pytest.raises(Malformed):
        TlogProof.parse(octets)

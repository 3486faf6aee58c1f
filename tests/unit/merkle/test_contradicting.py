"""Evidence of two histories holds for them alone, and no mutated one holds at all."""

from collections.abc import Callable, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.merkle.checkpoints import sign_checkpoint
from smki.merkle.contradicting import Contradiction, steps_between
from smki.merkle.hashing import fold_peaks, leaf_hash, node_hash
from smki.merkle.heads import TreeHead
from smki.merkle.notes import VerifierKey
from smki.merkle.proofs import cover, prove_consistency
from smki.terms import Inconsistent, Malformed, Refused, SmkiError

pytestmark = pytest.mark.clause("rfc6962:2.1.2")
ORIGIN = "example.com/log"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey.from_spki(
    ORIGIN, PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
)


def node_of(leaves: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """The hashes of the full subtrees over these leaves."""

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(leaves[index])
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


def head_of(leaves: Sequence[bytes]) -> TreeHead:
    """The head of the log of these leaves."""
    node = node_of(leaves)
    root = fold_peaks([node(level, index) for level, index in cover(0, len(leaves))])
    return TreeHead(origin=ORIGIN, size=len(leaves), root=root)


def signed(head: TreeHead) -> bytes:
    """Its checkpoint, signed by the log's own key."""
    return sign_checkpoint(head, [(KEY, PRIVATE.sign)])


def history(size: int, forged: int | None = None) -> list[bytes]:
    """So many leaves; from `forged` on they are others."""
    return [
        b"%s %d" % (b"honest" if forged is None or number < forged else b"forged", number)
        for number in range(size)
    ]


def evidence(old: int, new: int, forged: int | None) -> Contradiction:
    """What there is to say against a log that signed `old` honest leaves and then these."""
    later = history(new, forged)
    head = head_of(later)
    steps = () if old == new else steps_between(old, head, node_of(later))
    return Contradiction(earlier=signed(head_of(history(old))), later=signed(head), steps=steps)


@pytest.mark.parametrize("old", [1, 2, 3, 5, 8, 13])
def test_a_second_history_is_shown(old: int) -> None:
    """For every size and place of the forgery the evidence holds, also after it was written down."""
    for new in range(old, 18):
        for forged in {0, old // 2, old - 1}:
            made = evidence(old, new, forged)
            assert Contradiction.parse(made.encode()) == made
            shown = made.verify([KEY])
            assert (shown.earlier, shown.later) == (
                head_of(history(old)),
                head_of(history(new, forged)),
            )
            assert shown.root == head_of(history(old, forged)).root


@pytest.mark.parametrize("old", [1, 3, 8, 13])
def test_who_only_grew_is_not_accused(old: int) -> None:
    """There is no evidence against a log that only grew: not from its own steps, nor from others."""
    for new in range(old, 18):
        honest = evidence(old, new, None)
        with pytest.raises(Refused, match="only grew"):
            honest.verify([KEY])
        forged = evidence(old, new, 0)
        mixed = Contradiction(earlier=honest.earlier, later=honest.later, steps=forged.steps)
        with pytest.raises(Refused, match=r"only grew|steps lead to"):
            mixed.verify([KEY])


def test_no_mutated_evidence_holds() -> None:
    """Every line that is changed, lost or doubled makes it no evidence, and says why."""
    lines = evidence(5, 13, 2).encode().splitlines(keepends=True)
    for at, line in enumerate(lines):
        middle = len(line) // 2
        changed = line[:middle] + bytes((line[middle] ^ 1,)) + line[middle + 1 :]
        for new in ((changed,), (), (line, line), (line[:-1],), (b"\xff" + line,)):
            spoilt = b"".join((*lines[:at], *new, *lines[at + 1 :]))
            with pytest.raises(SmkiError) as caught:
                Contradiction.parse(spoilt).verify([KEY])
            assert isinstance(caught.value, Malformed | Refused), (at, new)


def test_another_log_proves_nothing() -> None:
    """Checkpoints that the believed key did not sign, or of two logs, are no evidence."""
    made = evidence(5, 13, 2)
    other = VerifierKey(name="example.com/other", public_key=KEY.public_key)
    with pytest.raises(Refused):
        made.verify([other])
    head = head_of(history(13))
    theirs = sign_checkpoint(
        TreeHead(origin=other.name, size=13, root=head.root), [(other, PRIVATE.sign)]
    )
    with pytest.raises(Refused, match="must be of one log"):
        Contradiction(earlier=made.earlier, later=theirs, steps=made.steps).verify([KEY, other])
    with pytest.raises(Malformed, match="must be none"):
        Contradiction(earlier=made.earlier, later=made.earlier, steps=made.steps).verify([KEY])


def test_damaged_tiles_are_no_evidence() -> None:
    """Hashes that do not lead to the signed root accuse nobody."""
    head = head_of(history(13))
    with pytest.raises(Inconsistent, match="damaged"):
        steps_between(5, head, node_of(history(13, 12)))
    assert steps_between(5, head, node_of(history(13))) == prove_consistency(
        5, 13, node_of(history(13))
    )


def test_a_checkpoint_of_many_lines_is_evidence_too() -> None:
    """Whatever a witness believed is evidence: a log does not evade it by what it adds below."""
    made = evidence(5, 8, 3)
    extra = b"".join(
        b"\xe2\x80\x94 other.example/%d AAAAAAA=\n" % number for number in range(1_000)
    )
    long = Contradiction(earlier=made.earlier, later=made.later + extra, steps=made.steps)
    read = Contradiction.parse(long.encode())
    assert read == long
    assert read.verify([KEY]).earlier.size == 5

"""Any octets at all: the readers of policies, proofs and witness messages are total and canonical."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.merkle import TreeState, grow, leaf_hash
from smki.merkle.heads import TreeHead
from smki.merkle.proofs import prove_consistency
from smki.merkle.travelling import AddCheckpoint, TlogProof, parse_cosignatures
from smki.merkle.trust import Policy
from smki.merkle.witnessing import check_extends_memory
from smki.terms import Malformed, Refused

HASHES = st.binary(min_size=32, max_size=32)
NOISE = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                "old 1",
                "index 3",
                "extra AAAA",
                "A" * 43 + "=",
                "",
                "quorum none",
                "log x",
                "\u2014 a AAAAAAAA",
            ]
        ),
        max_size=8,
    ).map(lambda lines: "".join(f"{line}\n" for line in lines).encode()),
)


@pytest.mark.clause("c2sp:tlog-policy", "c2sp:tlog-witness", "c2sp:tlog-proof")
@settings(deadline=None)
@given(NOISE)
def test_readers_are_total(octets: bytes) -> None:
    """Any octets are read or Malformed; what was read is written back as it was."""
    for read in (Policy.parse, parse_cosignatures):
        try:
            read(octets)
        except Malformed:
            continue
    for form in (TlogProof, AddCheckpoint):
        try:
            found = form.parse(octets)
        except Malformed:
            continue
        assert found.encode() == octets


@pytest.mark.clause("c2sp:tlog-proof", "c2sp:tlog-witness")
@settings(deadline=None)
@given(
    st.integers(0, 2**62),
    st.lists(HASHES, max_size=63),
    st.binary(max_size=80),
    st.none() | st.binary(max_size=80),
)
def test_round_trip(number: int, hashes: list[bytes], below: bytes, extra: bytes | None) -> None:
    """Every proof and request is read back as it was."""
    proof = TlogProof(index=number, path=tuple(hashes), checkpoint=below, extra=extra)
    assert TlogProof.parse(proof.encode()) == proof
    request = AddCheckpoint(old=number, proof=tuple(hashes), checkpoint=below)
    assert AddCheckpoint.parse(request.encode()) == request


@pytest.mark.clause("c2sp:tlog-witness", "rfc6962:2.1.2")
@settings(deadline=None, max_examples=60)
@given(st.data(), st.integers(1, 40), st.integers(0, 40))
def test_a_witness_signs_growth_and_nothing_else(data: st.DataObject, old: int, more: int) -> None:
    """From any size to any later one the true proof is taken; with any entry changed it is not."""
    leaves = [b"%d" % number for number in range(old + more)]

    def head_of(entries: list[bytes]) -> TreeHead:
        return TreeHead(origin="log", size=len(entries), root=grow(TreeState(), entries).root)

    def node(level: int, index: int) -> bytes:
        part = leaves[index << level : (index + 1) << level]
        return leaf_hash(part[0]) if not level else grow(TreeState(), part).root

    proof = prove_consistency(old, old + more, node)
    before, now = head_of(leaves[:old]), head_of(leaves)
    request = AddCheckpoint(old=old, proof=proof, checkpoint=b"")
    check_extends_memory(request, now, before)
    place = data.draw(st.integers(0, old - 1))
    changed = [*leaves[:place], b"changed", *leaves[place + 1 :]]
    with pytest.raises(Refused):
        check_extends_memory(request, head_of(changed), before)
    with pytest.raises(Refused):
        check_extends_memory(request, now, head_of(changed[:old]))

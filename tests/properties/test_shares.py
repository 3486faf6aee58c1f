from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.ceremonies.words import combine, read_words, split
from smki.terms import Malformed, Refused

SECRET = st.binary(min_size=32, max_size=32)


@pytest.mark.clause("sec-app-l:3")
@settings(max_examples=15, deadline=None)
@given(
    secret=SECRET,
    shape=st.tuples(st.integers(2, 5), st.integers(0, 2)),
    identifier=st.integers(0, 32767),
)
def test_exactly_the_quorums_put_the_secret_together(
    secret: bytes, shape: tuple[int, int], identifier: int
) -> None:
    """Every m of n shares give the secret, every m - 1 nothing."""
    quorum, count = shape[0], sum(shape)
    shares = [read_words(text) for text in split(secret, quorum, count, identifier)]
    assert {one.identifier for one in shares} == {identifier}
    for chosen in combinations(shares, quorum):
        assert combine(chosen) == secret
    for chosen in combinations(shares, quorum - 1):
        with pytest.raises(Refused):
            combine(chosen)


@pytest.mark.clause("sec-app-l:3")
@settings(max_examples=30, deadline=None)
@given(
    secret=SECRET,
    place=st.integers(0, 32),
    word=st.sampled_from(("academic", "zero", "wolf", "xx")),
)
def test_a_changed_word_is_always_found(secret: bytes, place: int, word: str) -> None:
    """One wrong word never gives another secret."""
    words = split(secret, 2, 2, 7)[0].split()
    if words[place] == word:
        return
    words[place] = word
    with pytest.raises(Malformed):
        read_words(" ".join(words))

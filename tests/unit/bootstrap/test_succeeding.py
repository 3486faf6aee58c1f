"""Names of authorities that follow others, and the order of their keys."""

import pytest

from smki.bootstrap.issuing_keys import key_names
from smki.bootstrap.succeeding import _successor
from smki.terms import CertificateKind


@pytest.mark.clause("sec-app-b:B")
@pytest.mark.parametrize(
    ("taken", "name", "after"),
    [
        ({"RA"}, "RA", "RB"),
        ({"RA", "RB"}, "RA", "RC"),
        ({"RZ"}, "RZ", "RZ1"),
        ({"RZ1"}, "RZ1", "RZ2"),
        ({"R1"}, "R1", "R2"),
        ({"R9"}, "R9", "R10"),
        ({"X00"}, "X00", "X01"),
        ({""}, "", "1"),
        ({"R1"}, "R2", "R2"),
    ],
)
def test_a_name_follows_that_nobody_had(taken: set[str], name: str, after: str) -> None:
    """Its number, or its last letter, is the next one that is free."""
    assert _successor(taken, name) == after


class Store:
    """A store that has keys of these names."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def names(self) -> tuple[str, ...]:
        """The names, sorted."""
        return tuple(sorted(self._names))


def test_keys_of_an_authority_are_told_by_their_names() -> None:
    """The first has the kind's, later ones a number; those of others are not among them."""
    store = Store(
        "issuing-oca", "issuing-oca-10", "issuing-oca-2", "issuing-oca-old", "issuing-dca", "log"
    )
    found = key_names(store, CertificateKind.ISSUING_OCA)  # type: ignore[arg-type] # names alone
    assert found == ("issuing-oca", "issuing-oca-2", "issuing-oca-10")

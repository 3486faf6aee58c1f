"""Who signs for a body: two different officers, one who presided and one who is secretary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.governance import Body, Holder, Signatory
from smki.governance.signatories import missing_signatories, parse_holders
from smki.terms import EUI64, Malformed

PARTY = EUI64.parse("0A-53-4D-4B-49-05-00-01")
P, S = Signatory.PRESIDER, Signatory.SECRETARY


def people(*names: str) -> frozenset[Holder]:
    """Officers of the party."""
    return frozenset(Holder(party=PARTY, name=name) for name in names)


HELD = {P: people("chair", "alternate", "both"), S: people("secretary", "both")}


@pytest.mark.parametrize(
    ("signed", "missing"),
    [
        (("chair", "secretary"), ()),
        (("alternate", "secretary"), ()),
        (("both", "chair"), ()),
        (("both", "secretary"), ()),
        (("both",), (S,)),
        (("chair",), (S,)),
        (("chair", "alternate"), (S,)),
        (("secretary",), (P,)),
        (("member", "other"), (P, S)),
        ((), (P, S)),
    ],
)
@pytest.mark.clause("sec:L5.3")
def test_two_different_officers_sign(
    signed: tuple[str, ...], missing: tuple[Signatory, ...]
) -> None:
    """One for each capacity, and never one officer for both."""
    assert missing_signatories(HELD, people(*signed)) == missing


@pytest.mark.clause("sec:L5.3")
def test_a_name_of_another_party_holds_nothing() -> None:
    """An officer is one of a party: another's chair is not ours."""
    other = Holder(party=EUI64(bytes(8)), name="chair")
    assert missing_signatories(HELD, {other, *people("secretary")}) == (P,)


@given(st.frozensets(st.sampled_from(["chair", "alternate", "both", "secretary", "member"])))
def test_whoever_signs_more_never_signs_less(names: frozenset[str]) -> None:
    """Another signature takes nothing away."""
    now = set(missing_signatories(HELD, people(*names)))
    for more in ("chair", "secretary", "member"):
        assert set(missing_signatories(HELD, people(*names, more))) <= now


@pytest.mark.clause("sec:L5.3")
def test_who_holds_what_is_read_as_it_is_configured() -> None:
    """By body and capacity; a variable's name has `_` where a body has `-`."""
    found = parse_holders({"smki_pma": {"presider": (f"{PARTY}/chair",)}})
    assert found == {Body.SMKI_PMA: {P: people("chair")}}
    assert str(next(iter(people("chair")))) == "0A-53-4D-4B-49-05-00-01/chair"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"board": {}}, "board, must be presider or secretary of smki-pma"),
        ({"panel": {"vice": ()}}, "vice, must be"),
        ({"panel": {"presider": ("chair",)}}, "must be an EUI-64 and a common name"),
        ({"panel": {"presider": ("0A-53/chair",)}}, "EUI-64"),
        ({"panel": {"presider": (f"{PARTY}/ ",)}}, "must be an EUI-64 and a common name"),
    ],
)
def test_what_is_not_so_is_malformed(
    given: dict[str, dict[str, tuple[str, ...]]], said: str
) -> None:
    """A body, a capacity or a name that there is not is named."""
    with pytest.raises(Malformed, match=said):
        parse_holders(given)

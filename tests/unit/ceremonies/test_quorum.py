from dataclasses import replace

import pytest
from tests.support.custody import (
    RULE,
    custodians,
    in_custody,
    moved,
    people,
    person,
    presents,
    secret,
    words_of,
)

from smki.adapters.world import SystemEntropy
from smki.ceremonies.custodians import (
    CustodyRule,
    encode_custodian,
    must_be_appointed,
    parse_custodian,
)
from smki.ceremonies.keysets import (
    KeySet,
    encode_key_set,
    parse_key_set,
    refreshed,
    share_header,
)
from smki.ceremonies.quorum import Presented, open_key
from smki.ceremonies.sealing import unlock
from smki.ceremonies.words import read_words, split
from smki.terms import Malformed, Refused


@pytest.fixture(scope="module", name="held")
def fixture_held() -> KeySet:
    """A key that three of five custodians open."""
    return in_custody()


def _refused(held: KeySet, *presented: Presented, others: tuple[KeySet, ...] = ()) -> str:
    with pytest.raises(Refused) as caught:
        open_key(held, presented, others)
    return caught.value.message


@pytest.mark.clause("sec-app-l:3")
def test_any_three_of_five_open_the_key(held: KeySet) -> None:
    """A quorum opens the key; who comes beyond it does no harm."""
    shares = [presents(held, one) for one in people()]
    for chosen in (shares[:3], shares[2:], shares):
        assert open_key(held, chosen).octets == secret().octets


@pytest.mark.clause("sec-app-l:3")
def test_one_custodian_too_few_is_refused(held: KeySet) -> None:
    """M - 1 shares open nothing, whoever they are."""
    shares = [presents(held, one) for one in people()]
    assert _refused(held, *shares[:2]) == "root-oca: 2 shares count, must be 3"
    assert _refused(held) == "root-oca: 0 shares count, must be 3"


@pytest.mark.clause("sec-app-l:3")
def test_two_shares_of_one_custodian_count_once(held: KeySet) -> None:
    """Who brings a share twice, their own or somebody's, is one custodian."""
    one, two, three = (presents(held, each) for each in people(3))
    said = _refused(held, one, two, replace(three, custodian=two.custodian))
    assert said.startswith("root-oca: two shares of custodian-2, a custodian has one")


@pytest.mark.clause("sec-app-l:3")
def test_two_of_one_organisation_are_refused(held: KeySet) -> None:
    """Where they work is asked on the day: who moved to another custodian's house cannot count."""
    one, two, three = (presents(held, each) for each in people(3))
    said = _refused(held, one, two, moved(three, "ORGANISATION  1"))
    assert said == (
        "root-oca: 2 custodians of 'organisation 1', must be at most 1 of one organisation"
    )


@pytest.mark.clause("sec-app-l:3")
def test_an_altered_share_is_named(held: KeySet) -> None:
    """A changed word, and words made anew with a checksum that holds, are told with whose they are."""
    one, two, three = (presents(held, each) for each in people(3))
    first, *rest = three.words.split()
    other = "academic" if first != "academic" else "acid"
    said = _refused(held, one, two, replace(three, words=" ".join((other, *rest))))
    assert "the share of custodian-3 was altered" in said
    forged = split(bytes(32), 3, 5, held.identifier)[2]
    said = _refused(held, one, two, replace(three, words=forged))
    assert "the share of custodian-3 was altered" in said
    assert " ".join(forged.split()[8:11]) not in said


@pytest.mark.clause("sec-app-l:3")
def test_a_share_of_another_key_is_named(held: KeySet) -> None:
    """Shares of another key are told by that key's name, and by another set where it is not known."""
    other = in_custody("recovery")
    one, two, three = (presents(held, people(3)[0]), presents(held, person(2)), person(3))
    strange = presents(other, three)
    assert "is of another key, recovery" in _refused(held, one, two, strange, others=(held, other))
    assert "is of another set of shares" in _refused(held, one, two, strange)


@pytest.mark.clause("sec-app-l:3")
def test_shares_before_a_refresh_open_nothing(held: KeySet) -> None:
    """The key stays, its shares are others: old ones are refused, and so is who was replaced."""
    new = (*custodians(4), person(6).custodian)
    later = refreshed(held, secret(), RULE, new, SystemEntropy())
    old = [presents(held, one) for one in people()]
    assert "custodian-1 is of an earlier set, which was refreshed" in _refused(later, *old[:3])
    assert "custodian-5 was replaced, their share opens nothing any more" in _refused(later, old[4])
    shares = [presents(later, one) for one in (person(1), person(4), person(6))]
    assert open_key(later, shares).octets == secret().octets
    assert (later.number, later.fingerprint) == (2, held.fingerprint)


@pytest.mark.clause("sec-app-l:3")
def test_a_refresh_never_changes_the_key(held: KeySet) -> None:
    """Another key under the name of this one is refused."""
    with pytest.raises(Refused, match="a refresh changes shares and never the key"):
        refreshed(held, secret(octets=bytes(64)), RULE, custodians(), SystemEntropy())


@pytest.mark.clause("sec-app-l:3")
def test_a_stranger_has_no_share(held: KeySet) -> None:
    """Who is no custodian of the key cannot count with somebody's share."""
    one, two, three = (presents(held, each) for each in people(3))
    said = _refused(held, one, two, replace(three, custodian="custodian-9"))
    assert "custodian-9 is no custodian of this key" in said


@pytest.mark.clause("sec-app-l:3")
def test_a_share_opens_with_its_own_credential_alone(held: KeySet) -> None:
    """Another custodian's credential, or a box moved to another place, opens nothing."""
    box = held.holders[0].box
    for key, index in ((person(2).key, 0), (person(1).key, 1)):
        with pytest.raises(Refused, match="does not open with this credential"):
            unlock(key, box, share_header(held, index))
    changed = box[:-1] + bytes((box[-1] ^ 1,))
    with pytest.raises(Refused, match="does not open"):
        unlock(person(1).key, changed, share_header(held, 0))


@pytest.mark.clause("sec-app-l:3")
@pytest.mark.parametrize(
    "change",
    [{"quorum": 2}, {"of_one_organisation": 2}, {"fingerprint": "0" * 64}, {"key": "recovery"}],
)
def test_who_changes_the_file_opens_nothing(held: KeySet, change: dict[str, object]) -> None:
    """Name, quorum and limit are sealed with the key: a file with others does not open."""
    shares = [presents(held, one) for one in people(3)]
    changed = replace(held, **change)  # type: ignore[arg-type] # one field of several types
    with pytest.raises(Refused, match=r"does not open|put together nothing"):
        open_key(changed, shares)


@pytest.mark.clause("sec-app-l:3")
def test_files_come_back_as_they_were(held: KeySet) -> None:
    """Key set and custodian have one spelling each, and the key set holds no share in words."""
    octets = encode_key_set(held)
    assert parse_key_set(octets) == held
    one = person(1).custodian
    assert parse_custodian(encode_custodian(one)) == one
    for each in people():
        assert " ".join(words_of(held, each).split()[5:8]).encode() not in octets


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"quorum":3', b'"quorum":1'),
        (b'"quorum":3', b'"quorum":true'),
        (b'"number":1', b'"number":2'),
        (b'"purpose":"live"', b'"purpose":"rehearsal"'),
        (b'"purpose":"live"', b'"purpose":"fun"'),
        (b'"custodian":"custodian-2"', b'"custodian":"custodian-1"'),
        (b'"format":"smki-key-set-1"', b'"format":"smki-key-set-2"'),
        (b'"key":', b'"kee":'),
    ],
)
def test_a_file_of_another_form_is_malformed(held: KeySet, old: bytes, new: bytes) -> None:
    """What no ceremony writes is refused in words, never by an error of another family."""
    octets = encode_key_set(held)
    assert old in octets
    with pytest.raises((Malformed, Refused)):
        parse_key_set(octets.replace(old, new, 1))


@pytest.mark.clause("sec-app-l:3")
def test_custodians_are_as_many_as_the_rule_says() -> None:
    """Too few, the same one twice, a key twice, two of one house: each has its sentence."""
    one, two, *others = custodians()
    with pytest.raises(Refused, match="4 custodians, must be 5"):
        must_be_appointed(RULE, (one, *others))
    with pytest.raises(Refused, match=r"identifier custodian-1 twice.*same key"):
        must_be_appointed(RULE, (one, one, *others))
    with pytest.raises(Refused, match="2 custodians of 'organisation 1'"):
        must_be_appointed(RULE, (one, replace(two, organisation="organisation 1"), *others))


@pytest.mark.parametrize(("m", "n", "k"), [(1, 5, 1), (6, 5, 1), (3, 17, 1), (3, 5, 3), (3, 5, 0)])
def test_rules_that_are_no_quorum_are_refused(m: int, n: int, k: int) -> None:
    """Nobody can open a key alone, and no organisation either."""
    with pytest.raises(Refused):
        CustodyRule(quorum=m, custodians=n, of_one_organisation=k)


@pytest.mark.parametrize("text", ["", "zoo zoo", "acid " * 33, "acid " * 70, "é", "\x00"])
def test_words_that_spell_no_share_are_malformed(text: str) -> None:
    """Whatever is typed, the answer is one family, and repeats nothing that was typed."""
    with pytest.raises(Malformed) as caught:
        read_words(text)
    assert "zoo" not in caught.value.message

"""A transcript is replayed by a third party: what is not as the script says is refused, whoever signed."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.ceremony import (
    held,
    opening,
    signature,
)

from smki.ceremonies.replaying import replay
from smki.ceremonies.transcript import (
    Kind,
    Transcript,
    encode_transcript,
    parse_transcript,
    to_be_signed,
)
from smki.terms import Malformed, Refused


@pytest.mark.clause("sec-app-l:3")
@pytest.mark.parametrize(
    ("step", "change", "said"),
    [
        ("prove", {"unwrapped": "0" * 64}, "apex key: unwrapped is not that of this ceremony"),
        ("prove", {"certificate": "0" * 64}, "apex key: certificate is not"),
        ("compare", {"agreed": {}}, "was not compared"),
        ("attend", {"people": {}}, "operator was not there, must be"),
        ("certify", {"certificate": ""}, "certificate"),
    ],
)
def test_a_transcript_that_is_not_true_to_itself_is_refused(
    roots: tuple[Path, bytes], step: str, change: dict[str, Any], said: str
) -> None:
    """Even if all signed it: what does not fit the certificates or the script is named."""
    with pytest.raises((Refused, Malformed), match=said):
        replay(_retold(roots[1], step, change))


@pytest.mark.clause("sec-app-l:3")
def test_attendance_that_says_nothing_is_no_attendance(roots: tuple[Path, bytes]) -> None:
    """A transcript whose attendance tells nobody is refused as one that tells too few."""
    with pytest.raises(Refused, match="operator was not there, must be") as caught:
        replay(_retold(roots[1], "attend", {}, whole=True))
    assert "0 custodians were there, must be 3" in caught.value.message


@pytest.mark.clause("sec-app-l:3")
def test_a_ceremony_ends_in_one_of_two_ways(recovery: tuple[Path, bytes]) -> None:
    """Completed or no go: one that says something else, or nothing, is not believed to be either."""
    entries = parse_transcript(recovery[1]).entries
    for said in ({"result": "finished"}, {}):
        *others, last = entries
        chain = (*others, replace(last, said=said))
        signatures = tuple(signature(to_be_signed(chain), who) for who in ("operator", "witness-1"))
        with pytest.raises(Refused, match="must be completed or no-go"):
            replay(encode_transcript(Transcript(entries=chain, signatures=signatures)))


@pytest.mark.clause("sec-app-l:3", "sec:L10")
def test_a_request_of_another_key_is_refused(recovery: tuple[Path, bytes], tmp_path: Path) -> None:
    """What a ceremony asks a certificate for is a key that it made, and was read aloud."""
    other = tmp_path / "other"
    held(other, "recovery-key")
    octets = (other / "requests" / "recovery.der").read_bytes()
    change = {"request": base64.b64encode(octets).decode()}
    with pytest.raises(Refused, match="request of recovery: of another key") as caught:
        replay(_retold(recovery[1], "request", change, "recovery-key"))
    assert "request of recovery: was not compared" in caught.value.message


@pytest.mark.clause("sec-app-l:3")
def test_a_changed_transcript_is_refused(recovery: tuple[Path, bytes]) -> None:
    """One letter changed, an entry left out, a signature missing or somebody else's."""
    folder, transcript = recovery
    with pytest.raises(Refused, match="does not follow the one before"):
        replay(transcript.replace(b"the machine that", b"a machine that"))
    whole = parse_transcript(transcript)
    with pytest.raises(Refused, match="does not follow the one before"):
        replay(encode_transcript(replace(whole, entries=whole.entries[:3] + whole.entries[4:])))
    with pytest.raises(Refused, match="witness-1 has not signed"):
        replay(encode_transcript(replace(whole, signatures=whole.signatures[:1])))
    octets = to_be_signed(whole.entries)
    more = (*whole.signatures, signature(octets, "stranger"))
    with pytest.raises(Refused, match="somebody signed who takes no part"):
        replay(encode_transcript(replace(whole, signatures=more)))
    other = (whole.signatures[0], signature(b"other", "witness-1"))
    with pytest.raises(Refused, match="made over other octets"):
        replay(encode_transcript(replace(whole, signatures=other)))
    assert folder.exists()


def _retold(
    octets: bytes, step: str, change: dict[str, Any], script: str = "roots", *, whole: bool = False
) -> bytes:
    """The transcript with another telling of the first such step, chained and signed anew."""
    entries = parse_transcript(octets).entries
    numbers = {one.number for one in opening(script).steps if one.act.value == step}
    target = next(one for one in entries if one.kind is Kind.DONE and one.step in numbers)
    chain: list[Any] = []
    for one in entries:
        said = {**({} if whole else one.said), **change} if one is target else one.said
        chain.append(replace(one, said=said, previous=chain[-1].digest if chain else one.previous))
    signatures = [signature(to_be_signed(tuple(chain)), who) for who in ("operator", "witness-1")]
    return encode_transcript(Transcript(entries=tuple(chain), signatures=tuple(signatures)))

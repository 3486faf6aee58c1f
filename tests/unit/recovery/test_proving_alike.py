"""What is alike is read once: never with another result than if each had been read by itself."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.evidence_story import Story

from smki.crypto.signatures import p256_holds
from smki.recovery.evidence import Turn
from smki.recovery.proving_authority import Authorities
from smki.recovery.proving_certificates import DeviceCertificates
from smki.recovery.proving_commands import Reading
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.frame import GbcsMessage, parse_message

OTHER: Final = EUI64.parse("0A534D4B6000FFFF")


def believed(right: Story) -> Authorities:
    """Who issued the certificates of its devices."""
    made = (one for held in right.ceremonies.values() for one in held.certificates)
    return Authorities(made, lambda _: None)


def read(reader: DeviceCertificates, device: EUI64, octets: bytes) -> object:
    """Key and policy, or that there is none."""
    try:
        found = reader.read(device, octets)
    except Malformed:
        return None
    return found.key.public_numbers(), found.policy


@pytest.mark.clause("sec-app-a:B")
def test_certificates_of_a_known_shape_are_believed_as_others_are(right: Story) -> None:
    """Of every octet that is changed, and every length, the quick way and the whole say the same."""
    learnt, authorities = DeviceCertificates(believed(right)), believed(right)
    first, second = right.roster[:2]
    assert read(learnt, first.device, first.certificate) is not None
    whole = second.certificate
    good = read(DeviceCertificates(authorities), second.device, whole)
    assert read(learnt, second.device, whole) == good
    assert good is not None
    assert read(learnt, OTHER, whole) is None
    others = [
        whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :]
        for place in range(len(whole))
    ]
    others += [whole + b"\0", whole[:-1], whole[:-2], b"", whole[4:]]
    for other in others:
        slowly = read(DeviceCertificates(authorities), second.device, other)
        assert read(learnt, second.device, other) == slowly is None


def messages(right: Story) -> list[GbcsMessage]:
    """Every update command and response."""
    said = [
        one
        for row in (*right.exchanges, *right.updates)
        for one in row.exchanges
        if one.turn is not Turn.READ_BACK
    ]
    octets = [*(one.command for one in said), *(one.response for one in said if one.response)]
    return [parse_message(one) for one in octets]


def meaning(reading: Reading, message: GbcsMessage) -> object:
    """What it means, or that it means nothing."""
    try:
        if message.header.category.name == "COMMAND":
            command = reading.command(message)
            return command.mode, command.authorising, command.symmetric, dict(command.placed)
        response = reading.response(message)
    except Malformed:
        return None
    cells = [(one.cell, one.replaced, one.existing, one.replacing) for one in response.outcomes]
    return response.mode, cells


@pytest.fixture(scope="module")
def known(right: Story) -> tuple[Reading, list[GbcsMessage]]:
    """A reading that has read all of them, and these."""
    reading, all_of_them = Reading(), messages(right)
    assert all(meaning(reading, one) is not None for one in all_of_them)
    return reading, all_of_them


@pytest.mark.clause("gbcs:CS02b")
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_messages_that_are_alike_mean_what_each_means(
    known: tuple[Reading, list[GbcsMessage]], data: st.DataObject
) -> None:
    """With any octet changed, any counter, or cut: what is remembered says what reading anew says."""
    reading, all_of_them = known
    message = data.draw(st.sampled_from(all_of_them))
    payload = bytearray(message.payload)
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from((len(payload), len(payload) - 1)))
    counter = message.header.counter ^ data.draw(st.sampled_from((0, 1, 0x80, 0x4000)))
    other = replace(
        message, payload=bytes(payload[:cut]), header=replace(message.header, counter=counter)
    )
    assert meaning(reading, other) == meaning(Reading(), other)


def test_counters_of_each_length_are_alike(right: Story) -> None:
    """Another counter of the same length in header and payload is read as the first was."""
    message = messages(right)[0]
    counter = message.header.counter
    other = replace(
        message,
        header=replace(message.header, counter=counter ^ 2),
        payload=message.payload.replace(_counted(counter), _counted(counter ^ 2)),
    )
    reading = Reading()
    assert other.payload != message.payload
    assert reading.command(message) is reading.command(other)


def _counted(counter: int) -> bytes:
    return b"\x83\x02" + counter.to_bytes(2, "big")


def test_a_signature_by_a_loaded_key_holds_or_does_not(right: Story) -> None:
    """As with the key's octets: over these octets alone, in DER alone."""
    reader = DeviceCertificates(believed(right))
    key = reader.read(right.roster[0].device, right.roster[0].certificate).key
    assert not p256_holds(key, b"", b"")
    assert not p256_holds(key, b"\x30\x06\x02\x01\x01\x02\x01\x01", b"x")

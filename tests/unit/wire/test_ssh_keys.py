"""Public keys of OpenSSH: read in one form, fingerprints as it prints them."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from smki.terms import Malformed, Refused
from smki.wire.ssh_keys import (
    RSA_LEAST_BITS,
    fingerprint,
    parse_fingerprint,
    parse_ssh_public_key,
)

# Made with `ssh-keygen -t ed25519`; its fingerprint is what `ssh-keygen -l` prints.
LINE = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIxZKMrkPvOrzMGE0qTUtBmYpmd8dNHBmkr6YspQmjKY"
FINGERPRINT = "SHA256:CwqMc3VQo7kvKV4IQZQWAOt+3GMT3t7oFoHjheAILnQ"


@pytest.mark.clause("sec-app-p:1.2")
def test_a_key_has_the_fingerprint_that_openssh_prints() -> None:
    """Algorithm and fingerprint are those of OpenSSH, with a comment or without."""
    for line in (LINE, LINE + b" of someone\n", b"  " + LINE + b" a b c \r\n"):
        key = parse_ssh_public_key(line)
        assert (key.algorithm, fingerprint(key.digest)) == ("ssh-ed25519", FINGERPRINT)
    assert parse_fingerprint(FINGERPRINT) == key.digest


def test_kinds_that_are_taken_and_not() -> None:
    """Ed25519, the NIST curves and RSA from 2048 bits are taken; shorter RSA and others are not."""
    keys = (
        ed25519.Ed25519PrivateKey.generate().public_key(),
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP521R1()).public_key(),
        rsa.generate_private_key(65537, RSA_LEAST_BITS).public_key(),
    )
    for key in keys:
        parse_ssh_public_key(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    short = rsa.generate_private_key(65537, RSA_LEAST_BITS // 2).public_key()
    with pytest.raises(Refused, match="at least 2048"):
        parse_ssh_public_key(short.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
    with pytest.raises(Refused, match="must be one of"):
        parse_ssh_public_key(b"ssh-dss AAAA")


@given(octets=st.binary(max_size=200) | st.binary(max_size=99).map(lambda end: LINE[:40] + end))
def test_any_octets_are_no_key(octets: bytes) -> None:
    """Whatever is no key in one line is Malformed or Refused, and nothing else."""
    with pytest.raises((Malformed, Refused)):
        parse_ssh_public_key(octets)


@pytest.mark.parametrize("wrong", [LINE + b"\n" + LINE, b"", b"ssh-ed25519", LINE + b" " * 20_000])
def test_more_than_a_line_is_malformed(wrong: bytes) -> None:
    """A private key, two keys, or a file too long is not taken for one."""
    with pytest.raises(Malformed):
        parse_ssh_public_key(wrong)


@pytest.mark.parametrize("text", ["", "SHA256:", "MD5:aa", "SHA256:" + "!" * 43])
def test_what_is_no_fingerprint(text: str) -> None:
    """A fingerprint of another form is Malformed."""
    with pytest.raises(Malformed):
        parse_fingerprint(text)

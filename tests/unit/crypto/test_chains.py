"""Chains of three, one thing wrong at a time.

root (P-256, self-signed) → issuing (cA, pathLen 0) → leaf (critical usage and policies)
"""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smki.crypto import key_identifier, verify_chain
from smki.terms import Malformed, Refused

ROOT_FOLDER: Final = Path(__file__).parents[3]
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
AT: Final = datetime(2026, 11, 21, tzinfo=UTC)
END: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
POLICY: Final = x509.PolicyInformation(x509.ObjectIdentifier("2.25.1"), None)
PRIVATE: Final = x509.ObjectIdentifier("2.25.2")
ROOT_KEY, ISSUING_KEY, LEAF_KEY, OTHER_KEY = (
    ec.derive_private_key(number, ec.SECP256R1()) for number in (11, 12, 13, 14)
)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _identifier(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key_identifier(
        key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a certificate of the chain says; None for what it leaves out."""

    subject: str
    issuer: str
    key: ec.EllipticCurvePrivateKey
    signer: ec.EllipticCurvePrivateKey
    start: datetime = START
    end: datetime = END
    usage: x509.KeyUsage | None = field(default_factory=lambda: _usage(authority=True))
    constraints: x509.BasicConstraints | None = None
    policies_critical: bool | None = True
    usage_critical: bool = True
    authority_identifier: bytes | None = None
    unknown: bool = False

    def der(self) -> bytes:
        """The certificate, signed."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(self.subject))
            .issuer_name(_name(self.issuer))
            .public_key(self.key.public_key())
            .serial_number(7)
            .not_valid_before(self.start)
            .not_valid_after(self.end)
            .add_extension(x509.SubjectKeyIdentifier(_identifier(self.key)), critical=False)
        )
        extensions: tuple[tuple[x509.ExtensionType | None, bool], ...] = (
            (self.usage, self.usage_critical),
            (self.constraints, True),
            (
                None if self.policies_critical is None else x509.CertificatePolicies([POLICY]),
                bool(self.policies_critical),
            ),
            (
                None
                if self.authority_identifier is None
                else x509.AuthorityKeyIdentifier(self.authority_identifier, None, None),
                False,
            ),
            (x509.UnrecognizedExtension(PRIVATE, b"\x05\x00") if self.unknown else None, True),
        )
        for extension, critical in extensions:
            if extension is not None:
                builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self.signer, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


ROOT: Final = Draft(
    subject="ZA",
    issuer="ZA",
    key=ROOT_KEY,
    signer=ROOT_KEY,
    constraints=x509.BasicConstraints(ca=True, path_length=None),
)
ISSUING: Final = Draft(
    subject="Z1",
    issuer="ZA",
    key=ISSUING_KEY,
    signer=ROOT_KEY,
    constraints=x509.BasicConstraints(ca=True, path_length=0),
    authority_identifier=_identifier(ROOT_KEY),
)
LEAF: Final = Draft(
    subject="leaf",
    issuer="Z1",
    key=LEAF_KEY,
    signer=ISSUING_KEY,
    usage=_usage(authority=False),
    authority_identifier=_identifier(ISSUING_KEY),
)


def _rules(*chain: Draft, at: datetime = AT) -> set[tuple[str, str]]:
    """Rule and place of every finding in a chain from the leaf upwards."""
    leaf, *between, root = (draft.der() for draft in chain)
    with pytest.raises(Refused) as caught:
        verify_chain(leaf, between, root, at)
    assert all(finding.clause for finding in caught.value.findings)
    return {(finding.rule, finding.where) for finding in caught.value.findings}


@pytest.mark.clause("rfc5280:6.1.3")
def test_good_chain_is_accepted_as_long_as_all_are_valid() -> None:
    """From the first instant to the last, both included; nothing is returned."""
    leaf, issuing, root = LEAF.der(), ISSUING.der(), ROOT.der()
    for at in (START, AT, END):
        verify_chain(leaf, (issuing,), root, at)


CASES: Final[dict[str, tuple[tuple[Draft, Draft, Draft], set[tuple[str, str]]]]] = {
    "leaf signed by another": (
        (replace(LEAF, signer=OTHER_KEY), ISSUING, ROOT),
        {("chain.signature", "leaf")},
    ),
    "issuing signed by another": (
        (LEAF, replace(ISSUING, signer=OTHER_KEY), ROOT),
        {("chain.signature", "intermediate 1")},
    ),
    "root not signed by itself": (
        (LEAF, ISSUING, replace(ROOT, signer=OTHER_KEY)),
        {("chain.signature", "root")},
    ),
    "another issuer's name": (
        (replace(LEAF, issuer="Z2"), ISSUING, ROOT),
        {("chain.names", "leaf")},
    ),
    "another root of the same name": (
        (LEAF, ISSUING, replace(ROOT, key=OTHER_KEY, signer=OTHER_KEY)),
        {("chain.signature", "intermediate 1"), ("chain.key-identifier", "intermediate 1")},
    ),
    "key identifiers apart": (
        (replace(LEAF, authority_identifier=bytes(8)), ISSUING, ROOT),
        {("chain.key-identifier", "leaf")},
    ),
    "no authority key identifier": (
        (replace(LEAF, authority_identifier=None), ISSUING, ROOT),
        {("chain.key-identifier", "leaf")},
    ),
    "issuing is no authority": (
        (LEAF, replace(ISSUING, constraints=None), ROOT),
        {("chain.authority", "intermediate 1")},
    ),
    "issuing may not sign certificates": (
        (LEAF, replace(ISSUING, usage=_usage(authority=False)), ROOT),
        {("chain.usage", "intermediate 1")},
    ),
    "an authority too many": (
        (
            LEAF,
            ISSUING,
            replace(ROOT, constraints=x509.BasicConstraints(ca=True, path_length=0)),
        ),
        {("chain.path-length", "root")},
    ),
    "policies not critical": (
        (replace(LEAF, policies_critical=False), ISSUING, ROOT),
        {("chain.policies", "leaf")},
    ),
    "no policies": (
        (LEAF, replace(ISSUING, policies_critical=None), ROOT),
        {("chain.policies", "intermediate 1")},
    ),
    "usage not critical": (
        (replace(LEAF, usage_critical=False), ISSUING, ROOT),
        {("chain.usage", "leaf")},
    ),
    "no usage": ((replace(LEAF, usage=None), ISSUING, ROOT), {("chain.usage", "leaf")}),
    "something critical that is unknown": (
        (replace(LEAF, unknown=True), ISSUING, ROOT),
        {("chain.critical", "leaf")},
    ),
    "expired": (
        (replace(LEAF, end=datetime(2026, 11, 20, tzinfo=UTC)), ISSUING, ROOT),
        {("chain.validity", "leaf")},
    ),
    "not yet valid, and unsigned": (
        (LEAF, replace(ISSUING, start=END, signer=OTHER_KEY), ROOT),
        {("chain.validity", "intermediate 1"), ("chain.signature", "intermediate 1")},
    ),
}


@pytest.mark.clause("rfc5280:6.1.3", "rfc5280:4.2.1.9", "rfc5280:4.2.1.1", "gbcs:12")
@pytest.mark.parametrize("case", CASES)
def test_every_fault_of_a_chain_is_found_where_it_is(case: str) -> None:
    """Each fault is named by rule and place, and nothing else is."""
    chain, expected = CASES[case]
    assert _rules(*chain) == expected


@pytest.mark.clause("rfc5280:6.1.3")
def test_missing_link_is_found() -> None:
    """Without the issuing certificate the leaf hangs in the air."""
    assert ("chain.names", "leaf") in _rules(LEAF, ROOT)


@pytest.mark.clause("rfc5280:6.1.3")
def test_real_chain_holds_up_to_the_root_that_is_not_published() -> None:
    """A real supplier's certificate holds under the real Z1; Z1 does not under a root of ours."""
    folder = Path(os.environ.get("SMKI_VECTORS", ROOT_FOLDER / "../shared/vectors")) / "keys"
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder.parent}: set SMKI_VECTORS")
    pem = (folder / "90b3d51f30010000-ds.pem").read_bytes()
    leaf = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    issuing = (folder / "pki" / "z1-issuing.der").read_bytes()
    root = replace(ROOT, start=datetime(2015, 1, 1, tzinfo=UTC)).der()
    with pytest.raises(Refused) as caught:
        verify_chain(leaf, (issuing,), root, datetime(2020, 1, 1, tzinfo=UTC))
    assert {finding.where for finding in caught.value.findings} == {"intermediate 1"}
    with pytest.raises(Refused) as caught:
        verify_chain(leaf, (issuing,), root, datetime(2026, 11, 21, tzinfo=UTC))
    assert ("chain.validity", "leaf") in {
        (finding.rule, finding.where) for finding in caught.value.findings
    }


def test_long_chain_is_refused_unread() -> None:
    """More certificates than any hierarchy here has are refused before one is read."""
    with pytest.raises(Refused, match="at most 5") as caught:
        verify_chain(b"", (b"",) * 4, b"", AT)
    assert caught.value.rule == "chain.length"


@pytest.mark.clause("rfc5280:4.1")
@pytest.mark.parametrize("octets", [b"", b"\x30\x00", LEAF.der()[:-1], LEAF.der() + b"\x00"])
def test_what_is_no_certificate_is_malformed(octets: bytes) -> None:
    """A member that cannot be read is malformed, and named."""
    with pytest.raises(Malformed, match="intermediate 1") as caught:
        verify_chain(LEAF.der(), (octets,), ROOT.der(), AT)
    assert caught.value.rule == "certificate.der"

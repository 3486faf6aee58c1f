"""Rules of the signature: its form, whether it holds, and whose name and key it goes by."""

from collections.abc import Iterator
from typing import Final

from smki.profiles import reading, table
from smki.profiles.lint.exhibit import Exhibit
from smki.profiles.lint.fields import algorithm_is
from smki.profiles.signatures import ecdsa_fault, signature_holds
from smki.profiles.table import Algorithm
from smki.terms import CertificateKind, Finding
from smki.wire.certificate import Certificate, parse_certificate

_ROOTS: Final = frozenset(kind for kind in CertificateKind if kind.issuer is kind)


def signature(exhibit: Exhibit, certificate: Certificate) -> Iterator[Finding]:
    """Signature and its algorithm have the form of the hierarchy."""
    yield from algorithm_is(exhibit, certificate.algorithm, "signatureAlgorithm")
    if exhibit.profile.algorithm is Algorithm.ECDSA_SHA256:
        fault = ecdsa_fault(certificate.signature)
        if fault:
            yield exhibit.finding("signature.form", fault, "signatureValue", "x690:8.3.2")


def signed_by_itself(exhibit: Exhibit, certificate: Certificate) -> Iterator[Finding]:
    """A root signed itself, and nobody else did."""
    tbs = certificate.tbs
    itself = signature_holds(tbs.public_key, tbs.octets, certificate.signature)
    if exhibit.profile.kind in _ROOTS and (not itself or tbs.issuer != tbs.subject):
        yield exhibit.finding(
            "signature", "not signed by itself, a root must be", "signatureValue", "gbcs:12"
        )
    elif exhibit.profile.kind not in _ROOTS and itself:
        yield exhibit.finding(
            "self-signed",
            "signed with its own key, only a root may be",
            "signatureValue",
            "gbcs:12",
        )


def issued(
    exhibit: Exhibit, certificate: Certificate, issuer: bytes | None, issuer_key: bytes | None
) -> Iterator[Finding]:
    """Name, key identifier and signature are the issuer's; with neither argument nothing is found."""
    tbs, key = certificate.tbs, issuer_key
    if issuer is not None:
        authority = parse_certificate(issuer).tbs
        key = authority.public_key
        if tbs.issuer != authority.subject:
            yield exhibit.finding(
                "issuer.name",
                f"{tbs.issuer.hex()}, must be the issuer's subject {authority.subject.hex()}",
                "issuer",
                "rfc5280:4.1.2.4",
            )
        named = reading.authority_key_identifier(tbs)
        if named is not None and named != reading.subject_key_identifier(authority):
            yield exhibit.finding(
                "issuer.key-identifier",
                f"{named.hex()}, is not the issuer's",
                table.AUTHORITY_KEY.name,
                "gbcs:12",
            )
    if key is not None and not signature_holds(key, tbs.octets, certificate.signature):
        yield exhibit.finding(
            "signature", "does not hold with the issuer's key", "signatureValue", "gbcs:12"
        )

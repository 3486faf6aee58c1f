import json
import runpy
from pathlib import Path

import pytest
from cryptography import x509

from smki import profiles
from smki.profiles.table import PROFILES, Algorithm
from smki.terms import CertificateKind

VECTORS = Path(__file__).parents[2] / "vectors"
Golden = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def golden() -> Golden:
    """The golden vectors as they are kept."""
    kept: Golden = json.loads((VECTORS / "profiles/profiles.json").read_text(encoding="utf-8"))
    return kept


@pytest.mark.clause("gbcs:12", "sec-app-a:B", "sec-app-b:B", "sec-app-b:B-crl", "sec-app-q:B")
def test_golden_vectors_are_made_again_octet_for_octet(golden: Golden) -> None:
    """What the composer makes today is what it made when the vectors were kept."""
    assert runpy.run_path(str(VECTORS / "make_profiles.py"))["make"]() == golden


@pytest.mark.parametrize("kind", CertificateKind)
def test_golden_vectors_pass_the_lint(kind: CertificateKind, golden: Golden) -> None:
    """Each kept certificate and list passes; what is signed verifies under its issuer's."""
    made = {name: bytes.fromhex(text) for name, text in golden[kind.value].items()}
    assert profiles.lint_tbs(made["tbs"], profiles.development(), kind) == ()
    assert ("tbs_crl" in made) is kind.is_authority
    of_p256 = PROFILES[kind].algorithm is Algorithm.ECDSA_SHA256
    assert ("certificate" in made) is of_p256
    assert ("crl" in made) is (of_p256 and kind.is_authority)
    if "certificate" in made:
        issuer = bytes.fromhex(golden[kind.issuer.value]["certificate"])
        own = x509.load_der_x509_certificate(made["certificate"])
        own.verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
        if "crl" in made:
            known = profiles.issuer_from_certificate(made["certificate"], profiles.development())
            assert profiles.lint_crl(made["crl"], known, made["certificate"]) == ()

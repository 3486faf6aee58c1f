"""Every rule by which a service can refuse has its row in the table of codes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smki.policy.codes import CODES, code_of
from smki.terms import AdHocStatus, ItemStatus
from smki.wire.pkcs10.rules import RULES

SOURCE = Path(__file__).parents[3] / "src" / "smki"
ON_THE_PATH = (  # of a request to the services, from its octets to its certificate
    "interfaces/web/bodies.py",
    "interfaces/web/batch.py",
    "wire/xml",
    "wire/encodings.py",
    "wire/pkcs10",
    "crypto/signatures.py",
    "policy/eligibility.py",
    "registration/examination.py",
    "registration/admission.py",
    "profiles/template.py",
    "flows/batch.py",
)
NOT_TOLD = {
    "organisation.ineligible": "no web service takes organisation CSRs",
    "device.template": "a promise of ours to ourselves, answered as internal",
    "certificate.der": "about the certificates of issuers, not about requests",
    "certificate.signature": "the same",
    "spool.missing": "the house has lost a document: a fault of ours",
}
RULE = re.compile(
    r"(?!der\.)[a-z]+(?:\.[a-z][a-z0-9-]*)+"
)  # `pkcs10.rules.part` renames the reader's


def _rules(path: Path) -> Iterator[str]:
    """The names of rules in a module: the texts given as `rule`, or handed to what takes one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and RULE.fullmatch(value):
            yield value


def _reachable() -> frozenset[str]:
    places = [SOURCE / place for place in ON_THE_PATH]
    modules = [one for place in places for one in (sorted(place.rglob("*.py")) or [place])]
    return frozenset(rule for module in modules for rule in _rules(module))


@pytest.mark.clause("sec-app-m:F")
def test_every_rule_that_reaches_a_requester_has_a_row() -> None:
    """No rule of the request's path is answered as a fault of ours, but those that are one."""
    found = _reachable()
    assert found > set(RULES)
    without = {
        rule
        for rule in found
        if code_of(rule, ad_hoc=True) is CODES["internal"] and rule != "internal"
    }
    assert without <= set(NOT_TOLD)


@pytest.mark.clause("sec-app-m:F")
def test_every_row_is_of_a_rule_that_there_is() -> None:
    """A row stands for a rule of the path or a family of them; codes have the form asked for."""
    found = _reachable()
    spoken_by_flows = {"internal", "authority", "rate.exceeded", "batch.unknown", "batch.ended"}
    families = {rule.partition(".")[0] for rule in found}
    assert set(CODES) - found - families <= spoken_by_flows
    for rule in CODES:
        assert re.fullmatch(r"[A-Z]{2}:[A-Z0-9]{3,7}", CODES[rule].code)


@pytest.mark.clause("sec-app-m:F", "sec-app-a:B")
def test_foreign_hardware_is_the_requests_fault() -> None:
    """A hwType that is not permitted is CSR_ERROR wherever it is noticed."""
    for rule in ("csr.hardware", "device.hw-type"):
        row = code_of(rule, ad_hoc=True)
        assert (row.code, row.item, row.ad_hoc) == (
            "CR:CD2",
            ItemStatus.CSR_ERROR,
            AdHocStatus.CSR_ERROR,
        )

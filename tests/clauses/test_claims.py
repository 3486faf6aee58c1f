import pytest

from smki.clauses import (
    Claim,
    Claims,
    check,
    claims_from_json,
    claims_to_json,
    scan,
    scan_tests,
    to_markdown,
)
from smki.terms import Malformed

SOURCE = '''
"""A room.

Clause: gbcs:12, sec:L3.16
"""
RULE = "x690:10"

def f():
    """True.

    Clause: sec:L10.4(b)
    """
    return Finding(clause="rfc5280:4.2.1.3")

class C:
    """Held. Clause: not:this"""
    def g(self):
        raise Refused("see gbcs:18.4", clause=RULE)
'''


def test_claims_in_code_have_the_name_of_their_place() -> None:
    """Docstring lines, keyword arguments and constants count; an id within a sentence does not."""
    assert {(claim.clause, claim.place) for claim in scan("smki.room", SOURCE)} == {
        ("gbcs:12", "smki.room"),
        ("sec:L3.16", "smki.room"),
        ("x690:10", "smki.room"),
        ("sec:L10.4(b)", "smki.room.f"),
        ("rfc5280:4.2.1.3", "smki.room.f"),
    }


def test_only_the_marker_claims_in_tests() -> None:
    """A test claims by its marker; a clause that it compares with is not proved by that."""
    source = (
        "@pytest.mark.clause('gbcs:12', 'sec:L3.16')\n"
        "def test_a():\n    assert error.clause == 'x690:10'\n"
        "@pytest.mark.slow\ndef test_b(): ...\n"
    )
    claims = scan_tests("tests/t.py", source)
    assert [claim.clause for claim in claims] == ["gbcs:12", "sec:L3.16"]
    assert {claim.place for claim in claims} == {"tests/t.py::test_a"}


@pytest.mark.parametrize("source", ["def", "\x00", "(" * 3 + ")"])
def test_what_is_not_python_is_malformed(source: str) -> None:
    """The scanner raises one family for any text, and names the file."""
    with pytest.raises(Malformed) as error:
        scan("smki.broken", source)
    assert error.value.where == "smki.broken"


def test_an_unknown_clause_is_reported_with_its_place() -> None:
    """The check names the place that claims a clause which is not in the catalogue."""
    wrong = Claim(clause="gbcs:99", place="smki.room.f")
    found = [p for p in check(Claims(code=(wrong,), tests=())) if "gbcs:99" in p]
    assert found
    assert all(problem.startswith("smki.room.f: ") for problem in found)


def test_met_without_a_test_is_reported() -> None:
    """A clause said to be met is reported when code claims it and no test does."""
    claims = Claims(code=(Claim(clause="rfc5649:4.1", place="smki.crypto.wrap"),), tests=())
    assert "rfc5649:4.1 is said to be met, but no test claims it" in check(claims)


def test_claims_survive_their_file() -> None:
    """What is written into the package is what is read from it."""
    claims = Claims(
        code=(Claim(clause="gbcs:12", place="smki.a"), Claim(clause="x690:10", place="smki.b")),
        tests=(Claim(clause="gbcs:12", place="tests/t.py::test_a"),),
    )
    assert claims_from_json(claims_to_json(claims)) == claims


@pytest.mark.parametrize("text", ["", "[]", '{"gbcs:12": 1}', '{"gbcs:12": {"code": null}}', "1"])
def test_a_spoilt_claims_file_is_malformed(text: str) -> None:
    """Any other text than the generated one is refused as malformed."""
    with pytest.raises(Malformed):
        claims_from_json(text)


def test_the_page_names_every_place() -> None:
    """The page for readers shows a claimed clause with the place that claims it."""
    claims = Claims(code=(Claim(clause="gbcs:12", place="smki.room.f"),), tests=())
    assert "* `smki.room.f`" in to_markdown(claims)

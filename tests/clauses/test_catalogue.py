import json

import pytest
from click.testing import CliRunner

from smki.clauses import CLAUSES, DOCUMENTS, find
from smki.interfaces.cli.clause import clause
from smki.terms import Refused


def test_ids_are_unique_and_of_a_known_document() -> None:
    """Every id stands once in the catalogue and begins with the id of a pinned document."""
    assert len({row.id for row in CLAUSES}) == len(CLAUSES)
    assert {row.document for row in CLAUSES} == {document.id for document in DOCUMENTS}
    assert all(document.version for document in DOCUMENTS)


def test_every_clause_can_be_found_by_its_id() -> None:
    """`find` returns the very clause whose id it was given."""
    assert all(find(row.id) is row for row in CLAUSES)


@pytest.mark.parametrize(
    "written", ["sec:L10.4.b", "sec:L10.4(b)", " SEC:l10.4.B ", "sec:l10.4(B)"]
)
def test_a_lettered_paragraph_may_be_written_with_a_dot(written: str) -> None:
    """Dot or brackets, any case: the same paragraph, and not its neighbour L10.4."""
    assert find(written).id == "sec:L10.4(b)"


def test_section_and_appendix_of_one_letter_are_different() -> None:
    """Section L and Appendix L cannot be mistaken for each other."""
    assert find("sec:L10").document == "sec"
    assert find("sec-app-l:1").document == "sec-app-l"


@pytest.mark.parametrize("written", ["sec:L3.61", "sec-app-m:2.3.1.77", "rfc5280:4.2.1.33"])
def test_an_unknown_id_is_refused_with_the_nearest(written: str) -> None:
    """The refusal repeats what was asked for and offers ids of the same document."""
    with pytest.raises(Refused, match="did you mean") as refusal:
        find(written)
    assert written in refusal.value.message
    assert refusal.value.message.count(written.partition(":")[0] + ":") > 1


@pytest.mark.parametrize("written", ["", ":", "\x00", "x" * 10_000, "💡"])
def test_any_text_is_answered_or_refused(written: str) -> None:
    """Nonsense is refused like any unknown id, without a suggestion where none is near."""
    with pytest.raises(Refused, match="not in the catalogue"):
        find(written)


def test_the_prompt_shows_a_clause_and_its_places() -> None:
    """The command prints summary, code, tests and what is left out, as text and as JSON."""
    text = CliRunner().invoke(clause, ["sec-app-m:F"])
    assert text.exit_code == 0
    for heading in ("Where it is done:", "How it is tested:", "What is left out:"):
        assert heading in text.output
    shown = json.loads(CliRunner().invoke(clause, ["sec-app-m:F", "--json"]).output)
    assert shown["id"] == "sec-app-m:F"
    assert shown["code"]
    assert shown["tests"]


def test_the_prompt_refuses_an_unknown_clause() -> None:
    """Exit code 1, the four fields on standard output with --json, a sentence on stderr without."""
    answer = CliRunner().invoke(clause, ["sec:Z99", "--json"])
    assert answer.exit_code == 1
    assert set(json.loads(answer.output)["error"]) == {"family", "message", "clause", "where"}
    assert "not in the catalogue" in CliRunner().invoke(clause, ["sec:Z99"]).stderr

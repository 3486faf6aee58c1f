from types import ModuleType

from smki.clauses import check


def test_claims_agree_with_the_catalogue(clause_tool: ModuleType) -> None:
    """No claim in the tree names an unknown clause, and what is said to be met has code and test."""
    assert check(clause_tool.gather()) == ()


def test_generated_files_are_fresh(clause_tool: ModuleType) -> None:
    """The claims in the package and the page of clauses are those that the sources make."""
    claims = clause_tool.gather()
    assert list(clause_tool.stale(clause_tool.generated(claims))) == []

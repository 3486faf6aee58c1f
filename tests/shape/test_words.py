import ast
import re

import pytest

BELOW = ("terms", "clauses", "wire", "crypto", "merkle", "profiles", "governance", "policy")
# A path into someone's machine, or the address of a registry, has no place in what others clone.
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+)/\w")
REGISTRY = re.compile(
    r"\b(?:files\.pythonhosted|pypi|registry\.npmjs|artifactory|nexus)\.\w", re.IGNORECASE
)


def test_every_test_states_its_claim(test_files: dict[str, ast.Module]) -> None:
    """Each test function has a docstring: the claim that it proves."""
    silent = [
        f"{path}::{node.name}"
        for path, tree in test_files.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_public_names_below_the_waterline_are_explained(modules: dict[str, ast.Module]) -> None:
    """Each public function and class of the pure rooms has a docstring."""
    silent = [
        f"{path}::{node.name}"
        for path, tree in modules.items()
        if path.split("/")[2] in BELOW
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_every_module_says_what_it_is_for(modules: dict[str, ast.Module]) -> None:
    """Each module begins with a docstring that is more than a placeholder."""
    silent = [
        path
        for path, tree in modules.items()
        if len(ast.get_docstring(tree) or "") < len("To be filled.") + 1
    ]
    assert silent == []


def test_nothing_tracked_knows_a_machine_or_a_registry(tracked: dict[str, str]) -> None:
    """No tracked file holds a path of somebody's machine or the address of a package registry."""
    found = [
        f"{name}: {match[0]}"
        for name, text in tracked.items()
        for pattern in (MACHINE, REGISTRY)
        if (match := pattern.search(text))
    ]
    assert found == []


@pytest.mark.parametrize(
    "parts",
    [("see ", "work", "main"), ("", "home", "ann", "x"), ("https:", "", "py" + "pi.org", "simple")],
)
def test_such_words_would_be_seen(parts: tuple[str, ...]) -> None:
    """The patterns find what they are made to find (put together here, since this file counts)."""
    text = "/".join(parts)
    assert MACHINE.search(text) or REGISTRY.search(text)

"""Who claims which clause, read from source texts with `ast`.

In code a claim is a docstring's `Clause: a, b` line, or any string that is nothing but a clause id
(`clause="gbcs:12"`, a constant, a row of a table). In tests only `@pytest.mark.clause(...)` counts:
a test that mentions a clause does not thereby prove it. Imports and runs nothing.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from smki.terms import Malformed

_ID: Final = re.compile(r"(?:sec|sec-app-[a-z]{1,2}|gbcs|rfc\d{3,5}|c2sp|x690):[A-Za-z0-9.()\-]+")
_LINE: Final = re.compile(r"^\s*Clauses?:\s*(.+?)\s*$", re.MULTILINE)
_SEPARATOR: Final = re.compile(r"[,;\s]+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Claim:
    """One place that claims one clause.

    Attributes:
        clause: the id as written.
        place: dotted name of the module, class or function; of a test its file and function.
    """

    clause: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All claims of a tree, sorted, without duplicates."""

    code: tuple[Claim, ...]
    tests: tuple[Claim, ...]


def scan(module: str, source: str) -> tuple[Claim, ...]:
    """The claims in one module's source text, sorted.

    Args:
        module: its dotted name, by which places are called.
        source: its text.

    Raises:
        Malformed: the text is not Python.
    """
    return _sorted(_in_code(_parse(module, source), module))


def scan_tests(path: str, source: str) -> tuple[Claim, ...]:
    """The claims of the tests in one file, sorted; `path` is how the file is called.

    Raises:
        Malformed: the text is not Python.
    """
    return _sorted(_in_tests(_parse(path, source), path))


def _parse(name: str, source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError) as problem:
        message = "source text does not parse, expected Python"
        raise Malformed(message, where=name) from problem


def _sorted(claims: Iterator[Claim]) -> tuple[Claim, ...]:
    return tuple(sorted(set(claims)))


def _in_code(node: ast.AST, place: str) -> Iterator[Claim]:
    """Yields what the node itself claims, then what its children claim, by their own names."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _ID.fullmatch(node.value):
            yield Claim(clause=node.value, place=place)
        yield from _in_docstring(node.value, place)
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _in_code(child, f"{place}.{child.name}")
        else:
            yield from _in_code(child, place)


def _in_docstring(text: str, place: str) -> Iterator[Claim]:
    for line in _LINE.finditer(text):
        for word in _SEPARATOR.split(line[1].rstrip(".")):
            if ":" in word:
                yield Claim(clause=word.strip("`"), place=place)


def _in_tests(tree: ast.Module, path: str) -> Iterator[Claim]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                for identifier in _marked(decorator):
                    yield Claim(clause=identifier, place=f"{path}::{node.name}")


def _marked(decorator: ast.expr) -> Iterator[str]:
    if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) != "pytest.mark.clause":
        return
    for argument in decorator.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value

import ast
from collections.abc import Iterator

import pytest

MAKERS = {
    "registration": ("Requester", "Examined", "Admitted", "Refusal"),
    "authority": ("Prepared", "Journalled", "Issued"),
    "repository": ("Lodged", "Published"),
    "flows/gate.py": ("Gate",),  # from the record, and from nothing else
}
# The authority makes again, after a crash, what it had itself written down; from nothing else.
RESTORED = {"Admitted": "src/smki/authority/journal.py"}
STEPS = [(step, room) for room, steps in MAKERS.items() for step in steps]


@pytest.mark.parametrize(("step", "room"), STEPS)
def test_each_step_is_constructed_in_one_room(
    step: str, room: str, modules: dict[str, ast.Module]
) -> None:
    """A step's value is the proof of the step before: only its own room makes it."""
    elsewhere = [
        f"{path}:{line}"
        for path, tree in modules.items()
        if not path.startswith(
            (f"src/smki/{room}" if room.endswith(".py") else f"src/smki/{room}/", "src/smki/steps/")
        )
        and path != RESTORED.get(step)
        for line in _made(tree, step)
    ]
    assert elsewhere == []


def test_a_step_made_elsewhere_would_be_seen() -> None:
    """The scan sees a call by its bare name, by its module, and under another name."""
    source = (
        "from smki.steps import Admitted as A\nfrom smki import steps\n"
        "A(request=1)\nsteps.Admitted(request=1)\n"
    )
    assert list(_made(ast.parse(source), "Admitted")) == [3, 4]


def _made(tree: ast.Module, step: str) -> Iterator[int]:
    """Lines that call the step's class, under whatever name it was imported from `steps`."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("smki.steps")
        for alias in node.names
        if alias.name == step
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            bare = isinstance(called, ast.Name) and called.id in names
            dotted = (
                isinstance(called, ast.Attribute)
                and called.attr == step
                and ast.unparse(called.value).endswith("steps")
            )
            if bare or dotted:
                yield node.lineno

import ast

MODULE_LINES, FUNCTION_LINES, POSITIONAL, SURFACE = 400, 40, 5, 20  # "think twice" of the style
TWICE = 2  # nothing may grow to twice the size that asks for a second thought


def test_no_module_is_twice_too_long(modules: dict[str, ast.Module]) -> None:
    """Modules stay within twice the budget; those above the budget itself are named."""
    lengths = {path: _end(tree) for path, tree in modules.items()}
    _name("lines", lengths, MODULE_LINES)
    assert [
        p for p, n in lengths.items() if n > TWICE * MODULE_LINES and "/clauses/" not in p
    ] == []


def test_no_function_is_twice_too_long(modules: dict[str, ast.Module]) -> None:
    """Function bodies stay within twice the budget; those above the budget itself are named."""
    lengths = {
        f"{path}::{node.name}": _end(node) - node.body[0].lineno
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    _name("lines of body", lengths, FUNCTION_LINES)
    assert [place for place, lines in lengths.items() if lines > TWICE * FUNCTION_LINES] == []


def test_positional_parameters_are_few(modules: dict[str, ast.Module]) -> None:
    """No function takes more positional parameters than anyone can keep in order."""
    counts = {
        f"{path}::{node.name}": len(node.args.posonlyargs) + len(node.args.args)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert [place for place, count in counts.items() if count > TWICE * POSITIONAL] == []


def test_a_room_shows_few_names(modules: dict[str, ast.Module]) -> None:
    """The public surface of a room stays within three times the budget of names, and is named."""
    names = {
        path: len(node.value.elts)
        for path, tree in modules.items()
        if path.endswith("__init__.py")
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "__all__"
        and isinstance(node.value, ast.List | ast.Tuple)
    }
    _name("public names", names, SURFACE)
    assert [path for path, count in names.items() if count > 3 * SURFACE] == []


def _end(node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return max((n.end_lineno or 0 for n in ast.walk(node) if isinstance(n, ast.stmt)), default=0)


def _name(unit: str, sizes: dict[str, int], budget: int) -> None:
    """Prints what is above its budget: a word of advice, shown with pytest -rP."""
    for place, size in sorted(sizes.items(), key=lambda item: -item[1]):
        if size > budget:
            print(f"{place}: {size} {unit}, think twice above {budget}")  # noqa: T201 - advice

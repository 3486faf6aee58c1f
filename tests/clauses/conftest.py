from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def clause_tool() -> ModuleType:
    """The program behind `make clauses`, loaded from its file."""
    spec = spec_from_file_location("clause_tool", ROOT / "tools" / "clauses.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""What cells hold is kept between the steps of a rehearsal, and read again as it was."""

import pytest
from tests.support.recovering import new_world

from smki.flows.recovering import Cells
from smki.interfaces.rehearsal.cells import cells_of, cells_said
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.simulator.cast import cells_of as cells_of_parties
from smki.terms import Inconsistent


def test_cells_are_read_as_they_were_kept() -> None:
    """Every cell with its certificate, and the path, also through a file."""
    world = new_world()
    hierarchy = world.cast.hierarchy
    cells = Cells(
        certificates=cells_of_parties(hierarchy, *world.catalogue.parties.values()),
        path=(hierarchy.issuing.certificate,),
    )
    again = cells_of(parse_json(encode_json(cells_said(cells)), "cells"))
    assert (dict(again.certificates), again.path) == (dict(cells.certificates), cells.path)


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"cells": {}, "path": []},
        {"cells": [], "path": 1},
        {"cells": [], "path": ["*"]},
        {"cells": ["root"], "path": []},
        {"cells": [{"role": 2}], "path": []},
        {"cells": [{"role": "x", "key_usage": 1, "cell_usage": 0}], "path": []},
        {"cells": [{"role": 99, "key_usage": 1, "cell_usage": 0}], "path": []},
    ],
)
def test_what_was_not_kept_so_is_no_cells(said: JSON) -> None:
    """Whoever changed a step's file is told."""
    with pytest.raises(Inconsistent, match="cells that were kept"):
        cells_of(said)

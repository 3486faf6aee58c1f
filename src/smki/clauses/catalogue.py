"""All documents and clauses together, and the search for one by its id."""

import re
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from smki.clauses import (
    c2sp,
    gbcs,
    rfc,
    sec_app_a,
    sec_app_b,
    sec_app_d,
    sec_app_l,
    sec_app_m,
    sec_app_n,
    sec_app_o,
    sec_app_p,
    sec_app_q,
    sec_l,
    x690,
)
from smki.clauses.model import Clause, Document
from smki.terms import Refused

_MODULES: Final = (
    sec_l,
    sec_app_a,
    sec_app_b,
    sec_app_d,
    sec_app_l,
    sec_app_m,
    sec_app_n,
    sec_app_o,
    sec_app_p,
    sec_app_q,
    gbcs,
    rfc,
    c2sp,
    x690,
)

DOCUMENTS: Final[tuple[Document, ...]] = tuple(
    document for module in _MODULES for document in module.DOCUMENTS
)
"""Every document, in the order of the catalogue."""

CLAUSES: Final[tuple[Clause, ...]] = tuple(
    clause for module in _MODULES for clause in module.CLAUSES
)
"""Every clause, in the order of the catalogue."""

SUGGESTIONS: Final = 3  # ids offered beside a wrong one: enough to choose from, few enough to read

_DOTTED_LETTER: Final = re.compile(r"\.([a-z]{1,4})(?=$|[.(])")


def canonical(identifier: str) -> str:
    """The id in the form by which the catalogue is searched.

    Lettered paragraphs may be written with a dot, since brackets need quoting in a shell:
    `sec:L10.4.b` is `sec:L10.4(b)`. Case and surrounding blanks do not matter.
    """
    return _DOTTED_LETTER.sub(r"(\1)", identifier.strip().casefold())


_BY_ID: Final = MappingProxyType({canonical(clause.id): clause for clause in CLAUSES})


def find(identifier: str) -> Clause:
    """The clause of that id is in the catalogue and returned.

    Raises:
        Refused: there is none; the message names the nearest ids.
    """
    wanted = canonical(identifier)
    clause = _BY_ID.get(wanted)
    if clause is not None:
        return clause
    near = get_close_matches(wanted, _BY_ID, n=SUGGESTIONS, cutoff=0.5)
    offer = f", did you mean {', '.join(_BY_ID[key].id for key in near)}" if near else ""
    message = f"clause '{identifier}' is not in the catalogue{offer}"
    raise Refused(message, where="ID", rule="clause.unknown")

"""Pages of clauses: what each asks, and the agreed interpretations that the reader may know.

The catalogue is the package's; what a body agreed is the register's.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.clauses import CLAUSES, DOCUMENTS, Clause, find
from smki.flows.interpreting import interpretations_of
from smki.interfaces.web.portal.register.scene import Scene
from smki.terms import Refused

_ID_MOST: Final = 60  # characters: no clause has a longer name
_TITLES: Final = {one.id: one.title for one in DOCUMENTS}


def clauses_page(request: Request, scene: Scene) -> Response:
    """The clause that was asked for, with its interpretations; all clauses if none was, or there is none.

    Clause: sec:L1
    """
    asked = request.query_params.get("id", "").strip()[:_ID_MOST]
    if not asked:
        return _all(scene, "")
    try:
        found = find(asked)
    except Refused as error:
        return _all(scene, error.message)
    return scene.page(
        "clause.html",
        title=f"{found.id}: {found.title}",
        part="all",
        clause=found,
        document=_TITLES[found.document],
        interpretations=interpretations_of(scene.reading, found.id),
    )


def _all(scene: Scene, problem: str) -> Response:
    by_document: dict[str, list[Clause]] = {}
    for one in CLAUSES:
        by_document.setdefault(_TITLES[one.document], []).append(one)
    return scene.page(
        "clauses.html",
        title="Clauses",
        part="all",
        status=404 if problem else 200,
        problem=problem,
        by_document=by_document,
    )

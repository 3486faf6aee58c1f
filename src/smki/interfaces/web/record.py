"""Serves the record's files as they lie: checkpoints, tiles, entry bundles, blobs. Read only.

Only names that the layout knows are looked up; nothing else of the folder can be reached.
"""

import re
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

LOG_PATH: Final = "/log/{name:path}"

_TILE: Final = r"tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?"
_NAMES: Final = re.compile(rf"checkpoint|cosigned|{_TILE}|blob/[0-9a-f]{{64}}")
_NEWEST: Final = {"cache-control": "no-cache"}
_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}


class RecordFiles:
    """The record's folder under `/log/`.

    Clause: c2sp:tlog-tiles
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def routes(self) -> tuple[Route, ...]:
        """The paths of this service."""
        return (Route(LOG_PATH, self.file, methods=["GET"]),)

    async def file(self, request: Request) -> Response:
        """GET of one file: what a tile or blob holds never changes, the checkpoint does."""
        name = request.path_params["name"]
        path = self._folder / name
        if not _NAMES.fullmatch(name) or not path.is_file():
            raise HTTPException(404, "no such file of the record\n")
        if name in ("checkpoint", "cosigned"):
            return FileResponse(path, media_type="text/plain", headers=_NEWEST)
        return FileResponse(path, media_type="application/octet-stream", headers=_FOR_EVER)

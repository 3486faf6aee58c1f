"""What a reader takes along: files of papers, and what they may read of something as a file.

Clause: sec:M4.13
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from smki.flows.exporting_register import gather
from smki.flows.register_services import RegisterServices
from smki.governance.entities.meetings import Paper
from smki.interfaces.register_exports import FORMATS, export
from smki.interfaces.web.portal.register.asking import found_in
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.words import exports_of
from smki.interfaces.web.portal.rendering import download


class TakenAlong:
    """Hands out files; each reader's has what they may read and nothing else."""

    def __init__(self, services: RegisterServices) -> None:
        self._services = services

    def file(self, request: Request, scene: Scene) -> Response | None:
        """A file of a paper, for who may read the paper."""
        found = found_in(request, scene)
        wanted = request.query_params.get("sha256", "")
        if not isinstance(found, Paper):
            return None
        one = next((each for each in found.attachments if each.sha256 == wanted), None)
        content = None if one is None else self._services.file(found.ref, one.sha256)
        if one is None or content is None:
            return None
        scene.reading.note()
        return download(content, name=_file_name(one.name), media_type="application/octet-stream")

    def export(self, request: Request, scene: Scene) -> Response | None:
        """It and what belongs to it as a file, as far as the reader may have it.

        Clause: sec:M4.13
        """
        found = found_in(request, scene)
        wanted = request.query_params.get("format", "")
        if found is None or wanted not in exports_of(found.KIND):
            return None
        content = export(gather(scene.reading, found.ref, found.KIND), wanted)
        made = FORMATS[wanted]
        name = _file_name(f"{found.ref}.{made.suffix}")
        return download(content, name=name, media_type=made.media_type)


def _file_name(text: str) -> str:
    """A name that every header and every disk takes."""
    return "".join(each if each in _SAFE else "-" for each in text)[-100:]


_SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")

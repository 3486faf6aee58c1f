"""A paper is added to an agenda item, with its file: what it asks, its label, the file's digest.

The file is kept apart from register and record, as that paper's; the paper names its SHA-256, and who
may read the paper may have it. Whether somebody may add papers is asked before the file is read.
"""

from dataclasses import replace
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from smki.flows.changing_register import put
from smki.flows.register_services import FILE_OCTETS, RegisterServices
from smki.governance.entities import Key, Kind
from smki.governance.entities.meetings import AgendaItem, Ask, Attachment, Paper
from smki.governance.labels import Label
from smki.governance.next_numbers import paper_reference
from smki.interfaces.web.portal.entering import must_fit, see
from smki.interfaces.web.portal.register.scene import Scene, scene_of
from smki.interfaces.web.portal.register.submitting import Submitted, asked, problems_of
from smki.interfaces.web.portal.uploads import read_files
from smki.interfaces.web.portal.visiting import Handler, Visitor, nothing
from smki.terms import Malformed, Refused

_PATH: Final = "/register/circulate/agenda-item/{ref:path}"
_FORM_OCTETS: Final = 256 * 1024  # of what is typed beside the file
_NAME_MOST: Final = 100
_STARTS: Final = {"pdf": b"%PDF-"}


class PaperForms:
    """The form of a paper."""

    def __init__(self, services: RegisterServices) -> None:
        self._services = services

    def table(self) -> tuple[tuple[str, str, Handler], ...]:
        """Verbs, paths below the portal's, and handlers."""
        return (("GET", _PATH, asked(self._services, _page)), ("POST", _PATH, self.circulate))

    async def circulate(self, request: Request, visitor: Visitor) -> Response:
        """The paper is in the register, or the form is shown again with what is wrong."""
        if not await run_in_threadpool(self._may, request, visitor):
            return await nothing(request, visitor)
        fields, files = await read_files(request, limit=FILE_OCTETS + _FORM_OCTETS)
        must_fit(fields, visitor.session.form if visitor.session else "")
        typed = {name: text.replace("\r\n", "\n") for name, text in fields.items()}
        given = Submitted(typed=typed)
        answer = await run_in_threadpool(self._done, request, visitor, given, files)
        return answer or await nothing(request, visitor)

    def _may(self, request: Request, visitor: Visitor) -> bool:
        return _item(request, scene_of(self._services, visitor)) is not None

    def _done(
        self,
        request: Request,
        visitor: Visitor,
        given: Submitted,
        files: dict[str, tuple[str, bytes]],
    ) -> Response | None:
        scene = scene_of(self._services, visitor)
        item = _item(request, scene)
        if item is None:
            return None
        try:
            paper = _paper(item, scene, given)
            paper = replace(paper, attachments=self._attached(paper, files))
            put(scene.reading, given.said(f"paper {paper.ref}"), (paper,))
        except (Malformed, Refused) as error:
            wrong = Submitted(typed=given.typed, problems=problems_of(error))
            return _page(request, scene, wrong)
        return see(scene.to(paper))

    def _attached(
        self, paper: Paper, files: dict[str, tuple[str, bytes]]
    ) -> tuple[Attachment, ...]:
        name, content = files.get("file", ("", b""))
        if not content:
            return ()
        if len(content) > FILE_OCTETS:
            raise _wrong("file", f"has {len(content):,} octets, must have at most {FILE_OCTETS:,}")
        plain = name.replace("\\", "/").rpartition("/")[2][-_NAME_MOST:]
        if not plain or not plain.isprintable():
            raise _wrong("file", "has no name, must have one")
        if not content.startswith(_STARTS["pdf"]) and not _is_text(content):
            raise _wrong("file", f"{plain} is neither PDF nor text in UTF-8, must be one of them")
        digest = self._services.keep_file(paper.ref, content)
        return (Attachment(name=plain, sha256=digest, octets=len(content)),)


def _page(request: Request, scene: Scene, given: Submitted) -> Response | None:
    item = _item(request, scene)
    if item is None:
        return None
    heading = f"Add a paper to item {item.number}: {item.heading}"
    label = scene.label(item)
    return scene.page(
        "circulate.html",
        status=given.status,
        title=("Error: " if given.problems else "") + heading,
        heading=heading,
        part="meeting",
        item=item,
        asks=Ask,
        typed=given.typed or {"ask": item.ask.value, "label": label.value, "version": "1.0"},
        findings=given.problems,
    )


def _paper(item: AgendaItem, scene: Scene, given: Submitted) -> Paper:
    typed = {name: text.strip() for name, text in given.typed.items()}
    label = next((one for one in Label if one.value == typed.get("label")), None)
    ask = next((one for one in Ask if one.value == typed.get("ask")), item.ask)
    if not typed.get("heading"):
        raise _wrong("heading", "is empty, must say what the paper is called")
    if label is None:
        raise _wrong("label", "is none of the four, must be one of them")
    if label is Label.WHITE and not typed.get("copyright"):
        typed["copyright"] = "Copyright of its author; may be published with this note."
    return Paper(
        ref=str(paper_reference(item, confidential=label.is_confidential)),
        label=label,
        item=item.ref,
        heading=typed["heading"],
        ask=ask,
        version=typed.get("version") or "1.0",
        purpose=typed.get("purpose", ""),
        requested=typed.get("requested", ""),
        author=typed.get("author", ""),
        organisation=typed.get("organisation", ""),
        dated=scene.reading.today,
        circulated=scene.reading.today if "circulate" in typed else None,
        copyright=typed.get("copyright", ""),
    )


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text


def _item(request: Request, scene: Scene) -> AgendaItem | None:
    found = scene.reading.get(Key(Kind.AGENDA_ITEM, request.path_params["ref"]))
    return found if isinstance(found, AgendaItem) and scene.keeps(found) else None


def _wrong(field: str, message: str) -> Malformed:
    return Malformed(f"{field}: {message}", where=f"paper.{field}", rule="register.paper")

"""A form with a file in it, as browsers send it: multipart/form-data, bounded and in its whole.

Nothing is kept on a disk. Files are small here: a signature has a few thousand octets.
"""

import re
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from smki.interfaces.web.bodies import Body
from smki.interfaces.web.limits import Limits
from smki.interfaces.web.portal.entering import must_be_ours
from smki.terms import Malformed

UPLOAD_OCTETS: Final = 64 * 1024  # a CMS signature with a whole chain in it, many times over
_TYPE: Final = re.compile(
    r'multipart/form-data; *boundary="?([0-9A-Za-z\'()+_,./:=? -]{1,70})"?', re.IGNORECASE
)
_NAME: Final = re.compile(rb'(?im)^content-disposition: *form-data;.*?\bname="([^"\r\n]*)"')
_FILE: Final = re.compile(rb'(?im)^content-disposition: *form-data;.*?\bfilename="([^"\r\n]*)"')
_PARTS_MOST: Final = 20
_SECONDS: Final = Limits().small_body_seconds


async def read_upload(request: Request) -> Mapping[str, bytes]:
    """The content of each field of a form that one of our own pages sent.

    Raises:
        Refused: it comes from another place.
        Malformed: not such a form, or too large.
        Unavailable: it does not come in time.
    """
    return {name: content for name, (_, content) in await _parts(request, UPLOAD_OCTETS, _SECONDS)}


async def read_files(
    request: Request, *, limit: int
) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """The fields of such a form as text, and its files, each with its name; at most `limit` octets.

    Raises:
        Refused: it comes from another place.
        Malformed: not such a form, or too large.
        Unavailable: it does not come in time.
    """
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for name, (file, content) in await _parts(request, limit, Limits().batch_body_seconds):
        if file is None:
            fields[name] = content.decode("utf-8", "replace")
        else:
            files[name] = (file, content)
    return fields, files


Part = tuple[str, tuple[str | None, bytes]]


async def _parts(request: Request, limit: int, seconds: float) -> tuple[Part, ...]:
    must_be_ours(request)
    found = _TYPE.fullmatch(request.headers.get("content-type", "").strip())
    if found is None:
        raise Malformed("content type: must be multipart/form-data", rule="http.type")
    body = Body(request, Limits(), seconds=seconds)
    return parse_parts(await body.whole(limit), found[1].encode())


def parse_parts(octets: bytes, boundary: bytes) -> tuple[Part, ...]:
    """The parts in their order: the name of the field, that of its file or None, and the content.

    Raises:
        Malformed: not a form in parts.
    """
    *parts, end = (b"\r\n" + octets).split(b"\r\n--" + boundary)
    if not end.startswith(b"--") or len(parts) > _PARTS_MOST:
        raise _malformed("does not end with its boundary, or has too many parts")
    return tuple(_part(one) for one in parts[1:])


def _part(part: bytes) -> Part:
    head, gap, content = part.partition(b"\r\n\r\n")
    named = _NAME.search(head)
    if not gap or named is None:
        raise _malformed("has a part without a name")
    file = _FILE.search(head)
    name = None if file is None else file[1].decode("utf-8", "replace")
    return named[1].decode("utf-8", "replace"), (name, content)


def _malformed(what: str) -> Malformed:
    return Malformed(f"form: {what}; load the page and try again", rule="form.parts")

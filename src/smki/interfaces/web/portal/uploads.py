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
_PARTS_MOST: Final = 20


async def read_upload(request: Request) -> Mapping[str, bytes]:
    """The content of each field of a form that one of our own pages sent.

    Raises:
        Refused: it comes from another place.
        Malformed: not such a form, or too large.
        Unavailable: it does not come in time.
    """
    must_be_ours(request)
    found = _TYPE.fullmatch(request.headers.get("content-type", "").strip())
    if found is None:
        raise Malformed("content type: must be multipart/form-data", rule="http.type")
    limits = Limits()
    body = Body(request, limits, seconds=limits.small_body_seconds)
    return parse_parts(await body.whole(UPLOAD_OCTETS), found[1].encode())


def parse_parts(octets: bytes, boundary: bytes) -> Mapping[str, bytes]:
    """The content of each part, by the name of its field.

    Raises:
        Malformed: not a form in parts.
    """
    *parts, end = (b"\r\n" + octets).split(b"\r\n--" + boundary)
    if not end.startswith(b"--") or len(parts) > _PARTS_MOST:
        raise _malformed("does not end with its boundary, or has too many parts")
    return dict(_part(one) for one in parts[1:])


def _part(part: bytes) -> tuple[str, bytes]:
    head, gap, content = part.partition(b"\r\n\r\n")
    named = _NAME.search(head)
    if not gap or named is None:
        raise _malformed("has a part without a name")
    return named[1].decode("utf-8", "replace"), content


def _malformed(what: str) -> Malformed:
    return Malformed(f"form: {what}; load the page and try again", rule="form.parts")

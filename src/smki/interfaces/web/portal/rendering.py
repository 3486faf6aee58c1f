"""From values to pages: templates in which everything is escaped, and headers that forbid the rest.

Nothing inline, nothing from elsewhere, nothing kept by the browser, no frames.
"""

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from smki.interfaces.web.portal import words
from smki.ports import key_name

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("smki.interfaces.web.portal"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["instant"] = _instant
    made.filters["octets"] = _octets
    made.filters["shell"] = shlex.quote  # a title is anything: whoever copies a command is safe
    made.filters["seconds"] = _seconds
    made.filters["key_name"] = key_name
    made.globals.update(
        NAVIGATION=words.NAVIGATION,
        REQUEST_TYPES=words.REQUEST_TYPES,
        KEY_STANDINGS=words.KEY_STANDINGS,
        KINDS=words.KINDS,
        STATUSES=words.STATUSES,
        USAGES=words.USAGES,
        ROLES=words.ROLES,
        ENTRIES=words.ENTRIES,
        SAID=words.SAID,
        STANDINGS=words.STANDINGS,
        BODIES=words.BODIES,
        DECISIONS=words.DECISIONS,
        CIRCUMSTANCES=words.CIRCUMSTANCES,
        type_choices=[(one.value, shown) for one, shown in words.KINDS.items()],
        status_choices=[(one.value, shown) for one, shown in words.STATUSES.items()],
        usage_choices=[(one.code, shown) for one, shown in words.USAGES.items()],
        role_choices=[(one.organisational_unit, shown) for one, shown in words.ROLES.items()],
    )
    return made


def _instant(at: datetime) -> str:
    """For people: `2026-11-21 09:26:03 UTC`; the last second of 9999 is no end."""
    shown = at.astimezone(UTC)
    return "without end" if shown.year == _NEVER else f"{shown:%Y-%m-%d %H:%M:%S} UTC"


_NEVER: Final = 9999


def _seconds(at: int) -> datetime:
    """The instant so many seconds after 1970."""
    return datetime.fromtimestamp(at, UTC)


def _octets(count: int) -> str:
    """For people: `1,024 octets`."""
    return f"{count:,} octet{'' if count == 1 else 's'}"


_TEMPLATES: Final = _environment()


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """The page as an answer; every value in it is escaped."""
    text = _TEMPLATES.get_template(template).render(**values)
    return HTMLResponse(text, status_code=status, headers=dict(HEADERS))


def download(content: bytes, *, name: str, media_type: str) -> Response:
    """The octets as a file to be kept under that name."""
    return Response(
        content,
        media_type=media_type,
        headers={**HEADERS, "content-disposition": f'attachment; filename="{name}"'},
    )

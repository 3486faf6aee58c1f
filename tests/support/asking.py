"""One question to an application without a socket, and what came back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from smki.interfaces.web.peer import EXTENSION


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(
    application: Starlette,
    path: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    certificate: bytes = b"",
) -> Answer:
    """The answer to a GET, or to a POST if there is a body; by whoever shows that certificate."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)
        sent.append(message)

    plain, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET" if body is None else "POST",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "extensions": {EXTENSION: {"certificate": certificate}},
    }
    asyncio.run(application(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], got, text.decode(errors="replace"))

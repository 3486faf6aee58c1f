"""The SFTP server of the house: who may come, and which folders each party sees.

The bulk files of the record are in `sftp/bulk` of the state directory, for everyone; what is for one
party alone is in `sftp/own/<party>`.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from smki.bootstrap import Settings
from smki.bootstrap.ssh_keys import host_key
from smki.flows.demand import note_use
from smki.flows.office import FrontOffice
from smki.terms import RequestType

BULK: Final = ("sftp", "bulk")
OWN: Final = ("sftp", "own")


@asynccontextmanager
async def sftp_beside(settings: Settings, front: FrontOffice) -> AsyncIterator[int | None]:
    """Parties are served over SFTP inside; the port, None if the configuration wants none.

    Raises:
        Unavailable: the port cannot be had, or the host key not be read.

    Clause: sec-app-p:1.2
    """
    if settings.sftp_port < 0:
        yield None
        return
    from smki.interfaces.sftp import sftp_serving  # noqa: PLC0415 - slow: only a server waits for it

    async def party_of(digest: bytes) -> str | None:
        return await asyncio.to_thread(front.registry.sshkey_party, digest)

    def tree_of(party: str) -> Mapping[str, Path]:
        return {"bulk": settings.path(*BULK), "own": settings.path(*OWN, party)}

    def fetched(party: str) -> None:
        note_use(front, party, RequestType.SFTP)

    async with sftp_serving(
        host=settings.host,
        port=settings.sftp_port,
        host_key=host_key(settings),
        party_of=party_of,
        tree_of=tree_of,
        fetched=fetched,
    ) as port:
        yield port

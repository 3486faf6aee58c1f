"""The server's part in cosigning: asks the witnesses whenever the checkpoint is another one.

In a thread of its own, beside the listeners: a witness that is slow or away delays nothing else.
"""

import asyncio
import logging

from smki.bootstrap import Settings
from smki.bootstrap.cosigning import open_cosigning
from smki.ports import RecordReader
from smki.terms import SmkiError

_LOG = logging.getLogger("smki.cosigning")


async def ask_witnesses(settings: Settings, reader: RecordReader) -> None:
    """Until it is cancelled: each newer checkpoint is cosigned, as far as witnesses do.

    Returns at once if none are configured. What goes wrong is logged once, and tried again.
    """
    if settings.witness_policy is None:
        return
    told = ""
    done: tuple[int, bytes] | None = None
    cosigning = None
    while True:
        try:
            cosigning = cosigning or open_cosigning(settings, reader)
            newest = await asyncio.to_thread(reader.checkpoint)
            problem = ""
            if (newest.size, newest.root) != done:
                found = await asyncio.to_thread(cosigning.collect)
                problem = "; ".join(found.problems)
                done = None if problem else (newest.size, newest.root)
        except SmkiError as error:
            problem = str(error)
        if problem and problem != told:
            _LOG.warning("%s", problem)
        told = problem
        await asyncio.sleep(settings.witness_seconds)

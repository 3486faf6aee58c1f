"""Devices of campaigns by kind, make, region, fate and why, counted beside whoever asks.

To count a fleet takes a moment, of millions some seconds. Who asks waits for it for a little while,
and is else given what was counted before; nobody counts a campaign beside another, and the longer it
takes, the more seldom it is done. What became of each wave is known without counting.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from smki.recovery.progress import Totals
from smki.terms import SmkiError

PATIENCE_SECONDS: Final = 1.5  # that a page waits for it
_KEPT_SECONDS: Final = 2.0  # what was counted is shown so long ...
_TIMES: Final = 10  # ... and as many times as long as counting took, if that is more
_REMEMBERED: Final = 64  # campaigns
_LOG: Final = logging.getLogger("smki.web")


@dataclass(slots=True)
class _Count:
    totals: Totals = field(default_factory=dict)
    at: datetime | None = None
    until: float = 0.0
    thread: threading.Thread | None = None


class Counting:
    """Safe for any number of threads.

    Args:
        count: counts the devices of a campaign; may take long.
        now: the present instant.
        patience: seconds that who asks waits.
    """

    def __init__(
        self,
        count: Callable[[str], Totals],
        now: Callable[[], datetime],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._count = count
        self._now = now
        self._patience = patience
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def totals(self, campaign: str) -> tuple[Totals, datetime | None]:
        """The newest count, and when it was begun; nothing and None while there is none yet."""
        with self._lock:
            one = self._counts.get(campaign)
            if one is None:
                if len(self._counts) >= _REMEMBERED:
                    self._counts.clear()
                one = self._counts[campaign] = _Count()
            if one.thread is None and time.monotonic() >= one.until:
                one.thread = threading.Thread(target=self._work, args=(campaign, one), daemon=True)
                one.thread.start()
            thread = one.thread
        if thread is not None:
            thread.join(self._patience)
        with self._lock:
            return one.totals, one.at

    def _work(self, campaign: str, one: _Count) -> None:
        at, begun = self._now(), time.monotonic()
        found: Totals | None = None
        try:
            found = self._count(campaign)
        except SmkiError as error:  # away for a moment: whoever asks next counts again
            _LOG.warning("campaign %s is not counted: %s", campaign, error)
        took = time.monotonic() - begun
        with self._lock:
            one.thread = None
            one.until = time.monotonic() + max(_KEPT_SECONDS, _TIMES * took)
            if found is not None:
                one.totals, one.at = found, at

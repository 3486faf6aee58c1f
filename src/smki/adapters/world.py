"""Time and chance from the operating system."""

import os
from datetime import UTC, datetime


class SystemClock:
    """`ports.world.Clock` that reads the machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class SystemEntropy:
    """`ports.world.Entropy` from the operating system's generator."""

    def octets(self, count: int) -> bytes:
        """`count` random octets."""
        return os.urandom(count)

"""`smki estate serve` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from smki.bootstrap import load_settings
from smki.interfaces.line_serving import ADDRESS_FILE, line_address


class ServedLine:
    """`smki estate serve` in a process of its own, which may be killed and begun again."""

    def __init__(self, state: Path) -> None:
        self._environment = {**os.environ, "SMKI_STATE": str(state)}
        self._state = state
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def begin(self, *options: str) -> None:
        """Serving; at the port that it had before.

        Until it says where, the port that is configured is told: nobody may be there yet.
        """
        command = [sys.executable, "-m", "smki", "estate", "serve", "--json", *options]
        self._process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 180
        settings = load_settings(self._environment)
        while not settings.path(ADDRESS_FILE).exists():
            assert self._process.poll() is None, "the line is not served"
            assert time.monotonic() < end, "the line is not served in time"
            time.sleep(0.02)
        self.port = line_address(settings)[1]

    def kill(self) -> None:
        """It is gone at once."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            (self._state / "line.json").unlink(missing_ok=True)

    def end(self) -> dict[str, object]:
        """It was interrupted; what it says then."""
        if self._process is None:
            return {}
        self._process.send_signal(signal.SIGINT)
        said, _ = self._process.communicate(timeout=180)
        document: dict[str, object] = json.loads(said)
        return document

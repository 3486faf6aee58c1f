"""Prints the folder in which tests write: in memory, if there is enough of it.

Tests make hundreds of state directories in which everything is made durable. On a disk they wait
for that longer than for anything else; what they prove is the same in memory. Who names a folder in
TMPDIR is taken at the word.
"""

import os
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - asked whether it is there, and what it is
ROOM = 6 << 30  # octets; all tests at once fill a third of it
FREE = "MemAvailable:"


def free_memory() -> int:
    """Octets of memory that programs may still have; none where the system does not say."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(FREE))


def in_memory() -> bool:
    """Whether there is a folder in memory with room for all, in which programs may be run."""
    try:
        there = os.statvfs(MEMORY)
        room = min(there.f_bavail * there.f_frsize, free_memory())
    except OSError:
        return False
    return room > ROOM and not there.f_flag & os.ST_NOEXEC and os.access(MEMORY, os.W_OK)


if __name__ == "__main__":
    asked = "TMPDIR" in os.environ or not in_memory()
    sys.stdout.write(f"{tempfile.gettempdir() if asked else MEMORY}\n")

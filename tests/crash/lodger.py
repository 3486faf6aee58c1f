"""Lodges so many revocation lists, as any command does, and says the number of each that it was told.

Arguments: how many. What is away for a moment is asked again; nothing else is.
"""

import os
import sys
import time

from smki.bootstrap import load_settings
from smki.interfaces.operations import perform
from smki.terms import Unavailable


def lodge() -> int:
    """The number of a list that is lodged."""
    settings = load_settings(os.environ)
    while True:
        try:
            asked = {"authority": "issuing-oca"}
            return int(perform(settings, os.environ, "refresh", asked)["crl_number"])
        except Unavailable as error:
            sys.stderr.write(f"{error}\n")
            time.sleep(0.1)


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        sys.stdout.write(f"{lodge()}\n")
        sys.stdout.flush()

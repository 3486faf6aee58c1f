"""Runs one target under a fuzzer that follows coverage: `python -m tests.fuzz.drive TARGET ...`.

What follows the target is for libFuzzer: `-max_total_time=60`, folders of inputs. Needs atheris.
"""

import sys

import atheris

with atheris.instrument_imports(include=["smki"]):
    from tests.fuzz.corpus import TARGETS, inputs


def main() -> None:
    """The target is tried with everything that finds new ways through it."""
    name = sys.argv.pop(1)
    for octets in inputs(name):  # whatever is made once is made before time is measured
        TARGETS[name](octets)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()

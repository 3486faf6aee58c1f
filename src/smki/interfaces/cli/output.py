"""What every command prints the same way: one JSON document or lines, and errors as exit codes.

Results go to standard output, the story to standard error.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from smki.terms import Malformed, SmkiError

EXIT_CODES: Final = {"malformed": 1, "refused": 1, "unavailable": 3, "inconsistent": 4}
FILE_MAX_OCTETS: Final = 64 * 1024  # of a certificate or request given on the command line
_Command = TypeVar("_Command", bound=Callable[..., Any])


def json_option(command: _Command) -> _Command:
    """The option `--json` of every command, as parameter `as_json`."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="One JSON document on standard output."
    )
    return option(command)


def emit(document: Mapping[str, object], lines: Iterable[str], *, as_json: bool) -> None:
    """The result stands on standard output: the document if `as_json`, else the lines."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for line in lines:
        click.echo(_lines_of(line))


def printable(text: str) -> str:
    """`text` as one line that moves no cursor and looks like no other: the rest as escapes.

    What others wrote, in a message or a certificate, is shown so.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _lines_of(text: str) -> str:
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def tell(message: str) -> None:
    """A sentence of the story, on standard error."""
    click.echo(_lines_of(message), err=True)


@contextmanager
def reporting(*, as_json: bool) -> Iterator[None]:
    """Errors inside become a message and the exit code of their family."""
    try:
        yield
    except SmkiError as error:
        report(error, as_json=as_json)
        raise SystemExit(EXIT_CODES[error.family]) from error


def report(error: SmkiError, *, as_json: bool) -> None:
    """The error is told: as JSON on standard output, else as a sentence on standard error."""
    if as_json:
        fields = {
            "family": error.family,
            "message": error.message,
            "clause": error.clause,
            "where": error.where,
        }
        click.echo(json.dumps({"error": fields}, ensure_ascii=False, indent=2))
    else:
        click.echo(_lines_of(f"{error.family}: {error}"), err=True)


def read_input(path: str, *, limit: int = FILE_MAX_OCTETS) -> bytes:
    """The content of the file; of standard input for `-`.

    Raises:
        Malformed: not there, not readable, or more than `limit` octets.
    """
    try:
        if path == "-":
            octets = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                octets = file.read(limit + 1)
    except OSError as error:
        raise Malformed(f"file: cannot be read, {error.strerror}", where=path) from error
    if len(octets) > limit:
        raise Malformed(f"file: over {limit} octets, must be at most that", where=path)
    return octets


@contextmanager
def output_file(path: str, *, private: bool = False) -> Iterator[Callable[[bytes], object]]:
    """Writes a file that must not be there yet; standard output for `-`.

    If what is to be written cannot be made, the file is gone again.

    Raises:
        Malformed: the file is there already, or cannot be written.
    """
    if path == "-":
        yield sys.stdout.buffer.write
        return
    try:
        mode = 0o600 if private else 0o644
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise Malformed("file: is there already, must not be there yet", where=path) from error
    except OSError as error:
        raise Malformed(
            f"file: cannot be made ({error.strerror}), must be in a folder that can be written",
            where=path,
        ) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file.write
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise

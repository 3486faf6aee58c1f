"""The terminal of a ceremony: answers from a file or an option, else whoever sits there.

An answer that begins with `@` is the content of the file that it names.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from smki.interfaces.cli.output import printable, read_input, tell
from smki.terms import Malformed, Unavailable

ANSWERS_MAX: Final = 256 * 1024


class Terminal:
    """`ports.ceremony.Console`: prepared answers first, people next."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers

    def say(self, text: str) -> None:
        """They see the text, as one line or as several."""
        tell("\n".join(map(printable, text.split("\n"))))

    def ask(self, prompt: str, text: str, *, secret: bool = False) -> str:
        """The answer to this prompt.

        Raises:
            Unavailable: there is no answer and nobody at a terminal.
            Malformed: the file that holds it cannot be read.
        """
        answer = self._answers.get(prompt)
        if answer is None:
            if not sys.stdin.isatty():
                raise Unavailable(
                    f"prompt {prompt}: {text}; nobody is at a terminal, an answer must be in the"
                    f" file of --answers or given as --answer '{prompt}=...'",
                    where=prompt,
                    rule="ceremony.answer",
                )
            answer = str(
                click.prompt(
                    f"{printable(text)} [{prompt}]",
                    default="",
                    show_default=False,
                    hide_input=secret,
                    err=True,
                )
            )
        if answer.startswith("@"):
            answer = read_input(answer[1:]).decode("utf-8", "replace")
        return " ".join(answer.split())


def prepared(file: str | None, given: tuple[str, ...]) -> dict[str, str]:
    """The answers of that file (JSON object of texts) and of the options, which win.

    Raises:
        Malformed: not of that form.
    """
    answers: dict[str, str] = {}
    if file is not None:
        try:
            found = json.loads(read_input(file, limit=ANSWERS_MAX))
        except ValueError as error:
            raise Malformed(f"answers: not JSON ({error}), must be", where=file) from error
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            raise Malformed("answers: must be one object of texts, by prompt", where=file)
        answers.update(found)
    for one in given:
        prompt, equals, answer = one.partition("=")
        if not equals:
            raise Malformed(f"answer {one[:60]!r}: must be PROMPT=TEXT", where="--answer")
        answers[prompt] = answer
    return answers


def named_files(paths: tuple[str, ...]) -> dict[str, bytes]:
    """The content of each file, by its name without folders.

    Raises:
        Malformed: one cannot be read, or two have one name.
    """
    found: dict[str, bytes] = {}
    for path in paths:
        name = Path(path).name
        if name in found:
            raise Malformed(f"file {name}: two of this name, must differ", where=path)
        found[name] = read_input(path, limit=1 << 20)
    return found

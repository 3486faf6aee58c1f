"""`smki gbcs show`: any GBCS message as a tree, and what of its protection holds; `make` makes some.

Neither needs an SMKI.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from smki.adapters.gbcs_keys import read_keys
from smki.adapters.world import SystemEntropy
from smki.interfaces.cli.output import (
    emit,
    json_option,
    output_file,
    read_input,
    reporting,
    tell,
)
from smki.messages import KeyRing, KeyUse, check, shown
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.simulator.corpus import corpus
from smki.terms import EUI64, Malformed, SmkiError
from smki.wire.gbcs.frame import MESSAGE_OCTETS_MAX, parse_message, read_message_file
from smki.wire.gbcs.payloads import OpaquePayload, encrypted_items, read_payload

_TEXT_OCTETS_MAX: Final = 4 * MESSAGE_OCTETS_MAX  # hexadecimal, with white space
_SAID: Final = {
    "valid": "holds",
    "invalid": "DOES NOT HOLD",
    "absent": "none",
    "unknown": "not checked, a key is missing",
}


class _NoKeys:
    """`messages.KeyRing` of who has none."""

    def point(self, entity: EUI64, use: KeyUse) -> bytes | None:
        """None."""
        del entity, use
        return None

    def secret(self, one: EUI64, other: EUI64) -> bytes | None:
        """None."""
        del one, other
        return None

    def brokers(self) -> tuple[EUI64, ...]:
        """Nobody."""
        return ()


@click.group
def gbcs() -> None:
    """Read and make GBCS messages."""


@gbcs.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--keys",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with <eui64>-<ds|ka|pp-ka>.pem and .key.",
)
@json_option
@click.pass_context
def show(
    context: click.Context, files: tuple[str, ...], *, keys: Path | None, as_json: bool
) -> None:
    """Show messages: who says what to whom, what protects it, the payload as a tree.

    FILE is hexadecimal text, base64 or the octets themselves, - is standard input. What holds is
    the cryptography alone: expiry and chains are not looked at. With several files and --json, one
    document a line. Exit code 1 if one cannot be decoded, or does not hold.
    """
    with reporting(as_json=as_json):
        ring: KeyRing = _ring(keys) if keys else _NoKeys()
    documents = [_document(file, ring) for file in files]
    for document in documents:
        if as_json and len(files) > 1:
            click.echo(json.dumps(document, ensure_ascii=False))
        else:
            emit(document, _lines(document), as_json=as_json)
    context.exit(1 if any(map(_wrong, documents)) else 0)


@gbcs.command
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to make; it must not be there yet, or be empty.",
)
@json_option
def make(*, out: Path, as_json: bool) -> None:
    """Make messages of every security use case and direction, with their keys.

    They are sent to simulated devices of a hierarchy that is made for them, and answered: OUT
    holds a file for each, index.csv, and keys/ with certificates and private keys.
    """
    with reporting(as_json=as_json):
        if out.exists() and any(out.iterdir()):
            raise Malformed("folder: is not empty, must be a new one", where=str(out))
        at = datetime.now(UTC).replace(microsecond=0)
        keys = ScalarKeys(SystemEntropy().octets)
        catalogue = Catalogue(keys, Cast(keys, at, development()), at)
        (out / "keys").mkdir(parents=True, exist_ok=True)
        messages = 0
        for each in corpus(catalogue, keys, at):
            with output_file(str(out / each.path), private=each.private) as write:
                write(each.content)
            messages += each.path.endswith(".HEX")
    emit(
        {"folder": str(out), "messages": messages, "keys": str(out / "keys")},
        (
            f"{messages} messages, their index and keys are in {out}",
            f"next: smki gbcs show {out}/*.HEX --keys {out}/keys",
        ),
        as_json=as_json,
    )


def _ring(folder: Path) -> KeyRing:
    ring = read_keys(folder)
    for note in ring.notes:
        tell(f"key left out: {note}")
    return ring


def _document(file: str, ring: KeyRing) -> dict[str, object]:
    """The message as a document; one that cannot be decoded has `error` instead of what is not known."""
    try:
        message = parse_message(read_message_file(read_input(file, limit=_TEXT_OCTETS_MAX)))
    except SmkiError as error:
        return {"file": file, "error": _error(error)}
    try:
        payload = read_payload(message)
    except SmkiError as error:
        unread = OpaquePayload(octets=message.payload, reason=str(error))
        checks = check(message, (), ring)
        return {"file": file, **shown(message, unread, checks), "error": _error(error)}
    return {"file": file, **shown(message, payload, check(message, encrypted_items(payload), ring))}


def _error(error: SmkiError) -> dict[str, str]:
    return {
        "family": error.family,
        "message": error.message,
        "clause": error.clause,
        "where": error.where,
    }


def _wrong(document: Mapping[str, object]) -> bool:
    return "error" in document or "invalid" in (document["signature"], document["mac"])


def _lines(document: Mapping[str, object]) -> Iterator[str]:
    error = document.get("error")
    if isinstance(error, dict):
        yield f"{document['file']}: {error['message']} ({error['where']})"
    if "kind" not in document:
        return
    yield f"{document['use_case']} {document['kind']}: {document['title'] or 'no known use case'}"
    yield f"  message code  {document['message_code']}"
    yield f"  originator    {document['originator']}, counter {document['counter']}"
    yield f"  recipient     {document['recipient']}"
    if document["date_time"]:
        yield f"  date-time     {document['date_time']}"
    for name in ("signature", "mac"):
        yield f"  {name:<13} {_SAID[str(document[name])]}"
    for name in ("supplementary", "instruction", "encrypted", "deviations", "payload"):
        if document.get(name):
            yield f"  {name}"
            yield from _tree(document[name], "    ")


def _tree(tree: object, indent: str) -> Iterator[str]:
    """One line for each leaf, deeper ones further in."""
    match tree:
        case dict():
            for name, each in tree.items():
                yield from _branch(f"{name}", each, indent)
        case list():
            for number, each in enumerate(tree, 1):
                yield from _branch(f"{number}.", each, indent)
        case _:
            yield f"{indent}{tree}"


def _branch(name: str, tree: object, indent: str) -> Iterator[str]:
    if isinstance(tree, dict | list) and tree:
        yield f"{indent}{name}"
        yield from _tree(tree, indent + "  ")
    else:
        yield f"{indent}{name} {'(none)' if tree in ({}, [], None) else tree}"

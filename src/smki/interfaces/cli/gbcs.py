"""`smki gbcs show`: any GBCS message as a tree, and what of its protection holds; `make` makes some.

Neither needs an SMKI; where there is one, its certificates and keys can be used.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from smki.adapters.gbcs_keys import read_keys
from smki.adapters.world import SystemEntropy
from smki.bootstrap import load_settings, open_front
from smki.bootstrap.message_keys import house_ring, message_keys
from smki.interfaces.cli.gbcs_key import key
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import (
    emit,
    json_option,
    output_file,
    printable,
    read_input,
    reporting,
    tell,
)
from smki.messages import KeyRing, KeyRings, read_document
from smki.messages.reading import error_document
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.simulator.corpus import corpus
from smki.simulator.stored import KeysBeside
from smki.terms import Malformed, SmkiError
from smki.wire.gbcs.frame import MESSAGE_OCTETS_MAX, read_message_file

_TEXT_OCTETS_MAX: Final = 4 * MESSAGE_OCTETS_MAX  # hexadecimal, with white space


@click.group(cls=WholeSentences)
def gbcs() -> None:
    """Read and make GBCS messages."""


gbcs.add_command(key)


@gbcs.command
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--keys",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with <eui64>-<ds|ka|pp-ka>.pem and .key; can be given several times.",
)
@click.option(
    "--repository",
    is_flag=True,
    help="Also by the certificates in this SMKI's repository, and the private keys that it has.",
)
@json_option
@click.pass_context
def show(
    context: click.Context,
    files: tuple[str, ...],
    *,
    folders: tuple[Path, ...],
    repository: bool,
    as_json: bool,
) -> None:
    """Show messages: who says what to whom, what protects it, the payload as a tree.

    FILE is hexadecimal text, base64 or the octets themselves, - is standard input. What holds is
    the cryptography alone: expiry and chains are not looked at. With several files and --json, one
    document a line. Exit code 1 if one cannot be decoded, or does not hold.
    """
    wrong = False
    with reporting(as_json=as_json), ExitStack() as stack:
        ring = _ring(folders, stack if repository else None)
        for file in files:
            document = _document(file, ring)
            wrong = wrong or _wrong(document)
            if as_json and len(files) > 1:
                click.echo(json.dumps(document, ensure_ascii=False))
            else:
                emit(document, _lines(document), as_json=as_json)
    context.exit(1 if wrong else 0)


@gbcs.command
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder to make; it must not be there yet, or be empty.",
)
@click.option(
    "--store",
    is_flag=True,
    help="Keys of the parties stay in this SMKI's store of keys for messages: files or a token.",
)
@json_option
def make(*, out: Path, store: bool, as_json: bool) -> None:
    """Make messages of every security use case and direction, with their keys.

    They are sent to simulated devices of a hierarchy that is made for them, and answered: OUT
    holds a file for each, index.csv, and keys/ with certificates and private keys. With --store
    the parties, the access control broker among them, sign and agree in the store, and their
    private keys are in no file of OUT; keys that are there from another time are used again.
    """
    with reporting(as_json=as_json):
        if out.exists() and any(out.iterdir()):
            raise Malformed("folder: is not empty, must be a new one", where=str(out))
        at = datetime.now(UTC).replace(microsecond=0)
        keys = _keys_made(in_store=store)
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
            f"next: smki gbcs show {out}/*.HEX --keys {out}/keys{' --repository' * store}",
        ),
        as_json=as_json,
    )


def _keys_made(*, in_store: bool) -> ScalarKeys:
    """Makes the keys of a simulation; those of its parties in the store, if that is wanted."""
    chance = SystemEntropy().octets
    if not in_store:
        return ScalarKeys(chance)
    return KeysBeside(chance, message_keys(load_settings(os.environ), os.environ))


def _ring(folders: tuple[Path, ...], house: ExitStack | None) -> KeyRing:
    """The keys in the folders and, if there is a stack to open it on, those of the house."""
    rings: list[KeyRing] = []
    if house is not None:  # first: it says how certificates stand
        settings = load_settings(os.environ)
        front = house.enter_context(open_front(settings))
        rings.append(house_ring(settings, os.environ, front, tell))
    for folder in folders:
        ring = read_keys(folder)
        for note in ring.notes:
            tell(f"key left out: {note}")
        rings.append(ring)
    return KeyRings(rings=tuple(rings))


def _document(file: str, ring: KeyRing) -> dict[str, object]:
    """The message as a document; one that cannot be decoded has `error` instead of what is not known."""
    try:
        octets = read_message_file(read_input(file, limit=_TEXT_OCTETS_MAX))
    except SmkiError as error:
        return {"file": file, "error": error_document(error)}
    return {"file": file, **read_document(octets, ring)}


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
    alert = document.get("alert")
    if isinstance(alert, dict):
        yield f"  alert         {alert['code']}{alert['meaning'] and ', '}{alert['meaning']}"
    findings = document["findings"]
    if isinstance(findings, dict):
        for name, finding in findings.items():
            yield f"  {name:<13} {finding['said']}"
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
            yield f"{indent}{printable(str(tree))}"


def _branch(name: str, tree: object, indent: str) -> Iterator[str]:
    if isinstance(tree, dict | list) and tree:
        yield f"{indent}{name}"
        yield from _tree(tree, indent + "  ")
    else:
        said = "(none)" if tree in ({}, [], None) else printable(str(tree))
        yield f"{indent}{name} {said}"

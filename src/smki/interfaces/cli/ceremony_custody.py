"""`smki ceremony custodian` and `smki ceremony share`: what is done on custodians' own machines.

Needs no state directory. A share is shown on the custodian's own screen, or encrypted to the key of
a ceremony; it is written to no disk in clear.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from smki.adapters.keys.private_files import read_private
from smki.adapters.world import SystemEntropy
from smki.ceremonies.acts_keys import BOX
from smki.ceremonies.custodians import SALT_OCTETS, Custodian, encode_custodian, parse_custodian
from smki.ceremonies.fields import text64
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.keysets import FILE_MAX as KEY_SET_MAX
from smki.ceremonies.keysets import KeySet, parse_key_set, share_digest, share_header
from smki.ceremonies.sealing import lock, unlock
from smki.ceremonies.words import read_words
from smki.interfaces.cli.ceremony_files import certificate_in
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting
from smki.terms import Malformed, Refused

_certificate = click.option(
    "--certificate", required=True, metavar="CERT", help="The custodian's certificate, PEM."
)
_key = click.option("--key", required=True, metavar="KEY", help="Its private key, PEM.")
_passphrase = click.option(
    "--passphrase-file", metavar="FILE", help="Holds the passphrase of KEY, if it has one."
)


@click.group(cls=WholeSentences, short_help="Custodians: their appointment.")
def custodian() -> None:
    """Key custodians: nominated, approved by the authority, verified."""


@custodian.command
@click.argument("identifier")
@click.option("--organisation", required=True, metavar="NAME", help="Whose staff they are.")
@click.option("--certificate", required=True, metavar="CERT", help="Their certificate, PEM; RSA.")
@click.option("--nominated-by", required=True, metavar="NAME", help="Who proposed them.")
@click.option("--approved", required=True, metavar="ID", help="The authority's decision.")
@click.option("--verified-by", required=True, metavar="NAME", help="Who checked their identity.")
@click.option("--verified-how", required=True, metavar="TEXT", help="By which documents.")
@click.option("--out", required=True, metavar="FILE", help="A new file.")
@json_option
def appoint(
    identifier: str, *, organisation: str, certificate: str, out: str, as_json: bool, **said: str
) -> None:
    """Write the file of a custodian: who nominated, approved and verified them."""
    with reporting(as_json=as_json):
        one = Custodian(
            identifier=identifier,
            organisation=organisation,
            certificate=certificate_in(read_input(certificate)),
            verified_on=datetime.now(UTC).replace(microsecond=0),
            salt=SystemEntropy().octets(SALT_OCTETS),
            **said,
        )
        octets = encode_custodian(one)
        parse_custodian(octets)
        with output_file(out, private=True) as write:
            write(octets)
    lines = (
        f"{identifier} of {organisation}, approved by {one.approved}: {out}",
        f"  credential {aloud(one.credential)}",
        "for real keys the authority decides first:",
        (
            "  'smki governance decide ID --kind approve-custodian --object"
            f" {one.credential} --scope {one.organisation!r} ...'"
        ),
        f"next: 'smki ceremony run NAME --state DIR --custodian {out} ...'",
    )
    document = {"custodian": identifier, "file": out, "credential": one.credential}
    emit(document, lines, as_json=as_json)


@click.group(cls=WholeSentences, short_help="A custodian's own share: checked, opened.")
def share() -> None:
    """The share of a custodian, on a machine of their own."""


@share.command
@click.argument("file")
@_certificate
@_key
@_passphrase
@json_option
def check(file: str, *, as_json: bool, **files: str | None) -> None:
    """Say whether your share of the key in FILE opens, and show nothing of it."""
    with reporting(as_json=as_json):
        held, index, words = _open_share(file, **files)
    document = _document(held, index)
    lines = (
        (
            f"your share of {held.key} opens: share {index + 1} of {len(held.holders)},"
            f" {held.quorum} open the key, set {held.number}"
        ),
        f"  key {aloud(held.fingerprint)}",
    )
    emit({**document, "digest": share_digest(words)}, lines, as_json=as_json)


@share.command("open")
@click.argument("file")
@_certificate
@_key
@_passphrase
@click.option("--to", "session", metavar="PEM", help="Public key of the ceremony: session.pem.")
@click.option("--out", metavar="FILE", help="A new file for the encrypted share; with --to.")
@json_option
def open_share(
    file: str, *, session: str | None, out: str | None, as_json: bool, **files: str | None
) -> None:
    """Open your share of the key in FILE: as words, or encrypted to a ceremony with --to."""
    if (session is None) is not (out is None):
        raise click.UsageError("--to and --out go together")
    with reporting(as_json=as_json):
        held, index, words = _open_share(file, **files)
        if session is None or out is None:
            emit({**_document(held, index), "words": words}, (words,), as_json=as_json)
            return
        to = _session(read_input(session))
        box = lock(to, words.encode(), share_header(held, index), SystemEntropy())
        with output_file(out, private=True) as write:
            write((BOX + text64(box)).encode())
    spki = to.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    lines = (
        f"your share of {held.key}, for the holder of {aloud(fingerprint(spki))} alone: {out}",
        f"next: the ceremony's prompt takes '@{out}'",
    )
    emit({**_document(held, index), "file": out}, lines, as_json=as_json)


def _open_share(
    file: str, certificate: str | None, key: str | None, passphrase_file: str | None
) -> tuple[KeySet, int, str]:
    """The key set, index and words of the share of the holder of this credential."""
    held = parse_key_set(read_input(file, limit=KEY_SET_MAX))
    credential = fingerprint(certificate_in(read_input(certificate or "")))
    found = next((n for n, one in enumerate(held.holders) if one.credential == credential), None)
    if found is None:
        raise Refused(
            f"share: {held.key} has none for credential {credential[:16]}, must be one of its"
            f" {len(held.holders)} custodians'",
            where=file,
            clause="sec-app-l:3",
            rule="ceremony.share.credential",
        )
    private = _private(key or "", passphrase_file)
    words = unlock(private, held.holders[found].box, share_header(held, found)).decode()
    if share_digest(read_words(words).text) != held.holders[found].share:
        raise Refused(
            f"share: of {held.key}: was altered, must be as it was made",
            where=file,
            clause="sec-app-l:3",
            rule="ceremony.share.altered",
        )
    return held, found, words


def _private(path: str, passphrase_file: str | None) -> RSAPrivateKey:
    passphrase = None
    if passphrase_file is not None:
        passphrase = read_private(Path(passphrase_file)).strip()
    try:
        key = load_pem_private_key(read_input(path), passphrase)
    except (ValueError, TypeError) as error:
        raise Malformed(
            f"key: {error}, must be PEM, with its passphrase if it has one", where="--key"
        ) from error
    if not isinstance(key, RSAPrivateKey):
        raise Malformed("key: of another algorithm, must be RSA", where="--key")
    return key


def _session(pem: bytes) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise Malformed(f"session key: {error}, must be PEM", where="--to") from error
    if not isinstance(key, RSAPublicKey):
        raise Malformed("session key: of another algorithm, must be RSA", where="--to")
    return key


def _document(held: KeySet, index: int) -> dict[str, Any]:
    return {
        "key": held.key,
        "purpose": held.purpose.value,
        "share": index + 1,
        "shares": len(held.holders),
        "quorum": held.quorum,
        "number": held.number,
        "fingerprint": held.fingerprint,
    }

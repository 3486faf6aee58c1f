"""Targets: what the house is handed besides messages: requests, certificates, XML, and the record."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from tests.fuzz.claims import claim, read

from smki.governance.decisions import encode_decision, parse_decision, parse_recorded
from smki.merkle.bulk import BulkManifest
from smki.merkle.canonical import encode_json, parse_json
from smki.merkle.contradicting import Contradiction
from smki.merkle.heads import TreeHead
from smki.merkle.leaf import (
    certificate_parts,
    decode_certificate,
    decode_framed,
    decode_leaf,
    encode_certificate,
    encode_framed,
    is_certificate,
)
from smki.merkle.notes import SignedNote, VerifierKey
from smki.merkle.tiles import TileName, decode_bundle, encode_entry
from smki.merkle.travelling import AddCheckpoint, TlogProof, parse_cosignatures
from smki.merkle.trust import Policy
from smki.profiles import development, lint_certificate, lint_crl, view
from smki.repository.proving import verify_proof
from smki.terms import Malformed, Refused
from smki.wire.certificate import parse_certificate, parse_public_key, parse_revocation_list
from smki.wire.cms import parse_detached
from smki.wire.encodings import read_bare_base64, read_portal_encoding, read_request_file
from smki.wire.pkcs10 import (
    parse_device_request,
    parse_organisation_request,
    parse_system_request,
)
from smki.wire.pkcs10.reading import read_device_request
from smki.wire.ssh_keys import parse_ssh_public_key
from smki.wire.xml import (
    BatchReader,
    ResultReader,
    parse_ad_hoc_request,
    parse_ad_hoc_response,
    parse_batch_status,
    parse_data_request,
    parse_data_response,
    parse_search_request,
    parse_search_response,
    read_items,
    write_ad_hoc_request,
)

BUNDLE: Final = 3  # entries in a bundle


def certificate(octets: bytes) -> None:
    """A certificate is read to its end; lint and view say of any octets what they are."""
    found = read(parse_certificate, octets, encode=lambda each: each.octets)
    findings = lint_certificate(octets, development())
    claim(holds=found is not None or bool(findings), what="no certificate, and no finding")
    read(lambda each: view(each, development()), octets)
    read(parse_public_key, octets)


def revocation_list(octets: bytes) -> None:
    """A revocation list is read to its end; the lint says of any octets what they are."""
    found = read(parse_revocation_list, octets, encode=lambda each: each.octets)
    claim(holds=found is not None or bool(lint_crl(octets)), what="no list, and no finding")


def request(octets: bytes) -> None:
    """A certification request is read; the short cut reads as the strict reader does."""
    strict = read(lambda each: read_device_request(each)[0], octets)
    claim(holds=read(parse_device_request, octets) == strict, what="two readings")
    read(parse_organisation_request, octets)
    read(parse_system_request, octets)
    read(read_request_file, octets)


def request_text(octets: bytes) -> None:
    """What is bare base64 is so for every door, and means the same octets."""
    bare = read(read_bare_base64, octets)
    portal = read(read_portal_encoding, octets)
    claim(holds=bare is None or bare == portal, what="two readings")


def cms(octets: bytes) -> None:
    """A detached signature is read, or refused."""
    read(parse_detached, octets)


def ssh_key(octets: bytes) -> None:
    """A public key of SSH is read, or refused."""
    read(parse_ssh_public_key, octets, errors=(Malformed, Refused))


def leaf(octets: bytes) -> None:
    """A leaf has one form; quick and strict readers agree on what a certificate's leaf is."""
    found = read(decode_leaf, octets)
    strict = read(
        decode_certificate, octets, encode=lambda pair: encode_certificate(pair[1], pair[0])
    )
    quick = is_certificate(octets)
    claim(holds=(strict is not None) == quick, what="quick and strict differ")
    claim(holds=strict is None or found is not None, what="a certificate's leaf, but no leaf")
    if strict is not None:
        instant, body = strict
        parts = (instant, body.manufacturing, body.subscriber, body.certificate)
        claim(holds=certificate_parts(octets) == parts, what="two readings")
    read(decode_framed, octets, encode=lambda pair: encode_framed(*pair))


def note(octets: bytes) -> None:
    """Signed notes, heads, verifier keys and policies have one form each."""
    found = read(SignedNote.parse, octets, encode=bytes)
    read(TreeHead.parse, octets if found is None else found.text, encode=TreeHead.text)
    text = octets.decode("utf-8", "replace")
    read(
        lambda _: VerifierKey.parse(text),
        text.encode(),
        encode=lambda key: str(key).encode(),
    )
    read(Policy.parse, octets)
    read(parse_cosignatures, octets)


def proof(octets: bytes) -> None:
    """Proofs and what witnesses are asked have one form each; a proof file is refused or holds."""
    read(TlogProof.parse, octets, encode=TlogProof.encode)
    read(AddCheckpoint.parse, octets, encode=AddCheckpoint.encode)
    read(Contradiction.parse, octets, encode=Contradiction.encode)
    believed = Policy()
    lines = octets.splitlines(keepends=True)
    read(lambda _: verify_proof(lines, believed), octets, errors=(Malformed, Refused))


def tile(octets: bytes) -> None:
    """A bundle is its entries and nothing else; the path of a tile has one form."""
    read(
        lambda each: decode_bundle(each, BUNDLE),
        octets,
        encode=lambda entries: b"".join(map(encode_entry, entries)),
    )
    path = octets.decode("utf-8", "replace")
    read(lambda _: TileName.parse(path), path.encode(), encode=lambda name: name.path.encode())


def manifest(octets: bytes) -> None:
    """Canonical JSON, manifests of bulk files and decisions have one form each."""
    read(lambda each: parse_json(each, "fuzz"), octets, encode=encode_json)
    read(BulkManifest.parse, octets, encode=BulkManifest.encode)
    read(parse_decision, octets, encode=encode_decision)
    recorded = read(parse_recorded, octets)
    if recorded is not None:
        decision, file, signatures = recorded
        claim(holds=encode_decision(decision) == file and bool(signatures), what="another file")
        json.loads(file)


def batch(octets: bytes) -> None:
    """A batch is read in parts of any size alike; what is valid has its items."""
    read(lambda each: _batch(each, len(each) or 1), octets)
    whole = _accepted(octets, len(octets) or 1)
    claim(holds=_accepted(octets, 7) == whole, what="parts are read otherwise than the whole")
    if whole is not None:
        items = list(read_items([octets]))
        claim(holds=len(items) == whole[1], what=f"{len(items)} items of {whole[1]}")
    read(lambda each: list(ResultReader([each])), octets)


def _accepted(octets: bytes, size: int) -> tuple[str, int] | None:
    return read(lambda each: _batch(each, size), octets)


def _batch(octets: bytes, size: int) -> tuple[str, int]:
    reader = BatchReader()
    for start in range(0, len(octets), size):
        reader.feed(octets[start : start + size])
    header = reader.close()
    return header.document_id, header.items


def document(octets: bytes) -> None:
    """The small documents of the web services are read, or refused."""
    asked = read(parse_ad_hoc_request, octets)
    if asked is not None:
        again = parse_ad_hoc_request(write_ad_hoc_request(asked))
        claim(holds=again == asked, what="read again, it is another request")
    for parse in (
        parse_ad_hoc_response,
        parse_batch_status,
        parse_search_request,
        parse_search_response,
        parse_data_request,
        parse_data_response,
    ):
        read(parse, octets)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {
        "certificate": certificate,
        "revocation-list": revocation_list,
        "request": request,
        "request-text": request_text,
        "cms": cms,
        "ssh-key": ssh_key,
        "leaf": leaf,
        "note": note,
        "proof": proof,
        "tile": tile,
        "manifest": manifest,
        "batch": batch,
        "document": document,
    }
)
"""Each target by its name."""

"""Certificates of the house's own and of the sample parties, each with its key in files.

A pair is replaced in three steps, each durable: the new key, the new certificate beside it, and
both renamed over the old ones. Whoever is cut off goes on from where it was; a server that reads
meanwhile sees the old pair, the new one, or two that do not fit, which it does not take. An
organisation's pair is kept, in a folder `earlier`: devices believe it until their cells are updated.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from cryptography import x509

from smki.adapters.files import make_folder, read_octets, write_durably
from smki.adapters.requesters import (
    RequestWithKey,
    request_for_organisation,
    request_for_system,
)
from smki.authority import Hierarchy
from smki.bootstrap.samples import Sample
from smki.bootstrap.settings import Settings
from smki.flows.office import FrontOffice
from smki.flows.registering import certificate_of
from smki.terms import CertificateKind, Interface, Unavailable
from smki.wire.encodings import write_pem

SERVER: Final = "server"
_SERVER_ROLE: Final = "7F"
_NEXT: Final = ".next"
EARLIER: Final = "earlier"
"""Where the organisation pairs before the present ones are, beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and its key.

    Attributes:
        name: how an operator names it: `server`, `supplier/adhoc`, `supplier/<EUI-64>-ds`.
        kind: the kind of the certificate.
        party: the sample party that holds it; empty for the server.
        interface: what it opens; None if it is not a credential.
        certificate: PEM, with its issuer's if it is of the IKI.
        key: PKCS#8, PEM, not encrypted.
        ask: makes the request, for a fresh key or for the one in `pem`.
    """

    name: str
    kind: CertificateKind
    party: str
    interface: Interface | None
    certificate: Path
    key: Path
    ask: Callable[..., RequestWithKey]


def server_pair(settings: Settings, build: str) -> Pair:
    """The pair of the server behind mutual TLS."""
    return Pair(
        name=SERVER,
        kind=CertificateKind.IKI_SERVER,
        party="",
        interface=None,
        certificate=settings.path("tls", "server.pem"),
        key=settings.path("tls", "server.key"),
        ask=partial(request_for_system, build, _SERVER_ROLE, settings.names[0]),
    )


def sample_pairs(settings: Settings, sample: Sample) -> tuple[Pair, ...]:
    """The pairs of a sample party: organisation certificates, then credentials."""
    party, folder = sample.party.party, settings.path("parties", sample.party.party)
    role = sample.party.identities[0][1]
    role_code = _SERVER_ROLE if role is None else role.organisational_unit
    organisation = (
        (
            f"{entity.digits}-{suffix}",
            CertificateKind.ORGANISATION,
            None,
            partial(request_for_organisation, entity, role, usage),
        )
        for entity, role, usage, suffix in sample.certificates
    )
    credentials = (
        (
            interface.value,
            interface.credential,
            interface,
            partial(request_for_system, sample.party.name, role_code, f"{party} {interface.value}"),
        )
        for interface in sample.interfaces
    )
    return tuple(
        Pair(
            name=f"{party}/{name}",
            kind=kind,
            party=party,
            interface=interface,
            certificate=folder / f"{name}.pem",
            key=folder / f"{name}.key",
            ask=ask,
        )
        for name, kind, interface, ask in (*organisation, *credentials)
    )


def certified(front: FrontOffice, pair: Pair, certify: Callable[[bytes], bytes]) -> bytes:
    """The certificate (DER) for the key in the pair's file, which is made if it is not there.

    The key is durable before anything is issued for it: who was cut off finds what was issued.
    """
    if pair.key.exists():
        request = pair.ask(pem=pair.key.read_bytes())
        if found := certificate_of(front, request.public_key):
            return found
    else:
        request = pair.ask()
        write_durably(pair.key, request.key, private=True)
    return certify(request.request)


def keep_certificate(pair: Pair, certificate: bytes, hierarchy: Hierarchy) -> None:
    """The certificate (DER) stands in its file, with its issuer's if it is of the IKI."""
    issuers = () if pair.kind is CertificateKind.ORGANISATION else hierarchy.chain_of(pair.kind)
    write_durably(pair.certificate, pem_of(certificate, *issuers[:1]))


def pem_of(*certificates: bytes) -> bytes:
    """The certificates (DER) as PEM, one after the other."""
    return b"".join(write_pem(one, "CERTIFICATE") for one in certificates)


def next_of(pair: Pair) -> Pair:
    """The pair that will take this one's place: beside it, not in use."""
    return replace(pair, certificate=_next(pair.certificate), key=_next(pair.key))


def take_over(pair: Pair) -> None:
    """The next pair is in this one's place, if its certificate is there; the key goes first.

    Raises:
        Unavailable: the files cannot be renamed.
    """
    new = next_of(pair)
    if not new.certificate.exists():
        return
    _keep_earlier(pair)
    try:
        if new.key.exists():
            new.key.replace(pair.key)
        new.certificate.replace(pair.certificate)
        folder = os.open(pair.certificate.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable(
            f"{pair.name}: cannot take its place ({error.strerror})", where=str(pair.certificate)
        ) from error


def keep_without_key(pair: Pair, certificate: bytes) -> None:
    """The pair is this certificate (DER), whose key is in custody elsewhere; again changes nothing.

    Raises:
        Unavailable: the files cannot be written.

    Clause: sec-app-l:3
    """
    pem = pem_of(certificate)
    if not pair.certificate.exists() or read_octets(pair.certificate) != pem:
        _keep_earlier(pair)
        write_durably(pair.certificate, pem)
    try:
        pair.key.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            f"{pair.name}: its earlier key cannot be removed ({error.strerror})",
            where=str(pair.key),
        ) from error


def earlier_keys(folder: Path, name: str) -> tuple[Path, ...]:
    """The keys that pairs of that name had before, oldest first."""
    found = (folder / EARLIER).glob(f"{name}-*.key")
    return tuple(sorted(found, key=lambda path: path.stat().st_mtime))


def _keep_earlier(pair: Pair) -> None:
    """What devices hold until their cells are updated stays beside what is in use, with its key."""
    if pair.kind is not CertificateKind.ORGANISATION or not pair.key.exists():
        return
    if not pair.certificate.exists():
        return
    serial = x509.load_pem_x509_certificate(read_octets(pair.certificate)).serial_number
    folder = pair.certificate.parent / EARLIER
    make_folder(folder)
    for path in (pair.key, pair.certificate):
        kept = folder / f"{path.stem}-{serial:x}{path.suffix}"
        if not kept.exists():
            write_durably(kept, read_octets(path), private=path is pair.key)


def _next(path: Path) -> Path:
    return path.with_name(path.name + _NEXT)

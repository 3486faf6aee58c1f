"""A rehearsal's house that a ceremony founded, with sample parties, and the ceremonies that follow."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.ceremony import Ticking, close, hall, kept, opening, signed
from tests.support.custody import custodians
from tests.support.founding import quick_stores

from smki.bootstrap import Settings, initialise, load_settings, open_front
from smki.bootstrap.founding import issuing_requests
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.succeeding import InForce, next_request, successor_names, take_in_force
from smki.ceremonies.acts import ACTS
from smki.ceremonies.environments import names_for
from smki.ceremonies.holding import hold, open_ceremony, resume
from smki.ceremonies.opening import Opening
from smki.flows.revocation import current_list
from smki.interfaces.operations import perform
from smki.terms import CertificateKind

OCA = CertificateKind.ISSUING_OCA
ROOT = "rehearsal-root-oca"
MAINTENANCE = {
    f"permit.{ROOT}.{one}": "" for one in ("decision", "recovery", "incident", "method", "purpose")
}


@dataclass(frozen=True)
class Rehearsed:
    """The house, beside the folders of its ceremonies."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Where its state is."""
        return {"SMKI_STATE": str(self.folder / "state")}

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return load_settings(self.environment)

    def copied(self, folder: Path) -> "Rehearsed":
        """Another of the same, to be changed."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Rehearsed(folder)

    def ask(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """As the command does."""
        return perform(self.settings, self.environment, operation, arguments)

    def certificate(self, kind: CertificateKind) -> bytes:
        """Of the authority in force."""
        with open_front(self.settings) as front:
            return load_hierarchy(front).authority(kind).certificate

    def hold(self, name: str, opened: Opening, **more: Any) -> bytes:
        """The signed transcript of a ceremony in a folder of that name."""
        return held_now(self.folder / name, opened, **more)

    def contingency(self, name: str = "contingency") -> bytes:
        """A ceremony 'contingency' for the next key of the issuing authority."""
        return self.hold(name, self.opening("contingency"))

    def opening(self, script: str, keys: tuple[str, ...] = ()) -> Opening:
        """Of a ceremony that certifies the next key, under names that nobody had."""
        with quick_stores():
            request = next_request(self.settings, self.environment)
        with open_front(self.settings) as front:
            names = successor_names(front)
        return replace(
            opening(script, keys),
            issuing={OCA: key_in(request)},
            names=names_for(opening(script).purpose, names),
        )

    def issuing(
        self, name: str = "issuing", *, revoke: bool = True, custody: str = "roots"
    ) -> bytes:
        """A ceremony 'issuing', which revokes the authority in force, by the root in custody."""
        with open_front(self.settings) as front:
            current = current_list(front, CertificateKind.ROOT_OCA)
            root = load_hierarchy(front).authority(CertificateKind.ROOT_OCA).certificate
        assert current is not None
        contents = {"root-oca.cer": root, "root-oca.crl": current.octets}
        if revoke:
            contents["revoke.cer"] = self.certificate(OCA)
        opened = self.opening("issuing", (ROOT,))
        keys = (kept(self.folder / custody, ROOT),)
        return self.hold(name, opened, keys=keys, contents=contents, instead=MAINTENANCE)

    def take(self, transcript: bytes) -> InForce:
        """What the ceremony made is in force."""
        return take_in_force(
            self.settings, partial(perform, self.settings, self.environment), transcript
        )


def requested(house: Rehearsed) -> bytes:
    """The signed transcript of a rehearsal of initial roots, for issuing keys that are made there."""
    with quick_stores():
        requests = issuing_requests(house.settings, house.environment, lambda _: None)
    opened = replace(opening(), issuing={kind: key_in(one) for kind, one in requests.items()})
    return house.hold("roots", opened)


def rehearsed(folder: Path, *, bare: bool = False) -> Rehearsed:
    """Founded by a rehearsal of initial roots, with sample parties."""
    house = Rehearsed(folder)
    transcript = requested(house)
    with quick_stores():
        initialise(
            house.settings, house.environment, bare=bare, tell=lambda _: None, ceremony=transcript
        )
    return house


def held_now(
    folder: Path,
    opened: Opening,
    *,
    keys: Any = (),
    contents: Mapping[str, bytes] | None = None,
    instead: Mapping[str, str] | None = None,
) -> bytes:
    """The signed transcript of a ceremony that is held today in this folder."""
    here = hall(folder, instead, clock=Ticking(datetime.now(UTC).replace(microsecond=0)))
    try:
        open_ceremony(here, opened, custodians(), keys, contents or {})
        octets = hold(resume(here), ACTS)
    finally:
        close(here)
    return signed(folder, octets)


def key_in(request: bytes) -> bytes:
    """The SubjectPublicKeyInfo (DER) in a request (DER)."""
    key = x509.load_der_x509_csr(request).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

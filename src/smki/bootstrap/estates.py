"""The estate of simulated devices beside a house: where it is, and whom its devices trust.

Its devices trust the house's own root and sample parties, whose private keys are in the state
directory: what those send, they obey.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from smki.adapters.files import read_octets
from smki.adapters.sql.estate import SqlEstate
from smki.authority import Hierarchy
from smki.bootstrap.samples import SAMPLES
from smki.bootstrap.settings import Settings
from smki.devices import KINDS, DeviceKind, TrustAnchor, kinds
from smki.devices.path import held
from smki.simulator.homes import HomeFigures, Model
from smki.terms import CertificateKind, KeyUsage, RemotePartyRole, Unavailable
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier

_TOP_UP: Final = "pp-ka"
_BITS: Final = MappingProxyType(
    {
        KeyUsage.DIGITAL_SIGNATURE: KeyUsageBits.DIGITAL_SIGNATURE,
        KeyUsage.KEY_AGREEMENT: KeyUsageBits.KEY_AGREEMENT,
    }
)


def estate_file(settings: Settings) -> Path | None:
    """The file of the estate's database; None if that is no file of the state directory."""
    return None if settings.estate.database else settings.path("estate.sqlite")


@contextmanager
def open_estate(settings: Settings, *, new: bool = False) -> Iterator[SqlEstate]:
    """The estate of this house, open; `new` makes it if there is none.

    Raises:
        Unavailable: there is none, or its database is away.
    """
    file = estate_file(settings)
    if file is not None and not new and not file.exists():
        raise Unavailable(
            f"no estate in {settings.state}, one must be made first:"
            " run 'smki estate make --devices N'",
            where=os.fspath(file),
            rule="estate.absent",
        )
    url = settings.estate.database
    if file is not None:
        url = f"sqlite:///{quote(os.fspath(file.absolute()))}"
    with closing(SqlEstate(url)) as estate:
        yield estate


def home_figures(settings: Settings) -> HomeFigures:
    """What the homes of an estate are like."""
    chosen = settings.estate
    models: dict[DeviceKind, list[Model]] = {}
    for each in chosen.models:
        model = Model(make=each.make, model=each.model, share=each.share)
        models.setdefault(DeviceKind(each.kind), []).append(model)
    return HomeFigures(
        per_thousand={
            DeviceKind(kind): number for kind, number in chosen.per_thousand_homes.items()
        },
        regions=chosen.regions,
        models={kind: tuple(some) for kind, some in models.items()},
    )


def trusted_certificates(
    settings: Settings, hierarchy: Hierarchy
) -> dict[TrustAnchorCellIdentifier, bytes]:
    """The certificate (DER) for each trust anchor cell that the house can fill.

    A cell of whom the house has no certificate has the access control broker's, as devices have
    before their remote parties are known.

    Raises:
        Unavailable: the house has no sample parties: it cannot fill those that every device has.

    Clause: gbcs:4.3.2.2
    """
    root = hierarchy.authority(CertificateKind.ROOT_OCA).certificate
    found = {kinds.ROOT: root, **_of_parties(settings)}
    for row in KINDS.values():
        for cell in row.cells:
            stand_in = kinds.cell(RemotePartyRole.ACCESS_CONTROL_BROKER, cell.key_usage)
            if cell not in found and stand_in in found:
                found[cell] = found[stand_in]
    missing = {cell for row in KINDS.values() for cell in row.cells} - set(found)
    if missing:
        roles = ", ".join(sorted({cell.role.name.lower() for cell in missing}))
        raise Unavailable(
            f"no certificates of {roles}, devices must hold them: run 'smki init', which makes"
            " sample parties",
            where=os.fspath(settings.path("parties")),
            clause="gbcs:4.3.2.2",
            rule="estate.parties",
        )
    return found


def anchors_of(
    kind: DeviceKind, certificates: Mapping[TrustAnchorCellIdentifier, bytes]
) -> Mapping[TrustAnchorCellIdentifier, TrustAnchor]:
    """What the cells of a device of that kind hold of these certificates (DER).

    Clause: gbcs:4.3.2.2
    """
    cells = KINDS[kind].cells
    return MappingProxyType({cell: held(parse_certificate(certificates[cell])) for cell in cells})


def _of_parties(settings: Settings) -> dict[TrustAnchorCellIdentifier, bytes]:
    found = {}
    for sample in SAMPLES:
        folder = settings.path("parties", sample.party.party)
        for entity, role, usage, suffix in sample.certificates:
            path = folder / f"{entity.digits}-{suffix}.pem"
            if path.exists():
                purpose = CellUsage.MANAGEMENT
                if suffix == _TOP_UP:
                    purpose = CellUsage.PRE_PAYMENT_TOP_UP
                cell = kinds.cell(role, _BITS[usage], purpose)
                found[cell] = _certificate(path)
    return found


def _certificate(path: Path) -> bytes:
    try:
        certificate = x509.load_pem_x509_certificate(read_octets(path))
    except ValueError as error:
        raise Unavailable(
            f"certificate {path.name}: cannot be read ({error})", where=os.fspath(path)
        ) from error
    return certificate.public_bytes(Encoding.DER)

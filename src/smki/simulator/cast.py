"""A hierarchy, parties and devices of a simulation: real certificates under keys of their own.

The certificates are after the profiles, under a root that nobody trusts for anything else. The
root carries a real contingency public key, wrapped; the key and the symmetric key that opens it
are here too, as nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from smki.crypto import spki_p256, wrap
from smki.devices import (
    KINDS,
    DeviceKind,
    DeviceState,
    OwnKey,
    TrustAnchor,
    kinds,
)
from smki.devices.path import held
from smki.messages import KeyUse
from smki.profiles import (
    DEVELOPMENT_HARDWARE,
    AuthoritySubject,
    DeviceSubject,
    Draft,
    OrganisationSubject,
    ProfileSettings,
    Subject,
    assemble,
    common_name,
    compose,
    issuer_from_certificate,
    validity,
)
from smki.simulator.keys import ScalarKeys
from smki.terms import EUI64, CertificateKind, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire import der
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier

SYMMETRIC_KEY_OCTETS: Final = 16
POINT_OCTETS: Final = 65
HW_TYPE: Final = der.oid(DEVELOPMENT_HARDWARE)[2:]  # content of the OID, without tag and length
_CERTIFICATE_AND_CRL: Final = KeyUsage.CERTIFICATE_AND_CRL_SIGNING
_PARTIES: Final = EUI64.parse("0A534D4B50000000")
_DEVICES: Final = EUI64.parse("0A534D4B60000000")
_USES: Final = MappingProxyType(
    {
        KeyUse.DIGITAL_SIGNATURE: KeyUsage.DIGITAL_SIGNATURE,
        KeyUse.KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
        KeyUse.PREPAYMENT_KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
    }
)
_BITS: Final = MappingProxyType(
    {
        KeyUsage.DIGITAL_SIGNATURE: KeyUsageBits.DIGITAL_SIGNATURE,
        KeyUsage.KEY_AGREEMENT: KeyUsageBits.KEY_AGREEMENT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A private key of the simulation, and the certificate (DER) that names it."""

    handle: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A remote party: who it is, as what, and its keys."""

    entity: EUI64
    role: RemotePartyRole
    keys: Mapping[KeyUse, Held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Root and issuing authorities of organisations and devices, and the contingency keys."""

    root: Held
    issuing: Held
    device_root: Held
    device_issuing: Held
    contingency: bytes
    symmetric_key: bytes


class Cast:
    """Makes the figures of a simulation, all from the chance and the instant that it is given.

    Args:
        keys: makes keys and signs.
        at: from when certificates are valid.
        settings: profiles of the environment.
    """

    def __init__(self, keys: ScalarKeys, at: datetime, settings: ProfileSettings) -> None:
        self._keys = keys
        self._at = at
        self._settings = settings
        self.hierarchy = self.new_hierarchy()

    def new_hierarchy(self) -> Hierarchy:
        """Another root, with everything beneath it and its own contingency keys."""
        contingency, point = self._keys.generate(KeyUsageBits.DIGITAL_SIGNATURE)
        symmetric = self._keys.chance(SYMMETRIC_KEY_OCTETS)
        wrapped = wrap(self._settings.wrap_algorithm, symmetric, spki_p256(point))
        root = self._authority(CertificateKind.ROOT_OCA, "SR", RemotePartyRole.ROOT, None, wrapped)
        device_root = self._authority(CertificateKind.ROOT_DCA, "SDR", None, None)
        return Hierarchy(
            root=root,
            issuing=self._authority(
                CertificateKind.ISSUING_OCA, "SI", RemotePartyRole.ISSUING_AUTHORITY, root
            ),
            device_root=device_root,
            device_issuing=self._authority(CertificateKind.ISSUING_DCA, "SDI", None, device_root),
            contingency=contingency,
            symmetric_key=symmetric,
        )

    def link(self, old: Hierarchy, new: Hierarchy) -> bytes:
        """A certificate (DER) by which the old root vouches for the new root's key."""
        tbs = parse_certificate(new.root.certificate).tbs
        subject = AuthoritySubject(
            common_name=common_name(new.root.certificate) or "",
            role=RemotePartyRole.ISSUING_AUTHORITY,
        )
        return self._signed(
            CertificateKind.ISSUING_OCA,
            subject,
            _CERTIFICATE_AND_CRL,
            tbs.public_key[-POINT_OCTETS:],
            old.root,
        )

    def issuing_under(self, root: Held) -> Held:
        """Another Issuing OCA under the root, with a key of its own."""
        role = RemotePartyRole.ISSUING_AUTHORITY
        return self._authority(CertificateKind.ISSUING_OCA, "SI", role, root)

    def party(self, role: RemotePartyRole, number: int, *uses: KeyUse) -> Party:
        """A remote party with keys for these uses; the same number gives the same identifier."""
        entity = EUI64((int(_PARTIES) + (role << 16) + number).to_bytes(8, "big"))
        keys = {
            use: self._certified(entity, role, use, self._keys.of_party(entity, use))
            for use in uses
        }
        return Party(entity=entity, role=role, keys=MappingProxyType(keys))

    def certified(
        self, entity: EUI64, role: RemotePartyRole, *uses: KeyUse
    ) -> Mapping[KeyUse, Held]:
        """New keys of a party, with organisation certificates, that replace those it has."""
        new = self._keys.generate
        return MappingProxyType(
            {
                use: self._certified(entity, role, use, new(KeyUsageBits.DIGITAL_SIGNATURE))
                for use in uses
            }
        )

    def _certified(
        self, entity: EUI64, role: RemotePartyRole, use: KeyUse, made: tuple[bytes, bytes]
    ) -> Held:
        """An organisation certificate for a key: its handle and its public key."""
        handle, point = made
        subject = OrganisationSubject(entity=entity, role=role)
        kind, issuer = CertificateKind.ORGANISATION, self.hierarchy.issuing
        return Held(
            handle=handle,
            certificate=self._signed(kind, subject, _USES[use], point, issuer),
        )

    def device_certificate(self, device: EUI64, usage: KeyUsage, point: bytes) -> bytes:
        """A device certificate (DER) for a key that the device has."""
        subject = DeviceSubject(device=device, hw_type=HW_TYPE)
        return self._signed(
            CertificateKind.DEVICE, subject, usage, point, self.hierarchy.device_issuing
        )

    def device(
        self, kind: DeviceKind, number: int, anchors: Mapping[TrustAnchorCellIdentifier, bytes]
    ) -> DeviceState:
        """A device whose cells hold these certificates (DER), with its own two."""
        device = EUI64((int(_DEVICES) + number).to_bytes(8, "big"))
        own = {}
        for usage, bits in _BITS.items():
            handle, point = self._keys.generate(bits)
            own[bits] = OwnKey(
                handle=handle, certificate=self.device_certificate(device, usage, point)
            )
        return DeviceState(
            device=device,
            kind=kind,
            hw_type=HW_TYPE,
            anchors=MappingProxyType(
                {cell: anchor_of(anchors[cell]) for cell in KINDS[kind].cells if cell in anchors}
            ),
            own=MappingProxyType(own),
        )

    def _authority(
        self,
        kind: CertificateKind,
        name: str,
        role: RemotePartyRole | None,
        issuer: Held | None,
        wrapped: bytes | None = None,
    ) -> Held:
        tail = self._keys.chance(1).hex().upper()  # names are at most four characters
        subject = AuthoritySubject(common_name=(name + tail)[-4:], role=role)
        return self._issued(kind, subject, _CERTIFICATE_AND_CRL, issuer, wrapped)

    def _issued(
        self,
        kind: CertificateKind,
        subject: Subject,
        usage: KeyUsage,
        issuer: Held | None,
        wrapped: bytes | None = None,
    ) -> Held:
        handle, point = self._keys.generate(KeyUsageBits.DIGITAL_SIGNATURE)
        signer = issuer or Held(handle=handle, certificate=b"")
        certificate = self._signed(kind, subject, usage, point, signer, wrapped)
        return Held(handle=handle, certificate=certificate)

    def _signed(
        self,
        kind: CertificateKind,
        subject: Subject,
        usage: KeyUsage,
        point: bytes,
        issuer: Held,
        wrapped: bytes | None = None,
    ) -> bytes:
        not_before, not_after = validity(kind, self._at, self._settings)
        named = issuer_from_certificate(issuer.certificate) if issuer.certificate else None
        tbs = compose(
            Draft(
                kind=kind,
                serial=SerialNumber.from_random(self._keys.chance(16)),
                issuer=named,
                subject=subject,
                usage=usage,
                public_key=spki_p256(point),
                not_before=not_before,
                not_after=not_after,
                wrapped_contingency_key=wrapped,
            ),
            self._settings,
        )
        return assemble(tbs, self._keys.sign(issuer.handle, tbs), kind)


def anchor_of(certificate: bytes) -> TrustAnchor:
    """What a cell holds of a certificate (DER)."""
    return held(parse_certificate(certificate))


def cells_of(hierarchy: Hierarchy, *parties: Party) -> dict[TrustAnchorCellIdentifier, bytes]:
    """The certificate for each cell that these parties fill, and the root's."""
    cells = {kinds.ROOT: hierarchy.root.certificate}
    for party in parties:
        for use, key in party.keys.items():
            usage = CellUsage.MANAGEMENT
            if use is KeyUse.PREPAYMENT_KEY_AGREEMENT:
                usage = CellUsage.PRE_PAYMENT_TOP_UP
            cells[kinds.cell(party.role, _BITS[_USES[use]], usage)] = key.certificate
    return cells

"""The public keys by which messages are checked, from the certificates in the repository.

Finds them by the EUI-64 that a message names; holds no private key, and writes nothing.

Clause: gbcs:18.4
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from smki.flows.office import FrontOffice
from smki.messages import KeyUse, KnownKey, read_document
from smki.ports import CertificateRow
from smki.repository.searching import read_certificate, standing
from smki.terms import EUI64, CertificateKind, CertificateStatus, KeyUsage, RemotePartyRole
from smki.wire.certificate import parse_certificate

KEYS_MOST: Final = 250  # of one entity, the likeliest: twice what a meter is ever renewed
_POINT_OCTETS: Final = 65
_KINDS: Final = frozenset({CertificateKind.DEVICE, CertificateKind.ORGANISATION})
_USAGES: Final[Mapping[KeyUse, KeyUsage]] = MappingProxyType(
    {
        KeyUse.DIGITAL_SIGNATURE: KeyUsage.DIGITAL_SIGNATURE,
        KeyUse.KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
        KeyUse.PREPAYMENT_KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
    }
)


class RepositoryKeys:
    """`messages.KeyRing` of the repository: certificates in use first, then the newest.

    All are asked, revoked and expired ones too: a message may be older than that. What is said of
    each is its standing now.
    """

    def __init__(self, front: FrontOffice) -> None:
        self._front = front

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """The public keys in the entity's certificates for that use.

        Raises:
            Inconsistent: the index points to an entry that is no certificate.

        Clause: gbcs:4.3.1
        """
        rows = [
            row
            for row in self._front.index.by_identity(entity)
            if row.kind in _KINDS and row.usage is _USAGES[use]
        ]
        rows.sort(key=lambda row: (row.status is not CertificateStatus.IN_USE, -row.entry))
        return [self._known(entity, row) for row in rows[:KEYS_MOST]]

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """None: the repository has no private keys."""
        del entity, point
        return ()

    def brokers(self) -> Sequence[EUI64]:
        """The EUI-64s that are registered with the broker's role.

        Clause: gbcs:4.3.2.2
        """
        return [
            identity
            for party in self._front.registry.parties()
            for identity, role in party.identities
            if role is RemotePartyRole.ACCESS_CONTROL_BROKER
        ]

    def _known(self, entity: EUI64, row: CertificateRow) -> KnownKey:
        _, body = read_certificate(self._front.reader, row.entry)
        status = standing(row, self._front.clock.now())
        return KnownKey(
            entity=entity,
            point=parse_certificate(body.certificate).tbs.public_key[-_POINT_OCTETS:],
            serial=str(row.serial),
            standing=status.name.lower().replace("_", " "),
        )


def message_document(front: FrontOffice, octets: bytes) -> Mapping[str, object]:
    """What the message says, and what of it holds by the certificates in the repository.

    Clause: gbcs:7.2.7, gbcs:18.4
    """
    return read_document(octets, RepositoryKeys(front))

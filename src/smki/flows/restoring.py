"""What of a lost register the record gives back: which credential opens what, and to whom.

The record holds every credential with the EUI-64 of the party it was issued to. Parties are not in
it: for credentials of one that is not registered, what they say of it is told.
"""

from collections import Counter
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from smki.flows.office import FrontOffice
from smki.merkle.leaf import decode_certificate
from smki.ports import CertificateRow, Credential, Party
from smki.terms import EUI64, CertificateStatus, Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """What became of the credentials in the record.

    Attributes:
        opened: how many were not in the register and are again, revoked ones among them.
        strangers: how many are of each party that is not registered: its EUI-64 in the record, its
            trading name and role code in the certificate.
    """

    opened: int
    strangers: tuple[tuple[EUI64, str, str, int], ...]


def reopen_interfaces(front: FrontOffice) -> Reopened:
    """Every credential in the record whose party is registered is in the register again.

    One that is on the revocation list opens nothing. Those that are there stay as they are.

    Raises:
        Inconsistent: the record is damaged, or the register knows a credential as another's.

    Clause: sec-app-m:G, sec-app-q:B
    """
    owners = {identity: one for one in front.registry.parties() for identity, _ in one.identities}
    strangers: Counter[tuple[EUI64, str, str]] = Counter()
    opened = 0
    for interface in Interface:
        for row in front.index.rows(interface.credential):
            name = _subject(front, row)
            owner = owners.get(row.subscriber)
            if owner is None or owner.name != name[0]:
                strangers[(row.subscriber, *name)] += row.status is CertificateStatus.IN_USE
            else:
                opened += _reopen(front, owner, interface, row)
    found = sorted((*who, count) for who, count in strangers.items() if count)
    return Reopened(opened=opened, strangers=tuple(found))


def _reopen(front: FrontOffice, owner: Party, interface: Interface, row: CertificateRow) -> bool:
    if front.registry.credential(row.serial) is not None:
        return False
    front.registry.add_credential(
        Credential(
            serial=row.serial,
            party=owner.party,
            interface=interface,
            revoked=row.status is CertificateStatus.REVOKED,
        )
    )
    return True


def _subject(front: FrontOffice, row: CertificateRow) -> tuple[str, str]:
    """Trading name and role code."""
    _, body = decode_certificate(front.reader.leaf(row.entry))
    subject = x509.load_der_x509_certificate(body.certificate).subject
    name, role = (
        "".join(str(one.value) for one in subject.get_attributes_for_oid(oid))
        for oid in (NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    )
    return name, role

"""Afterwards: what was lost is revoked, and the lists that say so are published.

an organisation's, the recovery party's   its old certificates, on the next CRL, asked for by an
officer of the operator in signed words: compromise
the Issuing OCA's                         on the root's list since the ceremony that succeeded it
a root's, the contingency keys            no list names them: devices have another root by then
"""

from collections.abc import Iterator
from typing import Any, Final

from smki.bootstrap import open_front
from smki.bootstrap.initialising import credential_path
from smki.flows.office import FrontOffice
from smki.flows.revocation import current_list
from smki.flows.revoking import revocation_statement
from smki.flows.statements import said
from smki.interfaces.cli.officers import detached
from smki.interfaces.rehearsal.campaigning import after, before
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.house import asking
from smki.interfaces.rehearsal.preparing import DCC
from smki.merkle.canonical import encode_json
from smki.policy.revocation import Circumstance
from smki.recovery import Compromised
from smki.terms import (
    CertificateKind,
    CertificateStatus,
    Interface,
    RemotePartyRole,
    SerialNumber,
)
from smki.wire.certificate import parse_certificate

_ROOT: Final = CertificateKind.ROOT_OCA


def revoked(run: Run) -> Made:
    """Nobody who looks at the lists relies on what was lost.

    Clause: sec:L10, sec-app-b:B-crl
    """
    serials, crl = [], 0
    for serial in _lost(run):
        with open_front(run.house) as front:
            if _is_revoked(front, serial):
                continue
            asked = revocation_statement(front, serial, Circumstance.COMPROMISE, "")
        certificate, key = credential_path(run.house, DCC, Interface.PORTAL)
        signature = detached(encode_json(asked), str(certificate), str(key))
        result: dict[str, Any] = dict(
            asking(run)("revoke-organisation", {"asked": said(asked, signature)})
        )
        serials.append(str(serial))
        crl = int(result["crl_number"])
    if serials:
        run.tell(f"  {len(serials)} certificates revoked as compromised, on CRL {crl}")
    with open_front(run.house) as front:
        listed = current_list(front, _ROOT)
        revoked_count = sum(_is_revoked(front, serial) for serial in _lost(run))
    if run.scenario.compromised is Compromised.ISSUING_OCA and listed is not None:
        run.tell(f"  the root's list {listed.number} names {len(listed.entries)} issuing authority")
    return {"asked": serials, "revoked": revoked_count, "crl": crl}


def _lost(run: Run) -> Iterator[SerialNumber]:
    """The old certificates of whose key is lost, that have successors."""
    role = run.scenario.role
    if run.scenario.compromised is Compromised.RECOVERY:
        role = RemotePartyRole.RECOVERY
    new = set(after(run).certificates.values())
    for cell, certificate in before(run).certificates.items():
        if cell.role is role and certificate not in new:
            serial = parse_certificate(certificate).tbs.serial
            yield SerialNumber(int.from_bytes(serial, "big"))


def _is_revoked(front: FrontOffice, serial: SerialNumber) -> bool:
    row = front.index.by_serial(serial)
    return row is not None and row.status is CertificateStatus.REVOKED

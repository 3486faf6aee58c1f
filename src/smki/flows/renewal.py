"""Renewal of a root's revocation list: signed elsewhere, looked at here, lodged.

The root's key is not in the house that lodges; so nothing that comes in as its list is believed
before it was compared with the root's certificate and with the list in force.
"""

from datetime import datetime

from smki.flows.office import Office
from smki.flows.revocation import (
    CLOCK_TROUBLE,
    CurrentList,
    current_list,
    lodge_list,
    parse_list,
)
from smki.profiles import lint_crl
from smki.terms import CertificateKind, Finding, Refused


def renew_root_list(office: Office, root: CertificateKind, octets: bytes) -> CurrentList:
    """The list (DER) that the root signed is lodged, and the newest of that root.

    The one that is newest already may be handed in again.

    Raises:
        Refused: not a list of that root, not the one after the list in force, or it leaves out
            what was revoked, or is not valid now.
        Unavailable: the disk or the database is away.

    Clause: sec-app-b:B-crl, sec-app-m:2.3.1.5
    """
    if root.issuer is not root:
        raise _refused(f"{root.value} is no root, its list is made where it is lodged", "root")
    front = office.front
    last = current_list(front, root)
    if last is not None and last.octets == octets:
        return last
    authority = office.hierarchy.authority(root)
    findings = lint_crl(octets, authority.issuer, authority.certificate)
    if findings:
        raise Refused(findings=findings)
    new = parse_list(octets)
    _check_follows(new, last, front.clock.now())
    for serial, _ in new.entries:
        if front.index.by_serial(serial) is None:
            raise _refused(f"certificate {serial} on it is not in the record", "unknown")
    lodge_list(office, root, octets)
    return new


def _check_follows(new: CurrentList, last: CurrentList | None, now: datetime) -> None:
    number = 1 if last is None else last.number + 1
    if new.number != number:
        raise _refused(f"number {new.number}, must be {number}, after the list in force", "number")
    missing = () if last is None else tuple(set(last.entries) - set(new.entries))
    if missing:
        raise _refused(f"{len(missing)} certificates that were revoked are not on it", "revoked")
    if (
        not new.this_update - CLOCK_TROUBLE <= now < new.next_update
    ):  # the command's clock is another
        raise _refused(
            f"valid from {new.this_update} to {new.next_update}, must be valid at {now}", "time"
        )


def _refused(message: str, what: str) -> Refused:
    finding = Finding(
        rule=f"list.{what}", message=f"revocation list: {message}", clause="sec-app-b:B-crl"
    )
    return Refused(findings=(finding,))

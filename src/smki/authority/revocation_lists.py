"""Revocation lists: composed, linted, signed by the authority whose certificates they are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from smki.authority.hierarchy import Authority
from smki.ports import SigningKey
from smki.profiles import assemble_crl, compose_crl, lint_crl
from smki.terms import Refused, SerialNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """What the next list of an authority says.

    Attributes:
        entries: serial and instant of revocation, oldest first.
        number: its CRL number.
        this_update: its instant; later than that of the list before, by a second at least.
        valid: how long it may be relied on.
    """

    entries: Sequence[tuple[SerialNumber, datetime]]
    number: int
    this_update: datetime
    valid: timedelta


def issue_crl(authority: Authority, content: RevocationList, key: SigningKey) -> bytes:
    """The signed list, DER, which has passed its lints.

    Raises:
        Refused: a lint found something; nothing is signed that leaves.
        Unavailable: the key cannot be used now.

    Clause: sec-app-b:B-crl
    """
    tbs = compose_crl(
        authority.issuer,
        content.entries,
        content.number,
        content.this_update,
        content.this_update + content.valid,
    )
    (signature,) = key.sign([tbs])
    octets = assemble_crl(tbs, signature, authority.issuer)
    findings = lint_crl(octets, authority.issuer, authority.certificate)
    if findings:
        raise Refused(findings=findings)
    return octets

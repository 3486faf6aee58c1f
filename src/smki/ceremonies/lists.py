"""A root's revocation list (ARL): composed, signed with the root's key, linted.

Root keys are opened for it and put away again; whoever lodges the list never sees them.
"""

from collections.abc import Sequence
from datetime import datetime

from smki.ports import SigningKey
from smki.profiles import (
    ProfileSettings,
    assemble_crl,
    compose_crl,
    issuer_from_certificate,
    lint_crl,
)
from smki.profiles.settings import last_second
from smki.terms import Refused, SerialNumber


def sign_root_list(
    root: bytes,
    key: SigningKey,
    settings: ProfileSettings,
    *,
    entries: Sequence[tuple[SerialNumber, datetime]],
    number: int,
    at: datetime,
) -> bytes:
    """The list (DER) of the root with this certificate (DER), valid from `at` for the months set.

    `entries` are serial and instant of revocation: all of the list before, and what is new.

    Raises:
        Refused: a lint found something, as that the key is not the root's.
        Unavailable: the key cannot be used now.

    Clause: sec-app-b:B-crl
    """
    issuer = issuer_from_certificate(root, settings)
    start = at.replace(microsecond=0)
    until = last_second(start, months=settings.arl_months)
    tbs = compose_crl(issuer, entries, number, start, until)
    (signature,) = key.sign([tbs])
    octets = assemble_crl(tbs, signature, issuer)
    findings = lint_crl(octets, issuer, root)
    if findings:
        raise Refused(findings=findings)
    return octets

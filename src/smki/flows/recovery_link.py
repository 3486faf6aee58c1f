"""The certificate by which an old root vouches for a new root's key: what a root update rests upon.

It is an issuing authority's by its profile, under the old root, in the name and for the key of the
new one. Devices look for that key on the path of the command; nothing is ever issued under the
certificate itself. Composes and assembles; the old root's key signs in a ceremony.

Clause: sec:L10, sec-app-b:B
"""

from datetime import datetime
from typing import Final

from smki.profiles import (
    AuthoritySubject,
    Draft,
    ProfileSettings,
    assemble,
    common_name,
    compose,
    issuer_from_certificate,
    validity,
)
from smki.terms import CertificateKind, KeyUsage, RemotePartyRole, SerialNumber
from smki.wire.certificate import parse_certificate

_KIND: Final = CertificateKind.ISSUING_OCA


def link_to_sign(
    old: bytes, new: bytes, *, serial: SerialNumber, at: datetime, settings: ProfileSettings
) -> bytes:
    """What the old root's key is to sign, DER.

    Args:
        old: certificate (DER) of the root that devices have.
        new: that of the root that they shall have.
        serial: of the certificate.
        at: from when it is valid.
        settings: profiles of the environment.

    Clause: sec-app-b:B
    """
    not_before, not_after = validity(_KIND, at, settings)
    return compose(
        Draft(
            kind=_KIND,
            serial=serial,
            issuer=issuer_from_certificate(old),
            subject=AuthoritySubject(
                common_name=common_name(new) or "", role=RemotePartyRole.ISSUING_AUTHORITY
            ),
            usage=KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
            public_key=parse_certificate(new).tbs.public_key,
            not_before=not_before,
            not_after=not_after,
        ),
        settings,
    )


def link_signed(to_sign: bytes, signature: bytes) -> bytes:
    """The certificate (DER), with the old root's signature (DER)."""
    return assemble(to_sign, signature, _KIND)

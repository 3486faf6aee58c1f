"""The link of a root update: what the old root's key is to sign, and the certificate that comes of it.

    to be signed   after the profile of an Issuing OCA, under the root before, for the new root's key
    signed         in a ceremony 'activation' by the old root's key, in custody
    link           the certificate: goes with each command of the update

Both roots are those of the record: the one in force is the new one. Nothing is lodged here.

Clause: sec:L10, sec-app-b:B
"""

from datetime import datetime

from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import Settings, open_front
from smki.bootstrap.opening import load_hierarchy
from smki.crypto import verify_certificate_signature
from smki.flows.authorities import authorities
from smki.flows.recovery_link import link_signed, link_to_sign, must_vouch
from smki.terms import CertificateKind, Refused, SerialNumber
from smki.wire.certificate import parse_certificate

_ROOT = CertificateKind.ROOT_OCA
_SERIAL_OCTETS = 16


def root_to_sign(settings: Settings) -> bytes:
    """What the key of the root before is to sign, DER, so that it vouches for the one in force.

    Raises:
        Refused: no root was before it.
        Unavailable: the record is away.

    Clause: sec:L10, sec-app-b:B
    """
    before, new = _roots(settings)
    clock, entropy = SystemClock(), SystemEntropy()
    return link_to_sign(
        before[-1],
        new,
        serial=SerialNumber.from_random(entropy.octets(_SERIAL_OCTETS)),
        at=clock.now().replace(microsecond=0),
        settings=settings.profiles(),
    )


def root_linked(settings: Settings, to_sign: bytes, signature: bytes) -> bytes:
    """The link, DER, of what was to be signed and the signature (DER) of the root before.

    Raises:
        Malformed: either is not of its form, or the signature is another key's.
        Refused: no root was before it, it vouches for another key than the new root's, or is not
            after the profile.
        Unavailable: the record is away.

    Clause: sec:L10, sec-app-b:B
    """
    before, _ = _roots(settings)
    link = link_signed(to_sign, signature)
    verify_certificate_signature(link, parse_certificate(before[-1]).tbs.public_key)
    must_be_believed(settings, link, SystemClock().now())
    return link


def must_be_believed(settings: Settings, link: bytes, at: datetime) -> None:
    """By the link (DER) a root before vouches for the one in force, wholly.

    Raises:
        Malformed: it is no certificate.
        Refused: no root was before, it is for another key, by another root, or not as it must be.
        Unavailable: the record is away.

    Clause: sec:L10, sec-app-b:B
    """
    before, new = _roots(settings)
    must_vouch(link, before, new, at=at, settings=settings.profiles())


def _roots(settings: Settings) -> tuple[list[bytes], bytes]:
    """The roots before, the last of them last, and the one in force."""
    with open_front(settings) as front:
        new = load_hierarchy(front).authority(_ROOT).certificate
        before = [one for one in authorities(front, _ROOT) if one != new]
    if not before:
        raise _refused(
            "there is no root before the one in force: 'smki ceremony take' puts a new one in force"
        )
    return before, new


def _refused(what: str) -> Refused:
    return Refused(f"link: {what}", where="--link", clause="sec-app-b:B", rule="recovery.link")

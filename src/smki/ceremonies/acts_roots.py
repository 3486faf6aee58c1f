"""What roots in custody sign in a ceremony: a new issuing authority, and their next lists.

Nothing is signed without a warrant, which is asked for again right before the key is opened.
"""

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from smki.ceremonies.acts_keys import certified_said, certifying, secret_of
from smki.ceremonies.acts_use import brought_contents, warranted
from smki.ceremonies.fields import text64
from smki.ceremonies.fingerprints import fingerprint
from smki.ceremonies.holding import Ceremony, Said, kind_of_authority
from smki.ceremonies.keysets import REHEARSAL, key_name
from smki.ceremonies.lists import sign_root_list
from smki.ceremonies.scripts import Step
from smki.crypto import verify_certificate_signature
from smki.profiles import ProfileSettings, issuer_from_certificate, lint_crl
from smki.terms import Malformed, Refused, SerialNumber
from smki.wire.certificate import parse_certificate

REVOKE: Final = "revoke.cer"
_WANTED: Final = f"{REVOKE}: must be a certificate that this root signed, DER"


def issue(ceremony: Ceremony, step: Step) -> Said:
    """The authority whose key was brought as a request is certified by the root in custody.

    Brought is the root's certificate, as `root-oca.cer`. The root's key stays open for its list.

    Raises:
        Refused: no warrant, no quorum, a lint found something, or another root was brought.

    Clause: sec-app-b:B
    """
    hall, opening = ceremony.hall, ceremony.opening
    kind = kind_of_authority(step.about)
    key = key_name(kind.issuer.value, opening.purpose)
    path = f"certificates/{kind.value}.der"
    certificate = hall.ledger.read(path)
    if certificate is None:
        warranted(ceremony, key)
        root = brought_contents(ceremony).get(f"{kind.issuer.value}.cer", b"")
        _must_be_of(root, ceremony.key_set(key).fingerprint)
        signer = hall.keys.load(secret_of(ceremony, key).octets)
        asked = opening.issuing[kind]
        certificate = certifying(ceremony).certify(kind, asked, root, signer, None)
        hall.ledger.keep(path, certificate)
    return certified_said(kind, certificate)


def renew_list(ceremony: Ceremony, step: Step) -> Said:
    """The root's next list is in its file: number and entries follow from the list that was brought.

    Brought are the root's certificate and its list in force, as `root-oca.cer` and `root-oca.crl`;
    and, if an authority under it is to be revoked, that one's certificate as `revoke.cer`.

    Raises:
        Refused: no warrant, no quorum, or what was brought is not of this root.

    Clause: sec-app-b:B-crl
    """
    hall, profiles = ceremony.hall, ceremony.opening.profiles
    kind = step.about.removeprefix(REHEARSAL)
    brought = brought_contents(ceremony)
    root, last = brought.get(f"{kind}.cer", b""), brought.get(f"{kind}.crl", b"")
    fingerprint_of_key = ceremony.key_set(step.about).fingerprint
    path = f"lists/{kind}.der"
    octets = hall.ledger.read(path)
    if octets is None:
        warranted(ceremony, step.about)
        entries, number, at = _following(root, last, fingerprint_of_key, profiles)
        at = max(at, hall.clock.now())
        revoked = _revoked(root, brought.get(REVOKE), at)
        key = hall.keys.load(secret_of(ceremony, step.about).octets)
        entries += [one for one in revoked if one[0] not in dict(entries)]
        octets = sign_root_list(root, key, profiles, entries=entries, number=number, at=at)
        hall.ledger.keep(path, octets)
        del ceremony.secrets[step.about]
    made: Said = {f"list of {kind}": fingerprint(octets)}
    return {
        "fingerprint": fingerprint_of_key,
        "key": step.about,
        "kind": kind,
        "list": text64(octets),
        "made": made,
        "root": text64(root),
    }


def _following(
    root: bytes, last: bytes, key: str, profiles: ProfileSettings
) -> tuple[list[tuple[SerialNumber, datetime]], int, datetime]:
    """Entries, number and earliest instant of the list that follows the one that was brought.

    Raises:
        Refused: it is not a list of this root, or the root has another key.
        Malformed: root or list is not what it must be.
    """
    if not root or not last:
        raise _refused(
            "the root's certificate (.cer) and its list in force (.crl), must be brought"
        )
    _must_be_of(root, key)
    findings = lint_crl(last, issuer_from_certificate(root, profiles), root)
    if findings:
        raise Refused(findings=findings)
    found = x509.load_der_x509_crl(last)
    entries = [(SerialNumber(one.serial_number), one.revocation_date_utc) for one in found]
    number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return entries, number + 1, found.last_update_utc + timedelta(seconds=1)


def _must_be_of(root: bytes, key: str) -> None:
    if not root or fingerprint(parse_certificate(root).tbs.public_key) != key:
        raise _refused("the certificate that was brought is of another key, must be of this root")


def _revoked(
    root: bytes, certificate: bytes | None, at: datetime
) -> list[tuple[SerialNumber, datetime]]:
    """The entry of the authority that is to be revoked; none if none was brought.

    Raises:
        Refused: what was brought is no certificate of this root.
    """
    if certificate is None:
        return []
    try:
        revoked, by = parse_certificate(certificate).tbs, parse_certificate(root).tbs
        verify_certificate_signature(certificate, by.public_key)
        serial = SerialNumber(int.from_bytes(revoked.serial, "big", signed=True))
    except Malformed as error:
        raise _refused(f"{_WANTED}: {error.message}") from error
    if revoked.issuer != by.subject:
        raise _refused(f"{_WANTED}: its issuer is another")
    return [(serial, at.replace(microsecond=0))]


def _refused(message: str) -> Refused:
    return Refused(
        f"root list: {message}", where="contents", clause="sec-app-b:B-crl", rule="ceremony.list"
    )

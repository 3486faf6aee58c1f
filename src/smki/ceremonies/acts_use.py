"""What is done with keys in custody: permitted, used on what was brought, destroyed.

Nothing is done without a warrant, which is asked for again right before the key is opened: what was
permitted when the ceremony began may be over by then.
"""

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from smki.ceremonies.activating import ActiveKey, Wanted, Warrant
from smki.ceremonies.acts_keys import ABSENT, certified_said, certifying, secret_of
from smki.ceremonies.acts_people import must_say
from smki.ceremonies.fields import instant_text, text64
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.holding import Ceremony, Said, kind_of_authority
from smki.ceremonies.keysets import REHEARSAL, Secret, key_name
from smki.ceremonies.lists import sign_root_list
from smki.ceremonies.scripts import Act, Role, Step
from smki.ceremonies.transcript import Kind
from smki.merkle.canonical import JSON
from smki.ports.ceremony import Console
from smki.profiles import ProfileSettings, issuer_from_certificate, lint_crl
from smki.terms import Inconsistent, Refused, SerialNumber, Unavailable
from smki.wire.certificate import parse_certificate

REVOKE: Final = "revoke.cer"
_OPEN: Final = "keys-were-open"
USES: Final = range(1, 10**9)  # some tries for each of fifty million devices
_ASKED: Final = (
    ("decision", "id of the decision that this key may be used"),
    ("recovery", "id of the decision for the method of recovery, or empty"),
    ("incident", "incident, as the decisions name it"),
    ("method", "method of recovery, or empty"),
    ("purpose", "what the key is used for, as the decision's scope says after the incident"),
)


def permit(ceremony: Ceremony, step: Step) -> Said:
    """A decision permits it, now.

    Raises:
        Refused: none does, with every reason.

    Clause: sec:L10.9
    """
    said: dict[str, JSON] = {**_asked(ceremony.hall.console, step.about)}
    warrant = _warrant(ceremony, step.about, said)
    entries: list[JSON] = list(warrant.entries)
    return {**said, "entries": entries, "expiry": instant_text(warrant.expiry)}


def wanted_by(console: Console, secret: Secret) -> Wanted:
    """What people say that this key, which is in no custody, is to be used for.

    Clause: sec:L10.9
    """
    return Wanted(
        key=secret.key,
        fingerprint=secret.fingerprint,
        key_purpose=secret.purpose,
        **_asked(console, secret.key),
    )


def _asked(console: Console, key: str) -> dict[str, str]:
    return {name: console.ask(f"permit.{key}.{name}", text) for name, text in _ASKED}


def use(ceremony: Ceremony, step: Step) -> Said:
    """Each content that was brought is signed by the key, which is then forgotten.

    Raises:
        Refused: no warrant, no quorum, or a content that was not agreed.

    Clause: sec:L10.9, sec-app-l:3
    """
    hall = ceremony.hall
    warrant = _warrant(ceremony, step.about, _permitted(ceremony, step.about))
    contents = _contents(ceremony)
    for name, content in contents.items():
        hall.console.say(f"{name}: {len(content)} octets, {aloud(fingerprint(content))}")
        must_say(ceremony, f"use.{step.about}.{name}", f"a witness, {name}: 'agreed'", "agreed")
    secret = secret_of(ceremony, step.about)
    key = ActiveKey(secret, warrant, hall.keys, hall.clock, uses=len(contents))
    try:
        signatures = dict(zip(contents, key.sign(list(contents.values())), strict=True))
    finally:
        key.forget()
        del ceremony.secrets[step.about]
    for name, signature in signatures.items():
        hall.ledger.replace(f"signatures/{step.about}-{name}.sig", signature)
    signed: Said = {name: fingerprint(content) for name, content in contents.items()}
    return {"key": step.about, "fingerprint": secret.fingerprint, "signed": signed}


def serve(ceremony: Ceremony, step: Step) -> Said:
    """The keys were used by whoever carries the recovery, by reference, and are forgotten.

    Cut off meanwhile, a quorum opens them again; how often they were used before, only the evidence
    of the recovery says then, and the transcript says so.

    Raises:
        Refused: no warrant, no quorum, or no number of uses.
        Unavailable: nobody can be served here.

    Clause: sec:L10.9, sec-app-l:3
    """
    hall, keys = ceremony.hall, ceremony.opening.keys
    if hall.service is None:
        raise Unavailable("ceremony: keys are served by 'smki recovery activate' alone")
    uses = uses_said(hall.console.ask("serve.uses", "how often each key may be used, at most"))
    warrants = {key: _warrant(ceremony, key, _permitted(ceremony, key)) for key in keys}
    if hall.ledger.read(_OPEN) is not None:
        said = "it was cut off while keys were open: the evidence of the recovery counts those uses"
        ceremony.note(Kind.DEVIATION, {"text": said}, step.number)
    active = [
        ActiveKey(secret_of(ceremony, key), warrants[key], hall.keys, hall.clock, uses=uses)
        for key in keys
    ]
    hall.ledger.keep(_OPEN, b"")
    try:
        ended = hall.service.serve(active)
    finally:
        for one in active:
            one.forget()
            del ceremony.secrets[one.name]
    served: list[JSON] = [
        {
            "fingerprint": one.fingerprint,
            "key": one.name,
            "until": instant_text(one.until.replace(microsecond=0)),
            "used": one.used,
        }
        for one in active
    ]
    return {"ended": ended, "served": served, "uses": uses}


def uses_said(text: str) -> int:
    """The number of uses that was typed.

    Raises:
        Refused: no number, or none that a recovery needs.
    """
    if not (text.isascii() and text.isdecimal() and int(text) in USES):
        raise Refused(
            f"activation: {text[:20]!r} uses, must be a number from 1 to {USES.stop - 1}",
            where="serve.uses",
            clause="sec:L10.9",
            rule="ceremony.activation",
        )
    return int(text)


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
        _warrant(ceremony, key, _permitted(ceremony, key))
        root = _contents(ceremony).get(f"{kind.issuer.value}.cer", b"")
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
    brought = _contents(ceremony)
    root, last = brought.get(f"{kind}.cer", b""), brought.get(f"{kind}.crl", b"")
    fingerprint_of_key = ceremony.key_set(step.about).fingerprint
    path = f"lists/{kind}.der"
    octets = hall.ledger.read(path)
    if octets is None:
        _warrant(ceremony, step.about, _permitted(ceremony, step.about))
        entries, number, at = _following(root, last, fingerprint_of_key, profiles)
        key = hall.keys.load(secret_of(ceremony, step.about).octets)
        at = max(at, hall.clock.now())
        revoked = _revoked(root, brought.get(REVOKE), at)
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


def destroy(ceremony: Ceremony, step: Step) -> Said:
    """The key's file is gone, and the custodians say that their copies are.

    Raises:
        Refused: no warrant, or nobody saw it.

    Clause: sec-app-l:3
    """
    console = ceremony.hall.console
    begun = ceremony.begun(step)
    if ceremony.hall.ledger.read(f"keys/{step.about}.json") is not None:
        _warrant(ceremony, step.about, _permitted(ceremony, step.about))
    said: Said = {}
    for custodian in ceremony.opening.people(Role.CUSTODIANS):
        text = f"{custodian}: are your copies and your share destroyed? ('destroyed')"
        answer = console.ask(f"destroy.{step.about}.{custodian}", text) or ABSENT
        said[custodian] = answer
        if answer != "destroyed":
            about = f"{custodian} has not destroyed their copy of {step.about}: {answer}"
            ceremony.note(Kind.DEVIATION, {"text": about[:400]}, step.number)
    must_say(ceremony, f"destroy.{step.about}.seen", "a witness: 'seen'", "seen")
    ceremony.hall.ledger.destroy(f"keys/{step.about}.json")
    return {"custodians": said, "fingerprint": begun["fingerprint"], "key": step.about}


def _permitted(ceremony: Ceremony, key: str) -> dict[str, JSON]:
    said = ceremony.done(Act.PERMIT, key)
    if said is None:
        raise Inconsistent(f"{key}: nothing was permitted")
    return {name: said[name] for name, _ in _ASKED}


def _warrant(ceremony: Ceremony, key: str, said: dict[str, JSON]) -> Warrant:
    held = ceremony.key_set(key)
    texts = {name: str(value) for name, value in said.items()}
    wanted = Wanted(key=key, fingerprint=held.fingerprint, key_purpose=held.purpose, **texts)
    hall = ceremony.hall
    return hall.authority.permitted(wanted, hall.clock.now())


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
    """The entry of the authority that is to be revoked; none if none was brought."""
    if certificate is None:
        return []
    try:
        revoked = x509.load_der_x509_certificate(certificate)
        revoked.verify_directly_issued_by(x509.load_der_x509_certificate(root))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise _refused(f"{REVOKE}: must be a certificate that this root signed, DER") from error
    return [(SerialNumber(revoked.serial_number), at.replace(microsecond=0))]


def _refused(message: str) -> Refused:
    return Refused(
        f"root list: {message}", where="contents", clause="sec-app-b:B-crl", rule="ceremony.list"
    )


def _contents(ceremony: Ceremony) -> dict[str, bytes]:
    """What was brought to be signed, as it was when the ceremony was opened.

    Raises:
        Refused: one was changed since.
    """
    listed = ceremony.entries[0].said["contents"]
    found: dict[str, bytes] = {}
    for one in listed if isinstance(listed, list) else ():
        name = str(one["content"])
        found[name] = ceremony.file(f"contents/{name}")
        if fingerprint(found[name]) != one["digest"]:
            raise Refused(
                f"activation: content {name} was changed since the ceremony was opened",
                where=name,
                clause="sec:L10.9",
                rule="ceremony.activation",
            )
    return found

"""What is done with keys in custody: permitted, used on what was brought, destroyed.

Nothing is done without a warrant, which is asked for again right before the key is opened: what was
permitted when the ceremony began may be over by then.
"""

import re
from typing import Final

from smki.ceremonies.activating import ActiveKey, Wanted, Warrant
from smki.ceremonies.acts_keys import ABSENT, secret_of
from smki.ceremonies.acts_people import must_say
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.holding import Ceremony, Said
from smki.ceremonies.keysets import Secret
from smki.ceremonies.scripts import Act, Role, Step
from smki.ceremonies.transcript import Kind
from smki.merkle.canonical import JSON
from smki.ports.ceremony import Console
from smki.terms import Inconsistent, Refused, Unavailable, instant_text

_OPEN: Final = "keys-were-open"
USES: Final = range(1, 10**9)  # some tries for each of fifty million devices
_DIGITS: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
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
    warrant = warranted(ceremony, step.about)
    contents = brought_contents(ceremony)
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
    warrants = {key: warranted(ceremony, key) for key in keys}
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
    if not _DIGITS.fullmatch(text):
        raise Refused(
            f"activation: {text[:20]!r} uses, must be a number from 1 to {USES.stop - 1}",
            where="serve.uses",
            clause="sec:L10.9",
            rule="ceremony.activation",
        )
    return int(text)


def destroy(ceremony: Ceremony, step: Step) -> Said:
    """The key's file is gone, and the custodians say that their copies are.

    Raises:
        Refused: no warrant, or nobody saw it.

    Clause: sec-app-l:3
    """
    console = ceremony.hall.console
    begun = ceremony.begun(step)
    if ceremony.hall.ledger.read(f"keys/{step.about}.json") is not None:
        warranted(ceremony, step.about)
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


def warranted(ceremony: Ceremony, key: str) -> Warrant:
    """The warrant for what was permitted in this ceremony, asked for again.

    Raises:
        Refused: it is not permitted any more.

    Clause: sec:L10.9
    """
    return _warrant(ceremony, key, _permitted(ceremony, key))


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


def brought_contents(ceremony: Ceremony) -> dict[str, bytes]:
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

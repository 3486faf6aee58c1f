"""What people do in a ceremony: go or no go, attendance, the machine, shares, fingerprints, the end.

Each prompt has a lasting name, so that a file of answers can hold them. Names of people come into a
file of their own (`people.json`), the transcript has commitments to them.
"""

from collections.abc import Mapping
from typing import Final

from smki.ceremonies.custodians import SALT_OCTETS, too_many
from smki.ceremonies.fields import text64
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.holding import NO_GO, Ceremony, Said
from smki.ceremonies.scripts import Role, Step
from smki.ceremonies.transcript import Kind
from smki.merkle.canonical import JSON, encode_json
from smki.terms import Refused

PEOPLE: Final = "people.json"
ABSENT: Final = "absent"


def go(ceremony: Ceremony, step: Step) -> Said:
    """Every custodian was told and acknowledged, and the operator said go.

    Raises:
        Refused: a custodian did not acknowledge.

    Clause: sec-app-l:3
    """
    del step
    console = ceremony.hall.console
    acknowledged: Said = {}
    for custodian in ceremony.opening.people(Role.CUSTODIANS):
        text = f"how did {custodian} acknowledge that this ceremony is held?"
        answer = console.ask(f"go.{custodian}", text)
        if not answer:
            raise _refused(f"{custodian} acknowledged nothing, must before a go")
        acknowledged[custodian] = answer
    answer = console.ask("go", "go, or what stops it?")
    if answer.casefold() != "go":
        ceremony.note(Kind.CLOSED, {"reason": answer, "result": NO_GO})
    return {"acknowledged": acknowledged, "go": True}


def attend(ceremony: Ceremony, step: Step) -> Said:
    """Who is here is known by a document, and enough custodians are, not too many of one house.

    Raises:
        Refused: operator or witness is absent, or no quorum is here.

    Clause: sec-app-l:3
    """
    opening = ceremony.opening
    people: dict[str, JSON] = {}
    names: dict[str, JSON] = {}
    absent: list[JSON] = []
    for one in opening.signatories:
        _attends(ceremony, one.person, one.organisation, people, names)
    for seat in opening.seats:
        _attends(ceremony, seat.custodian, seat.organisation, people, names)
    for role in (Role.OPERATOR, Role.WITNESS):
        missing = [one for one in opening.people(role) if one not in people]
        if missing:
            raise _refused(f"{', '.join(missing)}: absent, must be here")
    here = [one for one in opening.people(Role.CUSTODIANS) if one in people]
    if len(here) < opening.rule.quorum:
        raise _refused(f"{len(here)} custodians are here, must be {opening.rule.quorum}")
    houses = [_field(people[one], "organisation") for one in here]
    if found := too_many(opening.rule, houses):
        raise _refused("; ".join(found))
    absent.extend(one for one in opening.people(Role.CUSTODIANS) if one not in people)
    ceremony.hall.ledger.replace(PEOPLE, encode_json(names))
    for away in absent:
        ceremony.note(Kind.DEVIATION, {"text": f"{away} is absent"}, step.number)
    return {"absent": absent, "people": people}


def confirm(ceremony: Ceremony, step: Step) -> Said:
    """What machine it is stands in the transcript, and a witness has seen it.

    Raises:
        Refused: nothing was said, or nobody saw it.
    """
    console = ceremony.hall.console
    machine = console.ask(step.about, "which machine, which medium was it started from?")
    if not machine:
        raise _refused("the machine: nothing was said, must be")
    must_say(ceremony, f"{step.about}.seen", "a witness: 'seen'", "seen")
    return {"machine": machine, "software": ceremony.opening.software}


def receive(ceremony: Ceremony, step: Step) -> Said:
    """Each custodian has opened their shares on a machine of their own, or the transcript says no."""
    said: Said = {}
    for custodian in ceremony.opening.people(Role.CUSTODIANS):
        text = f"{custodian}: do your shares open with 'smki ceremony share check'? ('opens')"
        answer = ceremony.hall.console.ask(f"receive.{custodian}", text)
        said[custodian] = answer
        if answer != "opens":
            about = f"{custodian} has not opened their shares: {answer or 'nothing said'}"
            ceremony.note(Kind.DEVIATION, {"text": about[:400]}, step.number)
    return {"received": said}


def compare(ceremony: Ceremony, step: Step) -> Said:
    """Every fingerprint of what was made or changed was read aloud and agreed.

    Raises:
        Refused: one was not agreed.

    Clause: sec-app-l:3
    """
    del step
    agreed: Said = {}
    for name, digest in fingerprints(ceremony).items():
        ceremony.hall.console.say(f"{name}: {aloud(digest)}")
        must_say(ceremony, f"compare.{name}", f"a witness, {name}: 'agreed'", "agreed")
        agreed[name] = digest
    return {"agreed": agreed}


def close(ceremony: Ceremony, step: Step) -> Said:
    """What was not as the script says stands in the transcript."""
    answer = ceremony.hall.console.ask("close.deviations", "deviations, or 'none'")
    if not answer:
        raise _refused("deviations: nothing was said, must be 'none' if there were none")
    if answer.casefold() != "none":
        ceremony.note(Kind.DEVIATION, {"text": answer}, step.number)
    return {"deviations": answer}


def fingerprints(ceremony: Ceremony) -> dict[str, str]:
    """What is to be compared: keys by fingerprint, certificates and requests by their SHA-256."""
    found: dict[str, str] = {}
    for entry in ceremony.entries:
        if entry.kind is not Kind.DONE:
            continue
        key, made = entry.said.get("key"), entry.said.get("made")
        if isinstance(key, str):
            found[key] = str(entry.said["fingerprint"])
        if isinstance(made, Mapping):
            found.update({str(name): str(digest) for name, digest in made.items()})
    return found


def _attends(
    ceremony: Ceremony,
    person: str,
    organisation: str,
    people: dict[str, JSON],
    names: dict[str, JSON],
) -> None:
    hall = ceremony.hall
    name = hall.console.ask(f"attend.{person}.name", f"{person}: name, or 'absent'")
    if not name or name.casefold() == ABSENT:
        return
    document = hall.console.ask(
        f"attend.{person}.document", f"{person}: known by which kind of document (no number)?"
    )
    if not document:
        raise _refused(f"{person}: known by no document, must be")
    today = hall.console.ask(
        f"attend.{person}.organisation", f"{person}: works for (empty: {organisation})"
    )
    salt = hall.entropy.octets(SALT_OCTETS)
    names[person] = {"name": name, "salt": text64(salt)}
    people[person] = {
        "commitment": fingerprint(salt + name.encode()),
        "document": document,
        "organisation": today or organisation,
    }


def must_say(ceremony: Ceremony, prompt: str, text: str, word: str) -> None:
    """Somebody said that word.

    Raises:
        Refused: they said something else.
    """
    answer = ceremony.hall.console.ask(prompt, text)
    if answer.casefold() != word:
        raise _refused(f"{prompt}: {answer[:60]!r}, must be {word!r}")


def _field(value: JSON, key: str) -> str:
    return str(value[key]) if isinstance(value, Mapping) else ""


def _refused(message: str) -> Refused:
    return Refused(
        f"ceremony: {message}", where="people", clause="sec-app-l:3", rule="ceremony.people"
    )

"""`smki recovery activate`: a quorum opens the keys of a recovery, and this process has them for carriers."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.recoveries import Recovery, recovery_of
from smki.ceremonies.activating import ActiveKey, Warrant
from smki.ceremonies.acts_use import USES, uses_said, wanted_by
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY
from smki.flows.activating import RecordedAuthority, purpose_of, wanted_said
from smki.flows.configuring import is_development
from smki.interfaces.cli.ceremony_console import Terminal, prepared
from smki.interfaces.cli.ceremony_holding import Asked, hold_in
from smki.interfaces.cli.ceremony_options import closed, taking_part
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.operations import KEY_ASKED, perform
from smki.interfaces.recovery_activating import KeysServed, development_keys, forget
from smki.terms import Refused

SCRIPT: Final = "activation-for-recovery"
_UNGUARDED: Final = (
    "this is a development SMKI: nobody's custody stands behind this key, it lies in a file here"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """The house that is recovered, and the campaign whose carriers ask for the key."""

    recovery: Recovery
    settings: Settings
    environment: Mapping[str, str]

    def ask(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """By whoever holds the record."""
        return perform(self.settings, self.environment, operation, arguments)

    def service(self) -> KeysServed:
        """Has the keys for the carriers."""
        return KeysServed(recovery=self.recovery, clock=SystemClock(), tell=tell)


@click.command
@click.argument("name")
@click.option("--state", "folder", metavar="DIR", help="The folder of the ceremony.")
@taking_part
@click.option(
    "--uses",
    type=click.IntRange(USES.start, USES.stop - 1),
    metavar="N",
    help="How often each key may be used, at most: a use is a command.",
)
@click.option("--forget", "ends", is_flag=True, help="End it: whoever has the keys forgets them.")
@click.option(
    "--development",
    "taken",
    type=click.Choice((RECOVERY, CONTINGENCY)),
    help="In a development SMKI: that key, out of its file; nobody's custody is behind it.",
)
@json_option
def activate(
    name: str,
    *,
    folder: str | None,
    answers: str | None,
    given: tuple[str, ...],
    uses: int | None,
    ends: bool,
    taken: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Open the keys of a recovery by a quorum, and have them for the carriers of campaign NAME.

    A ceremony 'activation-for-recovery', as 'smki ceremony run' holds it: of the recovery key, or of
    the contingency key and its symmetric key (--key for each). Recorded decisions must permit it:
    use-key about each key, and recovery-method about the incident. Then this process has the keys,
    and carriers use them by reference, until they are used up, until the decisions expire or twelve
    hours are over, or until Ctrl-C or --forget ends it. The transcript says how often each was used.
    """
    if [folder is not None, ends, taken is not None].count(True) != 1:
        raise click.UsageError("one of --state, --forget and --development, must be given")
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        recovery = recovery_of(settings, name)
        environment = (
            {"SMKI_STATE": str(recovery.house.state)} if recovery.rehearsal else dict(os.environ)
        )
        house = _House(recovery=recovery, settings=recovery.house, environment=environment)
        said = prepared(answers, given)
        if uses is not None:
            said["serve.uses"] = str(uses)
        if ends:
            forget(recovery)
            document, lines = _forgotten(name)
        elif folder is not None:
            document, lines = _by_ceremony(house, folder, said, options)
        else:
            document, lines = _of_development(house, taken or "", said)
    emit(document, lines, as_json=as_json)


def _forgotten(name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    line = f"{name}: nobody has its keys open any more; next: 'smki recovery status {name}'"
    return {"campaign": name, "forgotten": True}, (line,)


def _by_ceremony(
    house: _House, folder: str, answers: Mapping[str, str], options: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    with open_front(house.settings) as front:
        purpose = purpose_of(front).value
    asked = Asked(script=SCRIPT, purpose=purpose, issuing=(), names=(), contents={}, **options)
    octets = hold_in(
        Path(folder), asked, answers, house.settings, house.environment, house.service()
    )
    return closed(octets, folder)


def _of_development(
    house: _House, name: str, answers: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    tell(_UNGUARDED)
    console = Terminal(answers)
    with open_front(house.settings) as front:
        if not is_development(front):
            raise Refused(
                "activation: this is no development SMKI, its keys are in custody: a quorum must open"
                " them (--state, --key)",
                where="--development",
                clause="sec:L10.9",
                rule="recovery.key",
            )
        authority = RecordedAuthority(front, lambda said: house.ask(KEY_ASKED, {"said": said}))
        clock = SystemClock()
        found = development_keys(house.settings, house.environment, name)
        permitted = [
            authority.permitted(wanted_by(console, secret), clock.now()) for secret, _ in found
        ]
    uses = uses_said(console.ask("serve.uses", "how often each key may be used, at most"))
    keys = [
        ActiveKey(secret, warrant, loads, clock, uses=uses)
        for (secret, loads), warrant in zip(found, permitted, strict=True)
    ]
    try:
        why = house.service().serve(keys)
    finally:
        for one in keys:
            one.forget()
    _tell_used(house, keys, permitted, why)
    rows = [{"key": one.name, "used": one.used} for one in keys]
    lines = [f"{one.name}: used {one.used} times, {why}" for one in keys]
    lines.append(f"next: 'smki recovery status {house.recovery.campaign}'")
    return {"campaign": house.recovery.campaign, "keys": rows, "ended": why}, tuple(lines)


def _tell_used(house: _House, keys: list[ActiveKey], permitted: list[Warrant], why: str) -> None:
    """How often each was used is on record; in a ceremony its transcript says it."""
    for key, warrant in zip(keys, permitted, strict=True):
        said = {
            "outcome": "used",
            "reasons": [f"{key.used} times, {why}"],
            "wanted": wanted_said(warrant.wanted),
        }
        house.ask(KEY_ASKED, {"said": said})

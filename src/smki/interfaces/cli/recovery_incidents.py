"""`smki recovery incident`: a notification is taken, confirmed by call-back, decided upon, recovered from."""

import base64
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import click

from smki.adapters.couriers import CourierFolder
from smki.adapters.envelopes import ENVELOPE_OCTETS
from smki.adapters.sql.estate_holdings import EstateHoldings
from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.estates import open_estate
from smki.bootstrap.opening import open_confidential
from smki.bootstrap.recoveries import open_kept, recovery_of
from smki.flows import incidents
from smki.flows.confiding import revealed
from smki.flows.convening import sealing_certificates, send_calls
from smki.flows.incident_convening import convene_and_declare
from smki.flows.incidents import Called, incident_of
from smki.flows.notifying import Confide, authority_of, keep_refusal, take_notification
from smki.flows.office import FrontOffice
from smki.flows.relevance import relevant_devices
from smki.governance.entities.incidents import FactorAnswer, Incident, Mechanism
from smki.governance.looking import all_under
from smki.interfaces.cli.convening import CALLS
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.interfaces.cli.recovery_notices import opener
from smki.interfaces.incident_telling import (
    fields_of,
    lines_of,
    relevance_fields,
    relevance_lines,
)
from smki.interfaces.operations import perform
from smki.ports.holdings import Holding
from smki.recovery.notices import PARCEL_MAX_OCTETS, parse_notification, parse_parcel
from smki.terms import EUI64, Malformed, Method, Refused

_SEALED_MAX: Final = PARCEL_MAX_OCTETS + ENVELOPE_OCTETS
_MECHANISMS: Final = tuple(one.value for one in Mechanism)
_METHODS: Final = tuple(one.value for one in Method)
_by_option = click.option("--by", required=True, metavar="PERSON", help="Who, of the register.")
_text_option = click.option("--text", default="", metavar="TEXT", help="Why, or what was done.")
_body_option = click.option("--body", default="", metavar="REF", help="The authority, if not one.")


@click.group(
    cls=WholeSentences, short_help="Incidents: take a notification, confirm, decide, close."
)
def incident() -> None:
    """A key is, or may be, lost: from a party's notification to the report. Kept in the register."""


@incident.command
@click.argument("sealed")
@click.option("--certificate", required=True, metavar="CERT", help="For which it is sealed, PEM.")
@click.option("--key", required=True, metavar="KEY", help="Its private key, PEM.")
@_body_option
@json_option
def take(sealed: str, *, certificate: str, key: str, body: str, as_json: bool) -> None:
    """Take in a notification: open it, verify who signed it and that it is theirs to report.

    Whatever is refused is kept with the reasons, and the record commits to it. What is taken is
    believed of nothing: it is confirmed by call-back first.
    """
    settings = load_settings(os.environ)
    with reporting(as_json=as_json):
        came = read_input(sealed, limit=_SEALED_MAX)
        opened = opener(certificate, key)
        with open_front(settings) as front:
            authority = authority_of(front.proceedings, body)
            with _keeping_refusals(settings, came):
                found = take_notification(
                    front, opened(came), body=authority, confide=_confide(settings), at=_now()
                )
    _emit(found, "next: 'smki recovery incident call-back', by two people", as_json=as_json)


@incident.command("list")
@_body_option
@json_option
def list_incidents(*, body: str, as_json: bool) -> None:
    """List the incidents."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        register = front.proceedings
        found = all_under(register, authority_of(register, body), Incident)
    lines = [f"{one.title}: {one.standing}" for one in found] or ["there is no incident"]
    emit({"incidents": [fields_of(one) for one in found]}, lines, as_json=as_json)


@incident.command
@click.argument("ref")
@json_option
def show(ref: str, *, as_json: bool) -> None:
    """Show an incident: what was reported, each step, who was called back, what was decided."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = incident_of(front.proceedings, ref)
    _emit(found, "", as_json=as_json)


@incident.command("call-back")
@click.argument("ref")
@click.option("--contact", required=True, metavar="PERSON", help="Who was asked, of the register.")
@click.option("--mechanism", required=True, type=click.Choice(_MECHANISMS), help="How.")
@_by_option
@click.option("--second", required=True, metavar="PERSON", help="Who listened, of the register.")
@click.option("--confirmed/--false", required=True, default=None, help="What the contact said.")
@click.option("--said", default="", metavar="TEXT", help="In words.")
@json_option
def call_back(ref: str, *, mechanism: str, as_json: bool, **given: Any) -> None:
    """Note what the reporter's registered contact said: the notification is confirmed, or false.

    The address is the one that the register has of that person, never one in the notification; two
    people ask, neither of them of the reporter.
    """
    called = Called(mechanism=Mechanism(mechanism), **given)
    _step(
        lambda front: incidents.call_back(front.proceedings, ref, called, _now()),
        "next: 'smki recovery incident declare', or 'close' if it is false",
        as_json=as_json,
    )


@incident.command
@click.argument("ref")
@_by_option
@_text_option
@click.option("--convening", default="", metavar="REF", help="By which the body was called.")
@click.option("--convene", "criterion", metavar="CRITERION", help="Call the body together by this.")
@json_option
def declare(
    ref: str, *, by: str, text: str, convening: str, criterion: str | None, as_json: bool
) -> None:
    """Declare it: the authority is to decide.

    With --convene it is called together at once, each method an option before it and not to use the
    key another; the messages wait to be carried, as after 'smki governance convene'.
    """
    if convening and criterion:
        raise click.UsageError("--convening and --convene: one of them")
    settings = load_settings(os.environ)
    with reporting(as_json=as_json), open_front(settings) as front:
        register, at = front.proceedings, _now()
        if criterion is None:
            found = incidents.declare(register, ref, by=by, text=text, convening=convening, at=at)
        else:
            found = convene_and_declare(register, ref, criterion=criterion, by=by, text=text, at=at)
            courier = CourierFolder(settings.path(CALLS))
            certificates = sealing_certificates(front, at)
            for one in send_calls(register, courier, certificates, found.convening, at):
                tell(f"{found.convening}: {one.person} is called, {one.place}")
    _emit(found, f"next: 'smki recovery options {ref}' compares what can be done", as_json=as_json)


@incident.command
@click.argument("ref")
@click.argument("method", type=click.Choice(_METHODS))
@click.option("--decision", default="", metavar="ID", help="Recorded; not for method-1.")
@_by_option
@_text_option
@json_option
def decide(ref: str, method: str, *, as_json: bool, **given: Any) -> None:
    """Note the method that was decided: the record must have the decision, in force, for it."""
    guidance = load_settings(os.environ).guidance.guidance()
    _step(
        lambda front: incidents.decide_method(
            front, ref, Method(method), guidance=guidance, at=_now(), **given
        ),
        f"next: 'smki recovery checklist {ref}'",
        as_json=as_json,
    )


@incident.command
@click.argument("ref")
@click.option("--campaign", default="", metavar="NAME", help="That recovers devices.")
@_by_option
@_text_option
@json_option
def recovering(ref: str, *, as_json: bool, **given: Any) -> None:
    """Note that devices are being recovered, and by which campaign: one that was begun for it."""
    with reporting(as_json=as_json):
        _must_be_of(ref, given["campaign"])
    _step(
        lambda front: incidents.begin_recovery(front.proceedings, ref, at=_now(), **given),
        f"next: 'smki recovery progress-file {ref}' tells the subscriber",
        as_json=as_json,
    )


@incident.command
@click.argument("ref")
@_by_option
@_text_option
@json_option
def recovered(ref: str, *, as_json: bool, **given: Any) -> None:
    """Note that all that could be recovered is; what is left is in TEXT or in the report."""
    _step(
        lambda front: incidents.end_recovery(front.proceedings, ref, at=_now(), **given),
        f"next: 'smki recovery incident close {ref} --report REPORT'",
        as_json=as_json,
    )


@incident.command
@click.argument("ref")
@_by_option
@_text_option
@click.option("--report", default="", metavar="TEXT", help="Name or digest of the report.")
@json_option
def close(ref: str, *, as_json: bool, **given: Any) -> None:
    """Close it, with its report, or with the reason why there is none."""
    _step(
        lambda front: incidents.close(front.proceedings, ref, at=_now(), **given),
        "",
        as_json=as_json,
    )


@incident.command
@click.argument("ref")
@click.argument("factor")
@click.option("--text", required=True, metavar="TEXT", help="The answer.")
@_by_option
@json_option
def answer(ref: str, factor: str, *, text: str, by: str, as_json: bool) -> None:
    """Note what somebody says to a factor of the decision; see 'smki recovery options'."""
    said = FactorAnswer(factor=factor, text=text, by=by, at=_now())
    guidance = load_settings(os.environ).guidance.guidance()
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = incidents.answer_factor(front.proceedings, ref, said, guidance)
    left = ", ".join(one.name for one in guidance.lacking(one.factor for one in found.answers))
    decide = f"next: 'smki recovery incident decide {ref} METHOD --decision ID --by PERSON'"
    _emit(found, f"still to be answered: {left}" if left else decide, as_json=as_json)


@incident.command
@click.argument("ref")
@click.option("--list", "out", metavar="FILE", help="Their EUI-64s, a line each, in a new file.")
@json_option
def relevant(ref: str, *, out: str | None, as_json: bool) -> None:
    """Work out which devices and subscribers it concerns: by inventory, cells and the record.

    Devices that the notification named, and that are not relevant by that, are counted beside.
    """
    settings = load_settings(os.environ)
    with (
        reporting(as_json=as_json),
        open_front(settings) as front,
        open_estate(settings) as estate,
        _listing(out) as each,
    ):
        one = incident_of(front.proceedings, ref)
        named = _named(front, settings, one)
        others = set(named)

        def tell_each(device: Holding) -> None:
            others.discard(device.device)
            each(device)

        found = relevant_devices(front, EstateHoldings(estate), one, each=tell_each)
    beside = {"named": len(named), "named_not_relevant": len(others)}
    lines = list(relevance_lines(found))
    if named:
        lines.append(f"{len(others):,} of {len(named):,} devices that were named are not relevant")
    emit({"incident": ref, **relevance_fields(found), **beside}, lines, as_json=as_json)


def _must_be_of(ref: str, name: str) -> None:
    """Raises: Refused: there is no campaign of that name, or it is for another incident."""
    if not name:
        return
    recovery = recovery_of(load_settings(os.environ), name)
    with open_kept(recovery.house) as kept:
        found = kept.campaigns.campaign(name)
    if found is None or found.plan.incident != ref:
        what = f"is for {found.plan.incident}" if found else "there is none"
        raise Refused(
            f"campaign {name}: {what}, must be one for {ref}; 'smki recovery list' names them",
            where="--campaign",
            clause="sec:L10",
            rule="incident.campaign",
        )


def _step(do: Callable[[FrontOffice], Incident], then: str, *, as_json: bool) -> None:
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = do(front)
    _emit(found, then, as_json=as_json)


def _emit(one: Incident, then: str, *, as_json: bool) -> None:
    emit(fields_of(one), [*lines_of(one), *((then,) if then else ())], as_json=as_json)


def _named(front: FrontOffice, settings: Settings, one: Incident) -> tuple[EUI64, ...]:
    """The devices that the notification named."""
    if one.notice is None:
        return ()
    _, parcel = revealed(front, open_confidential(settings), one.notice)
    return parse_notification(parse_parcel(parcel)[0]).devices


@contextmanager
def _keeping_refusals(settings: Settings, came: bytes) -> Iterator[None]:
    try:
        yield
    except (Malformed, Refused) as error:
        entry = keep_refusal(came, error, _confide(settings))
        tell(f"refused; entry {entry} of the record commits to what came, and why")
        raise


def _confide(settings: Settings) -> Confide:
    def confide(name: str, content: bytes) -> int:
        arguments = {"name": name, "content": base64.b64encode(content).decode()}
        return int(perform(settings, os.environ, "confide", arguments)["entry"])

    return confide


@contextmanager
def _listing(out: str | None) -> Iterator[Callable[[Holding], object]]:
    if out is None:
        yield lambda _: None
        return
    with output_file(out) as write:
        yield lambda one: write(f"{one.device}\n".encode())


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)

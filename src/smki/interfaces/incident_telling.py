"""An incident and whom it concerns, as JSON has it and in lines of text; for commands and pages."""

from collections.abc import Iterator
from typing import Any

from smki.governance.entities.incidents import Incident
from smki.recovery.relevance import Relevance


def fields_of(one: Incident) -> dict[str, Any]:
    """An incident as `--json` shows it."""
    return {
        "incident": one.ref,
        "state": one.standing,
        "key": one.compromised.value,
        "names": list(one.names),
        "party": one.party,
        "organisation": one.organisation,
        "reference": one.reference,
        "known": one.known,
        "discovered": one.discovered.isoformat(),
        "circumstances": one.circumstances,
        "notice": one.notice,
        "steps": [
            {"state": each.state.value, "at": each.at.isoformat(), "by": each.by, "text": each.text}
            for each in one.steps
        ],
        "call_backs": [
            {
                "contact": each.contact,
                "mechanism": each.mechanism.value,
                "by": each.by,
                "second": each.second,
                "at": each.at.isoformat(),
                "confirmed": each.confirmed,
                "said": each.said,
            }
            for each in one.call_backs
        ],
        "answers": [
            {"factor": each.factor, "text": each.text, "by": each.by, "at": each.at.isoformat()}
            for each in one.answers
        ],
        "convening": one.convening,
        "decision": one.decision,
        "method": one.method.value if one.method else None,
        "campaigns": list(one.campaigns),
        "report": one.report,
    }


def lines_of(one: Incident) -> list[str]:
    """The same in words: a line for each step, each factor that was answered, each campaign."""
    lines = [
        f"{one.title}, reference {one.reference} of {one.party}: {one.standing}",
        f"  {'known' if one.known else 'suspected'}: {one.circumstances}",
    ]
    lines += [
        f"  {each.at:%F %T}  {each.state.value}"
        f"{f' by {each.by}' if each.by else ''}{f': {each.text}' if each.text else ''}"
        for each in one.steps
    ]
    if one.method:
        by = f" under decision {one.decision}" if one.decision else ", the subscriber's own"
        lines.append(f"  method {one.method.value}{by}")
    lines += [f"  factor {each.factor}: {each.text} ({each.by})" for each in one.answers]
    lines += [f"  campaign {each}" for each in one.campaigns]
    if one.report:
        lines.append(f"  report {one.report}")
    return lines


def relevance_fields(found: Relevance) -> dict[str, Any]:
    """What is concerned, as `--json` shows it."""
    return {
        "looked_at": found.looked_at,
        "devices": found.relevant,
        "only_before": found.only_before,
        "by": [
            {"kind": one.kind, "make": one.make, "region": one.region, "devices": count}
            for one, count in sorted(found.devices.items(), key=lambda pair: str(pair[0]))
        ],
        "cells": dict(sorted(found.cells.items())),
        "subscribers": dict(sorted(found.by_subscriber.items())),
        "certificates": dict(sorted(found.by_certificate.items())),
    }


def relevance_lines(found: Relevance) -> Iterator[str]:
    """The same in words."""
    yield f"{found.relevant:,} of {found.looked_at:,} devices are relevant"
    if not found.relevant:
        yield "no cell that was looked at holds what is reported: was it replaced since?"
    if found.only_before:
        yield f"{found.only_before:,} of them were commissioned before the event and are not now"
    for one, count in sorted(found.devices.items(), key=lambda pair: str(pair[0])):
        yield f"  {count:>12,}  {one.kind}, {one.make}, {one.region}"
    for kind, count in sorted(found.cells.items()):
        yield f"  {count:>12,}  cells of the kind {kind}"
    for party, count in sorted(found.by_subscriber.items()):
        yield f"  {count:>12,}  hold a certificate of {party}"

"""What the system sees of an incident's checklist: in the register, the record and the campaigns.

Each thing that is seen comes with what shows it: a person, an entry of the record, a count. What is
not seen is not said; nothing is taken for seen because somebody says so.

Clause: sec:L10
"""

from collections.abc import Iterator, Mapping
from typing import Final

from smki.flows.activating import CEREMONY_NAMED
from smki.flows.deciding import recorded_decision, recorded_decisions
from smki.flows.office import FrontOffice
from smki.flows.recovery_pieces import REPORT
from smki.governance.decisions import DecisionKind
from smki.governance.entities.incidents import Incident, IncidentState
from smki.governance.factors import Guidance
from smki.merkle.canonical import parse_json
from smki.merkle.leaf import LeafType, decode_framed, decode_leaf
from smki.ports import CertificateRow, ItemRow
from smki.recovery import METHODS
from smki.recovery.campaign import Fate
from smki.recovery.checklists import Seen
from smki.recovery.procedures import Decider
from smki.recovery.progress import Progress
from smki.repository import body_of
from smki.terms import CertificateKind, CertificateStatus, Malformed

_MILLISECONDS: Final = 1_000
_COMPLETED: Final = ", completed"


def seen_of(
    front: FrontOffice,
    incident: Incident,
    campaigns: Mapping[str, tuple[Progress, int]],
    guidance: Guidance,
) -> dict[Seen, str]:
    """What is seen, and what shows it.

    Args:
        front: the record.
        incident: which.
        campaigns: the incident's by name: how far each has come, and the newest wave looked at.
        guidance: which factors must be answered.

    Clause: sec:L10
    """
    return dict(
        (
            *_in_register(incident, guidance),
            *_decided(front, incident),
            *_in_record(front, incident),
            *_of_certificates(front, incident),
            *_of_campaigns(incident, campaigns),
        )
    )


def _in_register(incident: Incident, guidance: Guidance) -> Iterator[tuple[Seen, str]]:
    for one in incident.call_backs:
        if one.confirmed:
            yield Seen.CONFIRMED, f"{one.contact}, asked by {one.by} and {one.second}"
    reached = {step.state: step for step in incident.steps}
    for state, seen in (
        (IncidentState.DECLARED, Seen.DECLARED),
        (IncidentState.CLOSED, Seen.CLOSED),
    ):
        if state in reached:
            yield seen, f"by {reached[state].by or 'the house'} on {reached[state].at:%F %T}"
    answered = {one.factor for one in incident.answers}
    if not guidance.lacking(answered):
        yield Seen.FACTORS, f"{len(answered)} answered"


def _decided(front: FrontOffice, incident: Incident) -> Iterator[tuple[Seen, str]]:
    method = incident.method
    if method is None:
        return
    if METHODS[method].decider is Decider.SUBSCRIBER:
        yield Seen.DECIDED, f"{method.value}, by the subscriber"
        return
    recorded = recorded_decision(front, incident.decision, front.index.size())
    if recorded is not None:
        said = recorded.decision
        if (said.object, said.scope) == (incident.ref, method.value):
            yield Seen.DECIDED, f"{method.value}, decision {said.id}, entry {recorded.entry}"
    for one in recorded_decisions(front, kind=DecisionKind.USE_KEY):
        if one.decision.scope.startswith(f"{incident.ref}: "):
            yield Seen.KEY_DECIDED, f"decision {one.decision.id}, entry {one.entry}"


def _in_record(front: FrontOffice, incident: Incident) -> Iterator[tuple[Seen, str]]:
    """What ceremonies, keys and reports left in the record since it was notified."""
    for item in front.index.items(of=LeafType.TRANSCRIPT):
        seen = _told_by(item, incident)
        if seen is None or not _is_after(front, item.entry, incident):
            continue
        if seen is not Seen.KEY_ASKED or _asked_for(front, item, incident):
            yield seen, f"entry {item.entry}: {item.name}"


def _told_by(item: ItemRow, incident: Incident) -> Seen | None:
    """What an entry tells by its name, of whatever incident; None if nothing of a checklist."""
    key = METHODS[incident.method].key if incident.method else ""
    recovery, _, what = item.name.partition(": ")
    if key and item.name == f"permitted: {key}":
        return Seen.KEY_ASKED
    if item.name.startswith(f"{CEREMONY_NAMED}contingency,") and item.name.endswith(_COMPLETED):
        return Seen.CONTINGENCY
    campaigns = {name.partition(".")[0] for name in incident.campaigns}
    return Seen.REPORT if recovery in campaigns and what.startswith(f"{REPORT} ") else None


def _asked_for(front: FrontOffice, item: ItemRow, incident: Incident) -> bool:
    """Whether a key was asked for in this incident."""
    try:
        body = body_of(front.reader, decode_leaf(front.reader.leaf(item.entry)))
        said = parse_json(decode_framed(body)[1], "key asked")
    except Malformed:
        return False
    wanted = said.get("wanted") if isinstance(said, Mapping) else None
    return isinstance(wanted, Mapping) and wanted.get("incident") == incident.ref


def _of_certificates(front: FrontOffice, incident: Incident) -> Iterator[tuple[Seen, str]]:
    named = [row for row in map(front.index.by_serial, incident.serials) if row is not None]
    organisations = [row for row in named if row.kind is CertificateKind.ORGANISATION]
    followed = [row for row in organisations if _is_followed(front, row, incident)]
    if organisations and len(followed) == len(organisations):
        yield Seen.CERTIFICATES, f"{len(followed)} of {len(organisations)} are followed"
    revoked = [row for row in named if row.status is CertificateStatus.REVOKED]
    if named and len(revoked) == len(named):
        yield Seen.REVOKED, f"all {len(revoked)} that are named"
    for row in front.index.rows(CertificateKind.ISSUING_OCA):
        if _is_after(front, row.entry, incident):
            yield Seen.ISSUING, f"entry {row.entry}: {row.serial}"


def _is_after(front: FrontOffice, entry: int, incident: Incident) -> bool:
    """Whether it was lodged after the notification: by the record's order, else by its clock."""
    if incident.notice is not None:
        return entry > incident.notice
    lodged = decode_leaf(front.reader.leaf(entry)).instant
    return lodged >= incident.steps[0].at.timestamp() * _MILLISECONDS


def _is_followed(front: FrontOffice, old: CertificateRow, incident: Incident) -> bool:
    """Whether the same party has a certificate for the same use and role, with another key, since."""
    if old.identity is None:
        return False
    return any(
        _is_after(front, row.entry, incident)
        and (row.kind, row.role, row.usage) == (old.kind, old.role, old.usage)
        and row.key != old.key
        for row in front.index.by_identity(old.identity)
    )


def _of_campaigns(
    incident: Incident, campaigns: Mapping[str, tuple[Progress, int]]
) -> Iterator[tuple[Seen, str]]:
    if not incident.campaigns or not all(name in campaigns for name in incident.campaigns):
        return
    told = [campaigns[name] for name in incident.campaigns]
    yield Seen.CAMPAIGN, ", ".join(incident.campaigns)
    if all(looked_at >= 0 for _, looked_at in told):
        yield Seen.CANARIES, f"of {len(told)} campaigns"
    devices = sum(one.devices for one, _ in told)
    if devices and sum(one.ended for one, _ in told) == devices:
        recovered = sum(one.fates.get(Fate.RECOVERED, 0) for one, _ in told)
        yield Seen.ENDED, f"{recovered:,} of {devices:,} recovered"

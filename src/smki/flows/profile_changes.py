"""A change of profile or policy OID: nothing is issued under others without a decision about exactly those.

The object of the decision is the SHA-256 of the canonical JSON of the new profiles, settings and table,
as they are lodged in the configuration. Asked when the house is opened to issue, before it lodges
its configuration. A development SMKI is exempt: nothing that relies on it is real.

Clause: gbcs:12, sec:L9
"""

from collections.abc import Mapping
from hashlib import sha256

from smki.flows.configuring import (
    configuration_at,
    configuration_body,
    configurations,
    is_development,
)
from smki.flows.deciding import candidates, in_force, why_not
from smki.flows.office import FrontOffice
from smki.governance import Act, Question
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.merkle.leaf import decode_framed
from smki.terms import Finding, Refused


def must_permit_profiles(front: FrontOffice, configuration: Mapping[str, JSON]) -> None:
    """What is to be lodged has the profiles of the newest configuration, or a decision permits them.

    Raises:
        Refused: the profiles are others and no decision permits exactly these.
        Inconsistent: the record is damaged.

    Clause: gbcs:12, sec:L9
    """
    lodged, asked = lodged_profiles(front), profiles_digest(front, configuration)
    if lodged in {None, asked} or is_development(front):
        return
    at, size = front.clock.now(), front.index.size()
    if in_force(front, Act.CHANGE_PROFILES, {asked}, at=at, before=size) is not None:
        return
    question = Question(act=Act.CHANGE_PROFILES, about=frozenset({asked}), at=at)
    reasons = (
        finding
        for one in candidates(front, Act.CHANGE_PROFILES, size, {asked})
        for finding in why_not(front, one, question, size)
    )
    raise Refused(
        findings=(
            Finding(
                rule="profiles.changed",
                message=f"profiles: {asked}, must be {lodged} as they are lodged, or a change-profiles"
                " decision about exactly these must be recorded first",
                where="configuration",
                clause="gbcs:12",
                advice="'smki governance decide', 'sign', 'lodge'; nothing else can be done meanwhile",
            ),
            *reasons,
        )
    )


def profiles_digest(front: FrontOffice, configuration: Mapping[str, JSON]) -> str:
    """SHA-256, in hexadecimal, of the profiles as the house is configured now."""
    return _digest(decode_framed(configuration_body(front, configuration))[1])


def lodged_profiles(front: FrontOffice) -> str | None:
    """SHA-256, in hexadecimal, of the profiles that were lodged last; None if none were.

    Raises:
        Inconsistent: the record is damaged.
    """
    known = configurations(front)
    return _digest(configuration_at(front, known[-1]).content) if known else None


def _digest(content: bytes) -> str:
    value = parse_json(content, "configuration")
    profiles = value.get("profiles") if isinstance(value, Mapping) else None
    return sha256(encode_json(profiles)).hexdigest()

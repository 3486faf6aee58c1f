"""How a ceremony is opened: its script, what it is for, who takes part, under which profiles.

The first entry of its transcript says it; nothing of it changes later.

    said    {"custodians": [{"appointment", "credential", "custodian", "organisation"}, ...],
             "issuing": [{"key" base64 of SubjectPublicKeyInfo, "kind"}, ...], "keys": [...],
             "names": {kind: common name}, "profiles": {...}, "purpose", "rule": {...}, "script",
             "script_digest", "signatories": [{"credential", "organisation", "person", "role"}, ...],
             "software"}

Clause: sec-app-l:3
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from smki.ceremonies.certifying import AuthorityNames
from smki.ceremonies.custodians import SHARES, Custodian, CustodyRule, Purpose
from smki.ceremonies.environments import (
    kind_named,
    must_suit,
    profiles_said,
    read_names,
    read_profiles,
)
from smki.ceremonies.fields import Fields, malformed, text64
from smki.ceremonies.scripts import SCRIPTS, Role, Script, Step
from smki.merkle.canonical import JSON
from smki.profiles import ProfileSettings
from smki.terms import CertificateKind, Refused

_SIGNATORY: Final = ("credential", "organisation", "person", "role")
_CUSTODIAN: Final = ("appointment", "credential", "custodian", "organisation")
_SAID: Final = (
    "custodians",
    "issuing",
    "keys",
    "names",
    "profiles",
    "purpose",
    "rule",
    "script",
    "script_digest",
    "signatories",
    "software",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Who signs the transcript.

    Attributes:
        role: operator or witness.
        person: what the transcript calls them, as `witness-1`.
        organisation: whose staff they are.
        credential: SHA-256 of their certificate, in hexadecimal digits.
    """

    role: Role
    person: str
    organisation: str
    credential: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A custodian as the transcript has them: nothing of the person.

    Attributes:
        custodian: identifier.
        organisation: whose staff they were when appointed.
        credential: SHA-256 of their certificate.
        appointment: commitment to their file.
    """

    custodian: str
    organisation: str
    credential: str
    appointment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the first entry says; the attributes are its keys."""

    script: Script
    purpose: Purpose
    rule: CustodyRule
    seats: tuple[Seat, ...]
    signatories: tuple[Signatory, ...]
    keys: tuple[str, ...]
    issuing: Mapping[CertificateKind, bytes]
    names: AuthorityNames
    profiles: ProfileSettings
    software: str

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of this ceremony."""
        return self.script.for_keys(self.keys)

    def people(self, role: Role) -> tuple[str, ...]:
        """What the transcript calls those with this role."""
        if role is Role.CUSTODIANS:
            return tuple(one.custodian for one in self.seats)
        return tuple(one.person for one in self.signatories if one.role is role)


def seat_of(custodian: Custodian) -> Seat:
    """The seat of this custodian."""
    return Seat(
        custodian=custodian.identifier,
        organisation=custodian.organisation,
        credential=custodian.credential,
        appointment=custodian.commitment,
    )


def encode_opening(opening: Opening) -> dict[str, JSON]:
    """What the first entry says."""
    return {
        "custodians": [
            {
                "appointment": one.appointment,
                "credential": one.credential,
                "custodian": one.custodian,
                "organisation": one.organisation,
            }
            for one in opening.seats
        ],
        "issuing": [
            {"key": text64(key), "kind": kind.value} for kind, key in opening.issuing.items()
        ],
        "keys": list(opening.keys),
        "names": {kind.value: name for kind, name in opening.names.names.items()},
        "profiles": profiles_said(opening.profiles),
        "purpose": opening.purpose.value,
        "rule": {
            "custodians": opening.rule.custodians,
            "of_one_organisation": opening.rule.of_one_organisation,
            "quorum": opening.rule.quorum,
        },
        "script": opening.script.name,
        "script_digest": opening.script.digest,
        "signatories": [
            {
                "credential": one.credential,
                "organisation": one.organisation,
                "person": one.person,
                "role": one.role.value,
            }
            for one in opening.signatories
        ],
        "software": opening.software,
    }


def parse_opening(said: Mapping[str, JSON]) -> Opening:
    """The opening that the first entry says.

    Raises:
        Malformed: not of the form above.
        Refused: a script that is not known, or another of that name; a rule that no custody may
            have; profiles that are not for the purpose.

    Clause: sec-app-l:3
    """
    fields = Fields(said, "opening", _SAID)
    script = script_named(fields.text("script"))
    if fields.digest("script_digest") != script.digest:
        raise _refused(f"script {script.name} is another than the one known here by that name")
    purpose = next((one for one in Purpose if one.value == fields.value("purpose")), None)
    if purpose is None:
        raise malformed("opening", "purpose: must be rehearsal or live", where="purpose")
    profiles = read_profiles(fields.value("profiles"))
    must_suit(profiles, purpose)
    return Opening(
        script=script,
        purpose=purpose,
        rule=_rule(fields.value("rule")),
        seats=tuple(map(_seat, fields.many("custodians"))),
        signatories=tuple(map(_signatory, fields.many("signatories"))),
        keys=tuple(
            Fields({"key": one}, "opening: keys", ("key",)).name("key")
            for one in fields.many("keys")
        ),
        issuing=MappingProxyType(dict(map(_issuing, fields.many("issuing")))),
        names=read_names(fields.value("names")),
        profiles=profiles,
        software=fields.text("software"),
    )


def script_named(name: str) -> Script:
    """The script of that name.

    Raises:
        Refused: there is none.
    """
    script = SCRIPTS.get(name)
    if script is None:
        raise _refused(f"script {name[:60]!r}, must be one of {', '.join(SCRIPTS)}")
    return script


def _rule(value: JSON) -> CustodyRule:
    fields = Fields(value, "opening: rule", ("custodians", "of_one_organisation", "quorum"))
    return CustodyRule(
        quorum=fields.number("quorum", SHARES),
        custodians=fields.number("custodians", SHARES),
        of_one_organisation=fields.number("of_one_organisation", range(1, SHARES.stop)),
    )


def _seat(value: JSON) -> Seat:
    fields = Fields(value, "opening: custodian", _CUSTODIAN)
    return Seat(
        custodian=fields.name("custodian"),
        organisation=fields.text("organisation"),
        credential=fields.digest("credential"),
        appointment=fields.digest("appointment"),
    )


def _signatory(value: JSON) -> Signatory:
    fields = Fields(value, "opening: signatory", _SIGNATORY)
    role = next((one for one in Role if one.value == fields.value("role")), Role.CUSTODIANS)
    if role is Role.CUSTODIANS:
        raise malformed("opening", "role: must be operator or witness", where="role")
    return Signatory(
        role=role,
        person=fields.name("person"),
        organisation=fields.text("organisation"),
        credential=fields.digest("credential"),
    )


def _issuing(value: JSON) -> tuple[CertificateKind, bytes]:
    fields = Fields(value, "opening: issuing", ("key", "kind"))
    return kind_named(fields.text("kind")), fields.octets("key")


def _refused(message: str) -> Refused:
    return Refused(
        f"ceremony: {message}", where="opening", clause="sec-app-l:3", rule="ceremony.opening"
    )

"""What a ceremony certifies under: profiles and names of a rehearsal, or of the real thing.

The certificates of a rehearsal have policy OIDs, names and a hierarchy of their own: whoever reads
one under real profiles finds a policy that is not theirs, and the other way round.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from smki.ceremonies.certifying import AuthorityNames
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.fields import Fields, malformed
from smki.merkle.canonical import JSON
from smki.profiles import ProfileSettings, development
from smki.profiles.settings import COMMON_NAME_CHARACTERS, LIFETIMES, MOST_YEARS
from smki.terms import CertificateKind, Refused

_K = CertificateKind
_PROFILES: Final = (
    "arl_months",
    "common_name_characters",
    "environment",
    "lifetime_years",
    "policies",
    "wrap_algorithm",
)
LIVE_NAMES: Final = AuthorityNames(
    names=MappingProxyType(
        {
            _K.ROOT_OCA: "LA",
            _K.ISSUING_OCA: "L1",
            _K.ROOT_DCA: "LD00",
            _K.ISSUING_DCA: "LD01",
            _K.ROOT_ICA: "IKI Root",
            _K.ISSUING_ICA: "IKI Issuing",
        }
    )
)
REHEARSAL_NAMES: Final = AuthorityNames(
    names=MappingProxyType(
        {
            _K.ROOT_OCA: "RA",
            _K.ISSUING_OCA: "R1",
            _K.ROOT_DCA: "RD00",
            _K.ISSUING_DCA: "RD01",
            _K.ROOT_ICA: "Rehearsal IKI Root",
            _K.ISSUING_ICA: "Rehearsal IKI Issuing",
        }
    )
)


def rehearsal_profiles(like: ProfileSettings) -> ProfileSettings:
    """Profiles like those, for a rehearsal: under policy OIDs that nothing else ever has.

    Clause: gbcs:12
    """
    return ProfileSettings(
        environment=Purpose.REHEARSAL.value,
        policies=tuple((kind, rehearsal_policy(kind)) for kind, _ in like.policies),
        lifetimes=like.lifetimes,
        common_name_length=like.common_name_length,
        wrap_algorithm=like.wrap_algorithm,
        arl_months=like.arl_months,
    )


def must_suit(profiles: ProfileSettings, purpose: Purpose) -> None:
    """These profiles are for this purpose.

    A rehearsal has its own, a live ceremony neither those of rehearsals nor those of development.

    Raises:
        Refused: with the policies that say otherwise.

    Clause: gbcs:12
    """
    policies = dict(profiles.policies)
    rehearsed = {kind: rehearsal_policy(kind) for kind in policies}
    if purpose is Purpose.REHEARSAL:
        if policies != rehearsed or profiles.environment != purpose.value:
            raise _refused("a rehearsal has policy OIDs and an environment of its own, must have")
        return
    marked = {*rehearsed.values(), *dict(development().policies).values()}
    taken = sorted(kind.value for kind, oid in policies.items() if oid in marked)
    if taken:
        raise _refused(
            f"policy OIDs of {', '.join(taken)} are those of development or of rehearsals, a live"
            " ceremony must have its own: name them in the configuration (policies)"
        )
    if profiles.environment in {"development", Purpose.REHEARSAL.value}:
        raise _refused(f"environment {profiles.environment!r}, must be a name of its own")


def rehearsal_policy(kind: CertificateKind) -> str:
    """The policy OID, dotted, of this kind of certificate in every rehearsal."""
    return f"2.25.{uuid5(NAMESPACE_OID, f'smki:rehearsal:{kind.value}').int}"


def profiles_said(profiles: ProfileSettings) -> dict[str, JSON]:
    """What an opening says of the profiles: all that bears on an authority's certificate."""
    return {
        "arl_months": profiles.arl_months,
        "common_name_characters": profiles.common_name_length,
        "environment": profiles.environment,
        "lifetime_years": {
            kind.value: years for kind, years in profiles.lifetimes if years is not None
        },
        "policies": {kind.value: oid for kind, oid in profiles.policies},
        "wrap_algorithm": profiles.wrap_algorithm,
    }


def read_profiles(value: JSON) -> ProfileSettings:
    """The profiles that an opening says.

    Raises:
        Malformed: not of that form.
        Refused: a value that no profile may have.

    Clause: gbcs:12
    """
    fields = Fields(value, "opening: profiles", _PROFILES)
    kinds = [kind.value for kind in CertificateKind]
    mortal = [kind.value for kind, years in LIFETIMES.items() if years is not None]
    policies = Fields(fields.value("policies"), "opening: policies", kinds)
    years = Fields(fields.value("lifetime_years"), "opening: lifetime_years", mortal)
    return ProfileSettings(
        environment=fields.text("environment"),
        policies=tuple((kind_named(name), policies.text(name)) for name in kinds),
        lifetimes=tuple(
            (kind, None if lives is None else years.number(kind.value, range(1, MOST_YEARS + 1)))
            for kind, lives in LIFETIMES.items()
        ),
        common_name_length=fields.number("common_name_characters", COMMON_NAME_CHARACTERS),
        wrap_algorithm=fields.text("wrap_algorithm"),
        arl_months=fields.number("arl_months", range(1, 12 * MOST_YEARS + 1)),
    )


def read_names(value: JSON) -> AuthorityNames:
    """The authorities' names that an opening says.

    Raises:
        Malformed: not one for each authority.
    """
    names = [kind.value for kind in LIVE_NAMES.names]
    fields = Fields(value, "opening: names", names)
    return AuthorityNames(
        names=MappingProxyType({kind_named(name): fields.text(name) for name in names})
    )


def kind_named(name: str) -> CertificateKind:
    """The kind of certificate with this lasting name.

    Raises:
        Malformed: there is none.
    """
    for kind in CertificateKind:
        if kind.value == name:
            return kind
    raise malformed("opening", f"kind {name[:60]!r}: no kind of certificate, must be one")


def names_for(purpose: Purpose, chosen: Mapping[CertificateKind, str]) -> AuthorityNames:
    """The names of the authorities for this purpose, with those chosen."""
    base = REHEARSAL_NAMES if purpose is Purpose.REHEARSAL else LIVE_NAMES
    return AuthorityNames(names=MappingProxyType({**base.names, **chosen}))


def _refused(message: str) -> Refused:
    return Refused(
        f"ceremony: {message}", where="profiles", clause="gbcs:12", rule="ceremony.profiles"
    )

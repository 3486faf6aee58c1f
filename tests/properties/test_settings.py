"""What an environment chooses, by property: composer, lint and revocation lists follow it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from smki import profiles
from smki.crypto.key_wrap import AES256_WRAP_PAD
from smki.profiles.composing import compose_name
from smki.profiles.settings import LIFETIMES, MOST_YEARS, ProfileSettings, last_second
from smki.profiles.table import PROFILES
from smki.terms import EUI64, CertificateKind, KeyUsage, Refused, RemotePartyRole, SerialNumber

K = CertificateKind
DEFAULTS = profiles.development()
NOW = datetime(2026, 11, 21, 10, 20, 30, tzinfo=UTC)
KEY = ec.derive_private_key(7, ec.SECP256R1()).public_key()
SPKI = KEY.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
ROOT = profiles.Draft(
    kind=K.ROOT_OCA,
    serial=SerialNumber(1 << 120),
    issuer=None,
    subject=profiles.AuthoritySubject(common_name="ZA", role=RemotePartyRole.ROOT),
    usage=KeyUsage.CERTIFICATE_AND_CRL_SIGNING,
    public_key=SPKI,
    not_before=NOW,
    not_after=NOW,
    wrapped_contingency_key=bytes(96),
)
ISSUING = profiles.AuthoritySubject(common_name="Z1", role=RemotePartyRole.ISSUING_AUTHORITY)
ORGANISATION = profiles.OrganisationSubject(entity=EUI64(bytes(8)), role=RemotePartyRole.SUPPLIER)
ARCS = st.integers(0, 2**64).map(lambda arc: f"2.25.{arc}")


def _with_lifetimes(**years: int) -> ProfileSettings:
    given = {K(name.replace("_", "-")): number for name, number in years.items()}
    return replace(
        DEFAULTS,
        lifetimes=tuple((kind, given.get(kind, years)) for kind, years in LIFETIMES.items()),
    )


def _composed(draft: profiles.Draft, chosen: ProfileSettings) -> bytes:
    first, last = profiles.validity(draft.kind, NOW, chosen)
    return profiles.compose(replace(draft, not_before=first, not_after=last), chosen)


def _passes_only_under(draft: profiles.Draft, chosen: ProfileSettings) -> set[str]:
    """The rules of the defaults that the certificate breaks, which is sound as it was chosen."""
    tbs = _composed(draft, chosen)
    assert profiles.lint_tbs(tbs, chosen, draft.kind) == ()
    return {finding.rule for finding in profiles.lint_tbs(tbs, DEFAULTS, draft.kind)}


def _organisation() -> profiles.Draft:
    return replace(
        ROOT,
        kind=K.ORGANISATION,
        issuer=profiles.Issuer(
            kind=K.ISSUING_OCA,
            name=compose_name(ISSUING, PROFILES[K.ISSUING_OCA].subject),
            key_identifier=b"\x41" * 8,
        ),
        subject=ORGANISATION,
        usage=KeyUsage.DIGITAL_SIGNATURE,
        wrapped_contingency_key=None,
    )


@pytest.mark.clause("sec-app-b:B")
@settings(max_examples=40, deadline=None)
@given(root=st.integers(1, MOST_YEARS), share=st.floats(0, 1))
def test_lifetimes_are_those_chosen(root: int, share: float) -> None:
    """Composed under other lifetimes a certificate passes there, and the defaults refuse it."""
    years = max(1, round(root * share))
    chosen = _with_lifetimes(root_oca=root, issuing_oca=years, organisation=years)
    for draft, usual in ((ROOT, 50), (_organisation(), 10)):
        lives = chosen.lifetime(draft.kind)
        expected = set() if lives == usual else {f"{draft.kind.value}.validity.lifetime"}
        assert _passes_only_under(draft, chosen) == expected


@pytest.mark.clause("gbcs:12")
@settings(max_examples=30, deadline=None)
@given(policy=ARCS)
def test_policies_are_those_chosen(policy: str) -> None:
    """With another policy OID a certificate passes where that is chosen and nowhere else."""
    chosen = replace(
        DEFAULTS,
        policies=tuple(
            (kind, policy if kind is K.ROOT_OCA else oid) for kind, oid in DEFAULTS.policies
        ),
    )
    found = _passes_only_under(ROOT, chosen)
    assert found == {"root-oca.extension.certificatePolicies"}


@pytest.mark.clause("sec-app-b:B")
@settings(max_examples=20, deadline=None)
@given(name=st.text("ABCD019", min_size=5, max_size=64))
def test_names_are_as_long_as_chosen(name: str) -> None:
    """A long common name passes where that length is chosen, and one more character does not."""
    subject = profiles.AuthoritySubject(common_name=name, role=RemotePartyRole.ROOT)
    draft = replace(ROOT, subject=subject)
    chosen = replace(DEFAULTS, common_name_length=len(name))
    expected = {"root-oca.subject.length", "root-oca.issuer.length"}
    assert _passes_only_under(draft, chosen) == expected
    tight = replace(DEFAULTS, common_name_length=len(name) - 1)
    tbs = _composed(draft, chosen)
    assert {one.rule for one in profiles.lint_tbs(tbs, tight, K.ROOT_OCA)} == expected


@pytest.mark.clause("sec-app-b:B")
def test_the_wrapping_is_the_one_chosen() -> None:
    """A Root OCA certificate whose contingency key is wrapped otherwise passes there alone."""
    chosen = replace(DEFAULTS, wrap_algorithm=AES256_WRAP_PAD)
    assert _passes_only_under(ROOT, chosen) == {"root-oca.extension.WrappedApexContingencyKey"}


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(sorted(K, key=lambda kind: kind.value)), years=st.integers())
def test_lifetimes_are_chosen_or_refused(kind: CertificateKind, years: int) -> None:
    """Any number of years makes settings that hold together, or is refused by its key."""
    lifetimes = tuple((one, years if one is kind else had) for one, had in LIFETIMES.items())
    try:
        chosen = replace(DEFAULTS, lifetimes=lifetimes)
    except Refused as error:
        assert error.where.startswith("lifetime_years.")  # noqa: PT017 - either way is right
        assert "must be" in error.message  # noqa: PT017 - the same
        return
    assert 1 <= years <= MOST_YEARS
    assert years <= (chosen.lifetime(kind.issuer) or 0)
    assert all(profiles.validity(one, NOW, chosen)[1] > NOW for one in K)


@pytest.mark.clause("sec-app-b:B-crl")
@settings(max_examples=100, deadline=None)
@given(interval=st.timedeltas(), validity=st.timedeltas(), months=st.integers())
def test_lists_overlap_or_are_refused(
    interval: timedelta, validity: timedelta, months: int
) -> None:
    """Intervals and validities make lists that overlap by an hour at least, or are refused."""
    try:
        replace(DEFAULTS, crl_interval=interval, crl_validity=validity, arl_months=months)
    except Refused as error:
        keys = {"crl_interval_hours", "crl_validity_hours", "arl_validity_months"}
        assert error.where in keys  # noqa: PT017 - either way is right
        return
    assert validity - interval >= timedelta(hours=1)
    assert interval > timedelta()
    assert months >= 1


@settings(max_examples=100, deadline=None)
@given(
    first=st.datetimes(
        datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without zone
        datetime(2100, 1, 1),  # noqa: DTZ001 - the same
        timezones=st.just(UTC),
    ),
    months=st.integers(0, 1200),
)
def test_months_end_where_the_calendar_says(first: datetime, months: int) -> None:
    """So many months later it is the same day and time, or the first of the month after."""
    last = last_second(first, months=months) + timedelta(seconds=1)
    assert last.timetz() == first.timetz()
    passed = (last.year - first.year) * 12 + last.month - first.month
    assert (last.day == first.day and passed == months) or (
        last.day == 1 and passed == months + 1 and first.day > 28
    )

"""Live certificates and those for tests: told apart by the policy OID, composed as what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from smki import profiles
from smki.terms import CertificateKind, KeyUsage, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

K = CertificateKind


class _Made(Protocol):
    """A certificate of the hierarchy."""

    @property
    def draft(self) -> profiles.Draft:
        """What it was composed of."""
        ...

    @property
    def tbs(self) -> bytes:
        """What was signed."""
        ...


LIVE = ((K.DEVICE, "2.25.11"), (K.ORGANISATION, "2.25.12"))


@pytest.fixture
def both(settings: profiles.ProfileSettings) -> profiles.ProfileSettings:
    """An environment that has both."""
    return replace(settings, live_policies=LIVE)


@pytest.mark.clause("gbcs:12")
@pytest.mark.parametrize("kind", [K.DEVICE, K.ORGANISATION])
def test_each_is_what_it_says(
    kind: CertificateKind,
    hierarchy: Mapping[CertificateKind, _Made],
    both: profiles.ProfileSettings,
) -> None:
    """A lint that asks for the one finds fault with the other; a reader takes either."""
    draft = hierarchy[kind].draft
    made = {live: profiles.compose(replace(draft, live=live), both) for live in (False, True)}
    assert made[False] == hierarchy[kind].tbs
    for live, tbs in made.items():
        assert profiles.lint_tbs(tbs, both) == ()
        assert profiles.lint_tbs(tbs, both, kind, live=live) == ()
        (finding,) = profiles.lint_tbs(tbs, both, kind, live=not live)
        assert finding.rule.endswith("certificatePolicies")
    assert both.is_live(both.policy(kind, live=True))
    assert not both.is_live(both.policy(kind))
    assert both.kind_of(both.policy(kind, live=True)) is kind


@pytest.mark.clause("gbcs:12", "sec-app-a:B")
def test_a_template_of_one_does_not_know_the_other(
    hierarchy: Mapping[CertificateKind, _Made], both: profiles.ProfileSettings
) -> None:
    """The batch path compares every octet: a live certificate is none for tests."""
    draft = hierarchy[K.DEVICE].draft
    assert draft.issuer is not None
    assert isinstance(draft.subject, profiles.DeviceSubject)
    hw_type, device, point = draft.subject.hw_type, bytes(8), draft.public_key[-65:]
    usage = KeyUsage.DIGITAL_SIGNATURE
    test, live = (
        profiles.DeviceTemplate(draft.issuer, both, usage, hw_type, live=mode)
        for mode in (False, True)
    )
    filled = live.fill(draft.serial.to_octets(), draft.not_before, device, point)
    assert live.agrees(filled, device, point)
    assert not test.agrees(filled, device, point)


@pytest.mark.parametrize(
    "rows",
    [
        LIVE[:1],
        (*LIVE, (K.IKI_OFFICER, "2.25.13")),
        ((K.DEVICE, "2.25.11"), (K.ORGANISATION, "2.25.11")),
        ((K.DEVICE, profiles.development().policies[0][1]), LIVE[1]),
        ((K.DEVICE, "x"), LIVE[1]),
    ],
)
@pytest.mark.clause("gbcs:12")
def test_oids_of_live_certificates_are_their_own(
    settings: profiles.ProfileSettings, rows: tuple[tuple[CertificateKind, str], ...]
) -> None:
    """One for device and one for organisation, and no other certificate has them."""
    with pytest.raises(Refused, match="live_policies"):
        replace(settings, live_policies=rows)


def test_where_there_is_no_live_oid_nothing_is_live(settings: profiles.ProfileSettings) -> None:
    """An environment without such OIDs composes the same whatever is asked."""
    assert settings.policy(K.DEVICE, live=True) == settings.policy(K.DEVICE)
    assert not settings.is_live(settings.policy(K.DEVICE, live=True))

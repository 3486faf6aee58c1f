"""A subscriber recovers its own devices by its own key: nobody else decided, and nobody need have."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

import pytest
from tests.support.recovering import AT, CONTINGENCY

from smki.recovery import Compromised, Method
from smki.recovery.proving_authority import Authorities, Decisions
from smki.recovery.report import RunKind, Subject
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

OWN: Final = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER
BY_RECOVERY: Final = CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY


ABOUT: Final = Subject(
    name="supplier-lost",
    scenario="",
    kind=RunKind.INCIDENT,
    incident="PMA/i1",
    compromised=Compromised.ORGANISATION,
    method=Method.ONE,
    decision="",
    key_decision="",
    approach="",
    commander="Sample Energy Supplier",
)


def wrong(
    modes: Collection[CredentialsReplacementMode],
    method: Method = Method.ONE,
    decision: str = "",
) -> str:
    """What is wrong where no decision is among the evidence."""
    about = replace(ABOUT, method=method, decision=decision)
    authorities = Authorities((), lambda _: None)
    decisions = Decisions((), authorities, lambda *_: None)
    found = decisions.wrong_with(about, frozenset(), modes, AT, AT)
    return "; ".join(one for reasons in found for one in reasons)


@pytest.mark.clause("sec:L10", "sec:L10.9")
def test_a_subscribers_own_recovery_needs_no_decision() -> None:
    """In its own mode alone, by method 1 alone; one that is named must be there."""
    assert not wrong({OWN})
    assert "decision 'M-1': not among" in wrong({OWN}, decision="M-1")
    for modes in ({BY_RECOVERY}, {OWN, BY_RECOVERY}, {CONTINGENCY}):
        assert "decision '': not among" in wrong(modes)
    assert "decision '': not among" in wrong({OWN}, Method.THREE)

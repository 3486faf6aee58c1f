"""Whose officers decide, and who of them signs: what the sample bodies have, and how it is read.

Clause: sec:L5.3
"""

from collections.abc import Mapping, Sequence
from typing import Final

from smki.governance import Body, Holders, Signatory
from smki.governance.signatories import parse_holders
from smki.terms import Malformed

BODIES: Final[dict[str, tuple[str, ...]]] = {
    Body.SMKI_PMA.value: ("0A-53-4D-4B-49-05-00-01",),
    Body.CODE_ADMINISTRATOR.value: ("0A-53-4D-4B-49-05-00-02",),
    Body.PANEL.value: ("0A-53-4D-4B-49-05-00-04",),
    Body.SECURITY_SUB_COMMITTEE.value: ("0A-53-4D-4B-49-05-00-05",),
    Body.TEST_ASSURANCE_BOARD.value: ("0A-53-4D-4B-49-05-00-06",),
}
"""The sample bodies' parties, whose identifiers nobody else has."""

SIGNATORIES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    body: {
        Signatory.PRESIDER.value: tuple(f"{one}/chair" for one in parties),
        Signatory.SECRETARY.value: tuple(f"{one}/secretary" for one in parties),
    }
    for body, parties in BODIES.items()
    if body != Body.CODE_ADMINISTRATOR.value  # it lodges, and decides nothing that systems obey
}
"""Their officers: the chair presides."""


def signing(given: Mapping[str, Mapping[str, Sequence[str]]], where: str) -> Mapping[Body, Holders]:
    """Who presides over each body and who is its secretary, as configured.

    Raises:
        Malformed: a body, capacity or name that there is not.

    Clause: sec:L5.3
    """
    try:
        return parse_holders(given)
    except Malformed as error:
        raise Malformed(
            f"configuration: {error.message}",
            where=where,
            clause="sec:L5.3",
            rule="settings.signatories",
        ) from error

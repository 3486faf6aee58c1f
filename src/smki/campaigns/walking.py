"""All devices of a campaign, and all evidence of it: some thousands at a time in memory."""

from collections.abc import Iterator
from typing import Final

from smki.ports.campaigns import Campaigns, Evidence, Member
from smki.terms import EUI64

_TOGETHER: Final = 5_000  # devices
_WITH_EVIDENCE: Final = 1_000  # the same, where each brings some kilobytes


def members_in(campaigns: Campaigns, name: str) -> Iterator[Member]:
    """The devices of the campaign of that name, by their EUI-64."""
    after: EUI64 | None = None
    while page := campaigns.members(name, after, _TOGETHER):
        yield from page
        after = page[-1].device


def evidence_in(campaigns: Campaigns, name: str) -> Iterator[Evidence]:
    """The evidence of the campaign of that name: device by device, of each in the order of its tries."""
    after: EUI64 | None = None
    while page := campaigns.evidence(name, after, _WITH_EVIDENCE):
        yield from page
        after = page[-1].device

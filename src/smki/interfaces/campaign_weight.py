"""What a campaign's tables take of a disk for each device, measured on tables in a scratch folder."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.store import Store
from smki.ports.campaigns import Became, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method
from smki.terms import EUI64

_DEVICES: Final = 2_000  # so many that what a table takes when it is empty does not show
_COMMAND_OCTETS: Final = 4_096
_RESPONSE_OCTETS: Final = 512
_NAME: Final = "weighed"


def octets_kept_of_a_device(at: datetime) -> int:
    """Octets that a campaign keeps of a device beside its command and response.

    Raises:
        Unavailable: no scratch folder can be written.
    """
    plan = CampaignPlan(
        incident=_NAME,
        decision=_NAME,
        compromised=Compromised.ROOT_OCA,
        method=Method.BY_CONTINGENCY,
        expires=at + timedelta(days=1),
        per_second={},
    )
    devices = [EUI64(number.to_bytes(8, "big")) for number in range(1, _DEVICES + 1)]
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder, 'campaign.sqlite')}")
        try:
            campaigns = SqlCampaigns(store)
            campaigns.begin(_NAME, plan, at)
            campaigns.enlist(_NAME, map(_member, devices))
            until, most = at + timedelta(hours=1), {"north": _DEVICES}
            campaigns.lease(_NAME, 0, _NAME, at=at, until=until, most=most)
            campaigns.settle(_NAME, _NAME, [_became(device, at) for device in devices])
        finally:
            store.engine.dispose()
        octets = sum(file.stat().st_size for file in Path(folder).iterdir())
    return max(0, octets // _DEVICES - _COMMAND_OCTETS - _RESPONSE_OCTETS)


def _member(device: EUI64) -> Member:
    return Member(device=device, kind="esme", make="Sample Maker", region="north", wave=0)


def _became(device: EUI64, at: datetime) -> Became:
    return Became(
        device=device,
        fate=Fate.RECOVERED,
        command=secrets.token_bytes(_COMMAND_OCTETS),
        response=secrets.token_bytes(_RESPONSE_OCTETS),
        at=at,
    )

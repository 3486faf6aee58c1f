"""What waits on devices in a party's name is taken back by a command."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from tests.unit.cli.conftest import House

from smki.bootstrap import Settings, load_settings, open_front
from smki.bootstrap.estates import trusted_certificates
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.party_keys import HouseKeys
from smki.bootstrap.recoveries import open_kept
from smki.campaigns import Target
from smki.devices import kinds
from smki.devices.path import held
from smki.flows.recovery_remedies import cancelling
from smki.interfaces.recovery_asking import Asker, Asking, KeysAtHand
from smki.ports.estate import InventoryQuery
from smki.terms import EUI64
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
)

MODE: Final = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER
LATER: Final = datetime(2090, 1, 1, tzinfo=UTC)


def schedule(settings: Settings) -> int:
    """On how many devices something waits in the supplier's name, by its own key."""
    with open_front(settings) as front:
        certificates = trusted_certificates(settings, load_hierarchy(front))
    signing = held(parse_certificate(certificates[kinds.SUPPLIER_DS]))
    keys = HouseKeys(settings, None)

    def value(target: Target, counter: int) -> UpdateCredentialsCommand:
        taken_back = cancelling(MODE, target.recipient.kind, certificates, counter=counter)
        return UpdateCredentialsCommand(
            control=taken_back.control,
            replacements=taken_back.replacements,
            path=(),
            execution=LATER,
        )

    asking = Asking(
        originator=EUI64(signing.unique_id),
        keys=KeysAtHand(
            signs=keys.signer(signing),
            broker=keys.broker(held(parse_certificate(certificates[kinds.BROKER_KA]))),
        ),
        message_code=MODE.message_code,
        value=value,
    )
    with open_kept(settings) as kept:
        rows = kept.estate.inventory(InventoryQuery(), None, 100)
        meters = [row.device for row in rows if kinds.SUPPLIER_DS in kinds.KINDS[row.kind].cells]
        return len(Asker(settings, kept).ask(asking, meters))


def waiting(settings: Settings) -> int:
    """On how many devices something waits."""
    with open_kept(settings) as kept:
        found = [
            kept.estate.device(row.device)
            for row in kept.estate.inventory(InventoryQuery(), None, 100)
        ]
    return sum(bool(one.state.scheduled) for one in found if one is not None)


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_what_waits_is_taken_back(house: House, tmp_path: Path) -> None:
    """First on the device that is named, then on all; who is none of the parties' is refused."""
    with (house.state / "smki.toml").open("a") as configuration:
        for region in ("north", "central", "south"):
            configuration.write(f"\n[line.regions.{region}]\nunreachable = 0.0\nfaulty_makes = []")
    assert house.run("estate", "make", "--devices", "8")[0] == 0
    settings = load_settings({"SMKI_STATE": str(house.state)})
    scheduled = schedule(settings)
    assert scheduled == waiting(settings) > 1
    with open_kept(settings) as kept:
        rows = kept.estate.inventory(InventoryQuery(), None, 100)
        first = next(row.device for row in rows if row.kind is kinds.DeviceKind.ESME)
    named = tmp_path / "devices.txt"
    named.write_text(f"{first}\n")
    code, said = house.json("recovery", "cancel", "--role", "supplier", "--devices", str(named))
    assert (code, {one["asked"] for one in said["modes"]}) == (0, {1}), said
    assert waiting(settings) == scheduled - 1
    code, said = house.json("recovery", "cancel", "--role", "supplier")
    assert code == 0, said
    assert all(one["answered"] == one["asked"] for one in said["modes"])
    assert waiting(settings) == 0
    assert house.run("recovery", "cancel", "--role", "root")[0] == 2

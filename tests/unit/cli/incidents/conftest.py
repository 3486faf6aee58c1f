"""An SMKI in which incidents are taken in, and an estate: made once."""

import shutil
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.incident_desk import AT, PEOPLE, Desk, serial_of, settings_of

from smki.bootstrap import open_front
from smki.bootstrap.estates import anchors_of, open_estate, trusted_certificates
from smki.bootstrap.opening import load_hierarchy
from smki.devices import DeviceKind, DeviceState
from smki.ports.estate import EstateDevice, InventoryRow
from smki.terms import (
    EUI64,
    SmiStatus,
)


@pytest.fixture(scope="session")
def desk(seated: Any, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """All of it, once; each test has a notification of its own."""
    folder = tmp_path_factory.mktemp("incidents") / "authority"
    shutil.copytree(seated.folder, folder)
    authority = type(seated)(house=type(seated.house)(state=folder / "state"), folder=folder)
    house = authority.house
    (folder / "people.toml").write_text(PEOPLE)
    assert house.run("governance", "register", "import", str(folder / "people.toml"))[0] == 0
    for party, name in (
        ("supplier", "Sample Energy Supplier"),
        ("network", "Sample Network Operator"),
    ):
        role = "supplier" if party == "supplier" else "network-operator"
        asked = ("--organisation", name, "--role", role, "--name", "files")
        files = tuple(f"{folder}/{party}.{suffix}" for suffix in ("csr", "key", "pem"))
        assert house.run("csr", "system", *asked, "--out", files[0], "--key-out", files[1])[0] == 0
        words = (files[0], "--party", party, "--out", files[2])
        assert house.run("registration", "file-signer", *words)[0] == 0
    for suffix in ("pem", "key"):
        shutil.copy(house.state / "parties" / "dcc" / f"portal.{suffix}", folder / f"dcc.{suffix}")
    return Desk(
        authority=authority,
        folder=folder,
        serial=serial_of(house.state / "parties" / "supplier" / "0a534d4b49020001-ds.pem"),
    )


@pytest.fixture(scope="session")
def rows(desk: Desk) -> tuple[InventoryRow, ...]:
    """Twelve of three kinds; metering points say which are not commissioned, or not any more."""
    settings = settings_of(desk)
    with open_front(settings) as front:
        certificates = trusted_certificates(settings, load_hierarchy(front))
    sorts = ("", "", "", "", "", "", "", "before", "never", "never", "", "")
    kinds = (DeviceKind.ESME, DeviceKind.GSME, DeviceKind.CHF)
    made = []
    with open_estate(settings, new=True) as kept:
        for number, (kind, sort) in enumerate((kind, sort) for kind in kinds for sort in sorts):
            device = EUI64((number + 1).to_bytes(8, "big"))
            row = InventoryRow(
                device=device,
                kind=kind,
                make="Sample Maker",
                model="M",
                hub=device,
                region=("north", "south")[number % 2],
                mpxn=sort,
                status=SmiStatus.PENDING if sort == "never" else SmiStatus.COMMISSIONED,
            )
            state = DeviceState(
                device=device,
                kind=kind,
                hw_type=b"\x01",
                anchors=anchors_of(kind, certificates),
                own={},
            )
            kept.add([EstateDevice(state=state, row=row)], AT)
            made.append(row)
        gone = [one.device for one in made if one.mpxn == "before"]
        kept.set_status(gone, SmiStatus.DECOMMISSIONED, datetime.now(UTC).replace(year=2090))
    return tuple(made)

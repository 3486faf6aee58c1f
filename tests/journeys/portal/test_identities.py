"""Nothing of a device is hidden: the page and the web service give a proof, verified offline."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from smki.bootstrap.samples import API_KEY, SAMPLES
from smki.repository import verify_complete
from smki.terms import EUI64, KeyUsage

if TYPE_CHECKING:
    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import Visitor

pytestmark = pytest.mark.clause("sec:L5")
SUPPLIER = next(one.party.identities[0][0] for one in SAMPLES if one.party.party == "supplier")


def test_all_of_a_device_are_shown_and_proven(house: House, visitor: Visitor) -> None:
    """What the page and the web service give is verified with the log's key, and has it all."""
    house.until(
        lambda: visitor.get(f"/portal/identities/{SUPPLIER}").status == 200, "no root was lodged"
    )
    device = house.fresh_device()
    usages = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)
    wanted = [(usage.code, house.device_request(device, usage)) for usage in usages]
    assert all(one.certificate for one in house.batch(wanted).values())
    with house.front() as front:
        key = front.reader.verifier_key
        lodged = {row.entry for row in front.index.by_identity(device)}
        earlier = {row.entry for row in front.index.by_identity(SUPPLIER)}
    assert len(lodged) == len(usages)
    for octets in (
        visitor.get(f"/portal/identities/{device}.proof").body,
        asked(house, device),
    ):
        found = verify_complete(octets.splitlines(keepends=True), key)
        assert found.identity == device
        assert {entry for entry, _ in (*found.entries, *found.later)} == lodged
    found = verify_complete(asked(house, SUPPLIER).splitlines(keepends=True), key)
    assert {entry for entry, _ in found.entries} >= earlier
    page = visitor.get(f"/portal/identities/{SUPPLIER}").text
    assert all(f'href="/portal/entries/{entry}"' in page for entry in earlier)
    assert f'href="/portal/identities/{device}"' in visitor.get(f"/portal?eui64={device}").text
    with pytest.raises(urllib.error.HTTPError, match="401"):
        asked(house, device, "wrong")


def asked(house: House, identity: EUI64, apikey: str = API_KEY) -> bytes:
    """The file that the local repository gives."""
    address = f"{house.address('repository_local')}/services/identityproof"
    with urllib.request.urlopen(f"{address}?apikey={apikey}&eui64={identity}") as answer:  # noqa: S310 - ours
        octets: bytes = answer.read()
    return octets

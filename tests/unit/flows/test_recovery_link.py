"""The old root's word for a new root: what devices of every kind update their root by."""

from datetime import datetime, timedelta

import pytest
from tests.support.recovered_house import COUNTER, House, new_house
from tests.support.recovering import AT, in_cells

from smki.devices import DeviceKind, process
from smki.devices.kinds import ROOT
from smki.flows.recovering import Lost, recovery_legs
from smki.flows.recovery_link import link_signed, link_to_sign, must_lead, must_vouch
from smki.profiles import development
from smki.profiles.lint import lint_certificate
from smki.recovery import Compromised, Method
from smki.terms import Malformed, Refused, SerialNumber


@pytest.fixture(scope="module")
def house() -> House:
    """One hierarchy, its parties, and what follows both."""
    return new_house()


def link(house: House, signer: bytes, at: datetime = AT) -> bytes:
    """The link, signed by the key of that handle."""
    old, new = house.world.cast.hierarchy, house.new
    to_sign = link_to_sign(
        old.root.certificate,
        new.root.certificate,
        serial=SerialNumber.from_random(bytes(range(1, 17))),
        at=at,
        settings=development(),
    )
    return link_signed(to_sign, house.world.keys.sign(signer, to_sign))


@pytest.mark.clause("sec:L10", "gbcs:CS02b", "sec-app-b:B")
def test_devices_believe_a_root_that_theirs_vouches_for(house: House) -> None:
    """By the old root's signature the new root comes into every cell; by another's into none."""
    old, lost = house.world.cast.hierarchy, Lost(compromised=Compromised.CONTINGENCY)
    for signer, believed in ((old.root.handle, True), (house.new.root.handle, False)):
        legs = recovery_legs(
            Method.ROOT_UPDATE,
            lost,
            house.before,
            house.renewed,
            at=AT,
            link=link(house, signer),
        )
        for leg in legs:
            for kind in leg.kinds:
                device = house.world.catalogue.device(kind)
                done = process(device, house.message(leg, device, COUNTER), AT, house.world.keys)
                assert (in_cells(done.state)[ROOT] == leg.placed[ROOT]) is believed


def test_it_is_after_the_profile_of_an_issuing_authority(house: House) -> None:
    """No lint finds anything in it."""
    made = link(house, house.world.cast.hierarchy.root.handle)
    assert not lint_certificate(made, development())


@pytest.mark.clause("sec-app-b:B", "rfc5280:6.1.3")
def test_a_link_is_looked_at_wholly(house: House) -> None:
    """Issuer, signature, validity, key and form: whatever is wrong with one is said, and it is refused."""
    old, new = house.world.cast.hierarchy.root, house.new.root
    good, forged = link(house, old.handle), link(house, new.handle)
    roots = (new.certificate, old.certificate)

    def looked_at(octets: bytes, before: tuple[bytes, ...] = roots, at: datetime = AT) -> None:
        must_vouch(octets, before, new.certificate, at=at, settings=development())

    looked_at(good)
    for octets, said in (
        (forged, "does not hold with the issuer's key"),
        (old.certificate, "vouches for another key"),
        (new.certificate, "must be one of them"),  # as it signed itself
    ):
        with pytest.raises(Refused, match=said):
            looked_at(octets, roots[1:])
    with pytest.raises(Refused, match=r"link: .*basicConstraints|link: .*certificatePolicies"):
        looked_at(new.certificate)
    for at in (AT - timedelta(days=1), AT + timedelta(days=40_000)):
        with pytest.raises(Refused, match=f"must be at {at:%F}"):
            looked_at(good, at=at)
    with pytest.raises(Malformed):
        looked_at(good[:-1])


@pytest.mark.clause("gbcs:CS02b")
def test_a_link_is_by_the_root_that_the_device_has(house: House) -> None:
    """By another it is refused before anything is commanded."""
    old, new = house.world.cast.hierarchy.root, house.new.root
    device = house.world.catalogue.device(DeviceKind.ESME)
    must_lead(link(house, old.handle), device)
    with pytest.raises(Refused, match="which did not sign it"):
        must_lead(link(house, new.handle), device)

"""The old root's word for a new root: what devices of every kind update their root by."""

import pytest
from tests.support.recovered_house import COUNTER, House, new_house
from tests.support.recovering import AT, in_cells

from smki.devices import process
from smki.devices.kinds import ROOT
from smki.flows.recovering import Lost, recovery_legs
from smki.flows.recovery_link import link_signed, link_to_sign
from smki.profiles import development
from smki.profiles.lint import lint_certificate
from smki.recovery import Compromised, Method
from smki.terms import SerialNumber


@pytest.fixture(scope="module")
def house() -> House:
    """One hierarchy, its parties, and what follows both."""
    return new_house()


def link(house: House, signer: bytes) -> bytes:
    """The link, signed by the key of that handle."""
    old, new = house.world.cast.hierarchy, house.new
    to_sign = link_to_sign(
        old.root.certificate,
        new.root.certificate,
        serial=SerialNumber.from_random(bytes(range(1, 17))),
        at=AT,
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

"""What each method places, obeyed by devices of every kind it is for; and what it refuses."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.recovered_house import COUNTER, ORGANISATION, ROLE, House, new_house
from tests.support.recovering import AT, in_cells

from smki.devices import KINDS, DeviceKind, DeviceRules, kinds, process
from smki.devices.replacing import replace_credentials
from smki.flows.recovering import (
    HANDED_BACK,
    Cells,
    Lost,
    hand_back,
    recovery_legs,
)
from smki.recovery import Compromised, Method, recovering
from smki.terms import Refused, RemotePartyRole
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode


@pytest.fixture(scope="module")
def house() -> House:
    """One hierarchy, its parties, and what follows both."""
    return new_house()


ROWS = [
    *((Method.ONE, Lost(compromised=ORGANISATION, role=role)) for role in (
        ROLE.SUPPLIER, ROLE.NETWORK_OPERATOR, ROLE.WAN_PROVIDER, ROLE.TRANSITIONAL_COS,
    )),
    *((Method.TWO, Lost(compromised=ORGANISATION, role=role)) for role in sorted(HANDED_BACK)),
    *((Method.THREE, Lost(compromised=ORGANISATION, role=role)) for role in ROLE if 2 <= role <= 8 and role != ROLE.ISSUING_AUTHORITY),
    (Method.BY_RECOVERY, Lost(compromised=Compromised.ISSUING_OCA)),
    (Method.BY_RECOVERY, Lost(compromised=Compromised.RECOVERY)),
    *((Method.BY_CONTINGENCY, Lost(compromised=one)) for one in Compromised if one is not ORGANISATION),
    (Method.ROOT_UPDATE, Lost(compromised=Compromised.CONTINGENCY)),
    (Method.ROOT_UPDATE, Lost(compromised=Compromised.CONTINGENCY_SYMMETRIC)),
]  # fmt: skip


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize(
    ("method", "lost"),
    ROWS,
    ids=lambda one: one.value if isinstance(one, Method) else f"{one.compromised.value}-{one.role}",
)
def test_devices_of_every_kind_obey_each_method_once(
    house: House, method: Method, lost: Lost
) -> None:
    """All cells that a leg fills are filled on all kinds it is for, and the same again does nothing."""
    legs = house.legs(method, lost)
    assert legs
    for leg in legs:
        assert leg.kinds
        for kind in leg.kinds:
            device = house.world.catalogue.device(kind)
            message = house.message(leg, device)
            done = process(device, message, AT, house.world.keys)
            assert done.dropped is None, done.dropped
            cells = [cell for cell in KINDS[kind].cells if cell in leg.placed]
            assert cells
            held = in_cells(done.state)
            assert {cell: held[cell] for cell in cells} == {c: leg.placed[c] for c in cells}
            others = {cell: held[cell] for cell in held if cell not in cells}
            assert others.items() <= in_cells(device).items()
            again = process(done.state, message, AT, house.world.keys)
            assert (again.out, again.state) == ((), done.state)


@pytest.mark.clause("sec:L10")
def test_a_root_update_reaches_every_kind_once(house: House) -> None:
    """Suppliers, the WAN provider and the recovery key share the kinds between them: no kind is left."""
    legs = house.legs(Method.ROOT_UPDATE, Lost(compromised=Compromised.CONTINGENCY))
    assert sorted(kind.value for leg in legs for kind in leg.kinds) == sorted(
        kind.value for kind in DeviceKind
    )
    assert [(leg.name, leg.signer) for leg in legs] == [
        ("mode-0", ROLE.SUPPLIER),
        ("mode-1", ROLE.WAN_PROVIDER),
        ("mode-8", ROLE.RECOVERY),
    ]


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize("role", sorted(HANDED_BACK))
def test_the_broker_hands_back_what_it_stood_in_for(house: House, role: RemotePartyRole) -> None:
    """Method 2 puts the broker in the subscriber's cells, and the broker puts the subscriber back."""
    (leg,) = house.legs(Method.TWO, Lost(compromised=ORGANISATION, role=role))
    broker = house.world.catalogue.parties[ROLE.ACCESS_CONTROL_BROKER]
    back = hand_back(role, house.after, broker=broker.entity, at=AT + timedelta(hours=1))
    assert back.kinds == leg.kinds
    for kind in back.kinds:
        device = house.world.catalogue.device(kind)
        taken = process(device, house.message(leg, device), AT, house.world.keys)
        held = in_cells(taken.state)
        taken_over = {cell for cell in leg.placed if cell.role is role and cell in held}
        assert {held[cell].unique_id for cell in taken_over} == {broker.entity.octets}
        before = process(device, house.message(back, device), AT, house.world.keys)
        assert before.out == ()  # as long as the subscriber's are there, the broker may not
        later = COUNTER + 4_000_000
        given = process(taken.state, house.message(back, device, later), AT, house.world.keys)
        held = in_cells(given.state)
        assert {c: held[c] for c in back.placed if c in held} == {
            c: back.placed[c] for c in back.placed if c in held
        }


@pytest.mark.clause("gbcs:CS02b")
def test_the_broker_stands_in_for_parties_by_the_recovery_key_alone(house: House) -> None:
    """Its certificate in another's cell is bad by the supplier's own mode, and by recovery in the root's."""
    (leg,) = house.legs(Method.TWO, Lost(compromised=ORGANISATION, role=ROLE.SUPPLIER))
    device = house.world.catalogue.device(DeviceKind.ESME)
    own = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER
    command = recovering(replace(leg.materials, mode=own), device.row.cells, COUNTER)
    after, _ = replace_credentials(device, command, AT, DeviceRules())
    assert after.anchors == device.anchors
    foreign = {kinds.TRANSITIONAL_COS: leg.materials.certificates[kinds.SUPPLIER_DS]}
    command = recovering(replace(leg.materials, certificates=foreign), device.row.cells, COUNTER)
    after, _ = replace_credentials(device, command, AT, DeviceRules())
    assert after.anchors == device.anchors


@pytest.mark.clause("gbcs:CS02b")
def test_a_thief_who_counted_to_the_end_is_counted_back(house: House) -> None:
    """Whoever used up the counter of a role's updates does not keep its successor from updating."""
    (leg,) = house.legs(Method.THREE, Lost(compromised=ORGANISATION, role=ROLE.SUPPLIER))
    device = house.world.catalogue.device(DeviceKind.ESME)
    counters = replace(device.counters_of(ROLE.SUPPLIER), update=(1 << 63) - 1)
    device = device.with_counters(ROLE.SUPPLIER, counters)
    done = process(device, house.message(leg, device), AT, house.world.keys)
    floor = int(AT.timestamp() * 1_000)
    assert done.state.counters_of(ROLE.SUPPLIER).update == floor


def test_what_cannot_be_done_is_refused(house: House) -> None:
    """Each method says what it lacks, or for whom it is not."""
    supplier = Lost(compromised=ORGANISATION, role=ROLE.SUPPLIER)
    broker = Lost(compromised=ORGANISATION, role=ROLE.ACCESS_CONTROL_BROKER)
    root = Lost(compromised=Compromised.ROOT_OCA)
    empty = Cells(certificates={}, path=())
    before, after = house.before, house.after

    def legs(method: Method, lost: Lost, then: Cells = after) -> None:
        recovery_legs(method, lost, before, then, at=AT)

    with pytest.raises(Refused, match="replaces nothing by its own key alone, use method 3"):
        legs(Method.ONE, broker)
    with pytest.raises(Refused, match="could not be given its devices back"):
        legs(Method.TWO, broker)
    with pytest.raises(Refused, match="methods 1 to 3 are for an organisation's key"):
        legs(Method.THREE, root)
    with pytest.raises(Refused, match="no new certificates of supplier"):
        legs(Method.THREE, supplier, empty)
    with pytest.raises(Refused, match="without its symmetric key"):
        legs(Method.BY_CONTINGENCY, root)
    with pytest.raises(Refused, match="without a certificate of the old root"):
        legs(Method.ROOT_UPDATE, root)
    with pytest.raises(Refused, match="no certificate of recovery, there must be one"):
        recovery_legs(Method.THREE, supplier, empty, after, at=AT)
    with pytest.raises(Refused, match="must be to who has a mode for it"):
        hand_back(ROLE.TRANSITIONAL_COS, after, broker=before.entity(ROLE.RECOVERY), at=AT)
    assert recovery_legs(Method.NONE, root, before, after, at=AT) == ()

"""What devices' answers come to, whatever they say."""

from datetime import timedelta
from functools import cache
from typing import Final

import pytest
from tests.support.recovering import AT, CONTINGENCY, World, new_world, targets_of, told_by

from smki.campaigns import Commanding
from smki.campaigns.judging import Asked, Judge, UnderWay
from smki.campaigns.making import Commands
from smki.devices import DeviceKind
from smki.headend import Answered
from smki.headend.waiting import CommandKey
from smki.ports.campaigns import Became, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method
from smki.simulator.sending import HandleKeys
from smki.terms import RemotePartyRole
from smki.wire.gbcs.frame import (
    GroupingHeader,
    MessageCategory,
    grouped,
    parse_message,
    with_signature,
)
from smki.wire.gbcs.payloads import write_payload
from smki.wire.gbcs.trust_anchors import StatusCode
from smki.wire.gbcs.update_credentials import (
    ExecutionOutcome,
    ReplacementOutcome,
    UpdateCredentialsResponse,
)

COUNTER: Final = 1_000
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=60),
    per_second={},
)


@cache
def _world() -> World:
    return new_world()


def _commanding(world: World) -> Commanding:
    catalogue, materials = world.catalogue, world.materials(CONTINGENCY)
    return Commanding(
        originator=catalogue.originator_of_contingency,
        reader=catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER].entity,
        keys=HandleKeys(
            keys=world.keys, signer=catalogue.contingency_handle, broker=world.new_broker
        ),
        materials=materials,
        placed=told_by(materials.certificates),
    )


def _judged(times: int = 1, counter: int = COUNTER) -> Became:
    """What becomes of a device that tells each cell so often, of that command, and that it replaced none."""
    world = _world()
    by, device = _commanding(world), world.catalogue.device(DeviceKind.ESME)
    commands = Commands(by)
    target = targets_of({device.device: device}, [device.device])[device.device]
    command = commands.command(target, COUNTER)
    code = by.materials.mode.message_code
    outcomes = tuple(
        ReplacementOutcome(
            cell=one.cell,
            status=StatusCode.RESOURCES_BUSY,
            existing_unique_id=bytes(8),
            existing_key_identifier=bytes(8),
            replacing_unique_id=bytes(8),
            replacing_key_identifier=bytes(8),
        )
        for one in command.replacements * times
    )
    said = UpdateCredentialsResponse(
        outcome=ExecutionOutcome(
            counter=counter, mode=command.control.mode, changes=(), outcomes=outcomes
        )
    )
    header = GroupingHeader(
        category=MessageCategory.RESPONSE,
        counter=COUNTER,
        originator=device.device,
        recipient=by.originator,
        message_code=code,
    )
    payload = write_payload(code, MessageCategory.RESPONSE, said)
    member = Member(device=device.device, kind="esme", make="m", region="north", wave=0, tries=1)
    key = CommandKey(
        originator=by.originator, counter=COUNTER, device=device.device, message_code=code
    )
    event = Answered(
        key=key,
        response=parse_message(with_signature(grouped(header, payload), bytes(64))),
        attempts=1,
        at=AT,
    )
    one = UnderWay(member=member, target=target, asked=Asked.COMMANDED)
    became = Judge(by, commands).judged(PLAN, one, event)
    assert became is not None
    return became


@pytest.mark.clause("gbcs:CS02b")
def test_what_a_device_says_is_told_in_words() -> None:
    """A device that replaced nothing refused, by its own reason."""
    became = _judged()
    assert (became.fate, became.why) == (
        Fate.REFUSED,
        "cells not replaced: resources_busy",
    )


@pytest.mark.clause("sec:L10")
def test_no_device_finds_words_of_its_own() -> None:
    """However many cells it tells of, and whatever counter, few words tell it; what it said is kept."""
    words = "an answer to another command, by its {}; cells not replaced: resources_busy"
    many = _judged(40)
    assert (many.fate, many.why) == (Fate.REFUSED, words.format("cells"))
    assert len(many.response) > 10_000
    assert {_judged(counter=other).why for other in (1, 2)} == {words.format("counter")}
    assert _judged(40, 7).why == words.format("counter, cells")

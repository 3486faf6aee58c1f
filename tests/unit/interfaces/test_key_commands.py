"""An open key signs the commands of its campaign, and is no oracle for anything else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from tests.support.carried import NAME, PLAN, Campaign, begun

from smki.bootstrap.recoveries import arrangement_of
from smki.campaigns import Commanding
from smki.campaigns.making import Commands
from smki.ceremonies.activating import Wanted
from smki.ceremonies.custodians import Purpose
from smki.headend import HeldKeys
from smki.interfaces.key_commands import OnlyCommands
from smki.interfaces.key_over import KeyOver
from smki.interfaces.key_serving import ServedKey, serve_key
from smki.interfaces.recovery_part import EstateTargets
from smki.recovery import Materials
from smki.terms import EUI64, Refused

WANTED: Final = Wanted(
    key="contingency",
    fingerprint="",
    key_purpose=Purpose.LIVE,
    decision="PMA/21/5",
    recovery=PLAN.decision,
    incident=PLAN.incident,
    method=PLAN.method.value,
    purpose="recover",
)
COUNTER: Final = 70_000


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A campaign over four devices, begun and not carried."""
    return begun(tmp_path_factory.mktemp("house"), 4)


@pytest.fixture
def only(campaign: Campaign) -> Iterator[OnlyCommands]:
    """What its open key permits."""
    with closing(OnlyCommands(campaign.recovery, WANTED)) as found:
        yield found


def devices(campaign: Campaign) -> list[EUI64]:
    """All of the campaign."""
    with campaign.kept() as kept:
        return [one.device for one in kept.campaigns.members(NAME, None, 10)]


def made(
    campaign: Campaign, change: Callable[[Materials], Materials] = lambda one: one
) -> list[bytes]:
    """What a carrier has signed for each device, with materials of its own choosing."""
    arranged = arrangement_of(campaign.recovery)
    commands = Commands(
        Commanding(
            originator=arranged.originator,
            reader=arranged.reader,
            keys=HeldKeys(signer=campaign.signer, broker=campaign.signer),
            materials=change(arranged.materials(campaign.symmetric_key)),
            placed=arranged.placed,
        )
    )
    with campaign.kept() as kept:
        targets = EstateTargets(kept.estate)(devices(campaign))
    return [commands.signed(one, COUNTER + number) for number, one in enumerate(targets.values())]


@pytest.mark.clause("sec:L10.9", "gbcs:CS02b")
def test_commands_of_the_campaign_are_signed(campaign: Campaign, only: OnlyCommands) -> None:
    """Those to each kind of device, whatever their counter, and none at all."""
    only(made(campaign))
    only(())


@pytest.mark.clause("sec:L10.9")
def test_octets_that_are_no_command_are_refused(campaign: Campaign, only: OnlyCommands) -> None:
    """A certificate to be, an empty message, a command cut or with an octet more, or turned anywhere."""
    good = made(campaign)[0]
    other = bytearray(good)
    other[len(good) // 2] ^= 1
    for wrong in (b"", b"a certificate to be" * 30, good[:-1], good + b"\0", bytes(other)):
        with pytest.raises(Refused) as refused:
            only([good, wrong])
        assert refused.value.clause == "sec:L10.9"


@pytest.mark.clause("sec:L10.9")
def test_other_devices_and_other_materials_are_refused(
    campaign: Campaign, only: OnlyCommands
) -> None:
    """A device outside the campaign, a certificate or a counter floor that it was not begun with."""
    good = made(campaign)[0]
    device = devices(campaign)[0].octets
    stranger = good.replace(device, bytes(8))
    with pytest.raises(Refused, match="is none of campaign"):
        only([stranger])
    with pytest.raises(Refused, match="no command of campaign"):
        only(made(campaign, lambda one: replace(one, top_up_floor=one.top_up_floor + 9)))
    *_, last = arrangement_of(campaign.recovery).placed

    def fewer(materials: Materials) -> Materials:
        return replace(
            materials,
            certificates={
                cell: one for cell, one in materials.certificates.items() if cell != last
            },
        )

    with pytest.raises(Refused, match="no command of campaign"):
        only(made(campaign, fewer))


@pytest.mark.clause("sec:L10.9")
@pytest.mark.parametrize("field", ["incident", "method", "recovery"])
def test_a_key_that_is_open_for_something_else_signs_nothing(
    campaign: Campaign, field: str
) -> None:
    """The campaign must be about the incident, by the method and under the decision that opened it."""
    wanted = replace(WANTED, **{field: "another"})  # type: ignore[arg-type]  # each is a text
    with (
        closing(OnlyCommands(campaign.recovery, wanted)) as only,
        pytest.raises(Refused, match="is open for"),
    ):
        only(made(campaign))


def test_a_refusal_is_no_use(campaign: Campaign, only: OnlyCommands, tmp_path: Path) -> None:
    """Over the socket: what is not signed is not counted, and what is, is."""
    signed: list[int] = []

    class Counting:
        def sign(self, messages: Sequence[bytes]) -> list[bytes]:
            signed.append(len(messages))
            return campaign.signer.sign(messages)

    served = ServedKey(
        name="contingency", public_key=campaign.signer.public_key, key=Counting(), permits=only
    )
    with serve_key(tmp_path / "key.sock", served), closing(KeyOver(tmp_path / "key.sock")) as over:
        with pytest.raises(Refused, match="must be a command of the campaign"):
            over.sign([b"anything"])
        assert len(over.sign(made(campaign))) == 4
    assert signed == [4]

"""The people of a rehearsal: a quorum opens its own shares, and nobody says what nobody knows."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.custody import secret

from smki.adapters.world import SystemEntropy
from smki.ceremonies.acts_keys import ABSENT, BOX, SESSION
from smki.ceremonies.custodians import CustodyRule, Purpose
from smki.ceremonies.keysets import encode_key_set, put_into_custody, share_header
from smki.ceremonies.quorum import open_key
from smki.ceremonies.sealing import unlock
from smki.governance.signing import verify_detached
from smki.interfaces.rehearsal.opening import presented
from smki.interfaces.rehearsal.people import QUORUM, AtTheTerminal, People, people_of
from smki.terms import Refused
from smki.wire.cms import parse_detached
from smki.wire.encodings import read_bare_base64

AT: Final = datetime(2031, 3, 8, 9, tzinfo=UTC)
KEY: Final = "rehearsal-root-oca"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, People]:
    """Where they are, and who."""
    folder = tmp_path_factory.mktemp("people")
    return folder, people_of(folder, SystemEntropy(), AT)


@pytest.fixture
def terminal(people: tuple[Path, People], tmp_path: Path) -> Callable[[], AtTheTerminal]:
    """They sit at the terminal of a ceremony."""
    return lambda: AtTheTerminal(
        people=people[1], folder=tmp_path, entropy=SystemEntropy(), tell=lambda _: None
    )


def test_the_same_people_come_again(people: tuple[Path, People]) -> None:
    """Read from their files; each of an organisation of their own, with a key of their own."""
    folder, first = people
    again = people_of(folder, SystemEntropy(), AT)
    assert again.appointments == first.appointments
    assert len({one.organisation for one in first.appointments}) == len(first.appointments)
    everybody = (*first.custodians.values(), *first.signatories.values())
    assert len({one.certificate for one in everybody}) == len(everybody)
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.glob("*.pem"))


@pytest.mark.clause("sec-app-l:3")
def test_a_quorum_opens_its_shares_and_the_others_are_absent(
    people: tuple[Path, People], terminal: Callable[[], AtTheTerminal], tmp_path: Path
) -> None:
    """Each share is opened by its custodian's key and given encrypted to the session; no more than needed."""
    _, who = people
    rule = CustodyRule(quorum=QUORUM, custodians=len(who.custodians), of_one_organisation=1)
    key = secret(KEY, Purpose.REHEARSAL)
    held = put_into_custody(key, rule, who.appointments, SystemEntropy())
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / f"{KEY}.json").write_bytes(encode_key_set(held))
    session = generate_private_key(public_exponent=65537, key_size=2048)
    public = session.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / SESSION).write_bytes(public)
    answers = [terminal().ask(f"open.{KEY}.{one}", "") for one in who.custodians]
    assert answers[QUORUM:] == [ABSENT] * (len(answers) - QUORUM)
    assert all(one.startswith(BOX) for one in answers[:QUORUM])
    box = read_bare_base64(answers[0].removeprefix(BOX))
    assert len(unlock(session, box, share_header(held, 0)).split()) == 33
    assert open_key(held, presented(who, held)).octets == key.octets


def test_a_prompt_that_nobody_knows_is_refused(terminal: Callable[[], AtTheTerminal]) -> None:
    """A script that asks something new does not get any answer by chance."""
    with pytest.raises(Refused, match="nobody answers to novelty"):
        terminal().ask("novelty", "what is this?")
    assert terminal().ask("go", "") == "go"
    assert terminal().ask("attend.operator.document", "") == "none: simulated"


@pytest.mark.clause("sec-app-q:B")
def test_their_signatures_are_theirs(people: tuple[Path, People]) -> None:
    """A detached signature that holds for the octets, and for no others."""
    operator = people[1].signatories["operator"]
    parsed = parse_detached(operator.sign(b"words"))
    verify_detached(b"words", parsed, operator.certificate)
    with pytest.raises(Refused):
        verify_detached(b"other words", parsed, operator.certificate)

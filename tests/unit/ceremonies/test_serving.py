"""Keys that a ceremony opens for others: so often, so long, and what became of it in the transcript."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.support.ceremony import close, hall, held, kept, opening, signed
from tests.support.custody import custodians

from smki.ceremonies.activating import ActiveKey
from smki.ceremonies.acts import ACTS
from smki.ceremonies.holding import Hall, hold, open_ceremony, resume
from smki.ceremonies.keysets import KeySet
from smki.ceremonies.replaying import replay
from smki.terms import Refused, Unavailable

SCRIPT = "activation-for-recovery"
KEYS = ("rehearsal-contingency", "rehearsal-contingency-symmetric")
ASKED = {
    f"permit.{key}.{name}": text
    for key in KEYS
    for name, text in (
        ("decision", "K-1"),
        ("recovery", "M-1"),
        ("incident", "INC-7"),
        ("method", "contingency"),
        ("purpose", "replace"),
    )
}
USES = {"serve.uses": "3"}


@dataclass
class Carriers:
    """`Service`: carriers that use the keys as a test says."""

    use: Callable[[Sequence[ActiveKey]], None]
    seen: list[ActiveKey] = field(default_factory=list)

    def serve(self, keys: Sequence[ActiveKey]) -> str:
        """They have used them."""
        self.seen.extend(keys)
        self.use(keys)
        return "used up"


@pytest.fixture(scope="module", name="custody")
def fixture_custody(tmp_path_factory: pytest.TempPathFactory) -> tuple[KeySet, ...]:
    """Contingency material of a rehearsal, in custody."""
    folder = tmp_path_factory.mktemp("contingency") / "ceremony"
    held(folder, "contingency")
    return tuple(kept(folder, key) for key in KEYS)


def _held(
    folder: Path,
    custody: tuple[KeySet, ...],
    service: Carriers | None,
    instead: Mapping[str, str] = USES,
) -> bytes:
    """What is to be signed; begun, or gone on with."""
    here: Hall = replace(hall(folder, {**ASKED, **instead}), service=service)
    try:
        if not here.ledger.entries():
            open_ceremony(here, opening(SCRIPT, KEYS), custodians(), custody)
        return hold(resume(here), ACTS)
    finally:
        close(here)


def _use(keys: Sequence[ActiveKey]) -> None:
    signing, symmetric = keys
    signing.sign([b"a command", b"another"])
    symmetric.symmetric()


@pytest.mark.clause("sec:L10.9", "sec-app-l:3")
def test_keys_are_used_by_others_and_forgotten(custody: tuple[KeySet, ...], tmp_path: Path) -> None:
    """The transcript names each key, how often it was used, and that nobody has it any more."""
    carriers = Carriers(_use)
    told = replay(signed(tmp_path, _held(tmp_path, custody, carriers)))
    assert told.keys == {one.key: one.fingerprint for one in custody}
    assert [(one.used, one.uses_left) for one in carriers.seen] == [(2, 0), (1, 0)]
    with pytest.raises(Refused):
        carriers.seen[0].sign([b"one more"])
    assert b'"used":2' in (tmp_path / "journal").read_bytes()


@pytest.mark.clause("sec:L10.9", "sec-app-l:3")
def test_an_interruption_while_they_are_open_is_told(
    custody: tuple[KeySet, ...], tmp_path: Path
) -> None:
    """A quorum opens them again; that uses before are counted elsewhere stands in the transcript."""

    def ends(_: Sequence[ActiveKey]) -> None:
        raise Unavailable("the machine was switched off")

    first = Carriers(ends)
    with pytest.raises(Unavailable, match="switched off"):
        _held(tmp_path, custody, first)
    assert [one.uses_left for one in first.seen] == [0, 0]
    told = replay(signed(tmp_path, _held(tmp_path, custody, Carriers(_use))))
    (deviation,) = told.deviations
    assert "while keys were open" in deviation
    assert told.interruptions == 1


@pytest.mark.parametrize(
    "uses", ["", "0", "-1", "many", "1000000000", "²", "9" * 5_000], ids=range(7)
)
def test_a_number_of_uses_is_said(custody: tuple[KeySet, ...], tmp_path: Path, uses: str) -> None:
    """Without one, or with one that no recovery needs, no custodian opens anything."""
    carriers = Carriers(_use)
    with pytest.raises(Refused, match="must be a number from 1"):
        _held(tmp_path, custody, carriers, {"serve.uses": uses})
    assert carriers.seen == []


def test_nobody_is_served_elsewhere(custody: tuple[KeySet, ...], tmp_path: Path) -> None:
    """A ceremony that nobody carries from opens no key."""
    with pytest.raises(Unavailable, match="smki recovery activate"):
        _held(tmp_path, custody, None)

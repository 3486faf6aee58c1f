"""Which decisions about keys a report needs, and in what order it names them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from smki.bootstrap import load_settings
from smki.flows.office import FrontOffice
from smki.interfaces import recovery_gathering
from smki.interfaces.recovery_gathering import Gathered, key_decisions
from smki.ports.campaigns import Carried
from smki.terms import Refused

ABOUT: Final = {
    "K-0": "root-oca",
    "K-1": "contingency",
    "K-2": "rehearsal-contingency-symmetric",
    "K-3": "recovery",
}


@pytest.mark.clause("sec:L10.9")
def test_each_key_that_commands_need_has_its_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the key that signs is first; without the symmetric key's it is refused."""
    arranged = SimpleNamespace(
        in_custody=True, wants_symmetric_key=True, mode=9, signing_key=b"public key"
    )
    monkeypatch.setattr(recovery_gathering, "arrangement_of", lambda _: arranged)
    monkeypatch.setattr(
        recovery_gathering,
        "_recorded",
        lambda _, one: SimpleNamespace(decision=SimpleNamespace(object=ABOUT[one])),
    )

    def named(*identifiers: str) -> tuple[str, ...]:
        gathered = Gathered(
            recovery=cast("Any", None),
            campaigns=(cast("Carried", SimpleNamespace(name="lost")),),
            key_decisions=identifiers,
        )
        return key_decisions(
            cast("FrontOffice", None), load_settings({"SMKI_STATE": str(tmp_path)}), gathered
        )

    assert named("K-0", "K-2", "K-1") == ("K-1", "K-2", "K-0")
    with pytest.raises(Refused, match="need the contingency-symmetric key, the decision"):
        named("K-0", "K-1", "K-3")
    with pytest.raises(Refused, match="signed by the contingency key, the decision"):
        named("K-2", "K-3")

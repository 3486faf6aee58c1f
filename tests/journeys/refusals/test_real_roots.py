"""Real roots follow each other by decision alone, and by a ceremony of approved custodians."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.ceremony_site import OIDS
from tests.support.founding import quick_stores


@pytest.mark.clause("sec-app-l:3", "sec-app-b:B", "sec:L10.9")
def test_a_new_root_needs_a_decision(trial: Any, tmp_path: Path) -> None:
    """What the ceremony made is in force only once the authority has decided that it may certify."""
    other = trial.copied(tmp_path)
    folder, state = str(tmp_path / "requests"), str(tmp_path / "contingency")
    with quick_stores():
        code, said = other.house.json(
            "ceremony", "requests", "--renew", "issuing-oca", "--out", folder
        )
    assert (code, said["names"]) == (0, {"root-oca": "LB", "issuing-oca": "L2"})
    held: list[str] = ["ceremony", "run", "contingency", "--purpose", "live", "--state", state]
    held += [*trial.site.who(), "--issuing", "issuing-oca", f"{folder}/issuing-oca.csr"]
    for kind, name in said["names"].items():
        held += ["--name", kind, name]
    held += ["--answers", trial.site.answers()]
    code, done = other.house.json(*held, SMKI_POLICIES=OIDS, SMKI_ENVIRONMENT="quill-1")
    assert code == 0, done
    transcript = trial.site.signed(state)
    before = other.house.json("status")[1]["certificates"]
    code, refused = other.house.json("ceremony", "take", transcript)
    assert (code, "no decision permits its use" in refused["error"]["message"]) == (1, True)
    assert other.house.json("status")[1]["certificates"] == before
    told = other.house.json("ceremony", "verify", transcript)[1]
    new = told["keys"]["root-oca"]
    other.authority.lodge("N-1", "use-key", new, "--scope", "succession: certify")
    code, done = other.house.json("ceremony", "take", transcript)
    assert code == 0, done
    assert done["authorities"] == ["root-oca", "issuing-oca"]
    assert other.house.json("status")[1]["certificates"] == before + 2
    assert other.house.json("repository", "audit")[1]["problems"] == []

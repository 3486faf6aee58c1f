"""An SMKI of real roots, a recovery key in custody, officers who decide: and what happens to its key."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.ceremony_site import Site, live_house, seated, site_in
from tests.support.custody import person, presents
from tests.unit.cli.conftest import Authority, House

from smki.bootstrap import load_settings, open_front, open_office
from smki.bootstrap.recoveries import Recovery, recovery_of
from smki.ceremonies.keysets import KeySet, parse_key_set
from smki.flows.deciding import lodge_decision
from smki.flows.lodged import lodged_entry
from smki.governance import Body, Decision, DecisionKind, encode_decision
from smki.interfaces.cli.officers import detached
from smki.interfaces.key_commands import OnlyCommands
from smki.interfaces.key_over import KeyOver
from smki.merkle.leaf import LeafType

KEY = "recovery"
CAMPAIGN = "trial"
SAID = {
    "decision": "K-1",
    "recovery": "M-1",
    "incident": "INC-7",
    "method": "method-3",
    "purpose": "replace",
}


@dataclass
class Trial:
    """The house, its people and its key; each activation has a folder of its own."""

    site: Site
    authority: Authority
    held: KeySet
    folders: int = 0
    signatures: list[bytes] = field(default_factory=list)

    @property
    def house(self) -> House:
        """The house."""
        return self.site.house

    @property
    def recovery(self) -> Recovery:
        """Where its carriers ask for the key."""
        return recovery_of(load_settings({"SMKI_STATE": str(self.house.state)}), CAMPAIGN)

    def copied(self, folder: Path) -> "Trial":
        """The same people and key, and a copy of the house, to be changed."""
        shutil.copytree(self.house.state, folder / "state")
        house = House(state=folder / "state")
        authority = Authority(house=house, folder=self.authority.folder)
        return Trial(
            site=replace(self.site, house=house), authority=authority, held=self.held, folders=100
        )

    def shares(self, *numbers: int) -> dict[str, str]:
        """The shares of these custodians; the others are absent."""
        found = {n: presents(self.held, person(n)).words for n in numbers}
        return {f"custodian-{n}": found.get(n, "absent") for n in range(1, 6)}

    def activate(
        self,
        *,
        shares: dict[str, str] | None = None,
        houses: dict[str, str] | None = None,
        uses: int = 2,
        folder: str = "",
        key: str = "",
        **said: str,
    ) -> tuple[int, Any]:
        """The command: exit code and what it says; `said` is said instead of the usual."""
        if not folder:
            self.folders += 1
        state = folder or self.site.path(f"activation-{self.folders}")
        given = {f"permit.{KEY}.{name}": text for name, text in (SAID | said).items()}
        given |= {
            f"open.{KEY}.{name}": text for name, text in (shares or self.shares(1, 2, 3)).items()
        }
        given |= {f"attend.{name}.organisation": text for name, text in (houses or {}).items()}
        words: list[str] = ["recovery", "activate", CAMPAIGN, "--state", state, "--uses", str(uses)]
        words += [
            *self.site.who(),
            "--key",
            key or self.site.path("recovery", "keys", "recovery.json"),
        ]
        words += ["--answers", self.site.answers()]
        for one in given.items():
            words += ["--answer", "=".join(one)]
        return self.house.json(*words)

    def lodged(self) -> list[dict[str, Any]]:
        """What was asked of keys and answered, as the record has it, in its order."""
        found = []
        with open_front(load_settings({"SMKI_STATE": str(self.house.state)})) as front:
            for item in front.index.items(of=LeafType.TRANSCRIPT):
                entry = lodged_entry(front, item.entry)
                assert entry is not None
                said = json.loads(entry.content)
                if "outcome" in said:
                    found.append(said)
        return found

    @contextmanager
    def carrying(self, times: int) -> Iterator[None]:
        """A carrier has messages signed, one each time, as soon as the key is open."""
        thread = threading.Thread(target=self._carry, args=(times,))
        thread.start()
        try:
            yield
        finally:
            thread.join(60)

    def _carry(self, times: int) -> None:
        until = time.monotonic() + 60
        while not self.recovery.key_socket.exists():
            if time.monotonic() > until:
                return
            time.sleep(0.02)
        key = KeyOver(self.recovery.key_socket, patience=60)
        for number in range(times):
            self.signatures += key.sign([b"command %d" % number])
        key.close()


@pytest.fixture
def uncampaigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no campaign: whatever is asked is taken for one of its commands."""
    monkeypatch.setattr(OnlyCommands, "__call__", lambda *_: None)


@pytest.fixture(scope="session", name="trial")
def fixture_trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Real roots, a real recovery key, approved custodians, and K-1 and M-1 that it may be used."""
    site = site_in(tmp_path_factory.mktemp("trial"))
    house = live_house(site)
    authority = seated(house, site.folder)
    decisions = [("K-1", "use-key", KEY, "INC-7: replace")]
    decisions.append(("M-1", "recovery-method", "INC-7", "method-3"))
    for number in range(1, 6):
        digest = person(number).custodian.credential
        decisions.append((f"C-{number}", "approve-custodian", digest, f"Organisation {number}"))
    _lodge(authority, decisions)
    held = parse_key_set(Path(site.path("recovery", "keys", "recovery.json")).read_bytes())
    return Trial(site=site, authority=authority, held=held)


def _lodge(authority: Authority, decisions: list[tuple[str, str, str, str]]) -> None:
    """All these decisions, each by both officers, in one go."""
    environment = {"SMKI_STATE": str(authority.house.state)}
    with open_office(load_settings(environment), environment) as office:
        for identifier, kind, about, scope in decisions:
            file = encode_decision(
                Decision(
                    id=identifier,
                    body=Body.SMKI_PMA,
                    kind=DecisionKind(kind),
                    object=about,
                    scope=scope,
                    not_before=datetime(2026, 1, 1, tzinfo=UTC),
                    expiry=datetime(2090, 1, 1, tzinfo=UTC),
                    conditions=(),
                )
            )
            desks = (authority.folder / officer for officer in ("chair", "secretary"))
            signatures = [detached(file, f"{desk}.pem", f"{desk}.key") for desk in desks]
            lodge_decision(office, file, signatures)

"""What status says of the verifiable index: how far it is, and whether it lags."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from tests.support.founding import copied, founded

from smki.bootstrap import load_settings, open_office
from smki.bootstrap.opening import open_map_keeper
from smki.flows.index_roots import lodge_index_root
from smki.flows.office import FrontOffice
from smki.flows.revocation import publish_list
from smki.interfaces.index_standing import index_fields, index_line
from smki.terms import CertificateKind


@dataclasses.dataclass(frozen=True)
class ClockAhead:
    """A clock that is so many seconds ahead of another."""

    clock: Any
    seconds: float

    def now(self) -> Any:
        """The other's instant, and so many seconds."""
        return self.clock.now() + timedelta(seconds=self.seconds)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """A small house that has its own office, with the index kept up to its newest entry."""
    state = copied(founded(tmp_path_factory), tmp_path_factory.mktemp("standing") / "state")
    environment = {"SMKI_STATE": str(state)}
    settings = load_settings(environment)
    with open_office(settings, environment) as office:
        yield settings, office


def at(front: FrontOffice, seconds: float) -> FrontOffice:
    """The same house, so many seconds later."""
    return dataclasses.replace(front, clock=ClockAhead(front.clock, seconds))


def test_status_says_how_far_the_index_is_and_whether_it_lags(house: tuple[Any, Any]) -> None:
    """None yet, then all; what came since is in time for three minutes, then the index lags, if served."""
    settings, office = house
    front = office.front
    total = front.reader.checkpoint().size
    nothing = index_fields(settings, front, serving=False)
    assert nothing == {"size": 0, "behind": total, "problem": ""}
    assert "lags: entry 0 was" in index_line(index_fields(settings, at(front, 500), serving=True))
    keeper = open_map_keeper(settings, front, partial(lodge_index_root, office))
    while keeper.keep(front.clock.now()):
        pass
    kept = index_fields(settings, at(front, 500), serving=True)
    assert kept == {"size": total, "behind": 1, "problem": ""}  # the root itself is no news
    assert index_line(kept) == f"covers {total} entries, 1 were lodged since"
    publish_list(office, CertificateKind.ISSUING_OCA)
    assert index_fields(settings, at(front, 170), serving=True)["problem"] == ""
    late = index_fields(settings, at(front, 200), serving=True)
    assert late["behind"] == 2
    assert late["problem"].startswith(f"lags: entry {total + 1} was lodged 20")
    assert late["problem"].endswith(" s ago, must be in it within 180 s")
    assert index_fields(settings, at(front, 200), serving=False)["problem"] == ""
    told = index_fields(settings, front, serving=True, problem="cannot be kept now")
    assert index_line(told).endswith("; cannot be kept now")

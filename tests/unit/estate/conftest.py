"""One small SMKI for the session, and estates made of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.founding import copied, founded
from tests.support.postgresql import postgresql_server

from smki.adapters.device_keys import KeyMakers
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import load_settings, open_front
from smki.bootstrap.estates import anchors_of, home_figures, trusted_certificates
from smki.bootstrap.opening import load_hierarchy
from smki.devices import DeviceKind
from smki.interfaces.estate_issuing import Issuer, open_issuer
from smki.interfaces.estate_making import Made, Making, make_estate
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.terms import CertificateKind
from smki.wire import der


@dataclass(frozen=True, kw_only=True)
class Yard:
    """An SMKI, and where estates of it are made."""

    state: Path
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Of its commands."""
        return {"SMKI_STATE": str(self.state), "SMKI_ESTATE__DATABASE": self.url}

    @contextmanager
    def estate(self) -> Iterator[SqlEstate]:
        """Its estate, open."""
        estate = SqlEstate(self.url)
        yield estate
        estate.close()

    def make(
        self,
        devices: int,
        wrap: Callable[[Issuer], Any] = lambda issuer: issuer,
        seed: int = 1,
        **changes: Any,
    ) -> Made:
        """The estate has so many devices; `wrap` comes between it and who issues."""
        settings = load_settings(self.environment)
        with open_front(settings) as front:
            certificates = trusted_certificates(settings, load_hierarchy(front))
            profiles = front.settings
        with self.estate() as estate, open_issuer(settings, self.environment, 1) as issuer:
            making = Making(
                estate=estate,
                issuer=wrap(issuer),
                makers=KeyMakers(0),
                anchors={kind: anchors_of(kind, certificates) for kind in DeviceKind},
                profiles=profiles,
                figures=home_figures(settings),
                hw_type=der.oid(DEVELOPMENT_HARDWARE)[2:],
                seed=seed,
                folder=settings.path("estate-lots"),
                clock=SystemClock(),
                entropy=SystemEntropy(),
                progress=lambda _done, _total: None,
            )
            return make_estate(replace(making, **changes), devices)

    def issued(self) -> int:
        """How many device certificates the SMKI has issued."""
        with open_front(load_settings(self.environment)) as front:
            return sum(1 for _ in front.index.rows(CertificateKind.DEVICE))


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of an SMKI: make estates of it, change nothing else."""
    return copied(founded(tmp_path_factory), tmp_path_factory.mktemp("yard") / "state")


@pytest.fixture
def yard(house: Path, tmp_path: Path) -> Yard:
    """The SMKI, with no estate yet."""
    return Yard(state=house, url=f"sqlite:///{tmp_path / 'estate.sqlite'}")


@pytest.fixture
def postgresql_yard(house: Path) -> Iterator[Yard]:
    """The SMKI, with an empty estate in PostgreSQL."""
    with postgresql_server() as server:
        yield Yard(state=house, url=server.get_uri())

"""Many processes lodge at once: one sequences, all are in, in an order, whoever is killed."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from smki.bootstrap import open_front
from smki.bootstrap.opening import load_hierarchy
from smki.merkle.leaf import LeafType, decode_leaf
from smki.repository.items import body_of
from smki.terms import CertificateKind

LODGER = Path(__file__).with_name("lodger.py")


@dataclass(frozen=True)
class Lodger:
    """A process that lodges lists, and the file in which it says what it was told."""

    process: "subprocess.Popen[bytes]"
    said: Path

    def told(self) -> list[int]:
        """The numbers that it was told so far."""
        return [int(line) for line in self.said.read_text().split("\n")[:-1]]

    def ended(self) -> list[int]:
        """The numbers that it was told, when it has ended well or was killed."""
        assert self.process.wait(180) in (0, -9), self.said.with_suffix(".log").read_text()
        return self.told()


Begin = Callable[[int], Lodger]


@pytest.fixture
def begin(house: Any, tmp_path: Path) -> Begin:
    """Begins a process that lodges so many lists."""
    numbers = count()

    def start(lists: int) -> Lodger:
        said = tmp_path / f"lodger-{next(numbers)}.txt"
        with said.open("wb") as out, said.with_suffix(".log").open("wb") as story:
            process = subprocess.Popen(
                [house.python, str(LODGER), str(lists)],
                env=house.environment,
                stdout=out,
                stderr=story,
            )
        return Lodger(process, said)

    return start


def lodged(house: Any) -> list[int]:
    """The numbers of the lists of the Issuing OCA, in the order of the record."""
    with open_front(house.settings) as front:
        own = load_hierarchy(front).authorities[CertificateKind.ISSUING_OCA].certificate
        issuer, numbers = x509.load_der_x509_certificate(own).subject, list[int]()
        for leaf in front.reader.leaves(0, front.reader.checkpoint().size):
            entry = decode_leaf(leaf)
            if entry.type is LeafType.CRL:
                crl = x509.load_der_x509_crl(body_of(front.reader, entry))
                number = crl.extensions.get_extension_for_class(x509.CRLNumber).value
                numbers += [number.crl_number] if crl.issuer == issuer else []
    return numbers


@pytest.mark.clause("c2sp:tlog-tiles")
def test_many_without_a_server(house: Any, begin: Begin) -> None:
    """Each has its turn; one that is killed holds nobody up, and what it was told is there."""
    processes = [begin(1) for _ in range(3)]
    victim = begin(50)
    house.until(victim.told)
    victim.process.kill()
    numbers = [number for one in (*processes, victim) for number in one.ended()]
    assert len(set(numbers)) == len(numbers) >= 4
    found = lodged(house)
    assert found == sorted(set(found))
    assert set(numbers) <= set(found)
    house.check((), ())


@pytest.mark.slow
@pytest.mark.clause("c2sp:tlog-tiles")
def test_many_beside_a_server_whose_worker_is_killed(house: Any, begin: Begin) -> None:
    """Begun before the server, and while its worker dies: each is told once, of what is there."""
    before = begin(1)
    house.start()
    house.wait_ready()
    processes = [begin(4) for _ in range(2)]
    house.until(processes[0].told)
    house.kill_worker()
    numbers = [number for one in (before, *processes) for number in one.ended()]
    house.stop()
    assert len(set(numbers)) == len(numbers) == 9
    found = lodged(house)
    assert found == sorted(set(found))
    assert set(numbers) <= set(found)
    house.check((), ())

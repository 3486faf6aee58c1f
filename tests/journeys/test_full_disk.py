"""A disk that takes nothing more: told while it lasts, over by itself, nothing lost or doubled."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

from smki.terms import AdHocStatus, BatchStatus, Interface, ItemStatus

if TYPE_CHECKING:
    from tests.journeys.conftest import House

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.fixture
def served(new_house: Callable[[Mapping[str, str]], House]) -> Iterator[House]:
    """A house of its own, served; stopped at the end."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("full disk not tested: this system cannot limit what a process writes")
    house = new_house({})
    house.move_in()
    house.start("serve")
    yield house
    house.stop()


@pytest.mark.slow
@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_a_full_disk_is_told_and_passes(served: House) -> None:
    """Nothing can be written: not ready, and why; then ready by itself, one certificate for each.

    The worker may write no octet: what a disk without room does to it, in all its files at once.
    """
    device = served.fresh_device()
    known = served.batch([("known", served.device_request(device))])
    assert known["known"].status is ItemStatus.SUCCESS
    worker = served.worker
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    items = [(f"i{n}", served.device_request(served.fresh_device())) for n in range(5)]
    number = served.submit(served.document_of(items))
    served.until(lambda: not served.status()["ready"], "ready although nothing can be issued")
    problem = served.status()["problem"]
    assert problem.startswith("nothing can be issued now, it is tried again: "), problem
    told = served.command("status")
    assert (told.returncode, told.stdout.splitlines()[0][:9]) == (3, "not ready")
    assert problem.split(":")[1].strip()[:30] in told.stdout
    refused = served.ad_hoc(served.device_request(device))
    assert refused.status is AdHocStatus.CA_ERROR
    header, _ = served.service(Interface.BATCH).result(number)
    assert header.status is not BatchStatus.COMPLETED

    resource.prlimit(worker, resource.RLIMIT_FSIZE, UNLIMITED)
    served.until(lambda: bool(served.status()["ready"]), "not ready although there is room")
    assert "problem" not in served.status()
    _, outcomes = served.finished(number)
    assert {one.status for one in outcomes.values()} == {ItemStatus.SUCCESS}
    assert served.worker == worker  # it lived through it
    assert set(served.certificates_by_request().values()) == {1}
    assert served.command("repository", "audit").returncode == 0

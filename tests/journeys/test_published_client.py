"""A published client of another party's emulator, run unmodified as a program of its own.

It is installed by the ordinary package client into a cache folder and spoken to over standard
input and output; nothing of it is part of this project.
"""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from tests.support.fetching import npm_package

from smki.bootstrap.samples import SAMPLES
from smki.terms import EUI64, KeyUsage

if TYPE_CHECKING:
    from tests.journeys.conftest import House

pytestmark = pytest.mark.clause("sec-app-o:web-service")
PACKAGE = "@smartdcc/dccboxed-keystore"
VERSION = "0.4.2"
SUPPLIER = next(str(one.party.identities[0][0]) for one in SAMPLES if one.party.party == "supplier")
ASK = """
const client = require(process.argv[1] + "/dist/certificateSearch.js");
const { BoxedKeyStore } = require(process.argv[1]);
const [address, what, argument] = process.argv.slice(2);
const shown = (one) => ({
    der: one.x509 ? one.x509.raw.toString("base64") : one.certificate.raw.toString("base64"),
    eui: (one.meta || one).eui.toString(),
    serial: (one.meta || one).serial.toString(16),
    role: (one.meta || one).role,
    usages: (one.meta || one).keyUsage,
});
const ask = async () => {
    if (what === "search") return client.search(JSON.parse(argument), address);
    if (what === "query") {
        const one = await client.query(argument, address);
        return one === null ? [] : [one];
    }
    const store = await BoxedKeyStore.new(address);
    try {
        const options = JSON.parse(argument);
        if (options.serial) options.serial = BigInt("0x" + options.serial);
        const found = await store.query({ ...options, lookup: "certificate" });
        return found === null ? [] : Array.isArray(found) ? found : [found];
    } finally {
        await store.cleanup();
    }
};
ask().then(
    (found) => console.log(JSON.stringify({ found: found.map(shown) })),
    (error) => console.log(JSON.stringify({ error: error.message })),
);
"""


@pytest.fixture(scope="session")
def package() -> Path:
    """The folder of the installed package, or a skip that says why there is none."""
    return npm_package(PACKAGE, VERSION, "published client")


@pytest.fixture
def client(house: House, package: Path) -> Callable[[str, object], dict[str, Any]]:
    """Asks the client one thing, of the local repository; what it says."""

    def ask(what: str, argument: object) -> dict[str, Any]:
        words = argument if isinstance(argument, str) else json.dumps(argument)
        done = subprocess.run(
            ["node", "-e", ASK, str(package), house.address("repository_local"), what, words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return ask


def search_for(field: str, identity: str, usage: str, **more: str) -> dict[str, object]:
    """A search as the client's own callers write it."""
    found = {"q": {field: identity}, "CertificateUsage": usage, "CertificateStatus": "I"}
    return {**found, **more}


@pytest.mark.parametrize(("usage", "number"), [("DS", 0), ("KA", 4)])
def test_it_finds_and_reads_an_organisation_certificate(
    client: Callable[[str, object], dict[str, Any]], usage: str, number: int
) -> None:
    """Searched by EUI-64 and role, the supplier's certificates come back and are understood."""
    answer = client(
        "search", search_for("CertificateSubjectName", SUPPLIER, usage, CertificateRole="2")
    )
    assert answer["found"], answer
    for one in answer["found"]:
        assert (one["role"], one["usages"]) == (2, [number])
        assert one["eui"].replace("-", "").upper() == SUPPLIER.replace("-", "")
        certificate = x509.load_der_x509_certificate(base64.b64decode(one["der"]))
        assert f"{certificate.serial_number:x}" == one["serial"]


def test_it_finds_no_organisation_in_another_role(
    client: Callable[[str, object], dict[str, Any]],
) -> None:
    """The role it compares as text is the registered one: as network operator, nothing."""
    query = search_for("CertificateSubjectName", SUPPLIER, "DS", CertificateRole="3")
    assert client("search", query) == {"found": []}


@pytest.mark.parametrize(("usage", "number"), [("DS", 0), ("KA", 4)])
@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_it_finds_and_reads_a_device_certificate(
    house: House,
    client: Callable[[str, object], dict[str, Any]],
    usage: str,
    number: int,
    spelling: Callable[[str], str],
) -> None:
    """The device's certificate that a batch was given is what search by EUI-64 gives."""
    device = house.fresh_device()
    wanted = next(one for one in KeyUsage if one.code == usage)
    issued = house.batch([("one", house.device_request(device, wanted))])["one"].certificate
    assert issued is not None
    query = search_for("CertificateSubjectAltName", spelling(str(device)), usage)
    (found,) = client("search", query)["found"]
    assert base64.b64decode(found["der"]) == issued
    assert found["usages"] == [number]
    assert found["eui"].replace("-", "").upper() == str(device).replace("-", "")


def test_its_key_store_finds_devices_and_serials(
    house: House,
    client: Callable[[str, object], dict[str, Any]],
    known_devices: Iterator[EUI64],
) -> None:
    """Its key store finds a device by EUI-64, and the very certificate by number in lower case."""
    device = str(next(known_devices))
    (found,) = client("store", {"eui": device, "keyUsage": 0})["found"]
    (again,) = client("store", {"serial": found["serial"]})["found"]
    (asked,) = client("query", found["serial"].lstrip("0"))["found"]
    assert found["der"] == again["der"] == asked["der"]


def test_it_is_told_that_there_is_nothing(
    house: House, client: Callable[[str, object], dict[str, Any]]
) -> None:
    """What is not there is an empty answer to it, not an error."""
    unseen = str(house.fresh_device())
    query = search_for("CertificateSubjectAltName", unseen, "DS")
    assert client("search", query) == {"found": []}
    assert client("query", "deadbeef") == {"found": []}


def test_it_is_told_that_it_asked_nonsense(
    client: Callable[[str, object], dict[str, Any]],
) -> None:
    """A criterion that is no EUI-64 is the error that it knows."""
    query = search_for("CertificateSubjectAltName", "no-such-thing", "DS")
    assert client("search", query) == {"error": "invalid search parameters"}

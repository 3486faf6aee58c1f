"""A house from nothing, stopped and started again; and what others make of what it issued."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from sqlalchemy import create_engine, make_url, text
from tests.support.postgresql import postgresql_server

from smki.flows.revocation import current_list
from smki.terms import CertificateKind
from smki.wire.encodings import write_pem

if TYPE_CHECKING:
    from tests.journeys.conftest import House

ENDPOINTS = {"portal", "adhoc", "batch", "repository", "repository_local", "sftp", "metrics"}
TRIES = 20
JOURNEY = 1001 + 1  # certificates of the first journey: a batch and a replacement


@pytest.fixture(scope="session")
def lived_houses() -> dict[str, House]:
    """The houses that `lived` has made, by database."""
    return {}


@pytest.fixture(scope="session")
def postgresql_url(lived_houses: dict[str, House]) -> Iterator[str]:
    """The address of an empty database of a server of the session's own, or a skip.

    The house that lives on it is stopped before it is.
    """
    with postgresql_server() as server:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        name = f"j{uuid.uuid4().hex}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        yield url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
        if "postgresql" in lived_houses:
            lived_houses["postgresql"].stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def lived(
    request: pytest.FixtureRequest,
    new_house: Callable[[Mapping[str, str]], House],
    lived_houses: dict[str, House],
) -> House:
    """A house that `smki run` made from nothing, on each database; one for the whole session."""
    if request.param not in lived_houses:
        configuration = {}
        if request.param == "postgresql":
            configuration["SMKI_DATABASE"] = request.getfixturevalue("postgresql_url")
        house = new_house(configuration)
        lived_houses[request.param] = house
    house = lived_houses[request.param]
    if house.process is None:
        house.start()
    return house


def said(house: House) -> tuple[int, dict[str, Any]]:
    """Exit code and document of `smki status --json`.

    It gives the database of a house that is not served a second, and says so where that was too
    little: on a busy machine it is asked again.
    """
    for _ in range(TRIES):
        done = house.command("status", "--json")
        document = json.loads(done.stdout)
        if "has not answered" not in document.get("problem", ""):
            break
    return done.returncode, document


def test_status_says_everything_that_others_rely_on(lived: House) -> None:
    """After `run`, status has every key with its type, is ready, and its files are there."""
    code, document = said(lived)
    assert (code, document["ready"], document["development"]) == (0, True, True)
    assert Path(document["state"]) == lived.state
    assert isinstance(document["version"], str)
    endpoints = document["endpoints"]
    assert set(endpoints) == ENDPOINTS
    assert all(
        value is None or value.startswith(("http", "sftp://")) for value in endpoints.values()
    )
    assert endpoints["adhoc"].endswith("/1.0/PortalCSR/DeviceCertificateSigningRequest")
    assert endpoints["repository_local"].startswith("http://127.0.0.1:")
    assert not endpoints["repository_local"].endswith("/services")
    credentials = document["credentials"]
    assert credentials["apikey"] == "u3bg9gt38htd0j2"
    files = [credentials["ca"]] + [
        credentials[name][part]
        for name in ("adhoc", "batch", "officer")
        for part in ("certificate", "key")
    ]
    assert all(Path(file).is_file() for file in files)
    log = document["log"]
    assert (len(bytes.fromhex(log["root"])), log["vkey"].split("+")[0]) == (32, log["origin"])
    assert log["size"] > document["certificates"] > JOURNEY
    parties = document["parties"]
    assert {role for party in parties for role in party["roles"]} >= {
        "manufacturer",
        "supplier",
        "network_operator",
        "access_control_broker",
    }
    assert all(len(bytes.fromhex(one["eui64"].replace("-", ""))) == 8 for one in parties)


def test_stopped_and_started_again_it_is_the_same(lived: House) -> None:
    """Interrupted, it ends with exit code 0 and says so; started again: same log, same files."""
    _, before = said(lived)
    assert lived.stop() == 0
    code, idle = said(lived)
    assert (code, idle["ready"], set(idle)) == (3, False, set(before))
    assert idle["endpoints"] == dict.fromkeys(ENDPOINTS)
    held = {path: path.read_bytes() for path in (lived.state / "parties").rglob("*.*")}
    story = lived.start()
    assert "its first journey was on" in story
    assert "batched service" not in story
    code, after = said(lived)
    assert (code, after["ready"]) == (0, True)
    assert [after["log"][part] for part in ("origin", "vkey")] == [
        before["log"][part] for part in ("origin", "vkey")
    ]
    assert after["log"]["size"] >= before["log"]["size"]
    assert after["certificates"] == before["certificates"]
    assert after["credentials"] == before["credentials"]
    assert {path: path.read_bytes() for path in held} == held
    assert lived.ad_hoc(lived.device_request(lived.fresh_device())).status.value == "UNKNOWN_DEVICE"


def test_a_second_server_is_turned_away(lived: House) -> None:
    """A second server in the same state directory ends with exit code 3; the first goes on."""
    done = lived.command("serve")
    assert done.returncode == 3, done
    assert "another server" in done.stderr
    assert said(lived)[0] == 0


@pytest.mark.clause("sec-app-a:B", "sec-app-b:B", "sec-app-q:B")
@pytest.mark.parametrize(
    ("leaf", "issuing", "root"),
    [
        (CertificateKind.DEVICE, CertificateKind.ISSUING_DCA, CertificateKind.ROOT_DCA),
        (CertificateKind.ORGANISATION, CertificateKind.ISSUING_OCA, CertificateKind.ROOT_OCA),
        (CertificateKind.IKI_AD_HOC, CertificateKind.ISSUING_ICA, CertificateKind.ROOT_ICA),
        (CertificateKind.IKI_BATCH, CertificateKind.ISSUING_ICA, CertificateKind.ROOT_ICA),
        (CertificateKind.IKI_OFFICER, CertificateKind.ISSUING_ICA, CertificateKind.ROOT_ICA),
        (CertificateKind.IKI_SERVER, CertificateKind.ISSUING_ICA, CertificateKind.ROOT_ICA),
    ],
)
def test_openssl_verifies_the_chains(
    lived: House,
    kinds_of: Callable[[House], dict[CertificateKind, list[bytes]]],
    openssl: Callable[..., str],
    tmp_path: Path,
    leaf: CertificateKind,
    issuing: CertificateKind,
    root: CertificateKind,
) -> None:
    """`openssl verify`, strict, takes leaf, issuing authority and root of every hierarchy."""
    kinds = kinds_of(lived)
    files = {}
    for kind in (leaf, issuing, root):
        files[kind] = tmp_path / f"{kind.value}.pem"
        files[kind].write_bytes(write_pem(kinds[kind][0], "CERTIFICATE"))
    lists = tmp_path / "lists.pem"
    with lived.front() as front:
        found = [current_list(front, kind) for kind in (issuing, root)]
    lists.write_bytes(b"".join(write_pem(one.octets, "X509 CRL") for one in found if one))
    words = ["-x509_strict", "-check_ss_sig"]
    if leaf is not CertificateKind.DEVICE:  # device certificates are never revoked: no list
        words += ["-crl_check_all", "-CRLfile", str(lists)]
    chain = ("-CAfile", str(files[root]), "-untrusted", str(files[issuing]))
    assert openssl("verify", *words, *chain, str(files[leaf])).strip().endswith("OK")


def test_openssl_and_cryptography_parse_everything_issued(
    lived: House,
    kinds_of: Callable[[House], dict[CertificateKind, list[bytes]]],
    openssl: Callable[..., str],
    tmp_path: Path,
) -> None:
    """Every certificate in the record and every current list is read by both, whole."""
    every = [one for certificates in kinds_of(lived).values() for one in certificates]
    assert len(every) == lived.stored()[1]
    for der in every:
        certificate = x509.load_der_x509_certificate(der)
        assert len(list(certificate.extensions)) >= 3
    bundle = tmp_path / "every.pem"
    bundle.write_bytes(b"".join(write_pem(one, "CERTIFICATE") for one in every))
    printed = openssl("storeutl", "-certs", "-text", "-noout", str(bundle))
    assert printed.strip().endswith(f"Total found: {len(every)}")
    assert printed.count("X509v3 extensions:") == len(every)
    with lived.front() as front:
        found = [current_list(front, kind) for kind in CertificateKind if kind.is_authority]
    lists = [one for one in found if one is not None]
    assert len(lists) >= 4  # of root and issuing authority, for organisations and for the IKI
    for one in lists:
        assert x509.load_der_x509_crl(one.octets).extensions
        assert "CRL Number" in openssl("crl", "-inform", "DER", "-text", "-noout", stdin=one.octets)


def test_the_record_audits_clean(lived: House) -> None:
    """`smki repository audit` finds nothing wrong after journey, stop and start."""
    before = lived.status()["log"]["size"]
    done = lived.command("repository", "audit", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["problems"]) == (0, []), document
    assert before <= document["entries"] <= lived.status()["log"]["size"]


def test_without_reference_data_the_journey_is_made_all_the_same(
    new_house: Callable[[Mapping[str, str]], House], tmp_path: Path
) -> None:
    """Where the published data is absent, the first request is made on the spot, and said so.

    The house is there, and its first journey is not made yet.
    """
    house = new_house({"SMKI_VECTORS": str(tmp_path / "absent")})
    house.move_in()
    story = house.start()
    assert "made on the spot" in story
    assert "replaced through the ad hoc service" in story
    assert said(house)[0] == 0
    assert house.stop(signal.SIGTERM) == 0


def test_init_and_serve_make_the_same_house_without_the_journey(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """`smki init`, then `smki serve`: ready, no device has a certificate; `init` again: no change."""
    house = new_house({})
    made = house.command("init", "--json")
    assert made.returncode == 0, made
    assert json.loads(made.stdout)["development"] is True
    house.start("serve")
    document = said(house)[1]
    assert (document["ready"], document["certificates"] < 100) == (True, True)
    assert document["certificates"] == json.loads(made.stdout)["certificates"]
    again = house.command("init", "--json")
    assert again.returncode == 0, again
    assert json.loads(again.stdout)["certificates"] == document["certificates"]
    assert house.stop() == 0
    size = house.status()["log"]["size"]  # with what the server lodged of the index
    again = house.command("init", "--json")
    assert json.loads(again.stdout)["log"]["size"] == size >= document["log"]["size"]


def test_bare_there_are_no_parties(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """`smki init --bare` registers nobody."""
    house = new_house({})
    assert house.command("init", "--bare").returncode == 0
    document = said(house)[1]
    assert (document["ready"], document["parties"]) == (False, [])


def test_where_there_is_none_status_is_whole_and_quick(
    new_house: Callable[[Mapping[str, str]], House],
) -> None:
    """In an empty state directory: every key, not ready, exit code 3; loaded within two seconds."""
    house = new_house({})
    words = [sys.executable, "-m", "smki", "status", "--json"]
    seconds = []
    for _ in range(3):  # the least counts; of the processor's time: others are at work, too
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = subprocess.run(words, env=house.environment, stdout=subprocess.PIPE, check=False)
        seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        document = json.loads(done.stdout)
        said_nothing = (3, False, dict.fromkeys(ENDPOINTS))
        assert (done.returncode, document["ready"], document["endpoints"]) == said_nothing
    assert min(seconds) < 2

"""All entries of an identity over HTTP: the file as it is made, and who is not given it."""

import http.client
from typing import Any

import pytest

from smki.terms import RequestType

pytestmark = pytest.mark.clause("sec:L5")
PATH = "/services/identityproof?apikey=u3bg9gt38htd0j2&eui64="
DEVICE = "90-B3-D5-1F-30-01-00-0A"
SUPPLIER = "90-B3-D5-1F-30-01-00-0B"


@pytest.mark.parametrize("common", ["adhoc", None])
def test_the_proof_comes_whole(served: Any, common: str | None) -> None:
    """Behind mutual TLS and on loopback: every line, once, in order, as text; the answer is noted."""
    answer = served.ask(common, PATH + DEVICE.lower())
    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=us-ascii")
    assert [int(line[:6]) for line in answer.body.splitlines()] == list(range(5_000))
    assert len(answer.body) == 5_000 * 1_008
    noted = served.house.answers[-1]
    assert (noted.request_type, noted.code, noted.results) == (RequestType.SEARCH, 200, 2)
    assert noted.asked == f"all entries of {DEVICE}"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"/services/identityproof?eui64={DEVICE}", "nobody"),
        (f"/services/identityproof?apikey=wrong&eui64={DEVICE}", "nobody"),
        (PATH, "16 hexadecimal digits"),
        (PATH + "90-B3", "16 hexadecimal digits"),
        (PATH + "%FF%00", "16 hexadecimal digits"),
    ],
)
def test_without_key_or_identifier_there_is_none(served: Any, path: str, says: str) -> None:
    """An unknown API key and what is no EUI-64 are 401, said and noted."""
    answer = served.ask(None, path)
    assert (answer.status, says in answer.body.decode()) == (401, True)
    assert served.house.answers[-1].code == 401


def test_before_there_is_a_root_it_is_said(served: Any) -> None:
    """Nothing can be proven yet: 503, to be tried again, and nothing of ours in the answer."""
    answer = served.ask(None, PATH + "00-DB-12-34-56-78-90-A0")
    assert answer.status == 503
    assert b"try again later" in answer.body
    assert b"secret" not in answer.body


def test_a_proof_that_breaks_off_is_not_taken_for_whole(served: Any) -> None:
    """If the record turns out to be damaged on the way, the connection breaks: no short file."""
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        served.ask(None, PATH + SUPPLIER)


def test_it_is_only_read(served: Any) -> None:
    """There is nothing to be posted."""
    assert served.ask(None, PATH + DEVICE, b"x").status == 405

"""What is said of errors for which the specification has no document."""

import logging

import pytest
from starlette.requests import Request

from smki.flows.adhoc import unavailable
from smki.interfaces.web.answers import plain_error
from smki.terms import AdHocStatus, Inconsistent, Refused, SmkiError, Unavailable

SECRET = "connection to 10.1.2.3 as smki failed"
REQUEST = Request({"type": "http"})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable(SECRET, where="/var/smki", rule="database.unavailable"), 503),
        (Inconsistent(SECRET, where="/var/smki"), 500),
    ],
)
def test_trouble_of_ours_is_logged_and_not_told(
    error: SmkiError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Hosts, users and files of the house are in the log and not in the answer."""
    with caplog.at_level(logging.ERROR):
        answer = plain_error(REQUEST, error)
    assert answer.status_code == status
    assert SECRET.encode() not in bytes(answer.body)
    assert b"/var" not in bytes(answer.body)
    assert SECRET in caplog.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Refused("no client certificate", rule="credential.none"), 403),
        (Unavailable("8 batches are coming in", rule="http.busy"), 503),
        (Unavailable("the worker is being started", rule="authority.away"), 503),
    ],
)
def test_what_concerns_the_client_is_told(
    error: SmkiError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal, and trouble that the client can do something about, is said as it is."""
    answer = plain_error(REQUEST, error)
    assert (answer.status_code, bytes(answer.body)) == (status, f"{error}\n".encode())
    assert not caplog.records


def test_ad_hoc_trouble_names_no_host() -> None:
    """CA_ERROR says to send again, and nothing of what is away."""
    answer = unavailable(7, Unavailable(SECRET, rule="database.unavailable"))
    assert answer.status is AdHocStatus.CA_ERROR
    assert SECRET not in answer.text
    assert "again" in answer.text

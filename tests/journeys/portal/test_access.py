"""A party's own access over real sockets: keys that rotate, references, use above the forecast."""

from __future__ import annotations

import http.client
import json
import re
import signal
from contextlib import closing, suppress
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from smki.bootstrap.samples import API_KEY
from smki.interfaces.cli import main
from smki.terms import EUI64
from smki.wire.xml import SearchQuery, parse_search_response, write_search_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import NewUser, User, Visitor

    from smki.wire.xml.repository import RepositoryAnswer

SUPPLIER = EUI64.parse("0A-53-4D-4B-49-02-00-01")


def search(house: House, apikey: str, identity: EUI64 = SUPPLIER) -> RepositoryAnswer:
    """The answer of the web service to a search for an organisation."""
    parts = urlsplit(house.address("repository_local"))
    body = write_search_request(SearchQuery(identity=identity, device=False))
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)) as one:
        path = f"/services/certificatesearch?apikey={apikey}"
        one.request("POST", path, body, {"Content-Type": "application/xml"})
        answer = one.getresponse()
        read = parse_search_response(answer.read())
        assert read.code == answer.status
        return read


def told(house: House, *words: str) -> Any:
    """The document of a command that succeeds."""
    done = CliRunner().invoke(main, [*words, "--json"], env=house.variables)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.clause("sec-app-p:B", "sec-app-o:web-service")
def test_a_key_is_made_used_looked_up_and_revoked(
    house: House, visitor: Visitor, visitor_of: type[Visitor], new_user: NewUser
) -> None:
    """The new key and the published one are both good; revoked, it is refused in the same second.

    The reference of each answer is found by the party and the operator, and by no other party.
    """
    page = visitor.post("/portal/access/keys", form=visitor.form())
    found = re.search(r'<code id="apikey">([a-z2-7]{24})</code>', page.text)
    assert found is not None, page.text
    first = search(house, found[1])
    assert (first.code, search(house, API_KEY).code) == (200, 200)
    shown = visitor.get(f"/portal/access/references?reference={first.audit_reference}")
    name = re.search(r'/portal/access/keys/([0-9a-f]{12})"', shown.text)
    assert name is not None, shown.text
    assert f"organisation {SUPPLIER}" in shown.text
    listed = visitor.get("/portal/access/keys").text
    assert (found[1] in listed, f"{name[1]}</a>" in listed) == (False, True)
    assert visitor.post(f"/portal/access/keys/{name[1]}", form=visitor.form()).status == 303
    refused = search(house, found[1])
    assert (refused.code, "revoked at" in refused.message) == (401, True)
    audited = told(house, "party", "audit", refused.audit_reference)
    assert (audited["party"], audited["key"], audited["code"]) == ("supplier", name[1], 401)
    made_by = {
        one["key"]: one["made_by"] for one in told(house, "party", "apikeys", "supplier")["apikeys"]
    }
    assert made_by[name[1]] == "ann"
    assert "smki init" in made_by.values()
    stranger = new_user.added("stranger", "dcc")
    other = visitor_of(house, "dcc")
    other.log_in("stranger", stranger)
    chosen = "a sentence is good"
    other.post("/portal/password", form=other.form(), old=stranger, new=chosen, again=chosen)
    unseen = other.get(f"/portal/access/references?reference={first.audit_reference}")
    assert (unseen.status, "no answer of dcc" in unseen.text) == (404, True)
    assert other.get(f"/portal/access/keys/{name[1]}").status == 404


@pytest.mark.clause("sec-app-p:4")
def test_use_above_the_forecast_is_told_and_nothing_is_refused(
    house: House, visitor: Visitor
) -> None:
    """Entered by the party in the portal; told there, by the commands and in the status."""
    form = {"type": "search", "requests": "1", "start": ""}
    entered = visitor.post("/portal/access/usage", form=visitor.form(), **form)
    assert entered.status == 303, entered.text
    assert [search(house, API_KEY).code for _ in range(4)] == [200] * 4
    house.until(
        lambda: any(one["party"] == "supplier" for one in house.status()["notices"]),
        "what went over its forecast was not noticed",
    )
    days = told(house, "party", "usage", "supplier")["days"]
    assert any(one["noticed"] and one["type"] == "search" for one in days)
    assert any(one["type"] == "portal" and one["requests"] > 0 for one in days)
    overview = visitor.get("/portal/access").text
    assert "Use above your forecast" in overview
    assert '<text class="mark"' in visitor.get("/portal/access/usage").text


@pytest.mark.clause("sec-app-o:web-service", "sec-app-p:3.1")
def test_after_a_kill_answers_are_found_and_wrong_passwords_count(
    new_house: Callable[[Mapping[str, str]], House], visitor_of: type[Visitor]
) -> None:
    """Killed right after an answer, the server forgot neither it nor five wrong passwords."""
    house = new_house({})
    house.initialise()
    house.start("serve")
    first = told(house, "user", "add", "eve", "--party", "supplier")["password"]
    for _ in range(5):
        assert visitor_of(house).log_in("eve", "a guess").status == 403
    answer = search(house, API_KEY)
    house.stop(signal.SIGKILL)
    audited = told(house, "party", "audit", answer.audit_reference)
    assert (audited["party"], audited["code"]) == ("supplier", 200)
    house.start("serve")
    assert told(house, "party", "audit", answer.audit_reference) == audited
    assert "locked until" in visitor_of(house).log_in("eve", first).text
    with house.front() as front:
        house.until(
            lambda: [one.requests for one in front.demand.use("supplier", date.min)] == [1],
            "what was asked before the kill was not counted, or twice",
        )


@pytest.mark.clause("sec-app-p:3.1")
def test_no_password_and_no_key_is_in_a_log_or_file(
    house: House, user: User, visitor: Visitor, visitor_of: type[Visitor]
) -> None:
    """Neither right nor wrong ones, nor API keys that were made, anywhere in the state directory."""
    page = visitor.post("/portal/access/keys", form=visitor.form())
    found = re.search(r'<code id="apikey">([a-z2-7]{24})</code>', page.text)
    assert found is not None
    visitor_of(house).log_in(user.name, "a wrong sentence that was typed")
    search(house, found[1])
    secrets = (user.password, "a wrong sentence that was typed", found[1])
    story = house.state.parent / f"{house.state.name}.story"
    held = story.read_bytes()
    for path in house.state.rglob("*"):
        with suppress(FileNotFoundError):  # taken up meanwhile
            held += path.read_bytes() if path.is_file() else b""
    assert b"argon2id" in held  # verifiers are among what was read
    for secret in secrets:
        assert secret.encode() not in held

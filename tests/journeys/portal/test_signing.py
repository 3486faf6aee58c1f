"""A decision signed by two officers on machines of their own, handed in over the network."""

from __future__ import annotations

import html
import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from smki.interfaces.cli import main
from smki.interfaces.cli.officers import detached
from smki.interfaces.client import ClientCredential
from smki.interfaces.web.portal.signing import UPLOAD_OCTETS
from smki.terms import Interface

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.conftest import House
    from tests.journeys.portal.conftest import Authority, NewUser, Visitor

pytestmark = pytest.mark.clause("sec:L5.3", "sec-app-o:portal")
CHOSEN = "a sentence is better"


@dataclass(frozen=True)
class Desk:
    """An officer's machine: a credential, whom to trust, and no state directory."""

    credential: ClientCredential
    portal: str
    place: Path

    def sign(self, file: Path) -> tuple[int, Any]:
        """Exit code and answer of the command that signs and hands in."""
        words = ["governance", "sign", str(file), "--out", str(self.place / f"{file.name}.p7s")]
        words += ["--certificate", str(self.credential.certificate)]
        words += ["--key", str(self.credential.key), "--ca", str(self.credential.ca)]
        nowhere = self.place / "nowhere"
        done = CliRunner().invoke(
            main, [*words, "--upload", self.portal, "--json"], env={"SMKI_STATE": str(nowhere)}
        )
        assert not nowhere.exists()
        return done.exit_code, json.loads(done.stdout)


@pytest.fixture
def decided(authority: Authority, tmp_path: Path) -> Path:
    """A decision file that nobody signed yet."""
    file = tmp_path / "decision.json"
    words = ("--kind", "withdraw-document", "--object", "Guidance", "--expiry", "2090-01-01")
    authority.run("governance", "decide", f"P-{tmp_path.name}", *words, "--out", str(file))
    return file


def desk(authority: Authority, officer: str, place: Path) -> Desk:
    """The desk of one of the authority's officers."""
    house, folder = authority.house, authority.folder
    place = place / officer
    place.mkdir()
    credential = ClientCredential(
        ca=house.settings.path("tls", "ca.pem"),
        certificate=folder / f"{officer}.pem",
        key=folder / f"{officer}.key",
    )
    return Desk(credential, house.address("portal"), place)


@pytest.fixture
def member(
    house: House, authority: Authority, new_user: NewUser, visitor_of: type[Visitor], tmp_path: Path
) -> Visitor:
    """A user of the authority's party, logged in with the chair's credential."""
    made = visitor_of(house)
    made._context = desk(authority, "chair", tmp_path).credential.context()
    name = "pat"
    first = new_user.added(name, party="pma")
    assert made.log_in(name, first).status == 303
    chosen = {"old": first, "new": CHOSEN, "again": CHOSEN}
    assert made.post("/portal/password", form=made.form(), **chosen).status == 303
    return made


@pytest.mark.clause("sec-app-q:B")
def test_two_officers_sign_on_different_machines(
    authority: Authority, member: Visitor, visitor: Visitor, decided: Path, tmp_path: Path
) -> None:
    """The first waits, shown to officers of its body alone; with the second it is lodged."""
    code, answer = desk(authority, "secretary", tmp_path).sign(decided)
    assert (code, answer["entry"], answer["missing"]) == (0, None, ["presider"]), answer
    page = member.get("/portal/decisions/waiting").text
    assert answer["id"] in page
    assert "whoever presided" in page
    assert f"--upload {authority.house.address('portal')}" in html.unescape(page)
    assert answer["id"] not in visitor.get("/portal/decisions/waiting").text
    assert answer["id"] not in visitor.get("/portal/decisions").text
    place = f"/portal/decisions/waiting/{answer['sha256']}"
    assert visitor.get(place).status == 404
    file = member.get(place).body
    assert file == decided.read_bytes()
    credential = [f"{authority.folder}/chair.{one}" for one in ("pem", "key")]
    refused = member.upload(place, detached(b"other octets", *credential), form=member.form())
    assert (refused.status, "was not taken in" in refused.text) == (403, True)
    done = member.upload(place, detached(file, *credential), form=member.form())
    assert done.status == 200
    assert "and lodged" in done.text
    assert answer["id"] in visitor.get("/portal/decisions").text
    assert answer["id"] not in member.get("/portal/decisions/waiting").text


def test_the_second_one_hands_in_by_command(
    authority: Authority, decided: Path, tmp_path: Path
) -> None:
    """Each from a machine without a state directory; the record then has the decision."""
    officers = [desk(authority, name, tmp_path) for name in ("chair", "secretary")]
    code, first = officers[0].sign(decided)
    assert (code, first["missing"]) == (0, ["secretary"])
    code, second = officers[1].sign(decided)
    assert (code, second["missing"], second["officers"]) == (0, [], ["chair", "secretary"])
    shown = authority.run("governance", "list")["decisions"]
    assert [one["entry"] for one in shown if one["id"] == first["id"]] == [second["entry"]]
    assert first["id"] not in str(authority.run("governance", "waiting"))


def test_who_is_no_officer_of_the_body_hands_in_nothing(
    house: House, authority: Authority, decided: Path, tmp_path: Path
) -> None:
    """Another party's officer is refused in words; a credential for another service by the door."""
    for interface, said in ((Interface.PORTAL, "is no officer of smki-pma"), (Interface.BATCH, "")):
        credential = house.credential("supplier", interface)
        code, answer = Desk(credential, house.address("portal"), tmp_path / "").sign(decided)
        assert (code, said in answer["error"]["message"]) == (1, True), answer
        (tmp_path / "decision.json.p7s").unlink()


def test_what_is_no_decision_is_malformed(authority: Authority, tmp_path: Path) -> None:
    """In JSON, with the status of its family; nothing is kept of it."""
    officer = desk(authority, "chair", tmp_path)
    parts = urlsplit(officer.portal)
    for body, media_type, status in (
        (b"{}", "application/json", 400),
        (b"{", "application/json", 400),
        (b"x=1", "application/x-www-form-urlencoded", 415),
        (b"{" * (UPLOAD_OCTETS + 1), "application/json", 413),  # all of it is read
    ):
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=60, context=officer.credential.context()
        )
        with closing(connection):
            path = f"{parts.path}/decisions"
            connection.request("POST", path, body, {"Content-Type": media_type})
            answer = connection.getresponse()
            said = json.loads(answer.read())
        assert (answer.status, said["error"]["family"]) == (status, "malformed")

"""The pages as answers: escaping, headers, who is let in, and what is not there."""

import base64
import html
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest
from starlette.applications import Starlette
from tests.support.asking import Answer
from tests.support.asking import ask as ask_application

from smki.flows.apikeys import NewKey, ShownKey
from smki.flows.collecting import Collected
from smki.flows.configuring import Configuration
from smki.flows.demand import DayFigures
from smki.flows.displaying import Change, ShownDecision
from smki.flows.documents import History
from smki.flows.lodged import LodgedEntry
from smki.flows.recorded import Recorded
from smki.flows.register_services import RegisterServices
from smki.flows.statements import Fields
from smki.interfaces.web.portal import PortalPages
from smki.interfaces.web.portal.messages import FORM_OCTETS, branches
from smki.merkle.leaf import LeafType, encode_framed
from smki.messages import KeyRings, read_document
from smki.policy.access import AccessRules
from smki.policy.apikeys import KeyStanding
from smki.policy.revocation import Circumstance
from smki.ports import ApiKey, CertificateQuery, Forecast, Party, Use
from smki.repository import CompleteProof, Retrieved
from smki.repository.presenting import Item, Results
from smki.repository.shown_lists import ShownList
from smki.steps import LoggedIn, Requester
from smki.terms import (
    EUI64,
    Inconsistent,
    Interface,
    Refused,
    RemotePartyRole,
    RequestType,
    SerialNumber,
    Unavailable,
)

pytestmark = pytest.mark.clause("sec-app-o:portal")
NASTY = "<script>alert('x')</script>\"&"
OWN = EUI64.parse("0A-53-4D-4B-49-02-00-01")
PARTY = Party(party="acme", name=NASTY, identities=((OWN, RemotePartyRole.SUPPLIER),))


class EmptyAccess:
    """Of a party that has one key with a nasty maker, no use and no forecast; notes what it does."""

    rules = AccessRules()

    def __init__(self) -> None:
        self.pages = 0
        self.done: list[object] = []

    def today(self) -> date:
        """Some day."""
        return date(2026, 11, 21)

    def used(self, party: str) -> None:
        """Counted."""
        assert party == "acme"
        self.pages += 1

    def keys(self, party: str) -> Sequence[ShownKey]:
        """One."""
        key = ApiKey(digest=bytes(32), party=party, made_at=5, made_by=NASTY, ends_at=9)
        return (ShownKey(key=key, standing=KeyStanding.ENDING),)

    def new_key(self, party: str, by: str) -> NewKey:
        """Once."""
        if self.done:
            raise Refused("API keys: too many")
        self.done.append((party, by))
        return NewKey(secret=NASTY, name="f00d", earlier_end=7)

    def revoke_key(self, party: str, name: str, by: str) -> None:
        """Once."""
        if self.done:
            raise Refused("API key: opens nothing already")
        self.done.append((party, name, by))

    def usage(self, party: str) -> Sequence[DayFigures]:
        """A day of nothing forecast, and one above."""
        del party
        return tuple(
            DayFigures(
                day=date(2026, 11, day),
                request_type=RequestType.SEARCH,
                requests=requests,
                forecast=forecast,
                noticed=day == 21,
            )
            for day, requests, forecast in ((20, 1, None), (21, 13, 10))
        )

    def forecasts(self, party: str) -> Sequence[Forecast]:
        """One, entered by somebody nasty."""
        return (
            Forecast(
                party=party,
                request_type=RequestType.SEARCH,
                start=date(2026, 11, 21),
                requests=10,
                made_at=5,
                made_by=NASTY,
            ),
        )

    def enter_forecast(
        self, party: str, by: str, forecast: tuple[RequestType, int], start: date | None
    ) -> Forecast:
        """Not for another day than the present."""
        if start is not None and start != self.today():
            raise Refused("forecast: from then, must be from today on", rule="forecast.start")
        self.done.append((party, by, forecast))
        return self.forecasts(party)[0]

    def answers(self, party: str) -> Sequence[Use]:
        """One, of a nasty question."""
        return (replace(ANSWER, party=party),)

    def look_up(self, party: str, reference: str) -> Use:
        """Only that."""
        if reference != ANSWER.reference:
            raise Refused(f"reference {reference!r}: no answer of {party} has it")
        return self.answers(party)[0]


ANSWER = Use(
    at=1_763_700_000_000,
    request_type=RequestType.SEARCH,
    key=bytes(32),
    reference="1763700000000-0123456789",
    asked=NASTY,
    code=200,
    results=2,
)


class EmptyHouse:
    """A repository without certificates, whose one party has a nasty name."""

    verifier_key = "log+00000000+AAAA"

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.changed: list[str] = []
        self.over: list[str] = []
        self.lodged: dict[int, LodgedEntry] = {}
        self.history = History(title=NASTY, versions=(), breaches=((3, NASTY),))
        self.of_party = EmptyAccess()

    @property
    def access(self) -> "EmptyAccess":
        """Of a party that has asked for nothing."""
        return self.of_party

    def authenticate(self, certificate: bytes, interface: Interface) -> Requester:
        """Only `good` is let in."""
        if certificate != b"good":
            raise Refused("certificate: for another interface", clause="sec-app-m:G")
        return Requester(
            party="acme", name=NASTY, identities=(), interface=interface, credential=None
        )

    def logged_in(self, who: Requester, token: str, *, by_itself: bool = False) -> LoggedIn | None:
        """The token says who it is; `first` has a first password."""
        assert who.party == "acme"
        assert not by_itself
        if token in {"", "over"}:
            return None
        return LoggedIn(user="ann", must_change=token == "first", form="f00d")

    def log_in(self, who: Requester, user: str, password: str) -> str:
        """One user, one password."""
        assert who.party == "acme"
        if (user, password) != ("ann", "right"):
            raise Refused("user name or password is wrong", rule="account.wrong")
        return "new"

    def change_password(self, who: Requester, user: str, old: str, new: str) -> str:
        """Also."""
        self.log_in(who, user, old)
        self.changed.append(new)
        return "newer"

    def log_out(self, token: str) -> None:
        """Noted."""
        self.over.append(token)

    def now(self) -> int:
        """Some instant."""
        return 1_800_000_000

    def counts(self) -> tuple[int, int]:
        """Nothing; or what a test wants to go wrong."""
        if self.fault is not None:
            raise self.fault
        return 0, 0

    def parties(self) -> Sequence[Party]:
        """One."""
        return (PARTY,)

    def search(self, query: CertificateQuery, before: int | None, limit: int = 25) -> Results:
        """Nothing yet: it goes on below 7, and ends there."""
        del query, limit
        return Results(listed=(), after=7 if before is None else None)

    def item(self, serial: SerialNumber) -> Item | None:
        """None."""
        del serial
        return None  # as the port says it

    def proof(self, entries: Sequence[int]) -> Iterable[bytes]:
        """Of nothing."""
        del entries
        return ()

    def certificate(self, serial: SerialNumber) -> Retrieved | None:
        """None."""
        del serial
        return None  # as the port says it

    def issued_under(self, serial: SerialNumber) -> Configuration | None:
        """None."""
        del serial
        return None  # as the port says it

    def complete(self, identity: EUI64) -> CompleteProof:
        """Of two entries; or what a test wants to go wrong."""
        if self.fault is not None:
            raise self.fault
        parts = iter((b"proof of ", str(identity).encode(), b"\n"))
        return CompleteProof(entries=(3, 5), size=1_234, checkpoint_size=1_240, parts=parts)

    def entry(self, entry: int) -> LodgedEntry | None:
        """None, but for what a test lodges."""
        return self.lodged.get(entry)

    def commitments(self, before: int | None) -> Sequence[LodgedEntry]:
        """None."""
        del before
        return ()

    def documents(self, start: int) -> tuple[Sequence[History], int]:
        """One with a nasty title, of which nothing counts."""
        del start
        return (self.history,), 1

    def document(self, title: str) -> History | None:
        """The same."""
        return self.history if title == self.history.title else None

    def directions(self) -> Sequence[tuple[Recorded, int | None]]:
        """None."""
        return ()

    def decisions(self, before: int | None) -> Sequence[ShownDecision]:
        """None."""
        del before
        return ()

    def decision(self, entry: int) -> ShownDecision:
        """One that nobody believes."""
        return ShownDecision(
            entry=entry, recorded=None, reason=NASTY, permits=(), uses=(), standing="nothing"
        )

    def waiting(self, who: Requester) -> tuple[Collected, ...]:
        """None."""
        del who
        return ()

    async def sign_decision(self, file: bytes, signatures: tuple[bytes, ...]) -> Mapping[str, Any]:
        """Never asked for: nothing waits."""
        raise AssertionError(file, signatures)

    def configurations(self, before: int | None) -> Sequence[Configuration]:
        """None."""
        del before
        return ()

    def configuration(self, entry: int) -> tuple[Configuration, Sequence[Change] | None] | None:
        """None."""
        del entry
        return None  # as the port says it

    def in_force_at(self, at: datetime) -> int | None:
        """None."""
        del at
        return None  # as the port says it

    def revocation_statement(
        self, serial: SerialNumber, circumstance: Circumstance, decision: str
    ) -> Fields:
        """Never asked for: there is no certificate."""
        raise AssertionError(serial, circumstance, decision)

    async def revoke(self, asked: Fields, signature: bytes) -> Mapping[str, Any]:
        """Never asked for either."""
        raise AssertionError(asked, signature)

    @property
    def register(self) -> RegisterServices:
        """Nothing: no page of the register is asked for here."""
        return cast("RegisterServices", None)

    def message(self, octets: bytes) -> Mapping[str, object]:
        """By no key."""
        return read_document(octets, KeyRings())

    def lists_in_force(self) -> Sequence[ShownList]:
        """None."""
        return ()

    def lists(self, before: int | None) -> Sequence[ShownList]:
        """None."""
        del before
        return ()

    def revocation_list(self, entry: int) -> ShownList | None:
        """None."""
        del entry
        return None  # as the port says it


def ask(
    house: EmptyHouse,
    path: str,
    *,
    query: str = "",
    certificate: bytes = b"good",
    token: str = "open",  # noqa: S107  # the name of a case
    form: Mapping[str, str] | None = None,
    origin: str = "https://smki.test",
) -> Answer:
    """The answer of the pages to one GET, or to the POST of a form."""
    body = None if form is None else urlencode(form).encode()
    headers = {
        "host": "smki.test",
        "cookie": f"__Host-smki={token}",
        "origin": origin,
        "content-type": "application/x-www-form-urlencoded",
    }
    application = Starlette(routes=PortalPages(house).routes())
    asked = f"{path}?{query}" if query else path
    return ask_application(application, asked, body=body, headers=headers, certificate=certificate)


PAGES = (
    ("/portal", ""),
    ("/portal", f"eui64={quote(NASTY)}"),
    ("/portal", "type=device"),
    ("/portal/lists", ""),
    ("/portal/certificates/0A", ""),
    (f"/portal/certificates/{NASTY}", ""),
    ("/portal/archive", ""),
    ("/portal/files/zz", ""),
    ("/portal/static/../pages.py", ""),
    ("/portal/lists/1.crl", ""),
    ("/portal/nothing/here", ""),
    ("/portal", "before=-1"),
    ("/portal/archive/found", "type=device"),
    ("/portal/archive/found", f"eui64={quote(NASTY)}"),
    ("/portal/certificates/0A/revocation", f"circumstance={quote(NASTY)}"),
    ("/portal/certificates/0A/revocation/statement", ""),
    ("/portal/documents", ""),
    ("/portal/documents/history", f"title={quote(NASTY)}"),
    ("/portal/documents/1", ""),
    ("/portal/decisions", ""),
    ("/portal/decisions/1", ""),
    ("/portal/configurations", f"at={quote(NASTY)}"),
    ("/portal/configurations/1", ""),
    ("/portal/confidential", ""),
    ("/portal/entries/1", ""),
    ("/portal/entries/1.proof", ""),
    ("/portal/lists/1", ""),
    (f"/portal/identities/{OWN}", ""),
    (f"/portal/identities/{NASTY}", ""),
    ("/portal/messages", ""),
    ("/portal/access", ""),
    ("/portal/access/keys", f"done={quote(NASTY)}"),
    ("/portal/access/keys/000000000000", ""),
    ("/portal/access/keys/nothing", ""),
    ("/portal/access/usage", ""),
    ("/portal/access/references", f"reference={quote(NASTY)}"),
    ("/portal/access/references", f"reference={ANSWER.reference}"),
)


@pytest.mark.parametrize(("path", "query"), PAGES)
def test_every_page_is_closed_to_strangers_scripts_and_frames(path: str, query: str) -> None:
    """Names and what was typed are escaped, and each answer carries all the strict headers."""
    answer = ask(EmptyHouse(), path, query=query)
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text  # the party's name, in every header
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


@pytest.mark.parametrize(("path", "query"), PAGES)
@pytest.mark.clause("sec-app-m:G")
def test_without_the_credential_nothing_is_shown(path: str, query: str) -> None:
    """Another credential, or none, gets a page that says so and nothing of what was asked."""
    for certificate in (b"other", b""):
        answer = ask(EmptyHouse(), path, query=query, certificate=certificate)
        assert answer.status == 403
        assert "That cannot be done" in answer.text
        assert "acme" not in answer.text


@pytest.mark.parametrize(
    ("path", "query", "status", "said"),
    [
        ("/portal", "", 200, "<title>Search the repository –"),
        ("/portal", "type=device", 200, "there are older ones"),
        ("/portal", "type=device&before=7", 200, "Nothing in the repository fits"),
        ("/portal", f"eui64={OWN}", 200, f'href="/portal/identities/{OWN}"'),
        (f"/portal/identities/{OWN}", "", 200, 'href="/portal/entries/5"'),
        (f"/portal/identities/{OWN}", "", 200, "As at size 1,234"),
        (f"/portal/identities/{OWN.digits}.proof", "", 200, f"proof of {OWN}\n"),
        ("/portal/identities/0A", "", 404, "No such page"),
        ("/portal", "type=x", 400, "<title>Error: search the repository –"),
        ("/portal/certificates/0A", "", 404, "holds no"),
        ("/portal/archive", "", 400, "Choose from 1 to 100"),
        ("/portal/archive", "serial=1&as=exe", 400, "Choose from 1 to 100"),
        ("/portal/archive", "serial=1", 404, "No such page"),
        ("/portal/files/0A.cer", "", 404, "No such page"),
        ("/portal/static/pages.py", "", 404, "No such page"),
        ("/portal/lists/1.txt", "", 404, "No such page"),
        ("/portal", "type=device&before=-1", 400, "must be a whole number"),
        ("/portal", "type=device&before=99999999999999999", 200, "Newest results"),
        ("/portal/archive/found", "type=device", 404, "Nothing was found"),
        ("/portal/archive/found", "type=x", 400, "cannot be searched for"),
        ("/portal/archive/found", "type=device&as=exe", 400, "cannot be searched for"),
        ("/portal/documents", "", 200, "Counts for nothing"),
        ("/portal/documents", "from=-1", 400, "must be a whole number"),
        ("/portal/documents/history", "title=x", 404, "No such page"),
        ("/portal/decisions", "", 200, "No decision is lodged yet"),
        ("/portal/decisions", "before=0", 200, "There are no earlier decisions"),
        ("/portal/configurations", "at=2026", 400, "<title>Error: configuration"),
        ("/portal/configurations", "at=2026-11-21", 200, "none was lodged yet"),
        ("/portal/confidential", "", 200, "There is none here"),
        ("/portal/entries/1.exe", "", 404, "No such page"),
    ],
)
def test_what_is_not_there_is_told(path: str, query: str, status: int, said: str) -> None:
    """Each answer has its status and a title of its own, and says what to do."""
    answer = ask(EmptyHouse(), path, query=query)
    assert answer.status == status
    assert said in answer.text


def test_an_error_is_at_its_field_and_in_the_summary() -> None:
    """The summary links to the field; the field is marked invalid and described by its error."""
    answer = ask(EmptyHouse(), "/portal", query="eui64=zz")
    assert '<a href="#eui64">EUI-64: ' in answer.text
    assert 'aria-describedby="eui64-hint eui64-error"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_what_was_asked_is_asked_again_with_the_next_page() -> None:
    """The link to older results holds all fields that were filled in, and the place."""
    answer = ask(EmptyHouse(), "/portal", query="type=device&status=N&eui64=")
    assert "/portal?type=device&amp;status=N&amp;before=7" in answer.text


@pytest.mark.parametrize(
    ("kind", "path"),
    [(LeafType.DOCUMENT, "/portal/documents/3"), (LeafType.DECISION, "/portal/decisions/3")],
)
@pytest.mark.clause("sec:L5.3")
def test_what_was_lodged_past_the_rules_is_told(kind: LeafType, path: str) -> None:
    """A version or decision that counts for nothing says so, and why; it is still to be had."""
    house = EmptyHouse()
    house.lodged[3] = LodgedEntry(
        entry=3,
        type=kind,
        at=datetime(2026, 11, 21, tzinfo=UTC),
        body=encode_framed({"title": NASTY}, b"content"),
        commitment=None,
        said={"title": NASTY},
        statement=None,
        signatures=(),
        about=(),
        removal=None,
        serial=None,
    )
    assert ask(house, "/portal/entries/3").headers["location"] == path
    answer = ask(house, path)
    assert answer.status == 200
    told = answer.text.partition("Lodged past the rules: counts for nothing")[2]
    assert NASTY in html.unescape(told)
    assert "<script>alert" not in answer.text
    assert 'href="/portal/entries/3.proof"' in answer.text
    assert ask(house, "/portal/entries/3.json").status == 404
    assert ask(house, "/portal/entries/3-1.p7s").status == 404


def test_a_page_of_very_many_entries_shows_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """An organisation may have a hundred thousand: the page stays small, and says where all are."""
    whole = ask(EmptyHouse(), f"/portal/identities/{OWN}").text
    assert "These are the first" not in whole
    monkeypatch.setattr("smki.interfaces.web.portal.identities.SHOWN_MOST", 1)
    some = ask(EmptyHouse(), f"/portal/identities/{OWN}").text
    assert 'href="/portal/entries/3"' in some
    assert 'href="/portal/entries/5"' not in some
    assert "has 2 entries" in some
    assert "These are the first 1; all of them are in the proof file." in some


def test_an_entry_is_named_in_ascii_digits_alone() -> None:
    """A name goes into a header as it is: other digits are no name, and break no header."""
    house = EmptyHouse()
    house.lodged[3] = LodgedEntry(
        entry=3,
        type=LeafType.LOG_KEY,
        at=datetime(2026, 11, 21, tzinfo=UTC),
        body=b"key",
        commitment=None,
        said={},
        statement=None,
        signatures=(),
        about=(),
        removal=None,
        serial=None,
    )
    assert ask(house, "/portal/entries/3.body").status == 200
    assert ask(house, "/portal/entries/\u0663.body").status == 404


def test_a_command_to_copy_is_safe_whatever_a_title_is() -> None:
    """A title with a quote in it stays one word of the command that the page shows."""
    house = EmptyHouse()
    title = "x'; echo gone; '"
    house.history = History(title=title, versions=(), breaches=((3, "why"),))
    answer = ask(house, "/portal/documents/history", query=f"title={quote(title)}")
    shown = html.unescape(answer.text)
    command = shown[shown.index("smki document history") : shown.index(" --proofs")]
    assert shlex.split(command) == ["smki", "document", "history", title]


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Unavailable("database at secret-host is away"), 503), (Inconsistent("secret-host"), 500)],
)
def test_what_is_wrong_in_the_house_stays_in_it(fault: Exception, status: int) -> None:
    """A page says that it cannot be done now, and nothing of hosts or files."""
    house = EmptyHouse()
    house.fault = fault
    answer = ask(house, "/portal")
    assert answer.status == status
    assert "secret-host" not in answer.text


@pytest.mark.parametrize("name", ["portal.css", "verify.js", "icon.svg"])
def test_style_and_script_are_files_of_their_own(name: str) -> None:
    """They are served from this place alone, with their own types."""
    answer = ask(EmptyHouse(), f"/portal/static/{name}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(("text/css", "text/javascript", "image/svg"))


@pytest.mark.parametrize(("path", "query"), [one for one in PAGES if "/static/" not in one[0]])
@pytest.mark.clause("sec-app-p:3.1")
def test_nothing_but_the_log_in_is_open_to_who_is_not_logged_in(path: str, query: str) -> None:
    """Without a session every page leads to the log-in; with a first password, to its change."""
    for token, place in (("", "log-in"), ("over", "log-in"), ("first", "password")):
        answer = ask(EmptyHouse(), path, query=query, token=token)
        assert (answer.status, answer.headers["location"]) == (303, f"/portal/{place}")
        assert answer.text == ""


@pytest.mark.clause("sec-app-p:3.1")
def test_log_in_and_out() -> None:
    """The right password gives a cookie for this host alone, that no script reads; leaving ends it."""
    house = EmptyHouse()
    entered = ask(house, "/portal/log-in", token="", form={"user": " ann ", "password": "right"})
    assert (entered.status, entered.headers["location"]) == (303, "/portal")
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Host-smki=new;")
    for part in ("HttpOnly", "Path=/", "SameSite=strict", "Secure"):
        assert part in cookie
    assert "Domain" not in cookie
    left = ask(house, "/portal/log-out", form={"form": "f00d"})
    assert (left.headers["location"], house.over) == ("/portal/log-in", ["open"])
    assert "Max-Age=0" in left.headers["set-cookie"]


@pytest.mark.clause("sec-app-p:3.1")
def test_a_wrong_password_is_told_in_the_form() -> None:
    """The page says so in a summary and in its title, gives no cookie, and shows no password."""
    answer = ask(
        EmptyHouse(), "/portal/log-in", token="", form={"user": "ann", "password": "s3cret-typed"}
    )
    assert answer.status == 403
    assert "<title>Error: log in" in answer.text
    assert "user name or password is wrong" in answer.text
    assert "set-cookie" not in answer.headers
    assert "s3cret-typed" not in answer.text


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "", "http://smki.test"])
@pytest.mark.parametrize(
    "path",
    ["log-in", "log-out", "password", "access/keys", "access/keys/000000000000", "access/usage"],
)
def test_forms_of_other_sites_do_nothing(path: str, origin: str) -> None:
    """A form from another origin is refused before anything in it is looked at."""
    house = EmptyHouse()
    form = {"user": "ann", "password": "right", "old": "right", "new": "x", "form": "f00d"}
    answer = ask(house, f"/portal/{path}", form=form, origin=origin)
    assert answer.status == 403
    assert "must be from a page of this repository" in answer.text
    assert (house.changed, house.over, house.of_party.done) == ([], [], [])


@pytest.mark.parametrize(
    "path", ["log-out", "password", "access/keys", "access/keys/000000000000", "access/usage"]
)
def test_forms_must_be_of_this_session(path: str) -> None:
    """A form without what only the session's pages know is refused."""
    house = EmptyHouse()
    for given in ({}, {"form": "beef"}):
        answer = ask(house, f"/portal/{path}", form={"old": "right", "new": "x", **given})
        assert answer.status == 403
        assert "not from a page of this session" in answer.text
    assert (house.changed, house.over, house.of_party.done) == ([], [], [])


def test_the_password_is_changed_if_typed_twice_alike() -> None:
    """Two different new passwords change nothing; alike, the browser holds a new session."""
    house = EmptyHouse()
    form = {"form": "f00d", "old": "right", "new": "one", "again": "two"}
    assert "typed in two ways" in ask(house, "/portal/password", form=form).text
    form["again"] = "one"
    answer = ask(house, "/portal/password", form=form, token="first")
    assert (answer.status, house.changed) == (303, ["one"])
    assert answer.headers["set-cookie"].startswith("__Host-smki=newer;")
    form["old"] = "wrong"
    assert "password is wrong" in ask(house, "/portal/password", form=form).text


def test_a_form_too_large_is_not_taken() -> None:
    """A form of more than 4,096 octets is refused unread."""
    form = {"user": "a" * 5000, "password": "right"}
    assert ask(EmptyHouse(), "/portal/log-in", form=form).status == 413


@pytest.mark.clause("sec-app-p:B")
def test_a_new_key_is_shown_once_and_a_refusal_is_told() -> None:
    """By the user, for their own party; the second time the page says why not, and shows none."""
    house = EmptyHouse()
    made = ask(house, "/portal/access/keys", form={"form": "f00d"})
    assert (made.status, house.of_party.done) == (200, [("acme", "ann")])
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in made.text
    assert "Your earlier keys end at" in made.text
    refused = ask(house, "/portal/access/keys", form={"form": "f00d"})
    assert (refused.status, "API keys: too many" in refused.text) == (403, True)
    assert "Copy it now" not in refused.text


@pytest.mark.clause("sec-app-p:B")
def test_a_key_is_revoked_after_a_page_that_says_what_it_means() -> None:
    """The list says that it is done; again, the key's own page says why not."""
    house, path = EmptyHouse(), "/portal/access/keys/000000000000"
    assert "Systems that still use it stop" in ask(house, path).text
    done = ask(house, path, form={"form": "f00d"})
    assert (done.status, house.of_party.done) == (303, [("acme", "0" * 12, "ann")])
    assert done.headers["location"] == "/portal/access/keys?done=revoked"
    assert "The key is revoked." in ask(house, "/portal/access/keys", query="done=revoked").text
    again = ask(house, path, form={"form": "f00d"})
    assert (again.status, "opens nothing already" in again.text) == (403, True)


@pytest.mark.clause("sec-app-p:4")
@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"type": "boat", "requests": "1"}, "type"),
        ({"type": "search", "requests": "many"}, "requests"),
        ({"type": "search", "requests": "-1"}, "requests"),
        ({"type": "search", "requests": "\u0661"}, "requests"),
        ({"type": "search"}, "requests"),
        ({"type": "search", "requests": "1", "start": "soon"}, "start"),
        ({"type": "search", "requests": "1", "start": "2020-01-01"}, "start"),
    ],
)
def test_what_is_wrong_with_a_forecast_is_at_its_field(form: dict[str, str], field: str) -> None:
    """In the summary too, with a link to it; nothing is entered, and what was typed stays."""
    house = EmptyHouse()
    answer = ask(house, "/portal/access/usage", form={**form, "form": "f00d"})
    assert (answer.status, house.of_party.done) == (400, [])
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert "<title>Error: use and forecasts" in answer.text
    if form.get("requests") == "1":
        assert 'value="1"' in answer.text


@pytest.mark.clause("sec-app-p:4")
def test_a_forecast_is_entered_and_use_is_drawn_beside_it() -> None:
    """Bars, lines and the same in a table; what went over is told at the top of both pages."""
    house = EmptyHouse()
    form = {"type": "sftp", "requests": "8", "start": "2026-11-21", "form": "f00d"}
    done = ask(house, "/portal/access/usage", form=form)
    assert done.headers["location"] == "/portal/access/usage?done=forecast"
    assert house.of_party.done == [("acme", "ann", (RequestType.SFTP, 8))]
    shown = ask(house, "/portal/access/usage", query="done=forecast").text
    assert "The forecast is entered." in shown
    assert (shown.count("<rect"), shown.count('class="bar over"')) == (2, 1)
    assert "13 where 10 were forecast (130 %)" in shown
    assert "above forecast" in shown
    assert "13 where 10 were forecast (130 %)" in ask(house, "/portal/access").text


@pytest.mark.clause("sec-app-o:web-service")
def test_a_reference_that_is_none_is_told() -> None:
    """One of the party is shown with key and question; any other is 404, in the form."""
    path = "/portal/access/references"
    found = ask(EmptyHouse(), path, query=f"reference={ANSWER.reference}")
    assert (found.status, "200, found" in found.text) == (200, True)
    assert 'href="/portal/access/keys/000000000000"' in found.text
    other = ask(EmptyHouse(), path, query="reference=1763700000000-ffffffffff")
    assert (other.status, "no answer of acme has it" in other.text) == (404, True)


def test_pages_count_as_requests_and_the_way_in_does_not() -> None:
    """Who is not logged in, or must change the password first, has asked for nothing yet."""
    house = EmptyHouse()
    for token, path in (("over", "/portal"), ("first", "/portal"), ("open", "/portal/log-in")):
        ask(house, path, token=token)
    assert house.of_party.pages == 0
    ask(house, "/portal/lists")
    ask(house, "/portal/nothing/here")
    assert house.of_party.pages == 2


CS02C = "DF090100000000000003E80890B3D51F300100000800DB1234567890A00002000A06300403020780"
MESSAGES = "/portal/messages"


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize(
    "pasted",
    [
        CS02C,
        " ".join(f"0x{CS02C[at : at + 2]}" for at in range(0, len(CS02C), 2)),
        "\r\n".join((CS02C[:40].lower(), CS02C[40:])),
        base64.b64encode(bytes.fromhex(CS02C)).decode(),
    ],
)
def test_a_pasted_message_is_shown_as_a_tree(pasted: str) -> None:
    """As hexadecimal in any writing or base64: header, protection and payload, with headings."""
    answer = ask(EmptyHouse(), MESSAGES, form={"form": "f00d", "message": pasted})
    assert answer.status == 200
    assert "<title>CS02c pre-command" in answer.text
    for words in ("90b3d51f30010000", "Signature: none", "MAC: none", "keyUsage", "0x000A"):
        assert words in answer.text
    assert 'href="/portal?eui64=00db1234567890a0"' in answer.text


@pytest.mark.clause("gbcs:use-cases")
def test_an_alert_is_told_by_its_code() -> None:
    """The code and what it means; a command has none."""
    said = "0f200003e800" + "0202" + "128f66" + "0900"
    whole = CS02C[:4] + "03" + CS02C[6:62] + "1000" + f"{len(said) // 2:02x}" + said
    whole += "40" + "11" * 64
    text = ask(EmptyHouse(), MESSAGES, form={"form": "f00d", "message": whole}).text
    assert '<span class="code">0x8F66</span>: what was future dated is done' in text
    command = ask(EmptyHouse(), MESSAGES, form={"form": "f00d", "message": CS02C}).text
    assert "<dt>Alert</dt>" not in command


@pytest.mark.clause("gbcs:18.4")
def test_what_is_not_checked_says_why() -> None:
    """Without a certificate of the originator the signature is not checked, and that is said."""
    signed = CS02C + "40" + "11" * 64
    text = html.unescape(ask(EmptyHouse(), MESSAGES, form={"form": "f00d", "message": signed}).text)
    assert "Signature: not checked" in text
    assert "No digital signature key of originator 90-B3-D5-1F-30-01-00-00 is there." in text


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Nothing was pasted"),
        (NASTY, "begins with '<scr'"),
        (CS02C[:-1] + "x", "'x' at character 79"),
        (CS02C[:-2], "5 octets left, must be 6 (offset 34)"),
        (CS02C[:-2] + "81", "offset"),
    ],
)
def test_a_wrong_message_is_told_with_its_place(pasted: str, said: str) -> None:
    """In the summary and at the field, with the offset; what was pasted stays to be mended."""
    answer = ask(EmptyHouse(), MESSAGES, form={"form": "f00d", "message": pasted})
    text = html.unescape(answer.text)
    assert answer.status == 400
    assert "<title>Error: " in text
    assert said in text
    assert '<a href="#message">' in text
    assert 'aria-invalid="true"' in text
    assert (
        html.escape(pasted, quote=False).replace("'", "&#39;").replace('"', "&#34;") in answer.text
    )


def test_a_pasted_message_is_bounded() -> None:
    """Too large a form is 413; one of another session, or with too many fields, is refused."""
    large = ask(EmptyHouse(), MESSAGES, form={"form": "f00d", "message": "0" * FORM_OCTETS})
    assert large.status == 413
    for case in ({"form": "other"}, {}):
        assert ask(EmptyHouse(), MESSAGES, form={**case, "message": CS02C}).status == 403
    many = ask(EmptyHouse(), MESSAGES, form={"form": "f00d", **{str(n): "" for n in range(50)}})
    assert many.status == 400


def test_a_long_tree_is_cut() -> None:
    """So many lines and no more, however deep; what is cut is known."""
    budget = [4]
    lines = branches({"a": [1, {"b": [2, 3]}, 4], "c": None}, budget)
    assert budget == [0]
    assert [(one.name, one.text) for one in lines] == [("a", "")]
    assert [one.name for one in lines[0].inner] == ["1.", "2."]
    whole = [9]
    assert [one.text for one in branches({"a": [], "c": None}, whole)] == ["(none)", "(none)"]
    assert whole == [7]

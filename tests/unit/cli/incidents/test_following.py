"""`smki recovery checklist`, `progress-file`: how far it is, for the house, its officers and the parties."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.incident_desk import Desk, begin, settings_of

from smki.bootstrap import open_front
from smki.flows.incidents import incident_of
from smki.flows.keeping import keep
from smki.governance.entities import Key, Kind
from smki.governance.entries import Change
from smki.interfaces.web.portal.recovery import WatchedRecoveries
from smki.ports.estate import InventoryRow
from smki.steps import Requester
from smki.terms import (
    Interface,
    SerialNumber,
)


@pytest.mark.clause("sec:L10", "sec-app-l:1")
def test_a_checklist_is_ticked_by_what_is_seen_and_signed_by_people(desk: Desk) -> None:
    """What the register, the record and campaigns show is done; the rest when an officer signed it."""
    ref = desk.take(desk.sealed(desk.notice("SUP-12")))[1]["incident"]

    def done() -> dict[str, bool]:
        code, found = desk.json("checklist", ref, "--method", "method-3")
        assert code == 0, found
        return {one["name"]: one["done"] for one in found["items"]}

    assert not any(done().values())
    call = ("--contact", "sue", "--mechanism", "in-person", "--by", "ada", "--confirmed")
    assert desk.step(ref, "call-back", *call, "--second", "bo")[0] == 0
    assert {name for name, one in done().items() if one} == {"confirmed"}
    items = ("--item", "told", "--item", "thresholds")
    file = desk.folder / "items"
    words = ("recovery", "checklist", ref, *items, "--statement", str(file))
    code, told = desk.authority.house.run(*words)
    assert (code, told.splitlines()[-1]) == (
        0,
        f"to be signed: {file}; next: 'smki recovery sign-items {file}'",
    )
    officer = ("--certificate", f"{desk.folder}/chair.pem", "--key", f"{desk.folder}/chair.key")
    code, signed = desk.json("sign-items", str(file), *officer)
    assert (code, signed["items"]) == (0, ["thresholds", "told"])
    code, refused = desk.json(
        "checklist", ref, "--item", "told", "--signature", signed["signature"]
    )
    assert (code, refused["error"]["clause"]) == (1, "sec-app-q:B")
    code, kept = desk.json("checklist", ref, *items, "--signature", signed["signature"])
    assert code == 0, kept
    shown = {one["name"]: one["shown"] for one in kept["items"] if one["done"]}
    assert set(shown) == {"confirmed", "told", "thresholds"}
    assert shown["told"].startswith("signed by chair on ")
    forge(desk, ref)
    assert not done()["listed"]
    code, refused = desk.json("checklist", ref, "--item", "decided", "--statement", f"{file}.2")
    assert (code, "not for people to sign" in refused["error"]["message"]) == (1, True)
    assert desk.json("checklist", ref, "--item", "told")[0] == 2


@pytest.mark.clause("sec:L10", "sec-app-l:1", "sec:M4.13")
def test_the_portal_shows_the_same_checklist(desk: Desk, rows: tuple[InventoryRow, ...]) -> None:
    """The page of the incident's campaign has the items that the command has, ticked alike.

    It is there for who may read the incident in the register, and is noted as seen by them.
    """
    ref = desk.take(desk.sealed(desk.notice("SUP-18")))[1]["incident"]
    call = ("--contact", "sue", "--mechanism", "in-person", "--by", "ada", "--confirmed")
    assert desk.step(ref, "call-back", *call, "--second", "bo")[0] == 0
    begin(desk, ref, rows, "on-the-page", datetime.now(UTC))
    begin(desk, "QPA/i99", rows, "of-nothing", datetime.now(UTC))
    code, told = desk.json("checklist", ref)
    assert code == 0
    settings = settings_of(desk)
    with open_front(settings) as front:
        pages = WatchedRecoveries(settings, lambda: datetime.now(UTC), front)
        page, nothing = pages.watched("on-the-page"), pages.watched("of-nothing")
        assert page is not None
        assert nothing is not None
        ada, bo = _officer("0ada"), _officer("0b0b")
        found = pages.checklist(page, ada, "ada")
        assert found is not None
        assert found[0].ref == ref
        assert [(one.item.name, one.done) for one in found[1]] == [
            (one["name"], one["done"]) for one in told["items"]
        ]
        assert {one.item.name for one in found[1] if one.done} == {"confirmed"}
        assert pages.checklist(page, bo, "bo") is None
        assert pages.checklist(nothing, ada, "ada") is None
        asked = ((page, ada), (page, bo), (nothing, ada))
        assert [pages.has_checklist(*one, "x") for one in asked] == [True, False, False]
        seen = front.proceedings.seen(Key(Kind.INCIDENT, ref))
        assert [one.reader for one in seen] == ["ada"]


def _officer(credential: str) -> Requester:
    """An officer of the operator with that credential."""
    return Requester(
        party="dcc",
        name="Sample DCC",
        identities=(),
        interface=Interface.PORTAL,
        credential=SerialNumber.parse(credential),
    )


def forge(desk: Desk, ref: str) -> None:
    """Somebody who keeps the register writes into it by hand that another item was signed, too."""
    with open_front(settings_of(desk)) as front:
        register = front.proceedings
        before = incident_of(register, ref)
        (signed,) = before.signed
        forged = replace(signed, items=("listed",))
        after = replace(before, signed=(signed, forged))
        change = Change(at=datetime.now(UTC), by="", said="by hand", entities=(after,))
        keep(register, change, {after.key: before})


@pytest.mark.clause("sec-app-l:2")
def test_the_subscriber_is_told_of_each_device(
    desk: Desk, rows: tuple[InventoryRow, ...], tmp_path: Path
) -> None:
    """Progress files are signed, sealed, and opened by their reader alone; the authority sees counts."""
    ref = desk.take(desk.sealed(desk.notice("SUP-13")))[1]["incident"]
    by = ("--by", "ada")
    call = ("--contact", "sue", "--mechanism", "in-person", *by, "--confirmed", "--second", "bo")
    assert desk.step(ref, "call-back", *call)[0] == 0
    assert desk.step(ref, "declare", *by)[0] == 0
    assert desk.step(ref, "decide", "method-1", *by)[0] == 0
    own = ("begin", "own", "--incident", ref, "--compromised", "organisation", "--role", "supplier")
    code, refused = desk.json(*own, "--method", "method-1")  # by no decision, but of nothing new
    assert (code, "holds already" in refused["error"]["message"]) == (1, True), refused
    code, refused = desk.json(*own, "--method", "method-3")
    assert (code, "was decided for method-1" in refused["error"]["message"]) == (1, True)
    begin(desk, ref, rows, "told", datetime.now(UTC))
    assert desk.step(ref, "recovering", "--campaign", "told", *by)[0] == 0
    keys = ("--certificate", f"{desk.folder}/network.pem", "--key", f"{desk.folder}/network.key")
    to = ("--seal", f"{desk.folder}/supplier.pem", "--out", str(tmp_path / "told"))
    words = (ref, "--campaign", "told", "--to", "subscriber", *keys, *to)
    code, told = desk.json("progress-file", *words)
    assert (code, len(told["files"])) == (0, 2), told
    reader = (
        "--certificate",
        f"{desk.folder}/supplier.pem",
        "--key",
        f"{desk.folder}/supplier.key",
    )
    sender = ("--from", f"{desk.folder}/network.pem")
    opened = str(tmp_path / "opened.csv")
    assert desk.json("open", told["files"][1], *reader, *sender, "--out", opened)[0] == 0
    assert Path(opened).read_bytes() == Path(told["files"][0]).read_bytes()
    code, shown = desk.json("progress", opened)
    assert (code, shown["to"], shown["reference"]) == (0, "supplier", "SUP-13")
    assert shown["fates"] == {"planned": len(rows)}
    assert (shown["devices"], shown["listed"]) == (len(rows), len(rows))
    other = ("--from", f"{desk.folder}/dcc.pem")
    assert desk.json("open", told["files"][1], *reader, *other, "--out", f"{opened}.2")[0] == 1
    assert desk.json("open", told["files"][1], *keys, *sender, "--out", f"{opened}.3")[0] == 1
    away = ("--seal", f"{desk.folder}/dcc.pem", "--out", str(tmp_path / "away"))
    words = (ref, "--campaign", "told", "--to", "authority", *keys, *away)
    assert desk.json("progress-file", *words)[0] == 0
    _, counts = desk.json("progress", str(tmp_path / "away-1.csv"))
    assert (counts["to"], counts["listed"], counts["devices"]) == ("QPA", 0, len(rows))
    wrong = (ref, "--campaign", "other", "--to", "authority", *keys, *away)
    assert desk.json("progress-file", *wrong)[0] == 1

"""The pages of what people read of a recovery: its report with the defects, and its checklist."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import NoReturn, cast

import pytest
from tests.support.recovery_pages import AT, RecoveryHouse

from smki.bootstrap.recoveries import recovery_of
from smki.flows.office import FrontOffice
from smki.interfaces.web.portal.recovery import WatchedRecoveries, watching
from smki.recovery import Compromised, Method
from smki.recovery.checklists import Seen, checklist
from smki.recovery.evidence import Defect, EvidenceKind
from smki.recovery.report import (
    Check,
    Count,
    Criterion,
    Earlier,
    Figures,
    Listed,
    Report,
    Residual,
    RunKind,
    Share,
    Subject,
    encode_report,
)
from smki.terms import Unavailable

pytestmark = pytest.mark.clause("sec:L10")


def written() -> Report:
    """A report of what never was, with texts that a page must not take as its own."""
    return Report(
        version="1.0",
        supersedes=Earlier(version="0.9", sha256="0" * 64, entry=41),
        at=AT,
        subject=Subject(
            name="first",
            scenario="",
            kind=RunKind.INCIDENT,
            incident="INC-7",
            compromised=Compromised.CONTINGENCY_SYMMETRIC,
            method=Method.BY_CONTINGENCY,
            decision="PMA/21/4",
            key_decision="PMA/21/5",
            approach="",
            commander="<b>Operator",
        ),
        figures=Figures(
            devices=1_234,
            recovered=1_200,
            answered=1_199,
            read_back=1,
            by_kind=(Share(name="esme", devices=1_234, recovered=1_200),),
            by_region=(Share(name="north", devices=1_234, recovered=1_200),),
            by_make=(Share(name="<i>", devices=1_234, recovered=1_200),),
            fates=(Count(name="recovered", devices=1_200), Count(name="silent", devices=34)),
            residue=(Count(name="silent: no answer", devices=34),),
            commands=1_300,
            first=AT,
            last=AT,
            foreign=0,
        ),
        wall_seconds=5,
        checks=(
            Check(
                name=Criterion.SIGNED.value,
                question="Is every command signed?",
                binary=True,
                passed=False,
                held=1_299,
                of=1_300,
                evidence=("exchanges",),
            ),
            Check(
                name="share",
                question="Are enough recovered?",
                binary=False,
                passed=True,
                held=1_200,
                of=1_234,
                evidence=(),
            ),
        ),
        defects=(),
        not_assured=("that <b>meters</b> do",),
        lessons=("look at hubs first",),
        residuals=(Residual(what="34 meters", owner="their supplier", devices=34),),
        evidence=(Listed(kind=EvidenceKind.NOTES, name="n", sha256="a" * 64, entry=77),),
    )


def test_the_report_is_shown_and_given(own: RecoveryHouse) -> None:
    """Once a report is written the room leads to it; it says that it is to be verified."""
    assert "/first/report" not in own.get("/first").text
    assert own.get("/first/report").status == own.get("/first/report.json").status == 404
    file = recovery_of(own.settings, "first").report
    file.parent.mkdir(parents=True)
    file.write_bytes(encode_report(written()))
    own.now[0] += timedelta(minutes=1)
    own.post("/first/acts/pause")
    assert '/first/report">Read the report' in own.get("/first").text
    text = own.get("/first/report", "pma").text
    assert "Not every binary criterion is met" in text
    assert "1,200 of 1,234 devices are recovered, 34 are left." in text
    assert "Are enough recovered? (people judge)" in text
    assert "Is every command signed? (people judge)" not in text
    assert "&lt;b&gt;Operator" in text
    assert "that &lt;b&gt;meters" in text
    assert '<a href="/portal/entries/77">77</a>' in text
    assert "smki recovery verify report.json" in text
    given = own.get("/first/report.json")
    assert given.text == encode_report(written()).decode()
    assert given.headers["content-disposition"] == 'attachment; filename="report.json"'
    assert own.get("/first/report", "supplier").status == 404
    file.write_bytes(b"{}")
    assert own.get("/first/report").status == 400


def test_the_report_says_what_its_defects_are(
    own: RecoveryHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which make has it, why, and what was done, from the record; what it has not, by its ref alone."""
    raised = Defect(
        ref="D-1",
        title="Hubs <answer> late",
        severity="high",
        within_threshold=False,
        affected=("Hazel 3",),
        not_affected=(),
        owner="Hazel",
        cause="a buffer of one block",
        workaround="smaller blocks",
        approved_by="PMA/21/6",
        state="open",
        failed=1_040,
        recovered=1_036,
    )
    report = replace(written(), defects=("D-1", "D-2"))
    file = recovery_of(own.settings, "first").report
    file.parent.mkdir(parents=True)
    file.write_bytes(encode_report(report))
    record = cast("FrontOffice", SimpleNamespace(proceedings=None, reader=None))
    recoveries = WatchedRecoveries(own.settings, lambda: AT, record)
    monkeypatch.setattr(watching, "defects_of", lambda *_: (raised,))
    found = recoveries.defects(report)
    monkeypatch.setattr(WatchedRecoveries, "defects", lambda *_: found)
    text = own.get("/first/report").text
    for said in ("Has it: Hazel 3.", "Cause: a buffer of one block.", "1,036 of 1,040 devices"):
        assert said in text
    assert "Hubs &lt;answer&gt; late (high, open)" in text
    assert "<strong>D-2</strong>: what it is cannot be read" in text
    monkeypatch.undo()

    def away(*_: object) -> NoReturn:
        raise Unavailable("the copy lacks a blob")

    monkeypatch.setattr(watching, "defects_of", away)
    assert recoveries.defects(report) == {}
    assert "<strong>D-1</strong>: what it is cannot be read" in own.get("/first/report").text


def test_the_checklist_says_what_is_done_and_who_signs(
    own: RecoveryHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items stand under their phase, ticked or not, with what shows it or the name to sign."""
    assert own.get("/first/checklist").status == 404
    assert "/first/checklist" not in own.get("/first").text
    rows = checklist(Method.THREE, {Seen.CONFIRMED: "sue <b>"}, {"told": "signed by chair"})
    found = SimpleNamespace(ref="QPA/i1 & more"), rows
    monkeypatch.setattr(WatchedRecoveries, "checklist", lambda *_: found)
    monkeypatch.setattr(WatchedRecoveries, "has_checklist", lambda *_: True)
    assert 'href="/portal/recovery/first/checklist"' in own.get("/first").text
    text = own.get("/first/checklist", "pma").text
    assert f"2 of {len(rows)} are done." in text
    assert "sue &lt;b&gt;" in text
    assert "signed by chair" in text
    assert "an officer signs <code>thresholds</code>" in text
    assert "smki recovery checklist &#39;QPA/i1 &amp; more&#39; --item" in text
    places = [text.index(words) for words in ("Before devices are", "While they are", "Afterwards")]
    assert places == sorted(places)
    assert own.get("/first/checklist", "supplier").status == 404

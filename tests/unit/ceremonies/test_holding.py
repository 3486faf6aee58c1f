"""Ceremonies are held by their scripts: cut off, refused, mended, with fewer people; and go on."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.support.ceremony import (
    Failing,
    Ticking,
    close,
    hall,
    held,
    held_on,
    kept,
    opening,
    signed,
)
from tests.support.custody import custodians, people, presents
from tests.support.killing import Act as Killed
from tests.support.killing import Through, kills
from tests.support.succession import MAINTENANCE

from smki.adapters.ceremony import CeremonyFolder, MemoryKeys
from smki.ceremonies import lengths
from smki.ceremonies.acts import ACTS
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.holding import hold, open_ceremony, resume
from smki.ceremonies.keysets import (
    parse_key_set,
    share_header,
)
from smki.ceremonies.quorum import open_key
from smki.ceremonies.replaying import replay
from smki.ceremonies.scripts import SCRIPTS
from smki.ceremonies.sealing import unlock
from smki.ceremonies.transcript import (
    parse_transcript,
)
from smki.ceremonies.words import read_words
from smki.profiles import development, lint_certificate
from smki.terms import CertificateKind, Malformed, Refused, Unavailable

ROOTS = ("root-oca", "root-dca", "root-ica")
RECOVERY = "rehearsal-recovery"


@pytest.mark.clause("sec-app-l:3", "sec-app-b:B")
def test_roots_are_made_and_the_transcript_proves_it(roots: tuple[Path, bytes]) -> None:
    """Three roots, three issuing authorities, three lists: a third party replays them all."""
    folder, transcript = roots
    told = replay(transcript)
    assert told.result == "completed"
    assert {kind for kind in CertificateKind if kind.is_authority} == set(told.certificates)
    assert len(told.lists) == 3
    assert (told.deviations, told.refusals, told.interruptions) == ((), (), 0)
    assert kept(folder, "rehearsal-contingency").quorum == 3


@pytest.mark.clause("sec-app-l:3")
def test_nothing_at_rest_opens_a_key(roots: tuple[Path, bytes]) -> None:
    """No file holds a key or a share; neither one custodian nor two together have one either."""
    folder, _ = roots
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    keys = [parse_key_set(files[path]) for path in files if path.parent.name == "keys"]
    assert len(keys) == 5
    secrets: set[bytes] = set()
    for one in keys:
        shares = [presents(one, each) for each in people()]
        secrets.add(open_key(one, shares).octets)
        secrets |= {read_words(share.words).share.value for share in shares}
        secrets |= {share.words.encode() for share in shares}
        for some in ([shares[0]], shares[3:], []):
            with pytest.raises(Refused, match="must be 3"):
                open_key(one, some)
    spellings = {form(each) for each in secrets for form in (bytes, _hex, base64.b64encode)}
    found = [path for path, octets in files.items() if any(each in octets for each in spellings)]
    assert found == []
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


@pytest.mark.clause("sec-app-l:3")
def test_no_custodian_reads_the_share_of_another(roots: tuple[Path, bytes]) -> None:
    """Whatever a custodian takes home, their credential opens their own share alone."""
    one = kept(roots[0], "rehearsal-root-oca")
    for number, holder in enumerate(one.holders):
        for each in people():
            if each.custodian.identifier != holder.custodian:
                with pytest.raises(Refused, match="does not open with this credential"):
                    unlock(each.key, holder.box, share_header(one, number))


@pytest.mark.clause("sec:L10.30(e)")
def test_the_transcript_tells_nothing_of_the_contingency_key(roots: tuple[Path, bytes]) -> None:
    """Its public key stands nowhere: neither in the transcript nor in any file."""
    folder, transcript = roots
    one = kept(folder, "rehearsal-contingency")
    secret = open_key(one, [presents(one, each) for each in people(3)])
    point = MemoryKeys().load(secret.octets).public_key[-64:]
    texts = (transcript, *(path.read_bytes() for path in folder.rglob("*") if path.is_file()))
    for spelled in (point, point.hex().encode(), base64.b64encode(point)[4:40]):
        assert not any(spelled in text for text in texts)


@pytest.mark.clause("sec-app-l:3", "gbcs:12")
def test_a_rehearsal_is_never_taken_for_the_real_thing(roots: tuple[Path, bytes]) -> None:
    """Names of keys, names of authorities and policies are others, and a lint under others says so."""
    folder, transcript = roots
    told = replay(transcript)
    assert {one.name.startswith("rehearsal-") for one in (folder / "keys").iterdir()} == {True}
    for kind, certificate in told.certificates.items():
        assert lint_certificate(certificate, development(), kind) != ()
    live = replace(kept(folder, "rehearsal-root-oca"), purpose=Purpose.LIVE, key="root-oca")
    with pytest.raises(Refused, match="is a live key, must never be used in a rehearsal ceremony"):
        held(folder.parent / "other", "renewal", (live,))


@pytest.mark.clause("sec-app-l:3")
def test_a_ceremony_that_was_cut_off_needs_the_quorum_again(tmp_path: Path) -> None:
    """Keys are in memory alone: who comes back after the machine failed opens them by shares."""
    folder = tmp_path / "ceremony"
    with pytest.raises(Unavailable):
        held(
            folder,
            through=lambda one: replace(
                one, ledger=Failing(one.ledger, "certificates/root-dca.der")
            ),
        )
    octets = held_on(folder)
    told = replay(signed(folder, octets))
    assert (told.result, told.interruptions) == ("completed", 1)
    entries = parse_transcript(signed(folder, octets)).entries
    opened = [one.said["opened"] for one in entries if "opened" in one.said]
    assert {"rehearsal-root-dca": ["custodian-1", "custodian-2", "custodian-3"]} in opened


@pytest.mark.clause("sec-app-l:3")
def test_killed_at_any_effect_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill -9 after any effect: the same is held on, one key is made, all of it is replayed."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # processes die here, disks do not
    folder, number = tmp_path / "0", 0

    def prepare() -> None:
        nonlocal folder, number
        number += 1
        folder = tmp_path / str(number)

    def act(through: Through) -> None:
        held(
            folder,
            "recovery-key",
            through=lambda one: replace(one, ledger=_Killing(one.ledger, through)),
        )

    killed: Killed = act
    for _ in kills(prepare, killed, after=True):
        begun = (folder / "journal").exists() and (folder / "journal").read_bytes()
        octets = held_on(folder) if begun else held(_anew(folder), "recovery-key")
        told = replay(signed(folder, octets))
        assert told.result == "completed"
        assert told.keys == {RECOVERY: kept(folder, RECOVERY).fingerprint}
    assert number > 15


def test_a_torn_line_was_never_acknowledged(tmp_path: Path) -> None:
    """Half a line at the end of the journal is cut off, and the ceremony goes on."""
    ledger = CeremonyFolder(tmp_path / "c")
    ledger.append(b"one")
    with (tmp_path / "c" / "journal").open("ab") as file:
        file.write(b"tor")
    ledger.append(b"two")
    assert list(ledger.entries()) == [b"one", b"two"]
    with pytest.raises(Unavailable, match="another process holds it"):
        CeremonyFolder(tmp_path / "c")
    ledger.keep("a/b", b"x")
    with pytest.raises(Refused, match="is never replaced"):
        ledger.keep("a/b", b"y")
    ledger.destroy("a/b")
    ledger.destroy("a/b")
    assert ledger.read("a/b") is None
    ledger.close()


@pytest.mark.clause("sec-app-l:3")
@pytest.mark.parametrize(
    ("prompt", "answer", "said"),
    [
        ("go.custodian-2", "", "custodian-2 acknowledged nothing"),
        ("attend.operator.name", "absent", "operator: absent, must be here"),
        ("attend.witness-1.name", "", "witness-1: absent, must be here"),
        ("attend.custodian-1.document", "", "known by no document"),
        ("attend.custodian-1.organisation", "Organisation 2", "2 custodians of 'organisation 2'"),
        ("machine.seen", "no", "must be 'seen'"),
        ("compare.rehearsal-recovery", "differs", "must be 'agreed'"),
        ("request.entity", "zz", "EUI-64"),
    ],
)
def test_what_stops_a_ceremony_is_told_and_can_be_mended(
    tmp_path: Path, prompt: str, answer: str, said: str
) -> None:
    """A wrong answer is refused with its reason and noted; the right one later goes on."""
    folder = tmp_path / "ceremony"
    with pytest.raises((Refused, Malformed), match=said):
        held(folder, "recovery-key", instead={prompt: answer})
    told = replay(signed(folder, held_on(folder)))
    assert told.result == "completed"
    assert len(told.refusals) == (prompt != "request.entity")


def test_what_is_too_long_for_the_journal_is_not_written_there(tmp_path: Path) -> None:
    """A text that nobody could read again stops the step, and the ceremony goes on with another."""
    folder = tmp_path / "ceremony"
    with pytest.raises(Refused, match="say it shorter"):
        held(folder, "recovery-key", instead={"machine": "m" * 70_000})
    assert replay(signed(folder, held_on(folder))).result == "completed"


def test_what_is_not_to_be_opened_leaves_nothing(tmp_path: Path) -> None:
    """Profiles that are not a rehearsal's are refused before a file is kept."""
    here = hall(tmp_path / "ceremony")
    with pytest.raises(Refused, match="a rehearsal has policy OIDs"):
        open_ceremony(here, replace(opening("recovery-key"), profiles=development()), custodians())
    assert here.ledger.read("custodians/custodian-1.json") is None
    close(here)


@pytest.mark.clause("sec-app-l:3")
def test_too_few_custodians_hold_no_ceremony(tmp_path: Path) -> None:
    """Two of five are no quorum; three are, and who is absent stands among the deviations."""
    folder = tmp_path / "ceremony"
    away = {f"attend.custodian-{n}.name": "absent" for n in (3, 4, 5)}
    with pytest.raises(Refused, match="2 custodians are here, must be 3"):
        held(folder, "recovery-key", instead=away)
    del away["attend.custodian-3.name"]
    told = replay(signed(folder, held_on(folder, away)))
    assert told.deviations == ("custodian-4 is absent", "custodian-5 is absent")


@pytest.mark.clause("sec-app-l:3")
def test_no_go_ends_it(tmp_path: Path) -> None:
    """What is not to be held is closed for ever, and nothing was made."""
    folder = tmp_path / "ceremony"
    with pytest.raises(Refused, match="no go"):
        held(folder, "recovery-key", instead={"go": "a custodian is ill"})
    with pytest.raises(Refused, match="no go"):
        held_on(folder)
    told = replay(signed(folder, (folder / "to-be-signed.json").read_bytes()))
    assert (told.result, told.keys) == ("no-go", {})


@pytest.mark.clause("sec-app-l:3")
def test_names_are_commitments(recovery: tuple[Path, bytes]) -> None:
    """The transcript names nobody; the file beside it has the names and what commits to them."""
    folder, transcript = recovery
    assert b"Name of" not in transcript
    names = json.loads((folder / "people.json").read_bytes())
    people_said = next(
        one.said["people"] for one in parse_transcript(transcript).entries if "people" in one.said
    )
    salt = base64.b64decode(names["operator"]["salt"])
    assert isinstance(people_said, dict)
    assert people_said["operator"]["commitment"] == _sha(salt + b"operator of the rehearsal")


@pytest.mark.clause("sec-app-l:3")
def test_new_contingency_material_comes_with_its_root(tmp_path: Path) -> None:
    """A new root carries the new wrapped key, which opens to the new contingency key."""
    told = replay(signed(tmp_path / "c", held(tmp_path / "c", "contingency")))
    assert set(told.certificates) == {CertificateKind.ROOT_OCA, CertificateKind.ISSUING_OCA}


def test_scripts_have_people_and_words_for_each_step() -> None:
    """Every script begins with go or no go and attendance, ends with its closing, and is complete."""
    for script in SCRIPTS.values():
        acts = [step.act.value for step in script.steps]
        assert acts[:3] == ["go", "attend", "confirm"]
        assert acts[-1] == "close"
        assert all(step.title and step.types and step.present for step in script.steps)
    assert len({script.digest for script in SCRIPTS.values()}) == len(SCRIPTS)


def test_a_clock_set_back_stops_nothing(tmp_path: Path) -> None:
    """Entries never go back in time, whatever the machine's clock does."""
    folder = tmp_path / "c"
    here = hall(folder)
    open_ceremony(here, opening("recovery-key"), custodians())
    earlier = Ticking(Ticking().at - timedelta(days=1))
    hold(resume(replace(here, clock=earlier)), ACTS)
    close(here)
    assert replay(signed(folder, (folder / "to-be-signed.json").read_bytes())).result == "completed"


class _Killing:
    """A ledger whose effects may be the last thing that the process does."""

    def __init__(self, ledger: Any, through: Through) -> None:
        self._ledger = ledger
        self.append = through(ledger.append)
        self.keep = through(ledger.keep)
        self.replace = through(ledger.replace)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def _anew(folder: Path) -> Path:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return folder


def _hex(octets: bytes) -> bytes:
    return octets.hex().encode()


def _sha(octets: bytes) -> str:
    return sha256(octets).hexdigest()


@pytest.mark.clause("sec-app-b:B-crl", "rfc5280:4.1")
@pytest.mark.parametrize(
    "wrong",
    [
        lambda one: one[:-1],
        lambda one: one.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x03", 1),  # version 4
        lambda one: one.replace(b"\x06\x03\x55\x04\x03\x13", b"\x06\x03\x55\x04\x03\x05", 1),
        lambda one: one.replace(
            b"\x2a\x86\x48\xce\x3d\x02\x01", b"\x2a\x86\x48\xce\x3d\x02\x02", 1
        ),
        lambda one: one[:-1] + bytes([one[-1] ^ 1]),
    ],
    ids=["cut", "version", "name", "algorithm", "signature"],
)
def test_what_is_to_be_revoked_is_a_certificate_of_the_root(
    roots: tuple[Path, bytes], tmp_path: Path, wrong: Callable[[bytes], bytes]
) -> None:
    """Whatever octets are brought, the ceremony refuses them, notes it, and signs nothing."""
    folder, _ = roots
    root, last, issuing = (
        (folder / one).read_bytes()
        for one in (
            "certificates/root-oca.der",
            "lists/root-oca.der",
            "certificates/issuing-oca.der",
        )
    )
    brought = {"root-oca.cer": root, "root-oca.crl": last, "revoke.cer": wrong(issuing)}
    assert brought["revoke.cer"] != issuing
    keys = (kept(folder, "rehearsal-root-oca"),)
    place = tmp_path / "lists"
    with pytest.raises(Refused, match=r"revoke\.cer: must be a certificate that this root signed"):
        held(place, "root-lists", keys, MAINTENANCE, contents=brought)
    assert not (place / "lists").exists()
    assert b"refused" in (place / "journal").read_bytes()


@pytest.mark.clause("sec-app-l:3")
def test_what_nobody_could_replay_is_not_opened(
    tmp_path: Path, recovery: tuple[Path, bytes]
) -> None:
    """Too many files to be signed, too long a list, too many keys: told before anything is kept."""
    key = kept(recovery[0], RECOVERY)
    many = {f"command-{number}": b"command" for number in range(700)}
    for script, contents in (("activation", many), ("root-lists", {"root-oca.crl": bytes(60_000)})):
        with pytest.raises(Refused, match="octets were brought"):
            held(tmp_path / script, script, (key,), contents=contents)
        assert not list((tmp_path / script).rglob("*.json"))
        assert (tmp_path / script / "journal").read_bytes() == b""
    keys = tuple(replace(key, key=f"key-{number}") for number in range(200))
    with pytest.raises(Refused, match="fewer keys at a time"):
        held(tmp_path / "renewal", "renewal", keys)


@pytest.mark.clause("sec-app-l:3")
def test_a_transcript_has_room_for_what_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said at too great length is said again; interrupted too often, another must be called."""
    place = tmp_path / "ceremony"
    long = {"close.deviations": "late " * 20_000}
    with pytest.raises(Refused, match="say it shorter"):
        held(place, "recovery-key", instead=long)
    monkeypatch.setattr(lengths, "UNPLANNED_MAX", 1_000)
    said = []
    for _ in range(10):
        with pytest.raises(Refused) as caught:
            held_on(place, long)
        said.append(caught.value.message)
    assert "say it shorter" in said[0]
    assert "so often that nobody could replay its transcript" in said[-1]
    monkeypatch.undo()
    assert replay(signed(place, held_on(place))).result == "completed"

"""`smki ceremony`: held at a terminal that nobody sits at, by people on machines of their own."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)
from tests.support.ceremony_site import KINDS, OIDS, Site, seated, site_in
from tests.support.custody import person, presents
from tests.support.founding import quick_stores
from tests.unit.cli.conftest import House

from smki.adapters.keys import SoftwareKeyStore
from smki.adapters.keys.passphrases import passphrase_from
from smki.bootstrap import load_settings, open_front
from smki.ceremonies.keysets import KeySet, parse_key_set
from smki.ceremonies.quorum import open_key
from smki.ceremonies.words import read_words


@pytest.fixture(scope="module", name="site")
def fixture_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """People with credentials, and a state directory without an SMKI."""
    return site_in(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module", name="roots")
def fixture_roots(site: Site) -> tuple[str, str]:
    """The folder and transcript of a rehearsal of initial roots for that house."""
    with quick_stores():
        assert site.house.run("ceremony", "requests", "--out", site.path("requests"))[0] == 0
    state = site.path("roots")
    issuing = [
        word for kind in KINDS for word in ("--issuing", kind, site.path("requests", f"{kind}.csr"))
    ]
    held = ("ceremony", "run", "roots", "--state", state, *site.who(), *issuing)
    code, said = site.house.json(*held, "--answers", site.answers())
    assert code == 0, said
    return state, site.signed(state)


@pytest.mark.clause("sec-app-l:3")
def test_scripts_are_listed_and_shown(site: Site) -> None:
    """Each script is shown with its steps before anybody holds it; an unknown one is refused."""
    _, listed = site.house.json("ceremony", "list")
    names = [one["name"] for one in listed["scripts"]]
    assert names[:2] == ["roots", "recovery-key"]
    for name in names:
        code, shown = site.house.json("ceremony", "show", name)
        assert (code, shown["steps"][0]["act"]) == (0, "go")
    _, out = site.house.run("ceremony", "show", "activation-for-recovery")
    assert "next: 'smki recovery activate NAME" in out
    state = ("--state", site.path("never"))
    code, said = site.house.json("ceremony", "run", "activation-for-recovery", *state)
    assert (code, "must be held by 'smki recovery activate'" in said["error"]["message"]) == (
        1,
        True,
    )
    code, said = site.house.json("ceremony", "show", "party")
    assert (code, "must be one of roots" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec-app-l:3")
def test_a_transcript_is_verified_with_nothing_else(roots: tuple[str, str], site: Site) -> None:
    """On a machine without a state directory; with a certificate that it made, and one that it did not."""
    state, transcript = roots
    made = f"{state}/certificates/root-oca.der"
    code, told = site.house.json("ceremony", "verify", transcript, "--certificate", made)
    assert (code, told["result"], told["quorum"], len(told["certificates"])) == (
        0,
        "completed",
        3,
        6,
    )
    other = site.path("operator.pem")
    code, said = site.house.json("ceremony", "verify", transcript, "--certificate", other)
    assert (code, "not one that this ceremony made" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec-app-l:3", "sec-app-b:B")
def test_a_ceremony_founds_an_smki_without_root_keys(
    roots: tuple[str, str], site: Site, tmp_path: Path
) -> None:
    """It is no development SMKI; no key at rest is that of a root, recovery or contingency key."""
    _, transcript = roots
    _founded(roots, site)
    code, said = site.house.json("init", "--bare")
    assert (code, said["development"], said["certificates"]) == (0, False, 7), said
    assert said["log"]["origin"].startswith("rehearsal.")
    code, audited = site.house.json("repository", "audit")
    assert (code, audited["problems"]) == (0, [])
    house = site.house.state
    stores = {path.parent for path in house.rglob("store.json")}
    assert {path.name for path in stores} == {"issuing"}
    found = set()
    for folder in stores:
        store = SoftwareKeyStore(folder, passphrase_from({}, house / "passphrase"))
        found |= set(store.names())
    assert found == {"log", *KINDS}
    assert not list(house.rglob("*.vault")) or [p.name for p in house.rglob("*.vault")] == [
        "journal.vault"
    ]
    secrets = {each for one in _custody(roots[0]) for each in _octets_of(one)}
    files = [path.read_bytes() for path in house.rglob("*") if path.is_file()]
    forms = {form(each) for each in secrets for form in (bytes, _hex, base64.b64encode)}
    assert not [each for each in forms if any(each in octets for octets in files)]
    with open_front(load_settings({"SMKI_STATE": str(house)})) as front:
        items = [front.reader.leaf(one.entry) for one in front.index.items(of=7)]
    assert len(items) == 1
    assert site.house.json("ceremony", "lodge", transcript)[0] == 0
    assert site.house.json("repository", "audit")[1]["entries"] == audited["entries"]


@pytest.mark.clause("sec-app-b:B-crl", "sec-app-l:3", "sec:L10.9")
def test_a_quorum_renews_the_list_of_a_root(
    roots: tuple[str, str], site: Site, tmp_path: Path
) -> None:
    """The list in force goes to the ceremony, the next one comes back with its transcript.

    In the house of a rehearsal its keys act by recorded decision, as real ones do elsewhere.
    """
    house = House(state=tmp_path / "state")
    shutil.copytree(_founded(roots, site).state, house.state)
    lists, state = str(tmp_path / "lists"), str(tmp_path / "renewal")
    assert house.run("ceremony", "lists", "--out", lists)[0] == 0
    key, name = f"{roots[0]}/keys/rehearsal-root-oca.json", "rehearsal-root-oca"
    brought = ("--key", key, "--sign", f"{lists}/root-oca.cer", "--sign", f"{lists}/root-oca.crl")
    said = {f"permit.{name}.{one}": "" for one in ("recovery", "method")}
    told = {"decision": "K-1", "incident": "maintenance", "purpose": "revocation-list"}
    said |= {f"permit.{name}.{one}": text for one, text in told.items()}
    held = parse_key_set(Path(key).read_bytes())
    said |= {f"open.{name}.custodian-{n}": presents(held, person(n)).words for n in (1, 2, 3)}
    said |= {f"open.{name}.custodian-{n}": "absent" for n in (4, 5)}
    given = [word for one in said.items() for word in ("--answer", "=".join(one))]
    run = ("ceremony", "run", "root-lists", "--state", state, *site.who(), *brought)
    code, done = house.json(*run, "--answers", site.answers(), *given)
    assert (code, "'K-1': not in the record" in done["error"]["message"]) == (1, True)
    scope = ("--scope", "maintenance: revocation-list")
    seated(house, tmp_path).lodge("K-1", "use-key", name, *scope)
    code, done = house.json(*run, "--answers", site.answers(), *given)
    assert code == 0, done
    code, lodged = house.json("ceremony", "lodge", site.signed(state))
    assert (code, lodged["lists"]) == (0, ["root-oca"]), lodged
    again = str(tmp_path / "again")
    assert house.run("ceremony", "lists", "--out", again)[0] == 0
    old, new = (
        x509.load_der_x509_crl(Path(one, "root-oca.crl").read_bytes()) for one in (lists, again)
    )
    assert [_number(old), _number(new)] == [1, 2]
    assert house.json("repository", "audit")[1]["problems"] == []
    other = (*brought[:2], "--sign", f"{lists}/root-oca.crl", "--sign", f"{lists}/root-dca.cer")
    run = ("ceremony", "run", "root-lists", "--state", f"{state}-2", *site.who(), *other)
    code, done = house.json(*run, "--answers", site.answers(), *given)
    assert (code, "must be brought" in done["error"]["message"]) == (1, True)


def test_another_ceremony_founds_nothing_here(
    roots: tuple[str, str], site: Site, tmp_path: Path, original: House
) -> None:
    """A transcript for other issuing keys, or for a house that stands, is refused."""
    other = House(state=tmp_path / "other")
    with quick_stores():
        assert other.run("ceremony", "requests", "--out", str(tmp_path / "requests"))[0] == 0
        code, said = other.json("init", "--ceremony", roots[1])
    assert (code, "certified another key" in said["error"]["message"]) == (1, True)
    code, said = original.json("init", "--ceremony", roots[1])
    assert (code, "that no ceremony founded" in said["error"]["message"]) == (1, True)
    code, said = original.json("ceremony", "requests", "--out", str(tmp_path / "more"))
    assert (code, "is founded already" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec-app-l:3")
def test_a_custodian_opens_their_share_at_home(
    roots: tuple[str, str], site: Site, tmp_path: Path
) -> None:
    """Checked without being shown, shown in words, or encrypted to a ceremony; nobody else's opens."""
    held = f"{roots[0]}/keys/rehearsal-root-oca.json"
    desk = _desk(site, "custodian-2")
    code, said = site.house.json("ceremony", "share", "check", held, *desk)
    assert (code, said["share"], "words" in said) == (0, 2, False)
    _, opened = site.house.json("ceremony", "share", "open", held, *desk)
    assert len(opened["words"].split()) == 33
    wrong = (*_desk(site, "custodian-2")[:2], *_desk(site, "custodian-3")[2:])
    code, said = site.house.json("ceremony", "share", "check", held, *wrong)
    assert (code, "does not open with this credential" in said["error"]["message"]) == (1, True)
    code, said = site.house.json("ceremony", "share", "check", held, *_desk(site, "operator"))
    assert (code, "has none for credential" in said["error"]["message"]) == (1, True)
    out = str(tmp_path / "box")
    to = ("--to", site.path("custodian-1.pub"), "--out", out)
    spki = person(1).key.public_key()
    (site.folder / "custodian-1.pub").write_bytes(
        spki.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert site.house.run("ceremony", "share", "open", held, *desk, *to)[0] == 0
    assert Path(out).read_text().startswith("box:")
    assert site.house.run("ceremony", "share", "open", held, *desk, *to)[0] == 1


@pytest.mark.clause("sec-app-l:3")
def test_nobody_answers_and_it_goes_on_later(site: Site) -> None:
    """A prompt without an answer ends with exit code 3 and says its name; later it goes on there."""
    state = site.path("recovery")
    held = ("ceremony", "run", "recovery-key", "--state", state)
    code, said = site.house.json(*held, *site.who(), "--answers", site.answers())
    assert (code, said["error"]["where"]) == (3, "request.entity")
    more: tuple[str, ...] = (
        "--answers",
        site.answers(),
        "--answer",
        "request.entity=0A534D4B49040001",
    )
    code, said = site.house.json(*held, *more)
    assert (code, said["error"]["where"]) == (3, "open.rehearsal-recovery.custodian-1")
    for number in (1, 2, 3):
        _, opened = site.house.json(
            "ceremony",
            "share",
            "open",
            f"{state}/keys/rehearsal-recovery.json",
            *_desk(site, f"custodian-{number}"),
        )
        more += ("--answer", f"open.rehearsal-recovery.custodian-{number}={opened['words']}")
    for number in (4, 5):
        more += ("--answer", f"open.rehearsal-recovery.custodian-{number}=absent")
    assert site.house.run(*held, *more)[0] == 0
    told = site.house.json("ceremony", "verify", site.signed(state))[1]
    assert (told["interruptions"], told["refusals"]) == (2, [])
    code, said = site.house.json("ceremony", "run", "roots", "--state", state)
    assert (code, "is held in this folder" in said["error"]["message"]) == (1, True)


def test_a_live_ceremony_has_policies_of_its_own(site: Site) -> None:
    """Real keys are never made under the OIDs of development."""
    held = ("ceremony", "run", "recovery-key", "--state", site.path("live"), "--purpose", "live")
    code, said = site.house.json(
        *held, *site.who(), "--answers", site.answers(), SMKI_STATE=site.path("none")
    )
    assert (code, "must have its own" in said["error"]["message"]) == (1, True)


def test_a_live_ceremony_makes_live_keys(site: Site) -> None:
    """Under policies and an environment of its own; its key is no rehearsal's, by name and by seal."""
    state = site.path("live-recovery")
    held = ("ceremony", "run", "recovery-key", "--state", state, "--purpose", "live", *site.who())
    answers = ("--answers", site.answers(), "--answer", "request.entity=0A534D4B49040001")
    code, done = site.house.json(
        *held,
        *answers,
        SMKI_STATE=site.path("none"),
        SMKI_POLICIES=OIDS,
        SMKI_ENVIRONMENT="quill-1",
    )
    assert code == 0, done
    told = site.house.json("ceremony", "verify", site.signed(state))[1]
    assert (told["purpose"], list(told["keys"])) == ("live", ["recovery"])
    use = ("ceremony", "run", "activation", "--state", site.path("misuse"), *site.who())
    brought = ("--key", f"{state}/keys/recovery.json", "--sign", site.path("operator.pem"))
    code, refused = site.house.json(*use, *brought, "--answers", site.answers())
    assert (code, "must never be used in a rehearsal" in refused["error"]["message"]) == (1, True)


def _founded(roots: tuple[str, str], site: Site) -> House:
    with quick_stores():
        assert site.house.run("init", "--bare", "--ceremony", roots[1])[0] == 0
    return site.house


def _number(found: x509.CertificateRevocationList) -> int:
    return found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _custody(state: str) -> list[KeySet]:
    return [parse_key_set(path.read_bytes()) for path in Path(state, "keys").iterdir()]


def _octets_of(held: KeySet) -> tuple[bytes, ...]:
    """Everything secret of a key in custody: the key and every share."""
    shares = [presents(held, person(number)) for number in range(1, 6)]
    values = (read_words(one.words).share.value for one in shares)
    return (open_key(held, shares).octets, *(one.words.encode() for one in shares), *values)


def _hex(octets: bytes) -> bytes:
    return octets.hex().encode()


def _desk(site: Site, name: str) -> tuple[str, ...]:
    return ("--certificate", site.path(f"{name}.pem"), "--key", site.path(f"{name}.key"))

"""Where ceremonies are held by commands: people with credentials in files, and a house beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.ceremony import signing_credential
from tests.support.custody import person
from tests.support.founding import quick_stores
from tests.unit.cli.conftest import OFFICERS, Authority, House

from smki.terms import CertificateKind
from smki.wire.encodings import write_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE = ("operator", "witness-1", *(f"custodian-{n}" for n in range(1, 6)))
OIDS = json.dumps({kind.value: f"2.25.77{n}" for n, kind in enumerate(CertificateKind)})
KINDS = ("issuing-oca", "issuing-dca", "issuing-ica")


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a ceremony is held: its folder, its people's credentials and files, and a house."""

    folder: Path
    house: House

    def path(self, *parts: str) -> str:
        """A place on the site."""
        return str(self.folder.joinpath(*parts))

    def who(self) -> tuple[str, ...]:
        """The options that name who takes part."""
        words: list[str] = ["--operator", "Quill", self.path("operator.pem")]
        words += ["--witness", "Quill Witnesses", self.path("witness-1.pem")]
        for name in PEOPLE[2:]:
            words += ["--custodian", self.path(f"{name}.json")]
        return tuple(words)

    def answers(self, **more: str) -> str:
        """A file with an answer to every prompt but those for shares."""
        said = {
            "go": "go",
            "machine": "a machine",
            "machine.seen": "seen",
            "close.deviations": "none",
        }
        for name in PEOPLE:
            said |= {f"attend.{name}.{part}": part for part in ("name", "document")}
            said[f"attend.{name}.organisation"] = ""
            said |= {f"go.{name}": "told", f"receive.{name}": "opens"}
        said |= {f"compare.{one}": "agreed" for one in _compared()}
        said |= {key.replace("__", "."): value for key, value in more.items()}
        place = self.folder / "answers.json"
        place.write_text(json.dumps(said))
        return str(place)

    def signed(self, state: str) -> str:
        """The transcript of the ceremony held in that folder, signed by operator and witness."""
        words: list[str] = []
        for name in PEOPLE[:2]:
            out = f"{state}.{name}.sig"
            desk = ("--certificate", self.path(f"{name}.pem"), "--key", self.path(f"{name}.key"))
            entries = f"{state}/to-be-signed.json"
            assert self.house.run("ceremony", "sign", entries, *desk, "--out", out)[0] == 0
            words += ["--signature", out]
        code, said = self.house.json("ceremony", "finish", "--state", state, *words)
        assert (code, said["result"]) == (0, "completed"), said
        return str(said["transcript"])


def _compared() -> Iterator[str]:
    for name in ("contingency", "contingency-symmetric", "recovery"):
        yield from (name, f"rehearsal-{name}")
    for kind in CertificateKind:
        if kind.is_authority:
            yield kind.value
            yield from (
                f"rehearsal-{kind.value}",
                f"certificate of {kind.value}",
                f"list of {kind.value}",
            )
    yield "request of recovery"


def site_in(folder: Path) -> Site:
    """People with credentials, and a state directory without an SMKI."""
    site = Site(folder=folder, house=House(state=folder / "house"))
    for name in PEOPLE:
        if name.startswith("custodian"):
            one = person(int(name[-1]))
            certificate, key = one.custodian.certificate, one.key
        else:
            certificate, key = signing_credential(name)
        (folder / f"{name}.pem").write_bytes(write_pem(certificate, "CERTIFICATE"))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.key").write_bytes(pem)
        if name.startswith("custodian"):
            said: tuple[str, ...] = (
                "--organisation",
                f"Organisation {name[-1]}",
                "--nominated-by",
                "its board",
            )
            said += ("--approved", "PMA-1", "--verified-by", "Quill", "--verified-how", "passport")
            files = ("--certificate", f"{folder}/{name}.pem", "--out", f"{folder}/{name}.json")
            assert site.house.run("ceremony", "custodian", "appoint", name, *said, *files)[0] == 0
    return site


def live_house(site: Site) -> House:
    """An SMKI that a live ceremony founded, and a recovery key."""
    house, issuing = site.house, []
    live = ("--purpose", "live", *site.who(), "--answers", site.answers())
    with quick_stores():
        assert house.run("ceremony", "requests", "--out", site.path("requests"))[0] == 0
        for kind in KINDS:
            issuing += ["--issuing", kind, site.path("requests", f"{kind}.csr")]
        roots = ("ceremony", "run", "roots", "--state", site.path("roots"), *live, *issuing)
        assert house.run(*roots, SMKI_POLICIES=OIDS, SMKI_ENVIRONMENT="quill-1")[0] == 0
        assert house.run("init", "--ceremony", site.signed(site.path("roots")))[0] == 0
    recovery = ("ceremony", "run", "recovery-key", "--state", site.path("recovery"), *live)
    assert house.run(*recovery, "--answer", "request.entity=0A534D4B49040001")[0] == 0
    return house


def seated(house: House, folder: Path) -> Authority:
    """Officers of the authority, with credentials of the house; their files are in the folder."""
    party, trade, identity = OFFICERS["chair"]
    named = ("--trading-name", trade, "--identity", f"{identity}=other")
    assert house.run("party", "add", party, *named)[0] == 0
    for officer in ("chair", "secretary"):
        csr, key, pem = (str(folder / f"{officer}.{ending}") for ending in ("csr", "key", "pem"))
        who = ("--organisation", trade, "--role", "other", "--name", officer)
        assert house.run("csr", "system", *who, "--out", csr, "--key-out", key)[0] == 0
        wanted = (csr, "--party", party, "--interface", "portal", "--out", pem)
        assert house.run("registration", "credential", *wanted)[0] == 0
    return Authority(house=house, folder=folder)

"""Where incidents are taken in: an SMKI with an authority in its register, a supplier, and the DCC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from smki.bootstrap import load_settings
from smki.bootstrap.recoveries import open_kept
from smki.ports.campaigns import Member
from smki.ports.estate import InventoryRow
from smki.recovery import CampaignPlan, Compromised, Method
from smki.terms import (
    SerialNumber,
)

PEOPLE: Final = """
[[body]]
ref = "QPA"
name = "Quill Policy Authority"
kind = "committee"
signs_as = "smki-pma"

[[person]]
ref = "ada"
name = "Ada"
organisation = "Sample DCC"
credentials = ["0ada"]

[[seat]]
ref = "QPA/chair"
body = "QPA"
category = "chair"
votes = true
holder = "ada"

[[person]]
ref = "bo"
name = "Bo"
organisation = "Sample DCC"
credentials = ["0b0b"]

[[person]]
ref = "sue"
name = "Duty officer of the supplier"
organisation = "Sample Energy Supplier"
channel = "telephone 020 7946 0000"
"""
SUPPLIER: Final = "0A-53-4D-4B-49-02-00-01"
AT: Final = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An SMKI with an authority in its register, a supplier with a file signing key, and the DCC's."""

    authority: Any
    folder: Path
    serial: str

    @property
    def state(self) -> Path:
        """The state directory."""
        return Path(self.authority.house.state)

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and the document of `smki recovery`."""
        found: tuple[int, Any] = self.authority.house.json("recovery", *arguments)
        return found

    def notice(self, name: str, *options: str) -> Path:
        """A notification file of the supplier's; one of its own certificate if none is given."""
        file = self.folder / name
        words = ("--party", "supplier", "--entity", SUPPLIER, "--reference", name)
        if not {"--certificate", "--key-identifier"} & set(options):
            options += ("--certificate", self.serial)
        said = ("--circumstances", "A token was stolen.", "--wish", "method-3", *options)
        assert self.json("notice", "make", *words, *said, "--out", str(file))[0] == 0
        return file

    def sealed(self, file: Path, signer: str = "supplier") -> Path:
        """It, signed by that party and sealed for the DCC."""
        keys = (
            "--certificate",
            f"{self.folder}/{signer}.pem",
            "--key",
            f"{self.folder}/{signer}.key",
        )
        out = file.with_suffix(f".{signer}.p7m")
        words = (str(file), *keys, "--to", f"{self.folder}/dcc.pem", "--out", str(out))
        assert self.json("notify", *words)[0] == 0
        return out

    def take(self, sealed: Path, holder: str = "dcc") -> tuple[int, Any]:
        """What comes of taking it in."""
        keys = (
            "--certificate",
            f"{self.folder}/{holder}.pem",
            "--key",
            f"{self.folder}/{holder}.key",
        )
        return self.json("incident", "take", str(sealed), *keys)

    def step(self, ref: str, *words: str) -> tuple[int, Any]:
        """What comes of a step of the incident."""
        command, *rest = words
        return self.json("incident", command, ref, *rest)


def begin(desk: Desk, ref: str, rows: tuple[InventoryRow, ...], name: str, at: datetime) -> None:
    """A campaign of the incident, of which nothing was carried yet."""
    plan = CampaignPlan(
        incident=ref,
        decision="",
        compromised=Compromised.ORGANISATION,
        method=Method.ONE,
        expires=at + timedelta(days=1),
        per_second={},
    )
    with open_kept(settings_of(desk)) as kept:
        kept.campaigns.begin(name, plan, at)
        kept.campaigns.enlist(
            name,
            (
                Member(
                    device=one.device, kind=one.kind.value, make=one.make, region=one.region, wave=0
                )
                for one in rows
            ),
        )


def serial_of(path: Path) -> str:
    """The serial number of the certificate in that file, as it is printed."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return str(SerialNumber(certificate.serial_number))


def settings_of(desk: Desk) -> Any:
    """The configuration of the house."""
    return load_settings({"SMKI_STATE": str(desk.state)})

"""`smki recovery notice`, `notify`: a party tells of a key that is, or may be, lost. Needs no state directory."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import click
from cryptography.hazmat.primitives.serialization import Encoding

from smki.adapters.envelopes import seal, unseal
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.officers import (
    certificate_in,
    certificate_option,
    detached,
    key_option,
    pair_in,
)
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.recovery import PROCEDURES
from smki.recovery.notices import (
    PARCEL_MAX_OCTETS,
    Notification,
    encode_notification,
    encode_parcel,
    parse_notification,
)
from smki.terms import EUI64, Compromised, Method, SerialNumber, instant_text

INSTANT: Final = click.DateTime(["%Y-%m-%dT%H:%M:%SZ"])
_KEYS: Final = tuple(one.value for one in Compromised)
_METHODS: Final = tuple(dict.fromkeys(one.value for some in PROCEDURES.values() for one in some))


@click.group(cls=WholeSentences, short_help="A notification file: make, show.")
def notice() -> None:
    """The file by which a party tells that a key is, or may be, compromised."""


@notice.command
@click.option("--party", required=True, metavar="NAME", help="Short name of the party.")
@click.option("--entity", required=True, metavar="EUI64", help="For which it speaks.")
@click.option("--reference", required=True, metavar="TEXT", help="The party's own.")
@click.option("--key", "compromised", type=click.Choice(_KEYS), default=_KEYS[0], show_default=True)
@click.option("--known/--suspected", default=True, help="Whether it is known.")
@click.option("--discovered", type=INSTANT, help="When; now if not given.")
@click.option("--circumstances", required=True, metavar="TEXT", help="What happened.")
@click.option("--wish", type=click.Choice(_METHODS), help="The method that it asks for.")
@click.option("--certificate", "certificates", multiple=True, metavar="SERIAL", help="Of the key.")
@click.option("--key-identifier", "key_identifiers", multiple=True, metavar="SHA256")
@click.option("--device", "devices", multiple=True, metavar="EUI64", help="If it knows them.")
@click.option("--out", required=True, metavar="FILE", help="A new file; - for stdout.")
@json_option
def make(*, party: str, out: str, as_json: bool, **given: Any) -> None:
    """Write a notification file, to be signed and sealed by 'smki recovery notify'."""
    now = datetime.now(UTC).replace(microsecond=0)
    found = given["discovered"]
    with reporting(as_json=as_json):
        octets = encode_notification(
            Notification(
                compromised=Compromised(given["compromised"]),
                party=party,
                entity=EUI64.parse(given["entity"]),
                reference=given["reference"],
                made=now,
                discovered=now if found is None else found.replace(tzinfo=UTC),
                known=given["known"],
                circumstances=given["circumstances"],
                wish=Method(given["wish"]) if given["wish"] else None,
                certificates=_sorted(str(SerialNumber.parse(one)) for one in given["certificates"]),
                key_identifiers=_sorted(given["key_identifiers"]),
                devices=tuple(sorted(map(EUI64.parse, given["devices"]), key=str)),
            )
        )
        one = parse_notification(octets)
        with output_file(out) as write:
            write(octets)
    if out != "-":
        lines = (*_lines(one), f"next: 'smki recovery notify {out}'")
        emit({**_fields(one), "written": out}, lines, as_json=as_json)


@notice.command
@click.argument("file")
@json_option
def show(file: str, *, as_json: bool) -> None:
    """Show what a notification file says, if it is in its one form."""
    with reporting(as_json=as_json):
        one = parse_notification(read_input(file, limit=PARCEL_MAX_OCTETS))
    emit(_fields(one), _lines(one), as_json=as_json)


@click.command
@click.argument("file")
@certificate_option
@key_option
@click.option("--to", required=True, metavar="CERT", help="Whom it is sealed for, PEM.")
@click.option("--out", metavar="SEALED", help="The sealed parcel; FILE.p7m if not given.")
@json_option
def notify(
    file: str, *, certificate: str, key: str, to: str, out: str | None, as_json: bool
) -> None:
    """Sign a notification file with the party's file signing key, and seal it for the DCC.

    What it says is printed first. The parcel goes by whatever way is agreed: nobody else reads it,
    and nobody can change it. Needs no state directory.
    """
    with reporting(as_json=as_json):
        octets = read_input(file, limit=PARCEL_MAX_OCTETS)
        one = parse_notification(octets)
        for line in _lines(one):
            tell(line)
        place = out or f"{file}.p7m"
        parcel = encode_parcel(octets, detached(octets, certificate, key))
        sealed = seal(parcel, (recipient(to),))
        with output_file(place) as write:
            write(sealed)
    if place != "-":
        lines = (
            f"signed and sealed: {place}",
            "next: the DCC takes it in by 'smki recovery incident take', and calls back",
        )
        emit({"reference": one.reference, "sealed": place}, lines, as_json=as_json)


def recipient(path: str) -> bytes:
    """The certificate (DER) in that PEM file.

    Raises:
        Malformed: there is no such file, or none in it.
    """
    return certificate_in(path).public_bytes(Encoding.DER)


def opener(certificate: str, key: str) -> Callable[[bytes], bytes]:
    """Opens what is sealed for the certificate (PEM), by its key.

    Raises:
        Malformed: they are not there, or not what they must be.
    """
    holder, private = pair_in(certificate, key)
    return lambda came: unseal(came, holder, private)


def _sorted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(texts))


def _fields(one: Notification) -> dict[str, Any]:
    return {
        "file": one.kind.value,
        "reference": one.reference,
        "party": one.party,
        "entity": str(one.entity),
        "made": instant_text(one.made),
        "discovered": instant_text(one.discovered),
        "known": one.known,
        "key": one.compromised.value,
        "circumstances": one.circumstances,
        "wish": one.wish.value if one.wish else None,
        "certificates": list(one.certificates),
        "key_identifiers": list(one.key_identifiers),
        "devices": len(one.devices),
    }


def _lines(one: Notification) -> tuple[str, ...]:
    known = "is compromised" if one.known else "may be compromised"
    wish = f"; it asks for {one.wish.value}" if one.wish else ""
    return (
        (
            f"{one.party} ({one.entity}), reference {one.reference}: the {one.compromised.value} key"
            f" {known}, discovered {instant_text(one.discovered)}{wish}"
        ),
        f"what happened: {one.circumstances}",
        f"which: {', '.join(one.names)}",
        f"devices named: {len(one.devices)}",
    )

"""Targets: what parties hand in about a compromise, and what they are told: files and parcels."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from tests.fuzz.claims import claim, read

from smki.recovery import Fate
from smki.recovery.notices import (
    Notification,
    encode_notification,
    encode_parcel,
    parse_notification,
    parse_parcel,
)
from smki.recovery.notices_progress import (
    Part,
    ProgressFile,
    encode_progress,
    parse_progress,
)
from smki.recovery.notices_rows import FileKind
from smki.terms import EUI64, Compromised, Method, SerialNumber

AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
_DEVICE: Final = EUI64(bytes(range(8)))


def notice(octets: bytes) -> None:
    """A file of either sort has one spelling, and none is both; so has a parcel."""
    told = read(parse_notification, octets, encode=encode_notification)
    progress = read(parse_progress, octets, encode=encode_progress)
    claim(holds=told is None or progress is None, what="a file of two families")
    read(parse_parcel, octets, encode=lambda pair: encode_parcel(*pair))


def seeds() -> Iterator[tuple[str, bytes]]:
    """One of each."""
    organisation = Notification(
        compromised=Compromised.ORGANISATION,
        party="supplier",
        entity=_DEVICE,
        reference="SUP-1",
        made=AT,
        discovered=AT,
        known=True,
        circumstances='A "token", stolen',
        wish=Method.THREE,
        certificates=(str(SerialNumber(17)),),
        devices=(_DEVICE,),
    )
    other = Notification(
        compromised=Compromised.CONTINGENCY,
        party="dcc",
        entity=_DEVICE,
        reference="D-1",
        made=AT,
        discovered=AT,
        known=False,
        circumstances="perhaps",
        key_identifiers=("ab" * 32,),
    )
    progress = ProgressFile(
        kind=FileKind.ORGANISATION_PROGRESS,
        incident="PMA/i1",
        reference="SUP-1",
        to="supplier",
        campaign="c1",
        made=AT,
        part=Part(number=1, of=2),
        state="running",
        devices_of_campaign=3,
        fates=((Fate.RECOVERED, 2), (Fate.SILENT, 1)),
        reasons=(("silent: no answer", 1),),
        devices=((_DEVICE, Fate.RECOVERED),),
    )
    for octets in (
        encode_notification(organisation),
        encode_notification(other),
        encode_progress(progress),
        encode_parcel(encode_notification(other), b"\x30\x00"),
    ):
        yield "notice", octets


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType({"notice": notice})
"""Each target by its name."""

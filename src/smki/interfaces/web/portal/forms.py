"""The search form: what was typed, what it means, and what is wrong with it, field by field."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, TypeVar

from smki.ports import CertificateQuery, Party
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    Malformed,
    RemotePartyRole,
    SerialNumber,
)

FIELDS: Final[tuple[str, ...]] = (
    "eui64",
    "serial",
    "party",
    "role",
    "usage",
    "type",
    "status",
    "from",
    "to",
)
LABELS: Final[Mapping[str, str]] = {
    "eui64": "EUI-64",
    "serial": "Serial number",
    "party": "Asked for by",
    "role": "Role",
    "usage": "Key usage",
    "type": "Type",
    "status": "Status",
    "from": "Lodged from",
    "to": "Lodged up to",
}
_LONGEST: Final = 80  # characters of a field that are worth reading: an EUI-64 has 23
_ENTRY_DIGITS: Final = 18
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm:
    """A search as it was typed.

    Attributes:
        values: what stands in each field; empty if nothing.
        errors: what is wrong, by field.
        query: what it asks for; None if something is wrong.
    """

    values: Mapping[str, str]
    errors: Mapping[str, str]
    query: CertificateQuery | None

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        """The fields that are not empty, to be asked again."""
        return tuple((name, self.values[name]) for name in FIELDS if self.values[name])


def read_search(given: Mapping[str, str], parties: Sequence[Party], at: int) -> SearchForm:
    """The form with these fields; a fault in one does not hide another's.

    Clause: sec-app-o:portal
    """
    values = {name: given.get(name, "").strip()[:_LONGEST] for name in FIELDS}
    errors: dict[str, str] = {}

    def taken(name: str, read: Callable[[str], _T]) -> _T | None:
        if not values[name]:
            return None
        try:
            return read(values[name])
        except Malformed as error:
            errors[name] = error.message.partition(": ")[2] or error.message
            return None

    since, until = taken("from", read_instant), taken("to", read_instant)
    if since is not None and until is not None and since[0] >= until[1]:
        errors["to"] = f"{values['to']} is before {values['from']}, must be then or later"
    query = CertificateQuery(
        at=at,
        identity=taken("eui64", lambda text: EUI64.parse("".join(text.split()))),
        serial=taken("serial", _serial),
        subscriber=taken("party", lambda name: _subscriber(name, parties)),
        role=taken("role", RemotePartyRole.from_organisational_unit),
        usage=taken("usage", lambda code: _by(code, KeyUsage, lambda one: one.code)),
        kind=taken("type", lambda code: _by(code, CertificateKind, lambda one: one.value)),
        status=taken("status", lambda code: _by(code, CertificateStatus, lambda one: one.value)),
        lodged_from=None if since is None else since[0],
        lodged_before=None if until is None else until[1],
    )
    ordered: dict[str, str] = {name: errors[name] for name in FIELDS if name in errors}
    return SearchForm(values=values, errors=ordered, query=None if errors else query)


def read_place(given: Mapping[str, str], name: str = "before") -> int | None:
    """Where a page goes on from; None if nothing is said.

    Raises:
        Malformed: something else than a number is said.
    """
    text = given.get(name, "")
    found = read_entry(text)
    if text and found is None:
        raise Malformed(f"{name}: {text[:40]!r}, must be a whole number, not below 0")
    return found


def read_entry(text: str) -> int | None:
    """The number of an entry; None if it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= _ENTRY_DIGITS):
        return None
    return int(text)


def _by(code: str, members: type[_T], code_of: Callable[[_T], str]) -> _T:
    for member in members:  # type: ignore[attr-defined]  # the three are enums
        if code_of(member) == code:
            return member  # type: ignore[no-any-return]
    raise Malformed(f"{code[:40]!r} is none of the choices, must be one of them")


def _subscriber(name: str, parties: Sequence[Party]) -> EUI64:
    found = next((party for party in parties if party.party == name), None)
    if found is None or not found.identities:
        raise Malformed(f"{name[:40]!r} is no registered party, must be one")
    return found.identities[0][0]


def _serial(text: str) -> SerialNumber:
    """As people have it before them: with colons, as OpenSSL prints it, or in groups."""
    return SerialNumber.parse("".join(_PARTING.split(text)))


def read_instant(text: str) -> tuple[int, int]:
    """The first instant that the text means, and the first after it: milliseconds since 1970.

    A day is a whole day, a minute a whole minute. In UTC, unless the text names another zone.

    Raises:
        Malformed: neither a day nor a day and time.
    """
    said = text.strip()
    found = _INSTANT.fullmatch(said)
    wrong = Malformed(f"{said[:40]!r}, must be a date, {_LIKE}")
    if found is None:
        raise wrong
    try:
        start = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}")
        start = start.replace(tzinfo=UTC) - _offset(found)
    except (ValueError, OverflowError) as error:
        raise wrong from error
    if not _EARLIEST <= start <= _LATEST:
        raise Malformed(f"{said[:40]!r}, must be from {_EARLIEST:%F} to {_LATEST:%F}")
    lasts = timedelta(days=1)
    if found[2]:
        lasts = timedelta(seconds=1) if found[3] else timedelta(minutes=1)
    return _milliseconds(start), _milliseconds(start + lasts)


def _offset(found: "re.Match[str]") -> timedelta:
    """How far ahead of UTC the zone is; none is UTC."""
    if found[4] is None:
        return timedelta()
    return timezone(timedelta(hours=int(found[5]), minutes=int(found[6]))).utcoffset(None) * (
        -1 if found[4] == "-" else 1
    )


_LIKE: Final = "like 2026-11-21, or a date and time, like 2026-11-21 09:30"
_PARTING: Final = re.compile(r"(?<=[0-9A-Fa-f])[\s:-]+(?=[0-9A-Fa-f])")
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2}(:[0-9]{2})?) ?(?:Z|UTC|([+-])([0-9]{2}):?([0-9]{2}))?)?",
    re.IGNORECASE | re.ASCII,
)
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9998, 12, 31, tzinfo=UTC)


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1000

"""The search form: what was typed, what it means, and what is wrong with it, field by field."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
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

    since, until = taken("from", _day), taken("to", _day)
    if since is not None and until is not None and since > until:
        errors["to"] = f"{values['to']} is before {values['from']}, must be that day or later"
    query = CertificateQuery(
        at=at,
        identity=taken("eui64", EUI64.parse),
        serial=taken("serial", SerialNumber.parse),
        subscriber=taken("party", lambda name: _subscriber(name, parties)),
        role=taken("role", RemotePartyRole.from_organisational_unit),
        usage=taken("usage", lambda code: _by(code, KeyUsage, lambda one: one.code)),
        kind=taken("type", lambda code: _by(code, CertificateKind, lambda one: one.value)),
        status=taken("status", lambda code: _by(code, CertificateStatus, lambda one: one.value)),
        lodged_from=None if since is None else _milliseconds(since),
        lodged_before=None if until is None else _milliseconds(until + timedelta(days=1)),
    )
    ordered: dict[str, str] = {name: errors[name] for name in FIELDS if name in errors}
    return SearchForm(values=values, errors=ordered, query=None if errors else query)


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


def _day(text: str) -> datetime:
    """The first instant of the day, in UTC."""
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Malformed(f"{text[:40]!r}, must be a date, like 2026-11-21") from error
    if not _EARLIEST <= found <= _LATEST:
        raise Malformed(f"{text[:40]!r}, must be from {_EARLIEST} to {_LATEST}")
    return datetime(found.year, found.month, found.day, tzinfo=UTC)


_EARLIEST: Final = date(1970, 1, 1)
_LATEST: Final = date(9998, 12, 31)


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1000

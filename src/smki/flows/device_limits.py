"""How many certificates a device may be issued: changed after a review, and the record says so.

    STATUS NOTE   {"device": <EUI-64>, "issued": <certificates until then>, "limit": <number>,
                  "reason": <what the review found>}

1 decided: a limit above everybody's needs a reason; 2 the note is lodged; 3 the register has the
limit. Who is cut off between 2 and 3 does the same again. The newest note about a device is its
limit, also when the register was lost.

Clause: sec-app-m:2.3.1.8
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from smki.flows.office import FrontOffice, Office
from smki.merkle.canonical import JSON, encode_json
from smki.merkle.leaf import LeafType, decode_leaf
from smki.policy import decide_limit
from smki.ports import DeviceStanding
from smki.repository import catch_up, lodge_leaf, metadata_of
from smki.terms import EUI64, Malformed, Refused

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
REASON_MAX: Final = 1_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReview:
    """A limit that the registration authority gave a device.

    Attributes:
        device: whose.
        limit: how many certificates it may be issued.
        issued: how many it had been issued by then.
        reason: what the review found; empty where none was needed.
        at: when it was lodged.
        entry: of the record.
    """

    device: EUI64
    limit: int
    issued: int
    reason: str
    at: datetime
    entry: int


def review_limit(office: Office, device: EUI64, limit: int, reason: str) -> LimitReview:
    """The device may be issued so many certificates, and the record says why.

    Raises:
        Refused: a limit above everybody's without a reason, or with one that is too long.
        Unavailable: the disk or the database is away: tried again, it is finished.

    Clause: sec-app-m:2.3.1.8
    """
    finding = decide_limit(limit, reason)
    if finding is not None or len(reason) > REASON_MAX:
        raise Refused(
            str(finding) if finding else f"reason: over {REASON_MAX} characters, must be at most",
            clause="sec-app-m:2.3.1.8",
            rule="anomaly.review",
        )
    front, at = office.front, office.front.clock.now()
    issued = front.index.device_counts((device,)).get(device, 0)
    note: dict[str, JSON] = {
        "device": device.digits,
        "issued": issued,
        "limit": limit,
        "reason": reason,
    }
    entry = lodge_leaf(office.record, LeafType.STATUS_NOTE, encode_json(note), at)
    catch_up(front.reader, front.index, front.describe)
    _keep(front, device, limit)
    return LimitReview(device=device, limit=limit, issued=issued, reason=reason, at=at, entry=entry)


def limit_reviews(front: FrontOffice, device: EUI64) -> tuple[LimitReview, ...]:
    """What the record says of the device's limit, the oldest first.

    Raises:
        Inconsistent: the record is damaged.
    """
    return tuple(review for review in _reviews(front) if review.device == device)


def restore_limits(front: FrontOffice) -> int:
    """The register has the limits that the record says; how many it had not.

    Raises:
        Inconsistent: the record is damaged.
        Unavailable: the database is away.
    """
    limits = {review.device: review.limit for review in _reviews(front)}
    known = front.registry.standings(tuple(limits))
    missing = [
        device
        for device, limit in limits.items()
        if known.get(device, DeviceStanding()).limit != limit
    ]
    for device in missing:
        _keep(front, device, limits[device])
    return len(missing)


def _keep(front: FrontOffice, device: EUI64, limit: int) -> None:
    now = front.registry.standings((device,)).get(device, DeviceStanding())
    front.registry.set_standing(device, replace(now, limit=limit))


def _reviews(front: FrontOffice) -> Iterator[LimitReview]:
    for item in front.index.items(of=LeafType.STATUS_NOTE, name=""):
        leaf = decode_leaf(front.reader.leaf(item.entry))
        said = metadata_of(front.reader, leaf)
        at = _EPOCH + timedelta(milliseconds=leaf.instant)
        review = _review(said, at, item.entry)
        if review is not None:
            yield review


def _review(said: Mapping[str, JSON], at: datetime, entry: int) -> LimitReview | None:
    """What a note says of a device's limit; None if it is about something else."""
    device, limit = said.get("device"), said.get("limit")
    issued, reason = said.get("issued"), said.get("reason")
    if not isinstance(device, str) or not isinstance(reason, str):
        return None
    if type(limit) is not int or type(issued) is not int:
        return None
    try:
        identity = EUI64.parse(device)
    except Malformed:
        return None
    return LimitReview(
        device=identity, limit=limit, issued=issued, reason=reason, at=at, entry=entry
    )

"""API keys of the web service: made, rotated, revoked, and whom one identifies.

A key is shown to whoever makes it and kept nowhere; what is kept is its SHA-256, which is enough for
a key that nobody chose: 120 bits from the house's own entropy.

Clause: sec-app-p:B
"""

import hashlib
from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from smki.flows.office import FrontOffice
from smki.policy.apikeys import GOOD_MOST, KeyStanding, end_beside_newer, key_standing
from smki.ports import ApiKey
from smki.terms import Finding, Refused

OPERATOR: Final = "the operator"
FOUNDER: Final = "smki init"
"""Who makes keys and is no user of the pages: no user's name has a blank in it."""
_KEY_OCTETS: Final = 15  # 24 characters, none of them to be escaped in an address
_CLAUSE: Final = "sec-app-p:B"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKey:
    """An API key as it is listed.

    Attributes:
        key: what is kept of it.
        standing: what it is now.
    """

    key: ApiKey
    standing: KeyStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was made just now.

    Attributes:
        secret: the key itself, this once.
        name: by what it is listed.
        earlier_end: when the earlier keys of the party end, seconds since 1970; None if none ends.
    """

    secret: str
    name: str
    earlier_end: int | None


def new_apikey(front: FrontOffice, party: str, by: str) -> NewKey:
    """The party has a new key; its earlier ones are good for the configured overlap.

    Raises:
        Refused: no such party, or too many of its keys are good.

    Clause: sec-app-p:B
    """
    secret = b32encode(front.entropy.octets(_KEY_OCTETS)).decode().lower()
    at, overlap = _now(front), front.access.overlap_seconds
    made = ApiKey(digest=digest_of(secret), party=party, made_at=at, made_by=by)
    ends: list[int] = []

    def beside(key: ApiKey) -> ApiKey:
        end = end_beside_newer(key.ends_at, fixed=key.fixed, newer_at=at, overlap=overlap)
        if end is None or end == key.ends_at:
            return key
        ends.append(end)
        return replace(key, ends_at=end, ended_by=by)

    def to(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        ends.clear()
        good = [one for one in keys if _standing(one, at).opens]
        if len(good) >= GOOD_MOST:
            raise _refused(
                "apikey.many",
                f"API keys: {len(good)} of {party} are good, at most {GOOD_MOST} may be",
                "revoke one that is not used any more, or wait until an earlier one has ended",
            )
        return (made, *map(beside, good))

    front.apikeys.change(party, to)
    return NewKey(secret=secret, name=made.name, earlier_end=max(ends, default=None))


def give_fixed_apikey(front: FrontOffice, party: str, secret: str) -> None:
    """That published key identifies the party; given again, it changes nothing.

    Raises:
        Refused: no such party, or it identifies another.

    Clause: sec-app-p:B
    """
    digest = digest_of(secret)
    made = ApiKey(digest=digest, party=party, made_at=_now(front), made_by=FOUNDER, fixed=True)
    front.apikeys.change(
        party, lambda keys: () if any(one.digest == digest for one in keys) else (made,)
    )


def revoke_apikey(front: FrontOffice, party: str, name: str, by: str) -> ApiKey:
    """The party's key of that name opens nothing from now on; what is kept of it.

    Raises:
        Refused: the party has no such key, it is ended already, or it is fixed and `by` is not the
            operator.

    Clause: sec-app-p:B
    """
    at = _now(front)
    revoked: list[ApiKey] = []

    def to(keys: tuple[ApiKey, ...]) -> tuple[ApiKey, ...]:
        revoked[:] = [
            replace(one, ends_at=at, ended_by=by, revoked=True)
            for one in keys
            if one.name == name and _may_be_revoked(one, at, by)
        ]
        if not revoked:
            raise _refused(
                "apikey.unknown",
                f"API key {name[:20]!r}: {party} has none of that name",
                f"'smki party apikeys {party}' lists them",
            )
        return tuple(revoked)

    front.apikeys.change(party, to)
    return revoked[0]


def shown_keys(front: FrontOffice, party: str) -> tuple[ShownKey, ...]:
    """All keys that the party ever had, newest first."""
    at = _now(front)
    return tuple(
        ShownKey(key=one, standing=_standing(one, at)) for one in front.apikeys.keys(party)
    )


def identify(front: FrontOffice, secret: str) -> str:
    """The party that the key identifies now.

    Raises:
        Refused: it is nobody's, or not good any more.

    Clause: sec-app-p:B
    """
    key = front.apikeys.key(digest_of(secret))
    if key is None:
        raise _refused("apikey.unknown", f"an API key of {len(secret)} characters that is nobody's")
    if key.ends_at is None:
        return key.party
    standing = _standing(key, _now(front))
    if standing.opens:
        return key.party
    when = datetime.fromtimestamp(key.ends_at, UTC)
    why = "revoked" if standing is KeyStanding.REVOKED else "ended by a newer one"
    raise _refused(
        f"apikey.{standing.value}",
        f"API key {key.name}: {why} at {when:%Y-%m-%d %H:%M:%S} UTC, must be one that is good",
        "use the newer one, or have your officer make one",
    )


def digest_of(secret: str) -> bytes:
    """What is kept of the key."""
    return hashlib.sha256(secret.encode()).digest()


def _may_be_revoked(key: ApiKey, at: int, by: str) -> bool:
    if not _standing(key, at).opens:
        raise _refused("apikey.ended", f"API key {key.name}: opens nothing already")
    if key.fixed and by != OPERATOR:
        raise _refused(
            "apikey.fixed",
            f"API key {key.name}: published clients send it, so that only the operator revokes it",
        )
    return True


def _standing(key: ApiKey, at: int) -> KeyStanding:
    return key_standing(key.ends_at, revoked=key.revoked, at=at)


def _now(front: FrontOffice) -> int:
    return int(front.clock.now().timestamp())


def _refused(rule: str, message: str, advice: str = "") -> Refused:
    return Refused(findings=(Finding(rule=rule, message=message, clause=_CLAUSE, advice=advice),))

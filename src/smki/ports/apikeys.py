"""The API keys of the repository's web service: whose each is, who made it, until when it is good."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_NAME_DIGITS = 12


def key_name(digest: bytes) -> str:
    """By what people speak of a key: the first 12 hexadecimal digits of its SHA-256."""
    return digest.hex()[:_NAME_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is kept of an API key; the key itself is nowhere.

    Attributes:
        digest: SHA-256 of the key.
        party: the party it identifies.
        made_at: seconds since 1970; None if it is older than such notes.
        made_by: the user of the pages who made it, or who else did; empty if unknown.
        fixed: published, the same in every embedded SMKI: a newer key does not end it.
        ends_at: from when it opens nothing, seconds since 1970; None if nothing ends it yet.
        ended_by: who made the newer one, or revoked it; empty if nobody.
        revoked: it was ended at once.
    """

    digest: bytes
    party: str
    made_at: int | None = None
    made_by: str = ""
    fixed: bool = False
    ends_at: int | None = None
    ended_by: str = ""
    revoked: bool = False

    @property
    def name(self) -> str:
        """By what people speak of it."""
        return key_name(self.digest)


class ApiKeys(Protocol):
    """Durable on return; safe for several threads and processes."""

    def key(self, digest: bytes) -> ApiKey | None:
        """The key with this SHA-256, whether or not it is still good."""
        ...

    def keys(self, party: str) -> tuple[ApiKey, ...]:
        """All keys that the party ever had, newest first."""
        ...

    def change(self, party: str, to: Callable[[tuple[ApiKey, ...]], tuple[ApiKey, ...]]) -> None:
        """The party's keys that `to` gives are as it gives them, new ones among them; none goes.

        Two at once follow one another: the second sees what the first made.

        Raises:
            Refused: no such party, or a key identifies another party; nothing is changed then.
        """
        ...

"""How far the verifiable index is, as `smki status` says it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from smki.bootstrap import Settings
from smki.bootstrap.opening import open_identity_map
from smki.flows.office import FrontOffice
from smki.merkle.leaf import decode_leaf
from smki.repository import index_root_of
from smki.terms import SmkiError

_LATE: Final = 3  # times the configured seconds: one for the root before, one to spare
_LOOKED_THROUGH: Final = 16  # entries: after a root is its own, and seldom another
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Fields = dict[str, Any]


def index_fields(
    settings: Settings, front: FrontOffice, *, serving: bool, problem: str = ""
) -> Fields:
    """The size that the index covers, how many entries it is behind, and what is wrong with it.

    Where nobody serves, nobody keeps it, and that is right.
    """
    total = front.reader.checkpoint().size
    covered = _covered(settings)
    fields: Fields = {"size": covered, "behind": max(0, total - covered), "problem": problem}
    if serving and not problem and (waiting := _waiting(front, covered, total)):
        entry, waited = waiting
        late = timedelta(seconds=_LATE * settings.index_root_seconds)
        if waited > late:
            fields["problem"] = (
                f"lags: entry {entry} was lodged {waited.total_seconds():.0f} s ago, must be in it"
                f" within {late.total_seconds():.0f} s"
            )
    return fields


def index_line(fields: Fields) -> str:
    """The same for people."""
    said = f"covers {fields['size']} entries, {fields['behind']} were lodged since"
    return f"{said}; {fields['problem']}" if fields["problem"] else said


def _covered(settings: Settings) -> int:
    """How many entries the map knows; none if there is no map that can be read."""
    try:
        with open_identity_map(settings).reading() as kept:
            return kept.state.size
    except SmkiError:
        return 0


def _waiting(front: FrontOffice, covered: int, total: int) -> tuple[int, timedelta] | None:
    """The first entry that it should cover and how long that has been there; None if there is none."""
    stop = min(total, covered + _LOOKED_THROUGH)
    for entry, leaf in enumerate(front.reader.leaves(min(covered, stop), stop), covered):
        if index_root_of(leaf) is None:
            lodged = _EPOCH + timedelta(milliseconds=decode_leaf(leaf).instant)
            return entry, front.clock.now() - lodged
    return None

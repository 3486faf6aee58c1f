"""That something of a recovery was refused is in the record, as what is refused of a key is.

Clause: sec:L10.9, sec:L5
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from smki.bootstrap import Settings
from smki.interfaces.operations import KEY_ASKED, perform
from smki.recovery import METHODS, Method
from smki.terms import Refused

_OWN: Final = "a party's own"
Told = Callable[[str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wanted to begin, or to carry.

    Attributes:
        campaign: its name.
        incident: as it was named.
        decision: id of the decision that was named.
        method: by which is recovered.
    """

    campaign: str
    incident: str
    decision: str
    method: Method


@contextmanager
def refusals_lodged(
    settings: Settings,
    environment: Mapping[str, str],
    asked: Asked,
    told: Told,
) -> Iterator[None]:
    """What is refused meanwhile is raised again once the record says so, and why.

    Args:
        settings: of the SMKI in whose record it goes.
        environment: of the process.
        asked: what was wanted.
        told: is told the entry, in words.

    Raises:
        Unavailable: the record is away.

    Clause: sec:L10.9
    """
    try:
        yield
    except Refused as error:
        reasons = [one.message for one in error.findings] or [error.message]
        wanted = {
            "campaign": asked.campaign,
            "decision": "",
            "fingerprint": "",
            "incident": asked.incident,
            "key": METHODS[asked.method].key or _OWN,
            "method": asked.method.value,
            "purpose": "recover",
            "recovery": asked.decision,
        }
        said = {"outcome": "refused", "reasons": reasons, "wanted": wanted}
        entry = perform(settings, environment, KEY_ASKED, {"said": said})["entry"]
        told(f"refused; entry {entry} of the record says so, and why")
        raise

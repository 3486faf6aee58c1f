"""What is in the record past the rules, and what was removed from beside it: for the audit.

Octets and index were audited before. Here it is asked of each document and each commitment whether
those who may lodged it, and whether what is gone was removed under a decision.

Clause: sec:L5, sec:L5.3
"""

from collections.abc import Iterator

from smki.flows.confiding import Removal, audit_confidential
from smki.flows.documents import history_of, titles
from smki.flows.office import FrontOffice
from smki.ports.confidential import Confidential


def examine_lodged(front: FrontOffice, kept: Confidential) -> Iterator[str | Removal]:
    """One sentence for each breach, and each removal by law. Covers what the index covers.

    Raises:
        Inconsistent: the record is damaged.

    Clause: sec:L5
    """
    for title in titles(front):
        for entry, reason in history_of(front, title).breaches:
            yield f"breach: entry {entry}, {title}: {reason}"
    yield from audit_confidential(front, kept)

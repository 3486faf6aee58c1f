"""The worker's part in the register of the policy authority: it has the record commit to it."""

import logging
from typing import Final

from smki.bootstrap import Settings
from smki.bootstrap.opening import open_confidential
from smki.flows.office import Office
from smki.flows.register_heads import commit_head_if_due

_LOG: Final = logging.getLogger("smki.register")


def follow_register(settings: Settings, office: Office) -> None:
    """The record commits to what was put into the register, unless that can wait.

    Raises:
        Unavailable: the disk or the database is away.
        Inconsistent: the register cannot be read.
    """
    leaf = commit_head_if_due(office, open_confidential(settings))
    if leaf is not None:
        _LOG.info("register: the record commits to its newest entry, leaf %d", leaf)

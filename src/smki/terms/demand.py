"""What is asked of the repository, in the kinds that are forecast and counted."""

from enum import Enum
from typing import Final


class RequestType(Enum):
    """A kind of request, by the interface it comes to. Forecast and counted by the day.

    Clause: sec-app-p:4
    """

    PORTAL = "portal"
    """a page of the portal"""
    SEARCH = "search"
    """a search of the web service"""
    RETRIEVE = "retrieve"
    """a retrieval of the web service"""
    SFTP = "sftp"
    """a file that was opened over SFTP"""

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower


REFUSED: Final = 401
"""The code of an answer that did nothing: it is looked up like the others, and counts as no use."""

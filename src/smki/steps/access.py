"""Who is logged in to the repository's pages, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Somebody with an open session.

    Attributes:
        user: who it is.
        must_change: nothing is open but the change of the password.
        form: what a form must bring along to be from a page of this session.

    Clause: sec-app-p:3.1
    """

    user: str
    must_change: bool
    form: str

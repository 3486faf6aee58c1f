"""A party gets the alias by which a body's open minutes call it: the one that it has, or a new one.

Letters are drawn by chance here, and nowhere else. Only the secretariat gives aliases: to anybody else
a refusal would tell who has one.

Clause: sec:M4.13
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.flows.keeping import all_of, keep
from smki.governance.aliases import CHANCE_OCTETS, assign
from smki.governance.duties import seats_of
from smki.governance.entities import Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.outputs import Alias
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.looking import all_under, look
from smki.governance.reading import secretariat_token, tokens_of
from smki.ports import Entropy
from smki.ports.register import Register
from smki.terms import Refused

SAID: Final = "an alias is given"  # whose, nobody reads here


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnamed:
    """A party that must not be named.

    Attributes:
        body: ref of the body in whose minutes.
        category: of the party, such as Large Supplier.
        party: its name.
        label: of whom the alias stands for.
    """

    body: str
    category: str
    party: str
    label: Label = Label.RED


def alias_for(
    register: Register, unnamed: Unnamed, entropy: Entropy, *, by: str, at: datetime
) -> Alias:
    """The alias of the party in that category of the body, which the register holds.

    Args:
        register: where it is kept.
        unnamed: the party.
        entropy: what draws the letters.
        by: ref of the person who gives it, of the body's secretariat; empty for whoever runs the house.
        at: the instant.

    Raises:
        Malformed: no category or no party.
        Refused: there is no such body, or whoever asks is not of its secretariat.
        Unavailable: the database is away.

    Clause: sec:M4.13
    """
    body = look(register, Committee, unnamed.body)
    seats = seats_of(by, all_of(register, Kind.SEAT)) if by else ()
    keeps = not by or secretariat_token(unnamed.body) in tokens_of(by, seats, at.date())
    if body is None or not keeps:
        raise Refused(
            f"alias: {unnamed.body!r} must be a body, and {by or 'who gives it'} of its secretariat",
            where="body",
            clause="sec:M4.13",
            rule="alias.by",
        )
    known = all_under(register, body, Alias)
    chance = entropy.octets(CHANCE_OCTETS)
    given = assign(known, body.ref, unnamed.category, unnamed.party, chance, unnamed.label)
    if given not in known:
        keep(register, Change(at=at, by=by, said=SAID, entities=(given,)))
    return given

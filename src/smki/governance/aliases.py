"""Aliases of parties that must not be named: Large Supplier A, whom only some know.

A party keeps its alias in a category of a body for good. Letters come in an order that chance gives,
so that they tell neither who came first nor who else was looked at. Nothing is undone here: what
leads from an alias to a party is the `Alias` alone, as confidential as its label says.

Clause: sec:M4.13
"""

from collections.abc import Iterable, Iterator
from typing import Final

from smki.governance.entities.outputs import Alias
from smki.governance.labels import Label
from smki.governance.numbering import alias_letters
from smki.governance.wording import says, words_of
from smki.terms import Malformed

ROOM: Final = 26  # as many letters again as there are parties: the next one cannot be guessed
CHANCE_OCTETS: Final = 8  # octets: of so many the choice is even for any number of parties there is


def assign(
    known: Iterable[Alias],
    body: str,
    category: str,
    party: str,
    chance: bytes,
    label: Label = Label.RED,
) -> Alias:
    """The alias of the party in that category of the body: the one it has, or a new one.

    Letters are drawn by `chance` (8 octets that nobody can foresee) out of those that nobody has:
    A to Z as long as half of them are free, twice as many when more parties come.

    Raises:
        Malformed: no category, no party, or not 8 octets.

    Clause: sec:M4.13
    """
    if len(chance) != CHANCE_OCTETS or not category.strip() or not party.strip():
        raise Malformed(
            f"alias: {category!r} of {body}, {len(chance)} octets of chance, must have a category,"
            f" a party and {CHANCE_OCTETS} octets",
            rule="alias.asked",
        )
    own = [one for one in known if (one.body, one.category) == (body, category)]
    for one in own:
        if words_of((one.party,)) == words_of((party,)):
            return one
    taken = {one.letters for one in own}
    room = ROOM
    while room < 2 * (len(taken) + 1):
        room *= 2
    free = [one for one in map(alias_letters, range(room)) if one not in taken]
    letters = free[int.from_bytes(chance, "big") % len(free)]
    return Alias(
        ref=f"{body} {category} {letters}",
        label=label,
        body=body,
        category=category,
        letters=letters,
        party=party,
    )


def named_in(text: str, aliases: Iterable[Alias]) -> Iterator[Alias]:
    """The aliases whose party is named in the text, whatever the case of letters or accents."""
    return (one for one in aliases if says(text, one.party))


def used_in(text: str, aliases: Iterable[Alias]) -> Iterator[Alias]:
    """The aliases that stand in the text."""
    return (one for one in aliases if says(text, one.name))

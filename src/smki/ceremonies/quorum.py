"""Opens a key in custody with the shares of a quorum; says of each share why it does not count.

Pure: shares in, the key's octets out, for whoever uses them at once. Who decided that the key may
be used is another matter.

Clause: sec-app-l:3
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from smki.ceremonies.custodians import too_many
from smki.ceremonies.keysets import KeySet, Secret, header_of, identifier_of, share_digest
from smki.ceremonies.sealing import unseal
from smki.ceremonies.words import Words, combine, read_words
from smki.terms import Finding, Malformed, Refused

RULE: Final = "ceremony.quorum"
_CLAUSE: Final = "sec-app-l:3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A share, and who presents it.

    Attributes:
        custodian: their identifier.
        organisation: whose staff they are today.
        words: the share.
    """

    custodian: str
    organisation: str
    words: str = field(repr=False)


def open_key(held: KeySet, presented: Sequence[Presented], others: Iterable[KeySet] = ()) -> Secret:
    """The key, if a quorum of its custodians presents their own shares of its present set.

    `others` are further keys in custody, to say of which one a share is.

    Raises:
        Refused: every reason: too few, two of one custodian, too many of one organisation, a share
            altered, of another set, of another key, or of a custodian who was replaced.

    Clause: sec-app-l:3, sec:L10.9
    """
    counted, said = _counted(held, presented, tuple(others))
    custodians = {one.custodian for one, _ in counted}
    said += too_many(held.rule, (one.organisation for one, _ in counted))
    if len(custodians) < held.quorum:
        said.append(f"{len(custodians)} shares count, must be {held.quorum}")
    if said:
        raise Refused(
            findings=tuple(
                Finding(
                    rule=RULE,
                    message=f"{held.key}: {one}",
                    where="shares",
                    clause=_CLAUSE,
                )
                for one in said
            )
        )
    wrapping = combine([words for _, words in counted[: held.quorum]])
    return Secret(
        key=held.key,
        purpose=held.purpose,
        algorithm=held.algorithm,
        fingerprint=held.fingerprint,
        octets=unseal(wrapping, held.sealed, header_of(held)),
    )


def _counted(
    held: KeySet, presented: Sequence[Presented], others: tuple[KeySet, ...]
) -> tuple[list[tuple[Presented, Words]], list[str]]:
    """The shares that count, one of each custodian, and what is wrong with the others."""
    counted: list[tuple[Presented, Words]] = []
    said: list[str] = []
    for one in presented:
        if one.custodian in {before.custodian for before, _ in counted}:
            said.append(f"two shares of {one.custodian}, a custodian has one")
            continue
        try:
            words = read_words(one.words)
        except Malformed as error:
            said.append(f"the share of {one.custodian} was altered ({error.message})")
            continue
        wrong = next(_wrong(held, one, words, others), None)
        if wrong is None:
            counted.append((one, words))
        else:
            said.append(wrong)
    return counted, said


def _wrong(held: KeySet, one: Presented, words: Words, others: tuple[KeySet, ...]) -> Iterator[str]:
    """Why this share does not count; nothing if it does."""
    part = held.holder(one.custodian)
    earlier = {identifier_of(before.set) for before in held.earlier}
    known = {name for before in held.earlier for name in before.custodians}
    if part is None:
        yield (
            f"{one.custodian} was replaced, their share opens nothing any more"
            if one.custodian in known
            else f"{one.custodian} is no custodian of this key"
        )
        return
    index, holder = part
    digest = share_digest(words.text)
    other = next((key for key in others if _is_of(key, digest) and key.set != held.set), None)
    if other is not None:
        yield f"the share of {one.custodian} is of another key, {other.key}"
    if words.identifier != held.identifier:
        yield (
            f"the share of {one.custodian} is of an earlier set, which was refreshed"
            if words.identifier in earlier
            else f"the share of {one.custodian} is of another set of shares"
        )
    if words.index != index:
        owner = held.holders[words.index].custodian if words.index < len(held.holders) else "nobody"
        yield f"the share of {one.custodian} is that of another custodian, {owner}: each has one"
    if digest != holder.share:
        yield f"the share of {one.custodian} was altered, or is of another set"


def _is_of(held: KeySet, digest: str) -> bool:
    return any(holder.share == digest for holder in held.holders)

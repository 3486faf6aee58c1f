"""Shares as words (SLIP-39): a wrapping key split, and put together again. Knows no custodian.

33 words a share of 32 octets; its first words name the set (15 bits), its checksum finds any three
wrong words, and what is put together is checked against a digest inside. The polynomial's
coefficients are chosen by the library, from the operating system's chance.

Clause: sec-app-l:3
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from shamir_mnemonic.shamir import EncryptedMasterSecret, recover_ems, split_ems
from shamir_mnemonic.shamir import ShareGroup as Group
from shamir_mnemonic.share import Share
from shamir_mnemonic.utils import MnemonicError

from smki.terms import Malformed, Refused

IDENTIFIERS: Final = range(1 << 15)
_WORDS_MAX: Final = 59  # of a share of 64 octets; ours have 33
_NO_PASSPHRASE: Final = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A share, read.

    Attributes:
        identifier: of the set of shares, below 32,768.
        index: which share of the set it is, from 0.
        quorum: how many put the key together.
        share: for `combine`.
    """

    identifier: int
    index: int
    quorum: int
    share: Share = field(repr=False)

    @property
    def text(self) -> str:
        """The words, in their only spelling."""
        words: str = self.share.mnemonic()
        return words


def split(secret: bytes, quorum: int, count: int, identifier: int) -> tuple[str, ...]:
    """`count` shares of the secret, in words; any `quorum` of them put it together.

    Clause: sec-app-l:3
    """
    whole = EncryptedMasterSecret.from_master_secret(secret, _NO_PASSPHRASE, identifier, True, 0)  # noqa: FBT003 - the library's own order
    ((*shares,),) = split_ems(1, [(quorum, count)], whole)
    return tuple(share.mnemonic() for share in shares)


def read_words(text: str) -> Words:
    """The share that these words spell.

    Raises:
        Malformed: a word that is not in the list, a wrong checksum, too few or too many words, or
            a share of several groups.

    Clause: sec-app-l:3
    """
    words = text.casefold().split()
    if len(words) > _WORDS_MAX:
        raise _malformed(f"{len(words)} words, must be 33")
    try:
        share = Share.from_mnemonic(" ".join(words))
    except (MnemonicError, ValueError):  # the library repeats words, which are secret
        raise _malformed(
            "does not read: a word that is not in the list, or one missing, changed or misplaced;"
            " must be the words as they were given"
        ) from None
    if (share.group_index, share.group_threshold, share.group_count) != (0, 1, 1):
        raise _malformed("of a set in groups, must be of one without")
    return Words(
        identifier=share.identifier,
        index=share.index,
        quorum=share.member_threshold,
        share=share,
    )


def combine(shares: Sequence[Words]) -> bytes:
    """The secret that these shares put together: exactly as many as the quorum, all different.

    Raises:
        Refused: they do not belong together, or one was altered so that its checksum still holds.

    Clause: sec-app-l:3
    """
    group = Group()
    try:
        for one in shares:
            group.add(one.share)
        secret: bytes = recover_ems({0: group}).decrypt(_NO_PASSPHRASE)
    except (MnemonicError, ValueError):
        raise Refused(
            f"shares: {len(shares)} put together nothing, must be of one set, as many as its"
            " quorum, all different, unaltered",
            clause="sec-app-l:3",
            rule="ceremony.shares.together",
        ) from None
    return secret


def _malformed(message: str) -> Malformed:
    return Malformed(
        f"share: {message}", where="share", clause="sec-app-l:3", rule="ceremony.share.words"
    )

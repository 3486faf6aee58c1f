"""The only room that uses Issuing CA keys: Admitted → Prepared → Journalled → Issued, and CRLs.

It decides nothing about who may have what; it composes, lints, writes the intent down, signs, and
reads back what it signed.
"""

from smki.authority.hierarchy import Authority, Hierarchy
from smki.authority.journal import JournalSeal, journal, restore
from smki.authority.preparation import Preparer
from smki.authority.revocation_lists import RevocationList, issue_crl
from smki.authority.signing import Signing, SigningKeys, begin_signing

__all__ = [
    "Authority",
    "Hierarchy",
    "JournalSeal",
    "Preparer",
    "RevocationList",
    "Signing",
    "SigningKeys",
    "begin_signing",
    "issue_crl",
    "journal",
    "restore",
]

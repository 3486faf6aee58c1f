"""The key that seals the journal: made with the house, in a file, opened by who holds the keys.

Always in an encrypted file of the state directory, also where issuing keys are in a token: like
the key of the log it is used by the worker alone, and whoever can write only the database, which
may be on another machine, has neither file nor passphrase.
"""

from collections.abc import Mapping
from pathlib import Path

from smki.adapters.keys import passphrase_from
from smki.adapters.vault import lock_away, take_out
from smki.authority import JournalSeal
from smki.authority.journal import SEAL_KEY_OCTETS
from smki.flows.office import FrontOffice
from smki.terms import Refused


def open_seal(
    front: FrontOffice, path: Path, environment: Mapping[str, str], passphrase_file: Path
) -> JournalSeal:
    """The seal of the journal; its key is made if there is none and the journal is empty.

    Raises:
        Refused: there is no key, and entries wait that nobody can tell to be our own; or the
            passphrase is missing or does not open the file.
        Unavailable: the file cannot be read or written.
    """
    passphrase = passphrase_from(environment, passphrase_file)
    try:
        return JournalSeal(take_out(path, passphrase))
    except FileNotFoundError:
        waiting = len(front.workbook.open_entries())
    if waiting:
        raise Refused(
            f"journal: entries wait to be signed ({waiting}), and the key that says whether they"
            " are our own is missing: restore its file from the copy of the state directory; if there"
            " never was one, start the version that wrote the entries once more, it finishes them",
            where=str(path),
            clause="sec-app-b:4.3",
            rule="journal.key",
        )
    key = front.entropy.octets(SEAL_KEY_OCTETS)
    lock_away(path, key, passphrase, front.entropy)
    return JournalSeal(key)

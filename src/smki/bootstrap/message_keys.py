"""The keys of remote parties: in the store that is configured for messages, and of sample parties.

Which of them a message needs is decided elsewhere.
"""

from collections.abc import Callable, Mapping

from smki.adapters.gbcs_keys import read_keys
from smki.adapters.gbcs_store import StoredKeys
from smki.bootstrap.opening import key_store
from smki.bootstrap.settings import MESSAGE_KEYS, Settings
from smki.bootstrap.values import KeySettings
from smki.flows.message_keys import RepositoryKeys
from smki.flows.office import FrontOffice
from smki.messages import KeyRing, KeyRings
from smki.terms import Refused, Unavailable


def message_keys(settings: Settings, environment: Mapping[str, str]) -> StoredKeys:
    """The store of keys that sign and authenticate messages: files in `keys/messages`, or a token.

    Raises:
        Refused: its passphrase or PIN is missing, or does not open it.
        Unavailable: it is away.

    Clause: gbcs:18.4
    """
    return StoredKeys(key_store(settings, _chosen(settings), environment, folder=MESSAGE_KEYS))


def stored_keys(settings: Settings, environment: Mapping[str, str]) -> StoredKeys | None:
    """The same store, if there is one: a token is configured, or files were made; else None.

    Raises:
        Refused: its passphrase or PIN is missing, or does not open it.
        Unavailable: it is away.
    """
    there = settings.path("keys", MESSAGE_KEYS).exists()
    if _chosen(settings).store == "software" and not there:
        return None
    return message_keys(settings, environment)


def house_ring(
    settings: Settings,
    environment: Mapping[str, str],
    front: FrontOffice,
    tell: Callable[[str], object],
) -> KeyRing:
    """The certificates of the repository; the private keys of sample parties and of the store.

    A store that cannot be opened is told and left out: what needs no private key holds without it.

    Clause: gbcs:18.4
    """
    rings: list[KeyRing] = [RepositoryKeys(front)]
    parties = settings.path("parties")
    folders = (
        sorted(path for path in parties.iterdir() if path.is_dir()) if parties.exists() else ()
    )
    rings += [read_keys(folder) for folder in folders]
    try:
        stored = stored_keys(settings, environment)
    except (Refused, Unavailable) as error:
        tell(f"keys of messages left out: {error}")
    else:
        rings += () if stored is None else (stored,)
    return KeyRings(rings=tuple(rings))


def _chosen(settings: Settings) -> KeySettings:
    return settings.keys.get(MESSAGE_KEYS, KeySettings())

"""Every effect we ask of the world, as Protocols. The waterline.

Each port speaks of durability and concurrency: what holds on return, who may call at once, what
happens if the power fails in between.
"""

from smki.ports.accounts import Account, Accounts, Passwords, Session
from smki.ports.apikeys import ApiKey, ApiKeys, key_name
from smki.ports.beside import Each, one_by_one
from smki.ports.demand import DayUse, Demand, Forecast, Over, Use, UseNotes
from smki.ports.identity_map import IdentityMap, MapState, MapView
from smki.ports.index import (
    ALL_DEVICES,
    CertificateIndex,
    CertificatePage,
    CertificateQuery,
    CertificateRow,
    DeviceRange,
    ItemRow,
    KeyHolder,
    ListRow,
)
from smki.ports.keys import (
    AgreementKey,
    AgreementKeyStore,
    DelegatingKey,
    KeyAlgorithm,
    KeyStore,
    SigningKey,
)
from smki.ports.record import Checkpoint, Record, RecordReader
from smki.ports.registry import Credential, DeviceStanding, Party, Registry, SshKey
from smki.ports.shelves import Shelves
from smki.ports.work import Batch, ChunkOutcome, ItemOutcome, JournalEntry, Workbook
from smki.ports.world import Clock, Entropy, Spool

__all__ = [
    "ALL_DEVICES",
    "Account",
    "Accounts",
    "AgreementKey",
    "AgreementKeyStore",
    "ApiKey",
    "ApiKeys",
    "Batch",
    "CertificateIndex",
    "CertificatePage",
    "CertificateQuery",
    "CertificateRow",
    "Checkpoint",
    "ChunkOutcome",
    "Clock",
    "Credential",
    "DayUse",
    "DelegatingKey",
    "Demand",
    "DeviceRange",
    "DeviceStanding",
    "Each",
    "Entropy",
    "Forecast",
    "IdentityMap",
    "ItemOutcome",
    "ItemRow",
    "JournalEntry",
    "KeyAlgorithm",
    "KeyHolder",
    "KeyStore",
    "ListRow",
    "MapState",
    "MapView",
    "Over",
    "Party",
    "Passwords",
    "Record",
    "RecordReader",
    "Registry",
    "Session",
    "Shelves",
    "SigningKey",
    "Spool",
    "SshKey",
    "Use",
    "UseNotes",
    "Workbook",
    "key_name",
    "one_by_one",
]

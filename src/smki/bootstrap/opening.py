"""Opens the house: a front office for any process, the office with the keys for one."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from smki import VERSION
from smki.adapters.confidential import ConfidentialFiles
from smki.adapters.helpers import Helpers, helpers
from smki.adapters.identity_map import SqliteIdentityMap
from smki.adapters.keys import KeyStoreKind, KeyStoreSettings, open_key_store
from smki.adapters.record import LOCKED, FileRecord, FileRecordReader
from smki.adapters.spool import FileSpool
from smki.adapters.use_notes import UseNoteFiles
from smki.adapters.waiting import WaitingFiles
from smki.adapters.world import SystemClock, SystemEntropy
from smki.authority import Authority, Hierarchy, Preparer
from smki.bootstrap.databases import open_house_database, update_database
from smki.bootstrap.issuing_keys import issuing_keys, must_be_here
from smki.bootstrap.sealing import open_seal
from smki.bootstrap.settings import Settings
from smki.bootstrap.values import KeySettings
from smki.ceremonies.development import ISSUING
from smki.flows.authorities import authorities
from smki.flows.configuring import lodge_configuration, plain_mapping
from smki.flows.issue import cover, settle
from smki.flows.log_keys import keep_log_keys
from smki.flows.office import FrontOffice, Office
from smki.flows.profile_changes import must_permit_profiles
from smki.ports import AgreementKeyStore, KeyAlgorithm, KeyStore, SigningKey
from smki.profiles import ProfileSettings, RowFields, RowReader, issuer_from_certificate
from smki.repository.keeping import LodgeRoot, MapKeeper
from smki.terms import CertificateKind, Refused, Unavailable

LOG_KEY = "log"
BESIDE = {"log-ml-dsa-44": KeyAlgorithm.ML_DSA_44}
"""The names of the keys that may sign checkpoints beside it."""
HELPED = CertificateKind.ISSUING_DCA  # signs by the thousand; helper processes open its key too
LOCK_PATIENCE_SECONDS = 10.0  # a worker without a server ends after the chunk it is at


@contextmanager
def open_front(settings: Settings) -> Iterator[FrontOffice]:
    """A front office: everything but CA keys and the writing end of the record.

    Raises:
        Unavailable: there is no SMKI in the state directory, or its database is away.
    """
    _must_be_initialised(settings)
    profiles = settings.profiles()
    with ExitStack() as stack:
        database = stack.enter_context(open_house_database(settings))
        yield FrontOffice(
            clock=SystemClock(),
            entropy=SystemEntropy(),
            settings=profiles,
            reader=FileRecordReader(settings.path("record"), settings.log_vkey),
            index=database.index,
            workbook=database.workbook,
            registry=database.registry,
            accounts=database.accounts,
            apikeys=database.apikeys,
            demand=database.demand,
            proceedings=database.proceedings,
            uses=stack.enter_context(closing(UseNoteFiles(settings.path("uses")))),
            spool=FileSpool(settings.path("spool")),
            describe=describer(profiles),
            waiting=WaitingFiles(settings.path("waiting")),
            build=f"smki {VERSION}",
            approve=settings.approve_batches,
            repeat=timedelta(seconds=settings.ad_hoc_repeat_seconds),
            bodies=settings.deciding(),
            signatories=settings.signing(),
            development=settings.development,
            access=settings.access.rules(),
        )


def _must_be_initialised(settings: Settings) -> None:
    if not settings.initialised:
        raise Unavailable(
            f"no SMKI in {settings.state}, one must be made first: run 'smki init' or 'make run'",
            where=os.fspath(settings.state),
        )


@contextmanager
def open_record(
    settings: Settings,
    environment: Mapping[str, str],
    ready_database: Callable[[Settings], object] = update_database,
    *,
    patience: float = LOCK_PATIENCE_SECONDS,
) -> Iterator[tuple[FrontOffice, FileRecord]]:
    """A front office and the writing end of the record; no CA key, nothing read of the index.

    `ready_database` is called once the record is ours, before the database is opened. The lock is
    waited for `patience` seconds.

    Raises:
        Unavailable: another process holds the lock, or the log's key or the database is away.
        Refused: the passphrase does not open the store.
    """
    _must_be_initialised(settings)
    with ExitStack() as stack:
        record = _open_record(settings, open_log_keys(settings, environment), patience)
        stack.callback(record.close)
        ready_database(settings)
        front = stack.enter_context(open_front(settings))
        yield front, record


@contextmanager
def open_office(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    founding: bool = False,
    deciding: bool = False,
    patience: float = LOCK_PATIENCE_SECONDS,
) -> Iterator[Office]:
    """The office that issues: holds the record's lock, and what was cut off before is settled.

    `founding` opens it while the hierarchy is not there yet. `deciding` opens it, to lodge a
    decision and nothing else, also where the profiles were changed and none permits it yet: what
    is in force stays what was lodged.

    Raises:
        Unavailable: another process holds the lock, or a key store or the database is away.
        Refused: a passphrase or PIN does not open its store, or the profiles were changed without a
            decision that permits it.
    """
    with open_record(settings, environment, patience=patience) as (front, record):
        cover(front, record)  # the hierarchy is read of the index
        office = assemble_office(settings, environment, front, record)
        if not founding:
            keep_log_keys(front, record, record.verifier_keys[1:])
            settle(office)
            bearing = plain_mapping(settings.bearing())
            with suppress(Refused) if deciding else nullcontext():
                must_permit_profiles(front, bearing)
                lodge_configuration(front, record, bearing)
        yield office


@contextmanager
def with_helpers(
    office: Office, settings: Settings, environment: Mapping[str, str], processes: int
) -> Iterator[tuple[Office, Helpers]]:
    """The office, whose keys other processes use as well where they can, and those helpers.

    A token has one session owner, which is this process: its keys sign here.
    """
    hands = helpers(processes, partial(_file_keys, settings, dict(environment)))
    keys = {
        kind: hands.delegate(kind, key)
        if processes > 1 and kind is HELPED and _in_file(settings, kind)
        else key
        for kind, key in office.keys.items()
    }
    try:
        yield replace(office, keys=keys), hands
    finally:
        hands.close()


def _in_file(settings: Settings, kind: CertificateKind) -> bool:
    return settings.keys.get(kind.value, KeySettings()).store == "software"


def _file_keys(
    settings: Settings, environment: Mapping[str, str]
) -> dict[CertificateKind, SigningKey]:
    """The key that a helper process may use, if it is in a file."""
    if not _in_file(settings, HELPED):
        return {}
    return {HELPED: issuing_stores(settings, environment)(HELPED).open(HELPED.value)}


def open_log_keys(settings: Settings, environment: Mapping[str, str]) -> tuple[SigningKey, ...]:
    """The keys that sign checkpoints as configured, the log's first one first; each is made once.

    Raises:
        Refused: the passphrase does not open the store.
        Unavailable: the store cannot be reached or written.
    """
    store = log_key_store(settings, environment)
    made = store.names()
    beside = (
        store.open(name) if name in made else store.make(name, algorithm)
        for name, algorithm in BESIDE.items()
        if algorithm.value in settings.checkpoint_signatures
    )
    return store.open(LOG_KEY), *beside


def _open_record(settings: Settings, log_keys: Sequence[SigningKey], patience: float) -> FileRecord:
    """The writing end, waited for while one whose server was killed comes to its end."""
    until = time.monotonic() + patience
    while True:
        try:
            key, *beside = log_keys
            return FileRecord(settings.path("record"), settings.log_origin, key, beside)
        except Unavailable as error:
            if error.rule != LOCKED or time.monotonic() > until:
                raise
        time.sleep(0.05)


def assemble_office(
    settings: Settings, environment: Mapping[str, str], front: FrontOffice, record: FileRecord
) -> Office:
    """The office over an open record, with the hierarchy and keys that there are now."""
    hierarchy = load_hierarchy(front)
    key_of = issuing_keys(issuing_stores(settings, environment))
    return Office(
        front=front,
        record=record,
        hierarchy=hierarchy,
        preparer=Preparer(hierarchy, front.settings, front.entropy),
        keys={
            kind: must_be_here(key_of, kind, hierarchy.authority(kind).certificate)
            for kind in ISSUING
            if kind in hierarchy.authorities
        },
        key_of=key_of,
        seal=open_seal(
            front, settings.path("keys", "journal.vault"), environment, passphrase_file(settings)
        ),
    )


def open_identity_map(settings: Settings) -> SqliteIdentityMap:
    """The map by EUI-64 beside the record; its keeper makes and changes it."""
    return SqliteIdentityMap(settings.path("identity-map.sqlite"))


def open_map_keeper(settings: Settings, front: FrontOffice, lodge: LodgeRoot) -> MapKeeper:
    """Whoever keeps the map and has its roots lodged, as often as configured."""
    return MapKeeper(
        record=front.reader,
        index=front.index,
        describe=front.describe,
        identity_map=open_identity_map(settings),
        lodge=lodge,
        seconds=settings.index_root_seconds,
        entries=settings.index_root_entries,
    )


def open_confidential(settings: Settings) -> ConfidentialFiles:
    """Where confidential content is kept, apart from the record that commits to it."""
    return ConfidentialFiles(settings.path("confidential"))


def load_hierarchy(front: FrontOffice) -> Hierarchy:
    """The authorities in force: the newest certificate of each kind in the record."""
    found = {}
    for kind in CertificateKind:
        if kind.is_authority and (known := authorities(front, kind)):
            issuer = issuer_from_certificate(known[-1], front.settings)
            found[kind] = Authority(certificate=known[-1], issuer=issuer)
    return Hierarchy(authorities=found)


def log_key_store(settings: Settings, environment: Mapping[str, str]) -> KeyStore:
    """The store of the log's key: always the encrypted files."""
    return key_store(settings, KeySettings(), environment)


def issuing_stores(
    settings: Settings, environment: Mapping[str, str]
) -> Callable[[CertificateKind], KeyStore]:
    """The store of each issuing authority's key, as configured; each store is opened once."""
    opened: dict[KeySettings, KeyStore] = {}

    def store(kind: CertificateKind) -> KeyStore:
        chosen = settings.keys.get(kind.value, KeySettings())
        if chosen not in opened:
            opened[chosen] = key_store(settings, chosen, environment)
        return opened[chosen]

    return store


def key_store(
    settings: Settings,
    chosen: KeySettings,
    environment: Mapping[str, str],
    *,
    folder: str = "issuing",
) -> AgreementKeyStore:
    """The store that was chosen; of files, the ones in that folder of the house's keys.

    Raises:
        Refused: its passphrase or PIN is missing, or does not open it.
        Unavailable: it is away.
    """
    if chosen.store == "software":
        where = KeyStoreSettings(
            directory=settings.path("keys", folder),
            passphrase_file=passphrase_file(settings),
        )
    else:
        where = KeyStoreSettings(
            kind=KeyStoreKind.PKCS11,
            module=chosen.module,
            token=chosen.token or "",
            pin_variable=chosen.pin_variable,
            pin_file=chosen.pin_file,
        )
    return open_key_store(where, environment)


def passphrase_file(settings: Settings) -> Path:
    """Where the passphrase of the issuing keys is, if no variable gives it."""
    return settings.path("passphrase")


def describer(profiles: ProfileSettings) -> Callable[[bytes], RowFields]:
    """What the index needs of a certificate; a reader that learns, for each thread."""
    local = threading.local()

    def describe(certificate: bytes) -> RowFields:
        reader = getattr(local, "reader", None)
        if reader is None:
            reader = local.reader = RowReader(profiles)
        fields: RowFields = reader.read(certificate)
        return fields

    return describe

"""`smki init`: makes a complete SMKI in the state directory. Can be cut off anywhere.

Each step looks first whether it was done. 1 configuration and passphrases; 2 the log's key;
3 the ceremony, in a root store of its own, or what one with custodians made (`founding`); 4 hierarchy and lists lodged; 5 the server's
certificate; 6 the sample parties. Nothing is made twice, nothing that was lodged is replaced.
"""

import fcntl
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Final

import tomli_w

from smki.adapters.files import make_folder, read_octets, write_durably
from smki.adapters.keys import make_passphrase_file
from smki.adapters.record import FileRecord
from smki.adapters.sql import migrate
from smki.adapters.vault import lock_away
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap.founding import (
    configure,
    ensure_passphrase,
    founded_by,
    is_live,
    take_in,
)
from smki.bootstrap.opening import (
    LOG_KEY,
    assemble_office,
    issuing_stores,
    log_key_store,
    open_front,
    open_office,
)
from smki.bootstrap.pairs import (
    Pair,
    certified,
    keep_certificate,
    pem_of,
    sample_pairs,
    server_pair,
)
from smki.bootstrap.restoring import restore_database, restore_register
from smki.bootstrap.roots import (
    for_roots,
    open_roots,
    root_passphrase,
    root_passphrase_file,
)
from smki.bootstrap.samples import API_KEY, SAMPLES, SUPPLIER, Sample
from smki.bootstrap.settings import (
    FILE,
    FOUNDING,
    Settings,
    load_settings,
    read_file,
    shipped_profile,
)
from smki.bootstrap.ssh_keys import host_key, open_to_sample
from smki.ceremonies import AuthorityNames, hold_development_ceremony
from smki.ceremonies.development import ROOTS
from smki.flows.activating import lodge_transcript
from smki.flows.apikeys import give_fixed_apikey
from smki.flows.configuring import lodge_configuration, plain_mapping
from smki.flows.issue import settle
from smki.flows.office import Office
from smki.flows.registering import (
    certify_organisation,
    certify_server,
    credential_for,
    open_interface,
    register_party,
)
from smki.flows.revocation import current_list, lodge_list, refresh_lists
from smki.merkle.leaf import LeafType
from smki.merkle.notes import VerifierKey
from smki.ports import KeyAlgorithm
from smki.profiles import ServerSubject
from smki.repository import lodge_ceremony, lodge_leaf
from smki.terms import CertificateKind, Interface, Refused, Unavailable
from smki.wire.encodings import write_pem

Told = Callable[[str], None]
_LOCK: Final = "init.lock"
_PATIENCE_SECONDS: Final = 60.0  # making a house takes some five
_FINISHED: Final = "init.finished"
_COMPLETE: Final = "init.complete"
DEVELOPMENT: Final = "development"
_BARE, _SAMPLES = "bare", "with samples"


def initialise(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    bare: bool,
    tell: Told,
    profile: str | None = None,
    ceremony: bytes | None = None,
) -> Settings:
    """A complete SMKI is in the state directory; the configuration as it is now.

    `profile` names a configuration profile that ships with the package; it is written into the
    configuration when the SMKI is made. `ceremony` is the transcript of initial roots by which it is
    founded: without one it is a development SMKI. One of real roots has no sample parties.

    Called again, it finishes what was cut off and changes nothing else; called twice at once, the
    second waits for the first.

    Raises:
        Unavailable: another process uses the state directory, or it cannot be written.
        Refused: a passphrase does not open a store that is there already, or the transcript founds
            no SMKI here.
    """
    profiled = {} if profile is None else shipped_profile(profile)
    _state_directory(settings.state)
    with alone(settings):
        settings = load_settings(environment)  # whoever was here before may have made it
        if ceremony is not None:
            take_in(settings, environment, ceremony)
        told = founded_by(settings)
        if told is not None and not settings.initialised:
            settings = configure(settings, environment, told.opening.profiles)
        bare = bare or is_live(told)
        return _initialise(settings, environment, profiled, bare=bare, tell=tell)


def _initialise(
    settings: Settings,
    environment: Mapping[str, str],
    profiled: Mapping[str, object],
    *,
    bare: bool,
    tell: Told,
) -> Settings:
    _passphrases(settings, environment, tell)
    settings = _log(settings, environment, tell, profiled)
    for sentence in restore_database(settings):
        tell(sentence)
    migrate(settings.database_url)
    with open_front(settings) as front:
        founded = front.workbook.noted(_FINISHED)
        complete = front.workbook.noted(_COMPLETE)
        if complete == _SAMPLES or (bare and complete):
            return settings
    if founded is None:
        _found(settings, environment, tell)
    with open_office(settings, environment) as office:
        _server(settings, office, tell)
        host_key(settings)
        if not bare:
            for sample in SAMPLES:
                _sample(settings, office, sample, tell)
            give_fixed_apikey(office.front, SUPPLIER, API_KEY)
            open_to_sample(settings, office.front)
        for sentence in restore_register(settings, office.front):
            tell(sentence)
        write_lists(settings, office)
        office.front.workbook.note(_COMPLETE, _BARE if bare else _SAMPLES)
    return settings


def _state_directory(path: Path) -> None:
    try:
        make_folder(path)
        path.chmod(0o700)
    except OSError as error:
        raise Unavailable(
            f"state directory: cannot be made ({error.strerror})", where=str(path)
        ) from error


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Nobody else is inside: two names for one log would be a house that cannot be opened.

    Raises:
        Unavailable: another was inside for a minute, or the state directory is away.
    """
    path = settings.path(_LOCK)
    until = time.monotonic() + _PATIENCE_SECONDS
    try:
        file = path.open("ab")
    except OSError as error:
        raise Unavailable(f"lock: cannot be had ({error.strerror})", where=str(path)) from error
    with file:
        while not _locked(file):
            if time.monotonic() > until:
                raise Unavailable(
                    "another 'smki init' or 'smki renew' is at work, try again", where=str(path)
                )
            time.sleep(0.05)
        yield


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def must_be_of_init(settings: Settings) -> None:
    """The SMKI is one that `smki init` may make.

    Raises:
        Refused: it is configured as one that custodians make.
    """
    if settings.kind != DEVELOPMENT:
        raise Refused(
            f"kind: {settings.kind}, 'smki init' makes a {DEVELOPMENT} SMKI alone, whose root keys no"
            " custodian has: found one by 'smki init --ceremony TRANSCRIPT', serve it by 'smki serve'",
            where="kind",
            clause="sec-app-b:B",
            rule="settings.kind",
        )


def is_complete(settings: Settings) -> bool:
    """True if there is nothing left for `initialise` to do; asks no key and changes nothing."""
    if not settings.initialised:
        return False
    try:
        with open_front(settings) as front:
            return front.workbook.noted(_COMPLETE) == _SAMPLES
    except Unavailable:
        return False


def _passphrases(settings: Settings, environment: Mapping[str, str], tell: Told) -> None:
    ensure_passphrase(settings, environment, tell)
    if settings.initialised or founded_by(settings):
        return  # the root keys may have been taken away, with theirs; a ceremony's were never here
    variables, path = for_roots(environment), root_passphrase_file(settings.path("root"))
    given = variables.get("SMKI_PASSPHRASE") or variables.get("SMKI_PASSPHRASE_FILE")
    if not given and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_passphrase_file(path)
        tell(f"made a passphrase file, readable by its owner only: {path}")


def _log(
    settings: Settings,
    environment: Mapping[str, str],
    tell: Told,
    profiled: Mapping[str, object],
) -> Settings:
    """The log has its key and its name, and both stand in the configuration."""
    store = log_key_store(settings, environment)
    present = LOG_KEY in store.names()
    key = store.open(LOG_KEY) if present else store.make(LOG_KEY, KeyAlgorithm.ED25519)
    if settings.initialised:
        return settings
    origin = settings.log_origin or (f"{settings.environment}.smki.invalid/{secrets.token_hex(6)}")
    content = {
        **profiled,
        **read_file(settings.state),
        "environment": settings.environment,
        **({} if settings.kind == DEVELOPMENT else {"kind": settings.kind}),
        "log_origin": origin,
        "log_vkey": str(VerifierKey.from_spki(origin, key.public_key)),
    }
    write_durably(settings.path(FILE), tomli_w.dumps(content).encode())
    tell(f"the log is {origin}")
    return load_settings(environment)


def _found(settings: Settings, environment: Mapping[str, str], tell: Told) -> None:
    """The hierarchy is made and lodged, with its first lists."""
    with open_office(settings, environment, founding=True) as founding:
        front, record = founding.front, founding.record
        if not isinstance(record, FileRecord):
            raise Unavailable("record: not one of files, a founding needs the writing end")
        clock, told = SystemClock(), founded_by(settings)
        if not any(True for _ in front.index.rows(CertificateKind.ROOT_OCA)):
            certificates, lists = (
                _develop(settings, environment, founding, tell)
                if told is None
                else (told.certificates, told.lists)
            )
            for kind, arl in lists.items():
                write_durably(_arl(settings, kind), arl)
            if front.reader.checkpoint().size == 0:
                lodge_leaf(record, LeafType.LOG_KEY, settings.log_vkey.encode(), clock.now())
            lodge_configuration(front, record, plain_mapping(settings.bearing()))
            lodge_ceremony(record, tuple(certificates.values()), clock.now())
        settle(founding)
        office = assemble_office(settings, environment, front, record)
        if told is not None:
            lodge_transcript(office, read_octets(settings.path(FOUNDING)))
        for kind in ROOTS:
            if current_list(front, kind) is None:
                lodge_list(office, kind, _arl(settings, kind).read_bytes())
        refresh_lists(office)
        front.workbook.note(_FINISHED, clock.now().isoformat())


def _develop(
    settings: Settings, environment: Mapping[str, str], founding: Office, tell: Told
) -> tuple[Mapping[CertificateKind, bytes], Mapping[CertificateKind, bytes]]:
    """The certificates and lists of a development hierarchy, whose root keys are in a store here."""
    tell("making the hierarchies: OCA, DCA and IKI, a root and an issuing authority each")
    entropy = SystemEntropy()
    outcome = hold_development_ceremony(
        open_roots(settings.path("root"), environment, new=True),
        issuing_stores(settings, environment),
        founding.front.settings,
        AuthorityNames(),
        entropy,
        SystemClock().now(),
    )
    lock_away(
        settings.path("root", "contingency-symmetric.vault"),
        outcome.contingency_symmetric_key,
        root_passphrase(settings.path("root"), environment),
        entropy,
    )
    return outcome.certificates, outcome.arls


def _arl(settings: Settings, kind: CertificateKind) -> Path:
    return settings.path("root", f"{kind.value}.arl")


def _server(settings: Settings, office: Office, tell: Told) -> None:
    pair = server_pair(settings, office.front.build)
    if pair.certificate.exists():
        return
    names = ServerSubject(dns_names=settings.names, addresses=settings.addresses)
    issued = certified(
        office.front, pair, lambda request: certify_server(office, names, request).certificate
    )
    chain = office.hierarchy.chain_of(CertificateKind.IKI_SERVER)
    write_durably(settings.path("tls", "ca.pem"), pem_of(*chain))
    keep_certificate(pair, issued, office.hierarchy)
    tell("the server has its certificate")


def write_lists(settings: Settings, office: Office) -> tuple[Path, ...]:
    """The current lists of Root and Issuing ICA stand beside the server's certificate, as PEM.

    A file that holds the current list already is left as it is.
    """
    paths = []
    for kind in (CertificateKind.ROOT_ICA, CertificateKind.ISSUING_ICA):
        current = current_list(office.front, kind)
        if current is not None:
            path = settings.path("tls", f"{kind.value}.crl.pem")
            pem = write_pem(current.octets, "X509 CRL")
            if not path.exists() or read_octets(path) != pem:
                write_durably(path, pem)
            paths.append(path)
    return tuple(paths)


def _sample(settings: Settings, office: Office, sample: Sample, tell: Told) -> None:
    register_party(office.front, sample.party)
    missing = [pair for pair in sample_pairs(settings, sample) if not pair.certificate.exists()]
    for pair in missing:
        issued = certified(office.front, pair, partial(_certify, office, pair))
        if pair.interface is not None:
            open_interface(office.front, pair.party, pair.interface, issued)
        keep_certificate(pair, issued, office.hierarchy)
    if missing:
        tell(
            f"{sample.party.name} is registered, with {len(missing)} certificate{'s' * (len(missing) > 1)}"
        )


def _certify(office: Office, pair: Pair, request: bytes) -> bytes:
    if pair.interface is None:
        return certify_organisation(office, pair.party, request).certificate
    return credential_for(office, pair.party, pair.interface, request).certificate


def credential_path(settings: Settings, party: str, interface: Interface) -> tuple[Path, Path]:
    """Certificate and key of a sample party's credential for this interface."""
    folder = settings.path("parties", party)
    return folder / f"{interface.value}.pem", folder / f"{interface.value}.key"

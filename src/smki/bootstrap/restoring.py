"""After a database was lost: what the state directory and the record give back, and what is gone.

Sample parties are known from the package and their folders, credentials and limits of devices from the
record. All else
of register and workbook was in the database alone, and is said, each with what to do about it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smki.adapters.sql import migrate
from smki.bootstrap.databases import is_lost
from smki.bootstrap.samples import API_KEY, SAMPLES, SUPPLIER
from smki.bootstrap.settings import Settings
from smki.bootstrap.ssh_keys import open_to_sample
from smki.flows.apikeys import give_fixed_apikey
from smki.flows.device_limits import restore_limits
from smki.flows.office import FrontOffice
from smki.flows.registering import register_party
from smki.flows.restoring import reopen_interfaces
from smki.terms import Unavailable

GONE: Final = (
    "the database was lost, and with it what nothing else holds:",
    "  batches and their results, and their numbers begin anew: who has no result sends the batch again",
    "  requests that were accepted and not lodged: nobody was answered, they are sent again",
    "  what the inventory knew of devices but their limits: 'smki registration device'",
    "  parties of your own: 'smki party add'; API keys other than the sample's: 'smki party apikey'",
    "  forecasts: 'smki party forecast'; use by the day, and answers by their reference",
    "  public keys for SFTP other than the sample's: 'smki party sshkey'",
)


def restore_database(settings: Settings) -> tuple[str, ...]:
    """The tables are there and of this version; what is gone, in sentences, if they were lost.

    Documents that were received for lost batches are set aside: nobody sweeps them.

    Raises:
        Unavailable: the database cannot be reached, or the folder not be renamed.
    """
    if not is_lost(settings):
        return ()
    kept = _set_aside(settings.path("spool"))
    migrate(settings.database_url)
    return (
        *GONE,
        *((f"  documents of batches as they were received: kept in {kept}",) * bool(kept)),
    )


def _set_aside(spool: Path) -> Path | None:
    try:
        if not spool.is_dir() or not any(spool.iterdir()):
            return None
        number = 1
        while (kept := spool.with_name(f"{spool.name}.lost-{number}")).exists():
            number += 1
        return spool.rename(kept)
    except OSError as error:
        raise Unavailable(
            f"spool: cannot be set aside ({error.strerror})", where=str(spool)
        ) from error


def restore_register(settings: Settings, front: FrontOffice) -> Iterator[str]:
    """Sample parties whose folders are here, and credentials in the record, are registered again.

    Yields what was done and what is left to do, in sentences; none if nothing was missing.
    """
    for sample in SAMPLES:
        name = sample.party.party
        if not settings.path("parties", name).is_dir():
            continue
        if front.registry.party(name) is None:
            register_party(front, sample.party)
            yield f"party {name} is registered again"
        if name == SUPPLIER:
            give_fixed_apikey(front, name, API_KEY)
            open_to_sample(settings, front)
    if limits := restore_limits(front):
        yield f"limits of devices, as the record says: {limits}"
    found = reopen_interfaces(front)
    if found.opened:
        yield f"credentials registered again: {found.opened}; those that were revoked stay so"
    for identity, name, role, count in found.strangers:
        yield (
            f"credentials of {name!r}: {count}; it is not registered: 'smki party add SHORT-NAME"
            f" --trading-name {name!r} --identity {identity}={role}' with what else is known of it,"
            " then 'smki repository reindex' once more"
        )

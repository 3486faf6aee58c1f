"""The only place that knows everyone: reads the configuration and puts the house together.

Makes offices out of adapters; no rule, no journey of its own.
"""

from smki.bootstrap.databases import update_database
from smki.bootstrap.initialising import Told, initialise
from smki.bootstrap.opening import open_front, open_office, open_record, with_helpers
from smki.bootstrap.restoring import restore_database, restore_register
from smki.bootstrap.settings import Settings, load_settings

__all__ = [
    "Settings",
    "Told",
    "initialise",
    "load_settings",
    "open_front",
    "open_office",
    "open_record",
    "restore_database",
    "restore_register",
    "update_database",
    "with_helpers",
]

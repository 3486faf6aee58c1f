"""The only place that knows everyone: reads the configuration and puts the house together.

Makes offices out of adapters; no rule, no journey of its own.
"""

from smki.bootstrap.initialising import Told, initialise
from smki.bootstrap.opening import open_front, open_office, open_record, with_helpers
from smki.bootstrap.settings import Settings, load_settings

__all__ = [
    "Settings",
    "Told",
    "initialise",
    "load_settings",
    "open_front",
    "open_office",
    "open_record",
    "with_helpers",
]

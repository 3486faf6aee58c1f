"""Published interpretations of a clause, for `smki clause`: imported where there is an SMKI alone."""

from collections.abc import Mapping
from datetime import UTC, datetime

from smki.bootstrap import load_settings, open_front
from smki.flows.interpreting import interpretations_of
from smki.flows.reading_register import ReadersOfRegister


def published(environment: Mapping[str, str], clause: str) -> list[dict[str, object]]:
    """What was agreed about the clause and is published for everybody, as `--json` shows it.

    Raises:
        Unavailable: the database is away.
        Malformed: the configuration is not of its form.
    """
    with open_front(load_settings(environment)) as front:
        readers = ReadersOfRegister(front.proceedings, lambda: datetime.now(UTC))
        found = interpretations_of(readers.anybody(), clause)
    return [
        {
            "ref": one.ref,
            "number": one.number,
            "heading": one.heading,
            "text": one.text,
            "published": one.published.isoformat() if one.published else None,
        }
        for one in found
    ]

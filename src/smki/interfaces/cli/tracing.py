"""A certificate of the record traced to the configuration that was in force when it was issued."""

import json
import os
from typing import Any

from smki.bootstrap import load_settings, open_front
from smki.flows.configuring import configuration_of
from smki.terms import Refused, SerialNumber


def trace_serial(serial: str) -> tuple[dict[str, Any], bytes]:
    """What the certificate was issued under, as `--json` shows it, and the whole configuration.

    Raises:
        Refused: no such certificate, or it is older than the first configuration lodged.
        Unavailable: there is no SMKI, or its database is away.

    Clause: sec:L9
    """
    number = SerialNumber.parse(serial)
    with open_front(load_settings(os.environ)) as front:
        row = front.index.by_serial(number)
        found = None if row is None else configuration_of(front, row)
        if row is None or found is None:
            what = "no certificate of that number" if row is None else "none was lodged before it"
            raise Refused(
                f"certificate {number}: found no configuration, {what}",
                where="SERIAL",
                clause="sec:L9",
                rule="certificate.trace",
            )
    policies = dict(json.loads(found.content)["profiles"]["settings"]["policies"])
    document = {
        "serial": str(number),
        "entry": row.entry,
        "profile": row.kind.value,
        "policy": policies.get(row.kind.value),
        "configuration": found.entry,
        "lodged_at": found.at.isoformat(timespec="seconds"),
        "build": found.build,
        "sha256": found.sha256,
    }
    return document, found.content

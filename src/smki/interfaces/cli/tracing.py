"""A certificate of the record traced to the configuration that was in force when it was issued."""

import json
import os
from datetime import UTC, datetime
from typing import Any

from smki.bootstrap import load_settings, open_front
from smki.flows.configuring import configuration_of
from smki.flows.gate import determined
from smki.merkle.leaf import decode_certificate
from smki.profiles import view
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
        _, body = decode_certificate(front.reader.leaf(row.entry))
        lodged = datetime.fromtimestamp(row.lodged_at / 1000, UTC)
        determination, _ = determined(front, lodged, row.entry)
    (policy, *_) = (*view(body.certificate).policies, None)
    live = policy in _live_policies(found.content)
    document = {
        "serial": str(number),
        "entry": row.entry,
        "profile": row.kind.value,
        "policy": policy,
        "live": live,
        "determination": determination.decision.id if live and determination else None,
        "configuration": found.entry,
        "lodged_at": found.at.isoformat(timespec="seconds"),
        "build": found.build,
        "sha256": found.sha256,
    }
    return document, found.content


def _live_policies(configuration: bytes) -> frozenset[str]:
    """The policy OIDs of live certificates that a configuration names; older ones name none."""
    settings = json.loads(configuration)["profiles"]["settings"]
    return frozenset(oid for _, oid in settings.get("live_policies", ()))

"""What an officer signed is handed in over the network, from a machine without a state directory.

By the portal's address, with the officer's own credential: the same certificate and key that sign. What
waits for a signature is shown to whoever runs the house.
"""

import http.client
import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.collecting import waiting_decisions
from smki.flows.configuring import bodies_at
from smki.governance import recorded_body
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.client import ClientCredential
from smki.interfaces.operations import collected_fields
from smki.terms import Inconsistent, Malformed, Refused, SmkiError, Unavailable

_SECONDS: Final = 60.0
_ANSWER_OCTETS: Final = 1 << 20
_FAMILIES: Final[dict[str, type[SmkiError]]] = {
    "malformed": Malformed,
    "refused": Refused,
    "unavailable": Unavailable,
    "inconsistent": Inconsistent,
}


def upload(portal: str, ca: str, credential: tuple[str, str], signed: tuple[bytes, bytes]) -> Any:
    """The decision and the officer's signature are with the house; what it answers.

    Args:
        portal: address of the portal, as `https://localhost:8443/portal`.
        ca: PEM file to trust the server by.
        credential: PEM files of the officer's certificate and key.
        signed: octets of the decision file, and of the signature.

    Raises:
        Malformed: no such address, or the house finds the file or signature to be none.
        Refused: the credential opens nothing there, or the house refuses it.
        Unavailable: the house cannot be reached, or is away.

    Clause: sec:L5.3
    """
    parts = urlsplit(portal)
    if parts.scheme != "https" or not parts.hostname:
        raise Malformed(
            f"portal: {portal[:80]!r}, must be an address as https://localhost:8443/portal",
            where="--upload",
        )
    certificate, key = credential
    trusted = ClientCredential(ca=Path(ca), certificate=Path(certificate), key=Path(key))
    connection = http.client.HTTPSConnection(
        parts.hostname, parts.port, timeout=_SECONDS, context=trusted.context()
    )
    decision, signature = signed
    try:
        connection.request(
            "POST",
            f"{parts.path.rstrip('/')}/decisions",
            recorded_body(decision, [signature]),
            {"Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        return _read(answer.status, answer.read(_ANSWER_OCTETS))
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            f"portal at {parts.netloc}: cannot be reached or broke off ({error})", where=portal
        ) from error
    finally:
        connection.close()


def _read(status: int, octets: bytes) -> Any:
    try:
        answer = json.loads(octets)
    except ValueError:
        answer = {}
    said = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(said, dict):
        family = _FAMILIES.get(str(said.get("family")), Unavailable)
        clause, where = str(said.get("clause", "")), str(said.get("where", ""))
        raise family(str(said.get("message", "")), where=where, clause=clause)
    if status != http.HTTPStatus.OK or not isinstance(answer, dict):
        raise Refused(
            f"HTTP {status}: the portal does not take it, must be opened by this credential",
            where="--certificate",
        )
    return answer


@click.command
@json_option
def waiting(*, as_json: bool) -> None:
    """List the decisions that wait for a signature; the record holds nothing of them."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        bodies = bodies_at(front, front.index.size())
        parties = frozenset(party for held in bodies.values() for party in held)
        found = [collected_fields(one) for one in waiting_decisions(front, parties)]
    lines = [
        f"{one['id']}: signed by {', '.join(one['officers'])}, lacks {' and '.join(one['missing'])}"
        for one in found
    ] or ["no decision waits for a signature"]
    emit({"waiting": found}, lines, as_json=as_json)

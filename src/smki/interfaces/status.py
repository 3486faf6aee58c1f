"""What `smki status` says: the house as it stands, whether or not it is being served.

Reads files and the database. Where a server is ready it gives them time; otherwise it answers within
two seconds, whether or not they do.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, Final

from smki import VERSION
from smki.bootstrap import Settings, open_front
from smki.bootstrap.holdings import DUE_DAYS, Holding, holdings
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.samples import API_KEY, SUPPLIER
from smki.bootstrap.ssh_keys import SAMPLE, host_fingerprint
from smki.flows.demand import notices
from smki.flows.gate import read_gate
from smki.flows.log_keys import signing_beside
from smki.flows.office import FrontOffice
from smki.interfaces.index_standing import index_fields, index_line
from smki.interfaces.said import read_serving
from smki.terms import Interface, SmkiError

ANSWER_SECONDS: Final = 1.2  # of the two, the command itself takes the rest
BUSY_SECONDS: Final = 10.0  # a house at work may be slow to answer
_DOOR: Final = ("server", "list/root-ica", "authority/issuing-ica", "authority/root-ica")
"""What nobody can connect without, once it has expired."""

_ENDPOINTS = (
    "portal",
    "adhoc",
    "batch",
    "repository",
    "repository_local",
    "sftp",
    "metrics",
)
_CREDENTIALS = {
    "adhoc": Interface.AD_HOC,
    "batch": Interface.BATCH,
    "officer": Interface.PORTAL,
}


def status_document(settings: Settings) -> dict[str, Any]:
    """The whole document, every key always there; `ready` is false unless all is well."""
    serving = read_serving(settings)
    document: dict[str, Any] = {
        "ready": bool(serving.get("ready")),
        "state": str(settings.state.absolute()),
        "version": VERSION,
        "development": settings.development,
        "endpoints": {name: serving.get("endpoints", {}).get(name) for name in _ENDPOINTS},
        "credentials": _credentials(settings),
        "log": {"origin": None, "size": 0, "root": None, "vkey": None, "vkeys": []},
        "index": {"size": 0, "behind": 0, "problem": ""},
        "certificates": 0,
        "gate": {"issues": "test", "decision": None, "reason": ""},
        "parties": [],
        "expiring": [],
        "notices": [],
    }
    document |= _found(
        settings, serving, seconds=BUSY_SECONDS if document["ready"] else ANSWER_SECONDS
    )
    if problem := serving.get("problem"):  # the server's word goes first
        document["problem"] = problem
    return document


def _found(settings: Settings, serving: Mapping[str, Any], *, seconds: float) -> dict[str, Any]:
    """What files and database say within so many seconds; else that they do not."""
    found: Future[dict[str, Any]] = Future()

    def look() -> None:
        try:
            found.set_result(_look(settings, serving))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            found.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        return {"ready": False, "problem": f"the database has not answered for {seconds:g} s"}


def _look(settings: Settings, serving: Mapping[str, Any]) -> dict[str, Any]:
    problem = serving.get("index_problem", "")
    try:
        with open_front(settings) as front:
            index = index_fields(
                settings, front, serving=bool(serving.get("ready")), problem=problem
            )
            expiring = expiries(holdings(settings, front, at := front.clock.now()), at)
            return _house(front) | {"index": index, "gate": gate_fields(front, at)} | expiring
    except SmkiError as error:
        return {"ready": False, "problem": error.message}


def gate_fields(front: FrontOffice, at: datetime) -> dict[str, Any]:
    """Whether test certificates or live ones are issued, and by which decision, or why not."""
    gate = read_gate(front, at)
    return {
        "issues": "live" if gate.live else "test",
        "decision": gate.determination or None,
        "reason": gate.reason,
    }


def gate_line(fields: Mapping[str, Any]) -> str:
    """The gate, for people."""
    if fields["decision"]:
        return f"{fields['issues']} certificates are issued, by decision {fields['decision']}"
    return f"{fields['issues']} certificates alone are issued: {fields['reason']}"


def expiries(found: tuple[Holding, ...], now: datetime) -> dict[str, Any]:
    """What expires soon; not ready if nobody can connect because of it."""
    due = [one for one in found if one.due(now, timedelta(days=DUE_DAYS))]
    document: dict[str, Any] = {"expiring": [holding_fields(one, now) for one in due]}
    for one in due:
        if one.name in _DOOR and one.expires < now:
            document |= {
                "ready": False,
                "problem": f"nobody can connect: {one.what} expired on {one.expires:%Y-%m-%d},"
                f" renewed by {one.renewal.value}",
            }
    return document


def holding_fields(holding: Holding, now: datetime) -> dict[str, Any]:
    """Something that expires, as JSON."""
    return {
        "name": holding.name,
        "what": holding.what,
        "expires": holding.expires.isoformat(),
        "days": holding.days(now),
        "renewal": holding.renewal.value,
    }


def expiry_line(fields: Mapping[str, Any]) -> str:
    """Something that expires, for people."""
    days = fields["days"]
    when = f"in {days} days" if days >= 0 else "expired"
    return f"{fields['name']}: {fields['what']}, {fields['expires'][:10]} ({when})"


def _credentials(settings: Settings) -> dict[str, Any]:
    shown: dict[str, Any] = {"ca": str(settings.path("tls", "ca.pem").absolute())}
    for name, interface in _CREDENTIALS.items():
        certificate, key = credential_path(settings, SUPPLIER, interface)
        shown[name] = {"certificate": str(certificate.absolute()), "key": str(key.absolute())}
    shown["sftp"] = {
        "user": SUPPLIER,
        "key": str(settings.path(*SAMPLE).absolute()),
        "fingerprint": host_fingerprint(settings),
    }
    return {**shown, "apikey": API_KEY}


def _house(front: FrontOffice) -> dict[str, Any]:
    checkpoint = front.reader.checkpoint()
    return {
        "notices": [
            {
                "party": one.party,
                "day": one.day.isoformat(),
                "type": one.request_type.value,
                "requests": one.requests,
                "forecast": one.forecast,
            }
            for one in notices(front)
        ],
        "log": {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "vkey": front.reader.verifier_key,
            "vkeys": [front.reader.verifier_key, *(one.key for one in signing_beside(front))],
        },
        "certificates": front.index.count(),
        "parties": [
            {
                "name": party.name,
                "eui64": str(identity),
                "roles": ["manufacturer" if role is None else role.name.lower()],
            }
            for party in front.registry.parties()
            for identity, role in party.identities
        ],
    }


def status_lines(document: Mapping[str, Any]) -> list[str]:
    """The document for people."""
    kind = "development SMKI: for tests, never to be relied on" if document["development"] else ""
    lines = [
        f"{'ready' if document['ready'] else 'not ready'}  {kind}".rstrip(),
        f"state             {document['state']}",
    ]
    if problem := document.get("problem"):
        lines.append(f"problem           {problem}")
    lines += [
        f"{name:17} {address}"
        for name, address in document["endpoints"].items()
        if address is not None
    ]
    lines += [
        f"expires           {expiry_line(one)}: {one['renewal']}" for one in document["expiring"]
    ]
    lines += [
        f"above forecast    {one['party']}: {one['requests']} requests '{one['type']}' on"
        f" {one['day']}, {one['forecast']} were forecast"
        for one in document["notices"]
    ]
    log = document["log"]
    if log["origin"]:
        lines += [
            f"log               {log['origin']}, {log['size']} entries, root {log['root'][:16]}...",
            f"verifiable index  {index_line(document['index'])}",
            f"certificates      {document['certificates']}",
            f"gate              {gate_line(document['gate'])}",
        ]
    lines += [
        f"party             {party['name']} {party['eui64']} ({', '.join(party['roles'])})"
        for party in document["parties"]
    ]
    if document["parties"]:
        shown = document["credentials"]
        lines.append(f"trust the server  {shown['ca']}")
        lines += [f"credential        {shown[name]['certificate']}" for name in _CREDENTIALS]
        lines.append(f"apikey            {shown['apikey']}")
    if (fingerprint := document["credentials"]["sftp"]["fingerprint"]) is not None:
        lines.append(f"sftp host key     {fingerprint}")
    if log["origin"] and not any(document["endpoints"].values()):
        lines.append("next: 'smki serve' serves it")
    return lines

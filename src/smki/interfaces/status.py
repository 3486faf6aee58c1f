"""What `smki status` says: the house as it stands, whether or not it is being served.

Answers within two seconds: it reads files and the database, and asks nobody over the network.
"""

from collections.abc import Mapping
from typing import Any

from smki import VERSION
from smki.bootstrap import Settings, open_front
from smki.bootstrap.initialising import credential_path
from smki.bootstrap.samples import API_KEY, SUPPLIER
from smki.flows.office import FrontOffice
from smki.interfaces.serving import read_serving
from smki.terms import Interface, SmkiError

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
        "log": {"origin": None, "size": 0, "root": None, "vkey": None},
        "certificates": 0,
        "parties": [],
    }
    if problem := serving.get("problem"):
        document["problem"] = problem
    try:
        with open_front(settings) as front:
            document |= _house(front)
    except SmkiError as error:
        document |= {"ready": False, "problem": error.message}
    return document


def _credentials(settings: Settings) -> dict[str, Any]:
    shown: dict[str, Any] = {"ca": str(settings.path("tls", "ca.pem").absolute())}
    for name, interface in _CREDENTIALS.items():
        certificate, key = credential_path(settings, SUPPLIER, interface)
        shown[name] = {"certificate": str(certificate.absolute()), "key": str(key.absolute())}
    return {**shown, "apikey": API_KEY}


def _house(front: FrontOffice) -> dict[str, Any]:
    checkpoint = front.reader.checkpoint()
    return {
        "log": {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "root": checkpoint.root.hex(),
            "vkey": front.reader.verifier_key,
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
    log = document["log"]
    if log["origin"]:
        lines += [
            f"log               {log['origin']}, {log['size']} entries, root {log['root'][:16]}...",
            f"certificates      {document['certificates']}",
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
    if log["origin"] and not any(document["endpoints"].values()):
        lines.append("next: 'smki serve' serves it")
    return lines

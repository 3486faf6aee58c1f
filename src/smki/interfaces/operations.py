"""What can be asked of whoever holds the keys: by the server, and by the command line.

If a worker runs it is asked over the link; if none runs, the command line opens the office itself.
One table; each operation takes the office and JSON arguments and gives a JSON result.
"""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from smki.adapters.files import read_octets
from smki.adapters.record import LOCKED, is_locked
from smki.bootstrap import Settings, open_office
from smki.bootstrap.initialising import write_lists
from smki.bootstrap.opening import open_confidential
from smki.flows.activating import lodge_asked, lodge_transcript
from smki.flows.batch import approve_batch, reject_batch
from smki.flows.collecting import SIGN_DECISION, Collected, collect_signatures
from smki.flows.confiding import confide, remove_content
from smki.flows.deciding import lodge_decision
from smki.flows.device_limits import limit_reviews, review_limit
from smki.flows.documents import lodge_document, withdraw_document
from smki.flows.index_roots import INDEX_ROOT, lodge_index_root
from smki.flows.key_use import USE_KEY, KeyUse, must_permit_key_use
from smki.flows.office import FrontOffice, Office
from smki.flows.recovery_pieces import Piece, lodge_pieces
from smki.flows.registering import (
    certify_organisation,
    certify_server,
    credential_for,
    file_signer_for,
)
from smki.flows.renewal import renew_root_list
from smki.flows.revocation import ISSUING, publish_list, revoke_credential
from smki.flows.revoking import revoke_organisation
from smki.flows.succeeding import TAKE, take_ceremony
from smki.governance.signatories import missing_names
from smki.interfaces.link import SOCKET, ask
from smki.interfaces.waiting import GRACE_SECONDS
from smki.ports import DeviceStanding
from smki.profiles import ServerSubject
from smki.steps import Published
from smki.terms import (
    EUI64,
    CertificateKind,
    Finding,
    Interface,
    Malformed,
    Refused,
    SerialNumber,
    SmiStatus,
    Unavailable,
)

Operation = Callable[[Settings, Office, Mapping[str, Any]], dict[str, Any]]
KEY_ASKED: Final = "key-asked"
CEREMONY: Final = "ceremony"
DECISION: Final = "decision"
RECOVERY_EVIDENCE: Final = "recovery-evidence"
RECOVERY_PIECES: Final = RECOVERY_EVIDENCE  # folder of pieces, see `recovery_lodging`
_TURN_SECONDS: Final = 0.05  # between two looks whether it is our turn


def _ping(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings, arguments
    return {"size": office.front.reader.checkpoint().size}


def _revoke(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    serial = SerialNumber.parse(arguments["serial"])
    current = revoke_credential(office, serial)
    write_lists(settings, office)
    return {"serial": str(serial), "crl_number": current.number}


def _refresh(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    kind = CertificateKind(arguments["authority"])
    if kind not in ISSUING:
        raise Refused(
            f"authority {kind.value}: issues no list here, must be one of"
            f" {', '.join(one.value for one in ISSUING)}",
            clause="sec-app-b:B-crl",
            rule="authority.list",
        )
    current = publish_list(office, kind)
    write_lists(settings, office)
    return {"authority": kind.value, "crl_number": current.number}


def _approve(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    approve_batch(office.front, arguments["batch"])
    return {"batch_id": arguments["batch"], "status": "PARSING"}


def _reject(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    reject_batch(office.front, arguments["batch"])
    return {"batch_id": arguments["batch"], "status": "REJECTED"}


def _device(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    device = EUI64.parse(arguments["device"])
    registry = office.front.registry
    now = registry.standings((device,)).get(device, DeviceStanding())
    responsible = arguments.get("responsible")
    status, limit = arguments.get("status"), arguments.get("limit")
    standing = DeviceStanding(
        status=now.status if status is None else SmiStatus(status),
        responsible=now.responsible if responsible is None else EUI64.parse(responsible),
        communications=arguments.get("communications", now.communications),
        limit=now.limit,
    )
    if limit is not None:
        review = review_limit(office, device, int(limit), str(arguments.get("reason", "")))
        standing = replace(standing, limit=review.limit)
    registry.set_standing(device, standing)
    return standing_fields(office.front, device, standing)


def standing_fields(front: FrontOffice, device: EUI64, standing: DeviceStanding) -> dict[str, Any]:
    """What the inventory knows of the device, as JSON; with the reviews of its limit."""
    return {
        "device": str(device),
        "status": standing.status.value,
        "responsible": None if standing.responsible is None else str(standing.responsible),
        "communications": standing.communications,
        "limit": standing.limit,
        "reviews": [
            {
                "limit": each.limit,
                "issued": each.issued,
                "reason": each.reason,
                "at": each.at.isoformat(timespec="seconds"),
                "entry": each.entry,
            }
            for each in limit_reviews(front, device)
        ],
    }


def _credential(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    interface = Interface(arguments["interface"])
    request = base64.b64decode(arguments["request"])
    replaces = arguments.get("replaces")
    published = credential_for(
        office,
        arguments["party"],
        interface,
        request,
        replaces=None if replaces is None else SerialNumber.parse(replaces),
    )
    issuer = office.hierarchy.chain_of(interface.credential)[0]
    return _published(published, issuer)


def _file_signer(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    del settings
    request = base64.b64decode(arguments["request"])
    published = file_signer_for(office, arguments["party"], request)
    issuer = office.hierarchy.chain_of(CertificateKind.IKI_FILE_SIGNING)[0]
    return _published(published, issuer)


def _organisation(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    del settings
    request = base64.b64decode(arguments["request"])
    return _published(certify_organisation(office, arguments["party"], request))


def _server(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings  # those of whoever asks are newer: this process may have started long ago
    names = ServerSubject(
        dns_names=tuple(arguments["names"]), addresses=tuple(arguments["addresses"])
    )
    published = certify_server(office, names, base64.b64decode(arguments["request"]))
    return _published(published, office.hierarchy.chain_of(CertificateKind.IKI_SERVER)[0])


def _root_list(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    root = CertificateKind(arguments["authority"])
    current = renew_root_list(office, root, base64.b64decode(arguments["list"]))
    write_lists(settings, office)
    return {"authority": root.value, "crl_number": current.number}


def _published(published: Published, *issuers: bytes) -> dict[str, Any]:
    lodged = published.lodged
    chain = (published.certificate, *issuers)
    return {
        "serial": str(lodged.issued.prepared.serial),
        "entry": lodged.entry,
        "chain": [base64.b64encode(one).decode() for one in chain],
    }


def _decision(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    recorded = lodge_decision(
        office,
        base64.b64decode(arguments["decision"]),
        [base64.b64decode(one) for one in arguments["signatures"]],
    )
    return {
        "id": recorded.decision.id,
        "entry": recorded.entry,
        "officers": [officer.name for officer in recorded.officers],
        "missing": missing_names(recorded.signed) or [],
    }


def _sign_decision(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    del settings
    collected = collect_signatures(
        office,
        base64.b64decode(arguments["decision"]),
        [base64.b64decode(one) for one in arguments["signatures"]],
    )
    return collected_fields(collected)


def collected_fields(one: Collected) -> dict[str, Any]:
    """A decision as far as it is signed, as JSON."""
    return {
        "id": one.found.decision.id,
        "sha256": one.digest,
        "entry": one.found.entry if one.lodged else None,
        "officers": [officer.name for officer in one.found.officers],
        "missing": missing_names(one.found.signed) or [],
    }


def _revoke_organisation(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    entry, current = revoke_organisation(office, arguments["asked"])
    write_lists(settings, office)
    serial = str(SerialNumber.parse(arguments["asked"]["serial"]))
    return {"serial": serial, "entry": entry, "crl_number": current.number}


def _lodge_document(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    del settings
    version = lodge_document(office, arguments["asked"], read_octets(Path(arguments["path"])))
    return {"entry": version.entry, "title": version.title, "version": version.version}


def _withdraw_document(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    del settings
    return {"entry": withdraw_document(office, arguments["asked"])}


def _confide(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    content = base64.b64decode(arguments["content"])
    return {"entry": confide(office, open_confidential(settings), arguments["name"], content)}


def _key_asked(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    return {"entry": lodge_asked(office, arguments["said"])}


def _ceremony(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    return {"entry": lodge_transcript(office, base64.b64decode(arguments["transcript"]))}


def _take_ceremony(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    taken = take_ceremony(office, base64.b64decode(arguments["transcript"]))
    write_lists(settings, office)
    return {
        "script": taken.script,
        "entry": taken.entry,
        "authorities": [kind.value for kind in taken.authorities],
        "lists": [kind.value for kind in taken.lists],
        "recovery": base64.b64encode(taken.recovery or b"").decode(),
        "began": taken.began,
    }


def _remove_content(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    removal = remove_content(office, open_confidential(settings), arguments["asked"])
    return {
        "entry": removal.entry,
        "tombstone": removal.tombstone,
        "decision": removal.decision,
        "officer": removal.officer.name,
    }


def _key_use(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    use = KeyUse(
        name=arguments["name"],
        digest=arguments["digest"],
        incident=arguments["incident"],
        purpose=arguments["purpose"],
    )
    permitted = must_permit_key_use(office, use)
    return {"decision": permitted.decision.decision.id, "entry": permitted.entry}


def _index_root(settings: Settings, office: Office, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del settings
    return {"entry": lodge_index_root(office, arguments["body"].encode())}


def _recovery_evidence(
    settings: Settings, office: Office, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    folder = settings.path(RECOVERY_PIECES)
    pieces = [
        Piece(kind=one["kind"], name=one["name"], octets=_piece(folder, one["sha256"]))
        for one in arguments["pieces"]
    ]
    return {"entries": list(lodge_pieces(office, arguments["recovery"], pieces))}


def _piece(folder: Path, digest: str) -> bytes:
    """The file of that name, which is its SHA-256.

    Raises:
        Malformed: another name, or other octets.
        Unavailable: it cannot be read.
    """
    octets = b"" if Path(digest).name != digest else read_octets(folder / digest)
    if sha256(octets).hexdigest() != digest:
        raise Malformed(f"piece {digest[:64]!r}: has other octets, must be named by its SHA-256")
    return octets


DECIDING: Final = frozenset({DECISION, SIGN_DECISION})
"""What may be done where the configuration waits for a decision: it is how one comes."""

OPERATIONS: Final[Mapping[str, Operation]] = {
    "ping": _ping,
    INDEX_ROOT: _index_root,
    "revoke": _revoke,
    "refresh": _refresh,
    "approve": _approve,
    "reject": _reject,
    "device": _device,
    "credential": _credential,
    "file-signer": _file_signer,
    "organisation": _organisation,
    "server": _server,
    "root-list": _root_list,
    DECISION: _decision,
    SIGN_DECISION: _sign_decision,
    USE_KEY: _key_use,
    "confide": _confide,
    KEY_ASKED: _key_asked,
    CEREMONY: _ceremony,
    TAKE: _take_ceremony,
    RECOVERY_EVIDENCE: _recovery_evidence,
    "remove-content": _remove_content,
    "lodge-document": _lodge_document,
    "withdraw-document": _withdraw_document,
    "revoke-organisation": _revoke_organisation,
}


def perform(
    settings: Settings,
    environment: Mapping[str, str],
    operation: str,
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """The result of the operation: by the worker if one runs, else here, after others that do so.

    Any number of processes may ask at once; whichever sequences, each is answered when what it
    asked for is lodged.

    Raises:
        SmkiError: what the operation raises.
        Unavailable: it was not its turn in the configured time, or the office cannot be opened.
    """
    until = time.monotonic() + settings.checkpoint_seconds
    while True:
        seconds = settings.checkpoint_seconds + GRACE_SECONDS
        result = ask(settings.path(SOCKET), operation, arguments, seconds)
        if result is not None:
            return result
        try:
            if not is_locked(settings.path("record")):
                deciding = operation in DECIDING
                with open_office(settings, environment, deciding=deciding, patience=0) as office:
                    return carry_out(settings, office, operation, arguments)
        except Unavailable as error:
            if error.rule != LOCKED:
                raise
        if time.monotonic() > until:
            raise Unavailable(
                f"record: others have held it for {settings.checkpoint_seconds:g} s, no worker answers;"
                " nothing was done: try again",
                where=str(settings.path("record")),
                rule=LOCKED,
            )
        time.sleep(_TURN_SECONDS)


def carry_out(
    settings: Settings, office: Office, operation: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The result of the operation, in this process.

    Raises:
        SmkiError: what the operation raises.
    """
    known = OPERATIONS.get(operation)
    if known is None:
        finding = Finding(
            rule="operation.unknown",
            message=f"operation {operation!r}, must be one of {', '.join(OPERATIONS)}",
        )
        raise Refused(findings=(finding,))
    return known(settings, office, arguments)

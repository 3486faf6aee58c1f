"""New authorities in a house that runs: a key that follows, its request, and what a ceremony made of it.

    smki ceremony requests --renew issuing-oca   a further key beside the present one, and its request
    the ceremony, elsewhere                      'contingency' or 'issuing' certifies it
    smki ceremony take TRANSCRIPT                what it made is in force (`flows.succeeding`)

Python's way through the same, in one process: `next_request`, `successor_names`, `take_in_force`.
Everything can be cut off and called again. The key before stays where it is: it signs the revocation
lists of what it issued.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from smki.bootstrap.founding import request_for
from smki.bootstrap.issuing_keys import key_names
from smki.bootstrap.opening import issuing_stores, open_front
from smki.bootstrap.pairs import keep_without_key, sample_pairs
from smki.bootstrap.renewing import Ask
from smki.bootstrap.samples import SAMPLES
from smki.bootstrap.settings import Settings
from smki.ceremonies.development import ALGORITHMS
from smki.flows.authorities import authorities
from smki.flows.configuring import is_development
from smki.flows.office import FrontOffice
from smki.flows.succeeding import TAKE
from smki.profiles import common_name
from smki.terms import CertificateKind, Refused

RENEWABLE: Final = CertificateKind.ISSUING_OCA
"""The issuing authority that a ceremony can certify anew in a house that runs."""
_NUMBER: Final = re.compile(r"(.*?)(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What is in force now by a ceremony.

    Attributes:
        script: which ceremony it was.
        entry: of its transcript in the record.
        authorities: the kinds of the authorities that it made.
        lists: the roots whose lists it made.
        recovery: the recovery party's certificate, DER; None if the ceremony asked for none.
    """

    script: str
    entry: int
    authorities: tuple[CertificateKind, ...]
    lists: tuple[CertificateKind, ...]
    recovery: bytes | None


def next_request(
    settings: Settings,
    environment: Mapping[str, str],
    kind: CertificateKind = RENEWABLE,
) -> bytes:
    """The request (PKCS#10, DER) of a further key of that issuing authority, made beside the present one.

    A further key that no ceremony has certified yet is the one that is meant.

    Raises:
        Refused: another authority than the Issuing OCA; a development SMKI, which no ceremony serves;
            or its store does not open.
        Unavailable: there is no SMKI in the state directory, or a store is away.

    Clause: sec-app-b:B
    """
    if kind is not RENEWABLE:
        raise _refused(f"{kind.value}: no ceremony certifies it anew, must be {RENEWABLE.value}")
    with open_front(settings) as front:
        if is_development(front):
            raise _refused(
                "this is a development SMKI, whose roots no ceremony made, must be one that a"
                " ceremony founded"
            )
        count = len(authorities(front, kind))
    store = issuing_stores(settings, environment)(kind)
    name = f"{kind.value}-{count + 1}"
    key = store.open(name) if name in key_names(store, kind) else store.make(name, ALGORITHMS[kind])
    return request_for(kind, key)


def successor_names(front: FrontOffice) -> dict[CertificateKind, str]:
    """Names for the next Root OCA and Issuing OCA: no authority of its kind has had it.

    Clause: sec-app-b:B
    """
    return {
        kind: _successor({common_name(one) or "" for one in known}, common_name(known[-1]) or "")
        for kind in (CertificateKind.ROOT_OCA, CertificateKind.ISSUING_OCA)
        if (known := authorities(front, kind))
    }


def _successor(taken: set[str], name: str) -> str:
    """The name after it: its number, or its last letter, is the next one."""
    while name in taken:
        numbered = _NUMBER.fullmatch(name)
        if numbered:
            name = f"{numbered[1]}{int(numbered[2]) + 1:0{len(numbered[2])}}"
        elif name and name[-1] in "ABCDEFGHIJKLMNOPQRSTUVWXY":
            name = name[:-1] + chr(ord(name[-1]) + 1)
        else:
            name += "1"
    return name


def take_in_force(settings: Settings, ask: Ask, transcript: bytes) -> InForce:
    """What the ceremony made is in force in this house, with the lists that go with it.

    `ask` has it done by whoever holds the keys. Cut off anywhere, it is called again.

    Raises:
        Malformed, Refused: the transcript is not one for this house; nothing is in force.
        Unavailable: something is away: called again, it is finished.

    Clause: sec-app-l:3, sec-app-b:B, sec:L10
    """
    said = ask(TAKE, {"transcript": base64.b64encode(transcript).decode()})
    recovery = base64.b64decode(said["recovery"]) if said["recovery"] else None
    if recovery is not None:
        with open_front(settings) as front:
            _keep_recovery(settings, front, recovery)
    return InForce(
        script=said["script"],
        entry=said["entry"],
        authorities=tuple(map(CertificateKind, said["authorities"])),
        lists=tuple(map(CertificateKind, said["lists"])),
        recovery=recovery,
    )


def _keep_recovery(settings: Settings, front: FrontOffice, certificate: bytes) -> None:
    """A sample party's recovery certificate stands in its file; its key is in custody."""
    identity = front.describe(certificate).identity
    for sample in SAMPLES:
        for pair in sample_pairs(settings, sample):
            if identity is not None and pair.name.endswith(f"/{identity.digits}-ds"):
                keep_without_key(pair, certificate)


def _refused(message: str) -> Refused:
    return Refused(
        f"succession: {message}", where="authority", clause="sec-app-b:B", rule="succession"
    )

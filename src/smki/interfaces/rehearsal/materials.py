"""Step 3 where not everything is new: what is made for the cells that the recovery fills.

    renewed    an organisation whose key is lost has new keys and certificates, as anybody renews theirs
    reissued   a ceremony makes a new Issuing OCA under the root, which revokes the lost one; everybody
               has new certificates under it
    linked     a ceremony makes a new root, another has the old root's key vouch for it; in the cells
               of others everything stays

Each ceremony is by the rehearsal's people, each use of a root's key under its decision.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from smki.adapters.files import read_octets
from smki.adapters.world import SystemEntropy
from smki.bootstrap import open_front, open_office
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.succeeding import next_request, successor_names, take_in_force
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import KeySet, key_name
from smki.ceremonies.scripts import ROOT_OCA
from smki.devices.kinds import ROOT
from smki.flows.activating import RecordedAuthority, lodge_asked
from smki.flows.recovering import Cells
from smki.flows.recovery_link import link_signed, link_to_sign
from smki.flows.revocation import current_list
from smki.interfaces.rehearsal.authorising import permit_answers
from smki.interfaces.rehearsal.cells import cells_now, cells_of, cells_said
from smki.interfaces.rehearsal.ceremonies import (
    CEREMONIES,
    Brought,
    finished_ceremony,
    held_ceremony,
    key_in_custody,
)
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.house import asking, spki_of_request
from smki.interfaces.rehearsal.keeping import keep_items
from smki.interfaces.rehearsal.preparing import recovery_key
from smki.interfaces.rehearsal.succeeding import (
    CONTINGENCY,
    RECOVERY_AGAIN,
    everybody,
    new_material,
    renew_those,
)
from smki.recovery.evidence import transcript
from smki.terms import CertificateKind, Inconsistent, SerialNumber

ISSUING: Final = "issuing"
LINK: Final = "link"
_TO_SIGN: Final = "link.tbs"
_SERIAL_OCTETS: Final = 16


def renewed(run: Run) -> Made:
    """The organisation whose key is lost has new keys, and a certificate for each of its cells.

    Clause: sec:L10, sec-app-m:2.3.1.3
    """
    role = run.scenario.role
    if role is None:
        raise Inconsistent("rehearsal: nobody's certificates are to be renewed, must be somebody's")
    old = cells_of(run.made("preconditions")["before"])
    known = {one for cell, one in old.certificates.items() if cell.role is role}
    names = renew_those(run, known)
    run.tell(f"  new keys and certificates: {', '.join(names) or 'there already'}")
    return {"after": cells_said(cells_now(run)), "at": now().isoformat(), "renewed": len(names)}


def reissued(run: Run) -> Made:
    """A new Issuing OCA, the lost one on the root's list, and certificates of everybody under it.

    Clause: sec:L10, sec-app-b:B, sec-app-b:B-crl
    """
    run.tell(
        "  ceremony 'issuing': a new Issuing OCA, and a list of the root that revokes the lost one"
    )
    octets = finished_ceremony(run, ISSUING)
    if octets is None:
        kind = CertificateKind.ISSUING_OCA
        with open_front(run.house) as front:
            names = successor_names(front)
            hierarchy = load_hierarchy(front)
            listed = current_list(front, CertificateKind.ROOT_OCA)
        request = next_request(run.house, run.house_environment, kind)
        contents = {
            "root-oca.cer": hierarchy.authority(CertificateKind.ROOT_OCA).certificate,
            "root-oca.crl": listed.octets if listed else b"",
            "revoke.cer": hierarchy.authority(kind).certificate,
        }
        with _authority(run) as authority:
            octets = held_ceremony(
                run,
                ISSUING,
                issuing={kind: spki_of_request(request)},
                names=names,
                brought=Brought(keys=(_root(run),), contents=contents),
                authority=authority,
                instead=permit_answers(run, ROOT_OCA),
            )
    take_in_force(run.house, asking(run), octets)
    run.tell("  ceremony 'recovery-key' again, under the new Issuing OCA")
    recovery = recovery_key(run, RECOVERY_AGAIN)
    keep_items(run, transcript(ISSUING, octets), transcript(RECOVERY_AGAIN, recovery))
    count = everybody(run)
    run.tell(f"  {count} organisation certificates issued under it")
    return {"after": cells_said(cells_now(run)), "at": now().isoformat(), "renewed": count}


def linked(run: Run) -> Made:
    """New contingency material in a new root, and the old root's word for its key.

    Clause: sec:L10, sec:L10.30(e), sec-app-b:B
    """
    run.tell("  ceremony 'contingency': new contingency keys, a new root that carries them")
    octets = new_material(run)
    old = cells_of(run.made("preconditions")["before"])
    with open_front(run.house) as front:
        new = load_hierarchy(front).authority(CertificateKind.ROOT_OCA).certificate
    link, activation = _link(run, old.certificates[ROOT], new)
    keep_items(run, transcript(CONTINGENCY, octets), transcript(LINK, activation))
    return {
        "after": cells_said(Cells(certificates={**old.certificates, ROOT: new}, path=old.path)),
        "at": now().isoformat(),
        "link": base64.b64encode(link).decode(),
    }


def _link(run: Run, old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """The link, and the transcript of the ceremony in which the old root's key signed it."""
    serial = SerialNumber.from_random(SystemEntropy().octets(_SERIAL_OCTETS))
    made = link_to_sign(old, new, serial=serial, at=now(), settings=run.house.profiles())
    to_sign = bytes.fromhex(run.once(LINK, made.hex()))
    run.tell("  ceremony 'activation': the old root's key vouches for the new root's")
    held = _root(run)
    with _authority(run) as authority:
        octets = held_ceremony(
            run,
            "activation",
            name=LINK,
            brought=Brought(keys=(held,), contents={_TO_SIGN: to_sign}),
            authority=authority,
            instead=permit_answers(run, ROOT_OCA),
        )
    signature = run.path(CEREMONIES, LINK, "signatures", f"{held.key}-{_TO_SIGN}.sig")
    return link_signed(to_sign, read_octets(signature)), octets


@contextmanager
def _authority(run: Run) -> Iterator[RecordedAuthority]:
    """What the decisions in the record of the rehearsal's house permit."""
    with open_office(run.house, run.house_environment) as office:
        yield RecordedAuthority(office.front, lambda said: lodge_asked(office, said))


def _root(run: Run) -> KeySet:
    return key_in_custody(run, "roots", key_name(ROOT_OCA, Purpose.REHEARSAL))

"""Step 3: a ceremony makes new contingency material and a new root; everybody has new certificates.

The old Issuing OCA and the certificates under it stay in the record, and their keys beside the new
ones: devices believe them until their cells are replaced.
"""

from collections.abc import Collection
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from smki.bootstrap import open_front, open_office
from smki.bootstrap.holdings import Holding, certificate_in, holdings
from smki.bootstrap.initialising import alone
from smki.bootstrap.renewing import Renewer, finish_renewals
from smki.bootstrap.succeeding import next_request, successor_names, take_in_force
from smki.ceremonies.replaying import replay
from smki.interfaces.rehearsal.cells import cells_now, cells_said
from smki.interfaces.rehearsal.ceremonies import finished_ceremony, held_ceremony
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.house import asked_of, asking, spki_of_request
from smki.interfaces.rehearsal.keeping import keep_items
from smki.interfaces.rehearsal.preparing import recovery_key
from smki.ports import KeyStore
from smki.recovery.evidence import transcript
from smki.terms import CertificateKind, Unavailable

CONTINGENCY: Final = "contingency"
RECOVERY_AGAIN: Final = "recovery-key-2"


def succeeded(run: Run) -> Made:
    """New contingency material, a new Root OCA and Issuing OCA, and certificates of everybody under it.

    That the key wrapped in the new root opens to the right public key is a step of the ceremony,
    replayed here from its transcript.

    Clause: sec:L10, sec:L10.30(e), sec-app-l:3
    """
    run.tell("  ceremony 'contingency': new contingency keys, a new root that carries them")
    octets = new_material(run)
    told = replay(octets)
    run.tell("  the wrapped key in the new root opens to the new contingency key; replayed")
    run.tell("  ceremony 'recovery-key' again, under the new root")
    recovery = recovery_key(run, RECOVERY_AGAIN)
    keep_items(run, transcript(CONTINGENCY, octets), transcript(RECOVERY_AGAIN, recovery))
    renewed = everybody(run)
    run.tell(f"  {renewed} organisation certificates issued under it")
    root = x509.load_der_x509_certificate(told.certificates[CertificateKind.ROOT_OCA])
    return {
        "after": cells_said(cells_now(run)),
        "at": now().isoformat(),
        "renewed": renewed,
        "root": root.subject.rfc4514_string(),
    }


def new_material(run: Run) -> bytes:
    """The transcript of the ceremony, which is in force in the house."""
    octets = finished_ceremony(run, CONTINGENCY)
    if octets is None:  # a request too many would be a key too many
        kind = CertificateKind.ISSUING_OCA
        with open_front(run.house) as front:
            names = successor_names(front)
        request = next_request(run.house, run.house_environment, kind)
        octets = held_ceremony(
            run, CONTINGENCY, issuing={kind: spki_of_request(request)}, names=names
        )
    take_in_force(run.house, asking(run), octets)
    return octets


def renew_those(run: Run, known: Collection[bytes]) -> tuple[str, ...]:
    """The house's pairs with these certificates (DER) have new keys and certificates; their names.

    Clause: sec-app-m:2.3.1.3
    """
    with alone(run.house), open_office(run.house, run.house_environment) as office:
        finish_renewals(run.house, office.front)
        at = office.front.clock.now()
        wanted = [
            one
            for one in holdings(run.house, office.front, at)
            if one.pair is not None and certificate_in(one.pair).public_bytes(Encoding.DER) in known
        ]
        renewer = Renewer(
            settings=run.house,
            front=office.front,
            ask=asked_of(run, office),
            roots=no_roots,
            now=at,
        )
        return renewer.renew(wanted)


def everybody(run: Run) -> int:
    """Every organisation pair of the house is under the Issuing OCA in force; how many they are."""
    settings = run.house
    with alone(settings), open_office(settings, run.house_environment) as office:
        front = office.front
        finish_renewals(settings, front)
        at = front.clock.now()
        name = _subject(office.hierarchy.authority(CertificateKind.ISSUING_OCA).certificate)
        every = [one for one in holdings(settings, front, at) if _of_organisation(one)]
        renewer = Renewer(
            settings=settings, front=front, ask=asked_of(run, office), roots=no_roots, now=at
        )
        renewer.renew(
            one for one in every if one.pair is not None and certificate_in(one.pair).issuer != name
        )
    return len(every)


def _subject(certificate: bytes) -> x509.Name:
    return x509.load_der_x509_certificate(certificate).subject


def _of_organisation(holding: Holding) -> bool:
    return holding.pair is not None and holding.pair.kind is CertificateKind.ORGANISATION


def no_roots() -> KeyStore:
    """Root keys are in custody; nothing that is renewed here wants one."""
    raise Unavailable("root keys: in custody, must be used in a ceremony", clause="sec-app-l:3")

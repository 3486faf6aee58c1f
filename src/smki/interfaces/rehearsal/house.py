"""The house of a rehearsal: an SMKI founded by a ceremony of its own, with parties and an estate.

    configured   where homes are, of which makes; what its network is like
    founded      its issuing authorities asked for, certified in the ceremony, in office
    officers     chair and secretary of each body that decides, with credentials of its IKI
    estate       devices that trust it

What it issues is under policy OIDs and names of rehearsals.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import tomli_w
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.files import make_folder, read_octets, write_durably
from smki.adapters.requesters import request_for_system
from smki.bootstrap import initialise, open_office
from smki.bootstrap.founding import issuing_requests
from smki.bootstrap.pairs import pem_of
from smki.bootstrap.renewing import Ask
from smki.bootstrap.settings import FILE
from smki.flows.office import Office
from smki.flows.registering import (
    certificate_of,
    credential_for,
    file_signer_for,
    register_party,
)
from smki.interfaces.operations import OPERATIONS, perform
from smki.interfaces.rehearsal.ceremonies import held_ceremony
from smki.interfaces.rehearsal.frame import HOUSE, Run
from smki.interfaces.rehearsal.people import Person, read_person
from smki.ports import Party
from smki.terms import EUI64, Interface

OFFICERS: Final = ("chair", "secretary")
_OTHER: Final = "7F"  # role of a party that is none of the trust anchors'


def configured(run: Run) -> None:
    """The configuration of the house says where homes are and what the network is like."""
    place = run.path(HOUSE, FILE)
    if place.exists():
        return
    make_folder(place.parent, 0o700)
    regions = run.scenario.regions
    content: dict[str, Any] = {
        "estate": {"regions": dict(regions)},
        "line": {
            "seed": run.asked.seed,
            "regions": {name: {**run.asked.network, **_faulty(run, name)} for name in regions},
        },
    }
    write_durably(place, tomli_w.dumps(content).encode())


def _faulty(run: Run, region: str) -> dict[str, Any]:
    """The faulty make of the scenario, in the north alone."""
    makes = [run.scenario.faulty_make] if region == "north" and run.scenario.faulty_make else []
    return {"faulty_makes": makes}


def founded(run: Run, held: Callable[[], None]) -> bytes:
    """The house is complete, with parties and their certificates; the transcript that founded it.

    `held` is called between the ceremony and what it founds.

    Clause: sec-app-l:3, sec-app-b:B
    """
    configured(run)
    settings, environment = run.house, run.house_environment
    if not settings.initialised:
        requests = issuing_requests(settings, environment, _untold)
        keys = {kind: spki_of_request(request) for kind, request in requests.items()}
    else:
        keys = {}
    transcript = held_ceremony(run, "roots", issuing=keys)
    held()
    initialise(settings, environment, bare=False, tell=_untold, ceremony=transcript)
    return transcript


def asking(run: Run) -> Ask:
    """Has operations carried out in the rehearsal's house."""
    return partial(perform, run.house, run.house_environment)


def asked_of(run: Run, office: Office) -> Ask:
    """Has operations carried out by this office, which is the house's."""
    return lambda operation, arguments: OPERATIONS[operation](run.house, office, arguments)


def spki_of_request(request: bytes) -> bytes:
    """The SubjectPublicKeyInfo (DER) that a request (PKCS#10, DER) asks a certificate for."""
    public = x509.load_der_x509_csr(request).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def officers_of(run: Run, party: str, name: str, entity: EUI64) -> Mapping[str, Person]:
    """Chair and secretary of a body, each with a credential of the house's IKI, made if need be.

    Raises:
        Refused: the house registers no such party.
    """
    places = {each: run.path("people", f"{party}-{each}.pem") for each in OFFICERS}
    if not all(place.exists() for place in places.values()):
        with open_office(run.house, run.house_environment) as office:
            register_party(
                office.front, Party(party=party, name=name, identities=((entity, None),))
            )

            def issue(request: bytes) -> bytes:
                return credential_for(office, party, Interface.PORTAL, request).certificate

            for each, place in places.items():
                if not place.exists():
                    made = _credential(office, place, name, each, issue)
                    write_durably(place, made, private=True)
    return {each: read_person(place, f"{party}-{each}") for each, place in places.items()}


def file_signer(run: Run, party: str, organisation: str, name: str) -> Person:
    """Somebody of a registered party with a credential for signing files, made if need be.

    Clause: sec-app-q:B
    """
    place = run.path("people", f"{party}-{name}.pem")
    if not place.exists():
        with open_office(run.house, run.house_environment) as office:

            def issue(request: bytes) -> bytes:
                return file_signer_for(office, party, request).certificate

            made = _credential(office, place, organisation, name, issue)
        write_durably(place, made, private=True)
    return read_person(place, f"{party}-{name}")


def _credential(
    office: Office, place: Path, organisation: str, name: str, issue: Callable[[bytes], bytes]
) -> bytes:
    """Key and certificate (PEM) of somebody; the key is durable before anything is issued for it."""
    key = place.with_suffix(".key")
    pem = read_octets(key) if key.exists() else None
    asked = request_for_system(organisation, _OTHER, name, pem=pem)
    if pem is None:
        write_durably(key, asked.key, private=True)
    issued = certificate_of(office.front, asked.public_key) or issue(asked.request)
    return asked.key + pem_of(issued)


def _untold(_: object) -> None:
    """The story of a rehearsal is told by its own steps."""

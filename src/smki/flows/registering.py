"""Parties and what they are given: organisation certificates, IKI credentials, SSH keys.

Registration in full, with officers, forms and verification, comes later; this is its place. What
is here takes requests of registered parties through the same steps as any other.
"""

from smki.crypto import key_fingerprint
from smki.flows.gate import gate_now
from smki.flows.issue import facts_about, issue, issue_prepared
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import decode_certificate
from smki.policy import decide_party
from smki.ports import Credential, Party, SshKey
from smki.profiles import ServerSubject, common_name
from smki.registration import (
    admit_organisation,
    admit_server,
    admit_system,
    examine_organisation,
    examine_system,
    operator,
    requester_for,
    subscriber_of,
)
from smki.steps import Admitted, Channel, Examined, Published, Refusal, Requester
from smki.terms import CertificateKind, CertificateStatus, Finding, Interface, Refused, SerialNumber
from smki.wire.requests import OrganisationRequest
from smki.wire.ssh_keys import parse_ssh_public_key


def register_party(front: FrontOffice, party: Party) -> None:
    """The party is registered; an identical registration changes nothing.

    Raises:
        Refused: the registration is not sound, or its name or an EUI-64 is taken.

    Clause: sec-app-d:3
    """
    findings = decide_party(
        party.party,
        party.name,
        party.identities,
        import_supplier=party.import_supplier,
        gas_supplier=party.gas_supplier,
        operator=party.operator,
        trading_names=[one.name for one in front.registry.parties() if one.party != party.party],
    )
    if findings:
        raise Refused(findings=findings)
    if front.registry.party(party.party) != party:
        front.registry.register(party)


def certify_organisation(office: Office, party: str, request: bytes) -> Published:
    """The organisation certificate that this CSR (DER) of the party asks for, published.

    Raises:
        Refused: the CSR is wrong, or the party may not have it.
        Unavailable: a key, the disk or the database is away.

    Clause: sec-app-m:2.3.1.3
    """
    front = office.front
    requester = requester_for(_party(front, party), Interface.PORTAL, None)
    examined = examine_organisation(request)
    requests = (
        [examined.request]
        if isinstance(examined, Examined) and isinstance(examined.request, OrganisationRequest)
        else []
    )
    facts = facts_about(office, requests)
    admitted = _permitted(admit_organisation(requester, Channel.PORTAL, examined, facts))
    return issue(office, (admitted,))[0]


def certificate_of(front: FrontOffice, public_key: bytes) -> bytes | None:
    """The certificate (DER) in the record for this key; None if none was issued.

    Whoever was cut off between asking and hearing finds by it what was issued. `public_key` is
    the 65-octet point, or SubjectPublicKeyInfo of an RSA key.
    """
    for holder in front.index.key_holders([key_fingerprint(public_key)]):
        _, body = decode_certificate(front.reader.leaf(holder.entry))
        if front.describe(body.certificate).public_key == public_key:
            return body.certificate
    return None


def open_interface(
    front: FrontOffice, party: str, interface: Interface, certificate: bytes
) -> None:
    """The credential (DER), issued to the party, opens that interface; again changes nothing.

    Clause: sec-app-m:G
    """
    serial = front.describe(certificate).serial
    front.registry.add_credential(Credential(serial=serial, party=party, interface=interface))


def credential_for(
    office: Office,
    party: str,
    interface: Interface,
    request: bytes,
    *,
    replaces: SerialNumber | None = None,
) -> Published:
    """The IKI credential that this CSR (DER) asks for, published; it opens that one interface.

    One that `replaces` another of the party for the interface may bear the same system's name; the
    earlier one stays good until it expires or is revoked.

    Raises:
        Refused: the CSR is wrong, names another organisation or role, or a system that has a
            credential for the interface already.
        Unavailable: a key, the disk or the database is away.

    Clause: sec-app-m:G
    """
    front = office.front
    requester = requester_for(_party(front, party), interface, None)
    kind = interface.credential
    names = _names_in_force(front, requester, kind)
    if replaces is not None:
        names -= {_name_of(front, party, interface, replaces)}
    admitted = _permitted(admit_system(requester, kind, examine_system(request), names))
    (published,) = issue(office, (admitted,))
    open_interface(front, party, interface, published.certificate)
    return published


def file_signer_for(office: Office, party: str, request: bytes) -> Published:
    """The file signing certificate that this CSR (DER) of the party asks for, published.

    It opens no interface: what it signs is a party's word in files, and nothing else.

    Raises:
        Refused: the CSR is wrong, names another organisation or role, or a signer that has one.
        Unavailable: a key, the disk or the database is away.

    Clause: sec-app-q:B
    """
    front, kind = office.front, CertificateKind.IKI_FILE_SIGNING
    requester = requester_for(_party(front, party), None, None)
    names = _names_in_force(front, requester, kind)
    admitted = _permitted(admit_system(requester, kind, examine_system(request), names))
    return issue(office, (admitted,))[0]


def certify_server(office: Office, names: ServerSubject, request: bytes) -> Published:
    """The certificate of one of the infrastructure's own servers, published.

    Raises:
        Refused: the CSR is wrong.
        Unavailable: a key, the disk or the database is away.

    Clause: sec-app-m:G
    """
    front = office.front
    admitted = _permitted(admit_server(examine_system(request), operator(front.build)))
    prepared = office.preparer.prepare_server(admitted, names, gate_now(front))
    return issue_prepared(office, (prepared,))[0]


def give_sshkey(front: FrontOffice, party: str, line: bytes) -> SshKey:
    """The public key in a line of OpenSSH opens the SFTP server for the party.

    Raises:
        Malformed: no public key.
        Refused: a kind that is not taken, no such party, or the key is another's.

    Clause: sec-app-p:1.2
    """
    read = parse_ssh_public_key(line)
    key = SshKey(digest=read.digest, party=party, algorithm=read.algorithm)
    front.registry.add_sshkey(key)
    return key


def take_sshkey(front: FrontOffice, party: str, digest: bytes) -> None:
    """The party's public key with this SHA-256 opens nothing any more.

    Raises:
        Refused: the party has no such key.

    Clause: sec-app-p:1.2
    """
    if front.registry.sshkey_party(digest) not in {party, None}:
        raise Refused(
            f"SSH key: is not one of {party}, must be; 'smki party show {party}' lists them",
            clause="sec-app-p:1.2",
            rule="sshkey.unknown",
        )
    front.registry.remove_sshkey(digest)


def _names_in_force(
    front: FrontOffice, requester: Requester, kind: CertificateKind
) -> frozenset[str]:
    """Common names in the requester's credentials of this kind, neither expired nor revoked.

    Read from what was issued, so that one cut off before it was registered counts too.
    """
    now, subscriber = front.clock.now().timestamp(), subscriber_of(requester)
    entries = [
        row.entry
        for row in front.index.rows(kind)
        if row.subscriber == subscriber
        and row.status is not CertificateStatus.REVOKED
        and now <= row.not_after
    ]
    bodies = (decode_certificate(front.reader.leaf(entry))[1] for entry in entries)
    return frozenset(common_name(body.certificate) or "" for body in bodies)


def _name_of(
    front: FrontOffice, party: str, interface: Interface, serial: SerialNumber
) -> str | None:
    """The common name in that credential of the party for the interface."""
    held, row = front.registry.credential(serial), front.index.by_serial(serial)
    if held is None or row is None or (held.party, held.interface) != (party, interface):
        raise Refused(
            findings=(
                Finding(
                    rule="credential.unknown",
                    message=f"{serial} is no '{interface.value}' credential of {party}",
                    where="serial number",
                    clause="sec-app-m:G",
                    advice=f"'smki registration party {party}' lists its credentials",
                ),
            )
        )
    _, body = decode_certificate(front.reader.leaf(row.entry))
    return common_name(body.certificate)


def _party(front: FrontOffice, name: str) -> Party:
    party = front.registry.party(name)
    if party is None:
        raise Refused(
            findings=(
                Finding(
                    rule="party.unknown",
                    message=f"{name!r} is no registered party",
                    where="party",
                    clause="sec:L3.15",
                ),
            )
        )
    return party


def _permitted(decision: Admitted | Refusal) -> Admitted:
    if isinstance(decision, Refusal):
        raise Refused(findings=(decision.finding,))
    return decision

"""The register over SQL: parties, identities, credentials, SSH keys, standing of devices."""

from collections import Counter
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from smki.adapters.sql import counters
from smki.adapters.sql.codes import (
    SMI_STATUS_OF,
    SMI_STATUSES,
    from_eui64,
    from_eui64s,
    from_serial,
    to_eui64,
    to_optional_eui64,
)
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import CREDENTIAL, DEVICE_STANDING, IDENTITY, PARTY, SSHKEY
from smki.ports import Credential, DeviceStanding, Party, SshKey
from smki.terms import (
    EUI64,
    Finding,
    Inconsistent,
    Interface,
    Refused,
    RemotePartyRole,
    SerialNumber,
)

PARTIES: Final = "party"


class SqlRegistry:
    """`ports.Registry`. Safe for threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, party: Party) -> None:
        """The party and its identities are registered.

        Raises:
            Refused: the name or an EUI-64 is taken, with a finding for each.

        Clause: gbcs:4.3.1
        """
        self._store.write(lambda connection: self._register(connection, party))

    def parties(self) -> tuple[Party, ...]:
        """All parties, in the order of registration."""
        return self._store.read(_parties)

    def party(self, party: str) -> Party | None:
        """The party of that name."""
        found = self._store.read(lambda connection: _parties(connection, party))
        return found[0] if found else None

    def add_credential(self, credential: Credential) -> None:
        """The credential identifies its party from now on. Adding it again changes nothing.

        Raises:
            Refused: no such party.
            Inconsistent: that serial number is known as another's credential.
        """
        statement = (
            self._store.insert(CREDENTIAL)
            .values(
                serial=from_serial(credential.serial),
                party=credential.party,
                interface=credential.interface.value,
                revoked=credential.revoked,
            )
            .on_conflict_do_nothing(index_elements=[CREDENTIAL.c.serial])
        )

        def work(connection: Connection) -> None:
            _must_be_registered(connection, credential.party)
            connection.execute(statement)
            present = _credential(connection, credential.serial)
            if present and (present.party, present.interface) != (
                credential.party,
                credential.interface,
            ):
                raise Inconsistent(
                    f"credential {credential.serial} is known as one of {present.party} for"
                    f" {present.interface.value}; stop",
                    rule="credential.differs",
                )

        self._store.write(work)

    def credential(self, serial: SerialNumber) -> Credential | None:
        """The credential with this serial number."""
        return self._store.read(lambda connection: _credential(connection, serial))

    def credentials(self, party: str) -> tuple[Credential, ...]:
        """The credentials of that party, revoked ones too, by interface and serial number."""
        query = (
            select(CREDENTIAL)
            .where(CREDENTIAL.c.party == party)
            .order_by(CREDENTIAL.c.interface, CREDENTIAL.c.serial)
        )
        return tuple(
            Credential(
                serial=SerialNumber(int.from_bytes(row.serial, "big")),
                party=row.party,
                interface=Interface(row.interface),
                revoked=row.revoked,
            )
            for row in self._store.read(lambda connection: connection.execute(query).all())
        )

    def revoked_credentials(self) -> tuple[SerialNumber, ...]:
        """The serial numbers of all credentials that open nothing any more, ascending."""
        query = select(CREDENTIAL.c.serial).where(CREDENTIAL.c.revoked)
        found = self._store.read(lambda connection: connection.scalars(query).all())
        return tuple(sorted(SerialNumber(int.from_bytes(one, "big")) for one in found))

    def revoke_credential(self, serial: SerialNumber) -> None:
        """The credential opens nothing from now on.

        Raises:
            Refused: no such credential.
        """
        statement = (
            update(CREDENTIAL)
            .where(CREDENTIAL.c.serial == from_serial(serial))
            .values(revoked=True)
        )

        def work(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise Refused(
                    f"credential {serial}: there is none with that serial number",
                    clause="sec-app-m:2",
                    rule="credential.unknown",
                )

        self._store.write(work)

    def add_sshkey(self, key: SshKey) -> None:
        """The key opens the SFTP server for its party. Adding it again changes nothing.

        Raises:
            Refused: no such party, or the key is another's.
        """
        statement = (
            self._store.insert(SSHKEY)
            .values(digest=key.digest, party=key.party, algorithm=key.algorithm)
            .on_conflict_do_nothing(index_elements=[SSHKEY.c.digest])
        )

        def work(connection: Connection) -> None:
            _must_be_registered(connection, key.party)
            connection.execute(statement)
            if _sshkey_party(connection, key.digest) != key.party:
                raise Refused(
                    "SSH key: identifies another party, must be one of its own",
                    clause="sec-app-p:1.2",
                    rule="sshkey.taken",
                )

        self._store.write(work)

    def remove_sshkey(self, digest: bytes) -> None:
        """The key with this SHA-256 opens nothing from now on.

        Raises:
            Refused: no such key.
        """
        statement = delete(SSHKEY).where(SSHKEY.c.digest == digest)

        def work(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise Refused(
                    "SSH key: there is none with that fingerprint; 'smki party show' lists them",
                    clause="sec-app-p:1.2",
                    rule="sshkey.unknown",
                )

        self._store.write(work)

    def sshkey_party(self, digest: bytes) -> str | None:
        """The party that the key with this SHA-256 identifies."""
        return self._store.read(lambda connection: _sshkey_party(connection, digest))

    def sshkeys(self, party: str) -> tuple[SshKey, ...]:
        """The keys of that party, by digest."""
        query = select(SSHKEY).where(SSHKEY.c.party == party).order_by(SSHKEY.c.digest)
        return tuple(
            SshKey(digest=bytes(row.digest), party=row.party, algorithm=row.algorithm)
            for row in self._store.read(lambda connection: connection.execute(query).all())
        )

    def set_standing(self, device: EUI64, standing: DeviceStanding) -> None:
        """What the inventory knows of the device from now on."""
        responsible = standing.responsible
        values = {
            "status": SMI_STATUSES[standing.status],
            "responsible": None if responsible is None else from_eui64(responsible),
            "communications": standing.communications,
            "certificate_limit": standing.limit,
        }
        statement = (
            self._store.insert(DEVICE_STANDING)
            .values(device=from_eui64(device), **values)
            .on_conflict_do_update(index_elements=[DEVICE_STANDING.c.device], set_=values)
        )
        self._store.write(lambda connection: connection.execute(statement) and None)

    def standings(self, devices: tuple[EUI64, ...]) -> dict[EUI64, DeviceStanding]:
        """What is known of those devices; devices of which nothing is known are left out."""
        numbers = from_eui64s(devices)
        query = select(DEVICE_STANDING).where(self._store.among(DEVICE_STANDING.c.device, numbers))
        found = self._store.read(lambda connection: connection.execute(query).all())
        if not found:
            return {}
        named = dict(zip(numbers, devices, strict=True))
        alike: dict[tuple[Any, ...], DeviceStanding] = {}  # a batch's devices mostly stand alike
        standings = {}
        for device, *known in found:
            key = tuple(known)
            if key not in alike:
                alike[key] = _to_standing(key)
            standings[named[device]] = alike[key]
        return standings

    def _register(self, connection: Connection, party: Party) -> None:
        position = counters.take(connection, PARTIES)  # locks: two at once become first and second
        findings = self._taken(connection, party)
        if findings:
            raise Refused(findings=findings)
        connection.execute(
            insert(PARTY).values(
                party=party.party,
                position=position,
                name=party.name,
                import_supplier=party.import_supplier,
                gas_supplier=party.gas_supplier,
                operator=party.operator,
            )
        )
        rows = [
            {"eui64": from_eui64(identity), "party": party.party, "position": place, "role": role}
            for place, (identity, role) in enumerate(party.identities)
        ]
        if rows:
            connection.execute(insert(IDENTITY), rows)

    def _taken(self, connection: Connection, party: Party) -> tuple[Finding, ...]:
        identities = [identity for identity, _ in party.identities]
        findings = [
            _taken_identity(identity, "this party twice")
            for identity, times in Counter(identities).items()
            if times > 1
        ]
        if _is_registered(connection, party.party):
            findings.append(
                Finding(
                    rule="party.name.taken",
                    message=f"party {party.party}: the name is taken, must be new",
                    where="party",
                    clause="sec-app-m:2",
                )
            )
        taken = connection.execute(
            select(IDENTITY.c.eui64, IDENTITY.c.party)
            .where(self._store.among(IDENTITY.c.eui64, from_eui64s(identities)))
            .order_by(IDENTITY.c.eui64)
        )
        findings += [_taken_identity(to_eui64(eui64), f"party {owner}") for eui64, owner in taken]
        return tuple(findings)


def _taken_identity(identity: EUI64, owner: str) -> Finding:
    return Finding(
        rule="party.eui64.taken",
        message=f"EUI-64 {identity}: registered for {owner}, must be new",
        where="identities",
        clause="gbcs:4.3.1",
    )


def _parties(connection: Connection, party: str | None = None) -> tuple[Party, ...]:
    query = select(PARTY).order_by(PARTY.c.position)
    owned = select(IDENTITY).order_by(IDENTITY.c.party, IDENTITY.c.position)
    if party is not None:
        query, owned = query.where(PARTY.c.party == party), owned.where(IDENTITY.c.party == party)
    identities: dict[str, list[tuple[EUI64, RemotePartyRole | None]]] = {}
    for row in connection.execute(owned):
        role = None if row.role is None else RemotePartyRole(row.role)
        identities.setdefault(row.party, []).append((to_eui64(row.eui64), role))
    return tuple(
        Party(
            party=row.party,
            name=row.name,
            identities=tuple(identities.get(row.party, ())),
            import_supplier=row.import_supplier,
            gas_supplier=row.gas_supplier,
            operator=row.operator,
        )
        for row in connection.execute(query)
    )


def _is_registered(connection: Connection, party: str) -> bool:
    return connection.scalar(select(PARTY.c.party).where(PARTY.c.party == party)) is not None


def _must_be_registered(connection: Connection, party: str) -> None:
    if not _is_registered(connection, party):
        raise Refused(
            f"party {party}: not registered, must be",
            where="party",
            clause="sec-app-m:2",
            rule="party.unknown",
        )


def _credential(connection: Connection, serial: SerialNumber) -> Credential | None:
    row: Row[*tuple[Any, ...]] | None = connection.execute(
        select(CREDENTIAL).where(CREDENTIAL.c.serial == from_serial(serial))
    ).one_or_none()
    if row is None:
        return None
    return Credential(
        serial=serial, party=row.party, interface=Interface(row.interface), revoked=row.revoked
    )


def _sshkey_party(connection: Connection, digest: bytes) -> str | None:
    return connection.scalar(select(SSHKEY.c.party).where(SSHKEY.c.digest == digest))


def _to_standing(known: tuple[Any, ...]) -> DeviceStanding:
    status, responsible, communications, limit = known
    return DeviceStanding(
        status=SMI_STATUS_OF[status],
        responsible=to_optional_eui64(responsible),
        communications=communications,
        limit=limit,
    )

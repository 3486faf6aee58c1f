"""The register: parties, their identities and credentials; and what is known of devices."""

from dataclasses import dataclass
from typing import Protocol

from smki.terms import EUI64, Interface, RemotePartyRole, SerialNumber, SmiStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party and its identities.

    Attributes:
        party: short lasting name, lower case letters, digits and hyphens.
        name: trading name.
        identities: each EUI-64 with the role it was registered for; None for a party without
            a role of the trust anchors (a manufacturer).
        import_supplier: supplies electricity as Import Supplier.
        gas_supplier: supplies gas as Gas Supplier.
        operator: is the DCC.
    """

    party: str
    name: str
    identities: tuple[tuple[EUI64, RemotePartyRole | None], ...]
    import_supplier: bool = False
    gas_supplier: bool = False
    operator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An IKI certificate issued to a party for one interface.

    Attributes:
        serial: its serial number.
        party: the party it identifies.
        interface: the interface it opens.
        revoked: no longer to be believed.
    """

    serial: SerialNumber
    party: str
    interface: Interface
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStanding:
    """What the inventory knows of a device when a certificate is asked for.

    Attributes:
        status: its SMI status; `NOT_IN_INVENTORY` if nothing is known.
        responsible: EUI-64 of the supplier responsible for it, if known.
        communications: it is a communications hub function or a gas proxy function.
        limit: how many device certificates it may have been issued before the next is an
            anomaly, if it was set for this device.
    """

    status: SmiStatus = SmiStatus.NOT_IN_INVENTORY
    responsible: EUI64 | None = None
    communications: bool = False
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKey:
    """A public key that opens the SFTP server.

    Attributes:
        digest: SHA-256 of the public key, which is its fingerprint.
        party: the party it identifies.
        algorithm: name of its kind, as `ssh-ed25519`.
    """

    digest: bytes
    party: str
    algorithm: str


class Registry(Protocol):
    """Durable on return; safe for several processes."""

    def register(self, party: Party) -> None:
        """The party and its identities are registered.

        Raises:
            Refused: the name or an EUI-64 is taken by another.
        """
        ...

    def parties(self) -> tuple[Party, ...]:
        """All parties, in the order of registration."""
        ...

    def party(self, party: str) -> Party | None:
        """The party of that name."""
        ...

    def add_credential(self, credential: Credential) -> None:
        """The credential identifies its party from now on. Adding it again changes nothing."""
        ...

    def credential(self, serial: SerialNumber) -> Credential | None:
        """The credential with this serial number."""
        ...

    def credentials(self, party: str) -> tuple[Credential, ...]:
        """The credentials of that party, revoked ones too, by interface and serial number."""
        ...

    def revoked_credentials(self) -> tuple[SerialNumber, ...]:
        """The serial numbers of all credentials that open nothing any more, ascending."""
        ...

    def revoke_credential(self, serial: SerialNumber) -> None:
        """The credential opens nothing from now on.

        Raises:
            Refused: no such credential.
        """
        ...

    def add_sshkey(self, key: SshKey) -> None:
        """The key opens the SFTP server for its party. Adding it again changes nothing.

        Raises:
            Refused: no such party, or the key is another's.
        """
        ...

    def remove_sshkey(self, digest: bytes) -> None:
        """The key with this SHA-256 opens nothing from now on.

        Raises:
            Refused: no such key.
        """
        ...

    def sshkey_party(self, digest: bytes) -> str | None:
        """The party that the key with this SHA-256 identifies."""
        ...

    def sshkeys(self, party: str) -> tuple[SshKey, ...]:
        """The keys of that party, by digest."""
        ...

    def set_standing(self, device: EUI64, standing: DeviceStanding) -> None:
        """What the inventory knows of the device from now on."""
        ...

    def standings(self, devices: tuple[EUI64, ...]) -> dict[EUI64, DeviceStanding]:
        """What is known of those devices; devices of which nothing is known are left out."""
        ...

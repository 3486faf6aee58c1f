import pytest

from smki.adapters.sql import Database
from smki.ports import Credential, DeviceStanding, Party, SshKey
from smki.terms import (
    EUI64,
    Inconsistent,
    Interface,
    Refused,
    RemotePartyRole,
    SerialNumber,
    SmiStatus,
)

ONE = EUI64.parse("FF-B3-D5-1F-30-00-00-01")
TWO = EUI64.parse("90-B3-D5-1F-30-00-00-02")
SUPPLIER = Party(
    party="supplier",
    name="Änergy Supply",
    identities=((TWO, RemotePartyRole.SUPPLIER), (ONE, None)),
    import_supplier=True,
    gas_supplier=True,
)
DCC = Party(party="dcc", name="DCC", identities=(), operator=True)


def test_parties(database: Database) -> None:
    """Parties come out as registered, in that order, their identities in theirs."""
    database.registry.register(SUPPLIER)
    database.registry.register(DCC)
    assert database.registry.parties() == (SUPPLIER, DCC)
    assert database.registry.party("supplier") == SUPPLIER
    assert database.registry.party("nobody") is None


@pytest.mark.clause("gbcs:4.3.1")
def test_taken(database: Database) -> None:
    """A name or EUI-64 that is taken is refused, each with its finding; nothing is written."""
    registry = database.registry
    registry.register(SUPPLIER)
    again = Party(party="supplier", name="x", identities=((ONE, None), (ONE, None)))
    with pytest.raises(Refused) as refused:
        registry.register(again)
    assert [finding.rule for finding in refused.value.findings] == [
        "party.eui64.taken",
        "party.name.taken",
        "party.eui64.taken",
    ]
    assert "FF-B3-D5-1F-30-00-00-01: registered for party supplier" in str(refused.value)
    assert registry.parties() == (SUPPLIER,)
    registry.register(DCC)
    assert registry.parties() == (SUPPLIER, DCC)


def test_credentials(database: Database) -> None:
    """A credential identifies its party until revoked, also if it is added again."""
    registry = database.registry
    registry.register(SUPPLIER)
    registry.register(DCC)
    serial = SerialNumber((1 << 127) + 5)
    assert registry.credential(serial) is None
    credential = Credential(serial=serial, party="supplier", interface=Interface.BATCH)
    registry.add_credential(credential)
    assert registry.credential(serial) == credential
    assert registry.revoked_credentials() == ()
    registry.revoke_credential(serial)
    assert registry.revoked_credentials() == (serial,)
    registry.add_credential(credential)
    found = registry.credential(serial)
    assert found is not None
    assert found.revoked
    with pytest.raises(Inconsistent, match="known as one of supplier for batch"):
        registry.add_credential(Credential(serial=serial, party="dcc", interface=Interface.BATCH))


def test_unknown(database: Database) -> None:
    """Nothing is added for a party that is not registered, and no unknown credential revoked."""
    registry = database.registry
    unknown = Credential(serial=SerialNumber(1), party="x", interface=Interface.PORTAL)
    with pytest.raises(Refused, match="party x: not registered"):
        registry.add_credential(unknown)
    with pytest.raises(Refused, match="there is none with that serial number"):
        registry.revoke_credential(SerialNumber(1))


@pytest.mark.clause("sec-app-p:1.2")
def test_sshkeys(database: Database) -> None:
    """A key identifies one party, as often as it is added, until it is removed."""
    registry = database.registry
    registry.register(SUPPLIER)
    registry.register(DCC)
    keys = [
        SshKey(digest=bytes([number]) * 32, party="supplier", algorithm="ssh-ed25519")
        for number in (1, 2)
    ]
    for key in (*keys, *keys):
        registry.add_sshkey(key)
    with pytest.raises(Refused, match="identifies another party"):
        registry.add_sshkey(SshKey(digest=keys[0].digest, party="dcc", algorithm="ssh-ed25519"))
    with pytest.raises(Refused, match="not registered"):
        registry.add_sshkey(SshKey(digest=bytes(32), party="nobody", algorithm="ssh-ed25519"))
    assert registry.sshkey_party(keys[0].digest) == "supplier"
    assert (registry.sshkeys("supplier"), registry.sshkeys("dcc")) == (tuple(keys), ())
    registry.remove_sshkey(keys[0].digest)
    assert registry.sshkey_party(keys[0].digest) is None
    with pytest.raises(Refused, match="none with that fingerprint"):
        registry.remove_sshkey(keys[0].digest)


def test_standings(database: Database) -> None:
    """What is known of a device is what was said last; unknown devices are left out."""
    registry = database.registry
    assert registry.standings((ONE, TWO)) == {}
    first = DeviceStanding(status=SmiStatus.PENDING, responsible=ONE, communications=True, limit=4)
    registry.set_standing(TWO, first)
    assert registry.standings((ONE, TWO)) == {TWO: first}
    registry.set_standing(ONE, DeviceStanding())
    registry.set_standing(TWO, DeviceStanding(status=SmiStatus.WITHDRAWN))
    assert registry.standings((ONE, TWO)) == {
        ONE: DeviceStanding(),
        TWO: DeviceStanding(status=SmiStatus.WITHDRAWN),
    }
    assert registry.standings(()) == {}

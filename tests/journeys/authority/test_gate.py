from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.adapters.requesters import request_for_device, request_for_organisation
from smki.flows.gate import gate_now, read_gate
from smki.flows.issue import issue_devices
from smki.flows.registering import certify_organisation
from smki.interfaces.status import gate_fields, gate_line
from smki.profiles import DEVELOPMENT_HARDWARE, development, lint_certificate
from smki.profiles.wording import explain
from smki.registration import examine_devices, requester_for
from smki.steps import Channel, Published
from smki.terms import EUI64, Interface, KeyUsage, RemotePartyRole
from smki.wire import der

if TYPE_CHECKING:
    from tests.journeys.authority.conftest import Bodies

    from smki.flows.office import Office

HARDWARE = der.oid(DEVELOPMENT_HARDWARE)[2:]
NETWORK = EUI64.parse("0A-53-4D-4B-49-03-00-01")
POLICIES = {kind.value: oid for kind, oid in development().policies}


def device_certificate(office: Office, number: int) -> bytes:
    """A certificate for a new device of the sample manufacturer."""
    party = office.front.registry.party("manufacturer")
    assert party is not None
    device = EUI64(bytes.fromhex("0A534D4B4A0000") + bytes((number,)))
    made = request_for_device(device, KeyUsage.DIGITAL_SIGNATURE, HARDWARE)
    text = base64.b64encode(made.request).decode()
    (issued,) = issue_devices(
        office,
        [requester_for(party, Interface.BATCH, None)],
        Channel.BATCH,
        examine_devices([text]),
    )
    assert isinstance(issued, Published), issued
    return issued.certificate


def organisation_certificate(office: Office) -> bytes:
    """A certificate of the sample network operator."""
    role, usage = RemotePartyRole.NETWORK_OPERATOR, KeyUsage.DIGITAL_SIGNATURE
    made = request_for_organisation(NETWORK, role, usage)
    return certify_organisation(office, "network", made.request).certificate


def policy(certificate: bytes) -> str:
    """The policy OID in it."""
    extensions = x509.load_der_x509_certificate(certificate).extensions
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    return str(policies[0].policy_identifier.dotted_string)


@pytest.mark.clause("gbcs:12")
def test_the_gate_opens_by_the_panels_determination_and_shuts_by_its_withdrawal(
    bodies: Bodies,
) -> None:
    """Test certificates before and after, live ones between; a reader can tell which is which."""
    with bodies.opened() as office:
        origin = office.front.reader.origin
        assert (policy(device_certificate(office, 1))) == POLICIES["device"]
        before = organisation_certificate(office)
        assert policy(before) == POLICIES["organisation"]
        assert "not determined" in gate_now(office.front).reason
    for body in ("smki-pma", "panel"):
        bodies.decide(f"{body}-1", "go-live", origin, body=body)
    with bodies.opened() as office:
        front, settings = office.front, office.front.settings
        gate = gate_now(front)
        assert (gate.live, gate.determination) == (True, "panel-1")
        assert gate_line(gate_fields(front, gate.at)) == (
            "live certificates are issued, by decision panel-1"
        )
        live = device_certificate(office, 2)
        assert policy(live) == "2.25.1111"
        assert policy(organisation_certificate(office)) == "2.25.2222"
        assert lint_certificate(live, settings) == lint_certificate(before, settings) == ()
        assert (
            "(live device certificates" in explain(live, settings)["certificatePolicies (critical)"]
        )
        words = explain(before, settings)["certificatePolicies (critical)"]
        assert "(test organisation certificates" in words
        assert not read_gate(front, gate.at.replace(year=2091)).live
        serials = [str(front.describe(one).serial) for one in (before, live)]
    for serial, is_live in zip(serials, (False, True), strict=True):
        traced = bodies.run("certificate", "trace", serial)
        assert traced["live"] is is_live
        assert traced["determination"] == ("panel-1" if is_live else None)
    bodies.decide("panel-2", "withdraw-decision", "panel-1", body="panel")
    with bodies.opened() as office:
        gate = gate_now(office.front)
        assert (gate.live, gate.reason.count("withdrawn by decision panel-2")) == (False, 1)
        assert policy(device_certificate(office, 3)) == POLICIES["device"]
        row = office.front.index.by_serial(office.front.describe(live).serial)
        assert row is not None
    assert bodies.run("repository", "audit")["problems"] == []

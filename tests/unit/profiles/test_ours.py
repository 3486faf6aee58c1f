"""Our own certificates and CRLs: linted, and read by independent programs."""

import subprocess
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from smki import profiles
from smki.profiles import showing
from smki.terms import EUI64, CertificateKind, KeyUsage, Refused, SerialNumber
from smki.wire import der

K = CertificateKind


class _Made(Protocol):
    @property
    def draft(self) -> profiles.Draft: ...
    @property
    def tbs(self) -> bytes: ...
    @property
    def der(self) -> bytes: ...
    @property
    def key(self) -> object: ...


Hierarchy = Mapping[CertificateKind, _Made]


@pytest.mark.clause("gbcs:12", "sec-app-a:B", "sec-app-b:B", "sec-app-q:B")
@pytest.mark.parametrize("kind", K)
def test_what_is_composed_passes_the_lint(
    kind: CertificateKind, hierarchy: Hierarchy, settings: profiles.ProfileSettings
) -> None:
    """Every kind passes, by our settings and as a stranger's, under its issuer's key."""
    octets, issuer = hierarchy[kind].der, hierarchy[kind.issuer].der
    assert profiles.lint_tbs(hierarchy[kind].tbs, settings, kind) == ()
    assert profiles.lint_certificate(octets, settings, kind, issuer=issuer) == ()
    assert profiles.lint_certificate(octets) == ()
    assert profiles.purpose_of(octets, settings) is kind


@pytest.mark.parametrize("kind", K)
def test_cryptography_reads_it(kind: CertificateKind, hierarchy: Hierarchy) -> None:
    """The strict parser reads every kind with all its extensions, and its issuer signed it."""
    certificate = x509.load_der_x509_certificate(hierarchy[kind].der)
    assert len(list(certificate.extensions)) >= 4
    issuer = x509.load_der_x509_certificate(hierarchy[kind.issuer].der)
    certificate.verify_directly_issued_by(issuer)
    assert certificate.serial_number == hierarchy[kind].draft.serial.value


@pytest.mark.parametrize("kind", [kind for kind in K if not kind.is_authority])
def test_openssl_verifies_the_chain_with_crls(
    kind: CertificateKind,
    hierarchy: Hierarchy,
    settings: profiles.ProfileSettings,
    signer: Callable[[object, bytes], bytes],
    tmp_path: Path,
) -> None:
    """`openssl verify` accepts leaf, issuing and root, strictly, with a CRL of each authority."""
    issuing = kind.issuer
    root = issuing.issuer
    chain = []
    for authority in (issuing, root):
        issuer = profiles.issuer_from_certificate(hierarchy[authority].der, settings)
        now = datetime(2026, 11, 21, tzinfo=UTC)
        tbs = profiles.compose_crl(
            issuer, [(SerialNumber(77), now)], 1, now, now + timedelta(days=365)
        )
        crl = profiles.assemble_crl(tbs, signer(hierarchy[authority].key, tbs), issuer)
        assert profiles.lint_crl(crl, issuer, hierarchy[authority].der) == ()
        chain.append(x509.load_der_x509_crl(crl).public_bytes(Encoding.PEM))
    (tmp_path / "crl.pem").write_bytes(b"".join(chain))
    for name, each in (("leaf", kind), ("issuing", issuing), ("root", root)):
        pem = x509.load_der_x509_certificate(hierarchy[each].der).public_bytes(Encoding.PEM)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    command = "openssl verify -x509_strict -crl_check_all -CAfile root.pem -untrusted issuing.pem"
    at = "-attime 1795910400 -CRLfile crl.pem"
    done = subprocess.run(
        [*command.split(), *at.split(), "leaf.pem"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.stdout == b"leaf.pem: OK\n", done.stderr
    text = subprocess.run(
        ["openssl", "x509", "-in", "leaf.pem", "-noout", "-text"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert dict(settings.policies)[kind].encode() in text.stdout


@pytest.mark.parametrize(
    ("kind", "field", "value", "rule"),
    [
        (K.DEVICE, "usage", KeyUsage.CERTIFICATE_AND_CRL_SIGNING, "device.extension.keyUsage"),
        (K.DEVICE, "not_after", datetime(2046, 1, 1, tzinfo=UTC), "device.validity.lifetime"),
        (K.DEVICE, "serial", SerialNumber(5), "device.serial"),
        (
            K.ORGANISATION,
            "not_after",
            datetime(2045, 1, 1, tzinfo=UTC),
            "organisation.validity.lifetime",
        ),
        (
            K.ISSUING_DCA,
            "subject",
            profiles.AuthoritySubject(common_name="E3571"),
            "issuing-dca.subject.length",
        ),
    ],
)
def test_a_draft_off_its_profile_is_found(
    kind: CertificateKind,
    field: str,
    value: object,
    rule: str,
    another: Callable[[CertificateKind, str, object], bytes],
    settings: profiles.ProfileSettings,
) -> None:
    """The lint names what the draft got wrong, and nothing else."""
    found = profiles.lint_tbs(another(kind, field, value), settings, kind)
    assert [finding.rule for finding in found] == [rule]


def test_octets_that_are_no_certificate_give_one_finding_with_a_place(hierarchy: Hierarchy) -> None:
    """Cut, lengthened or loosely encoded octets are named by offset and clause."""
    octets = hierarchy[K.DEVICE].der
    loose = octets[:1] + b"\x83\x00" + octets[2:]
    for broken in (b"", octets[:-1], octets + b"\x00", loose):
        (finding,) = profiles.lint_certificate(broken)
        assert finding.where.startswith("offset")
        assert finding.clause


def test_a_subject_of_another_kind_is_refused(
    hierarchy: Hierarchy, another: Callable[[CertificateKind, str, object], bytes]
) -> None:
    """A device certificate cannot be composed for an organisation."""
    with pytest.raises(Refused, match=r"subject is OrganisationSubject.*needs DeviceSubject"):
        another(K.DEVICE, "subject", hierarchy[K.ORGANISATION].draft.subject)


@pytest.mark.clause("sec-app-a:B")
@pytest.mark.parametrize("usage", [KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT])
def test_template_gives_what_compose_gives(
    usage: KeyUsage,
    hierarchy: Hierarchy,
    settings: profiles.ProfileSettings,
    another: Callable[[CertificateKind, str, object], bytes],
) -> None:
    """Filled with a draft's values the template gives compose's octets; it knows them as its own."""
    draft = hierarchy[K.DEVICE].draft
    assert draft.issuer is not None
    assert isinstance(draft.subject, profiles.DeviceSubject)
    template = profiles.DeviceTemplate(draft.issuer, settings, usage, draft.subject.hw_type)
    device, point = draft.subject.device.octets, draft.public_key[-65:]
    filled = template.fill(draft.serial.to_octets(), draft.not_before, device, point)
    assert filled == another(K.DEVICE, "usage", usage)
    assert template.agrees(filled, device, point)
    assert not template.agrees(filled, bytes(8), point)
    for at in range(len(filled)):
        changed = filled[:at] + bytes((filled[at] ^ 0x80,)) + filled[at + 1 :]
        assert (
            not template.agrees(changed, device, point)
            or profiles.lint_tbs(changed, settings, K.DEVICE) == ()
        )
    for length in (70, 71, 72):
        signature = bytes(length)
        whole = template.assemble(filled, signature)
        assert whole == profiles.assemble(filled, signature, K.DEVICE)


def test_rows_are_the_same_read_slowly_and_quickly(
    hierarchy: Hierarchy, settings: profiles.ProfileSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading gives the first one's fields, by the learned shape and no parser."""
    octets = hierarchy[K.DEVICE].der
    reader = profiles.RowReader(settings)
    first = reader.read(octets)
    monkeypatch.setattr(showing, "parse_certificate", None)
    assert reader.read(octets) == first
    assert first.kind is K.DEVICE
    assert first.identity == EUI64.parse("00db1234567890a0")
    assert first.usage is KeyUsage.DIGITAL_SIGNATURE
    assert first.not_after == 253402300799


def test_development_oids_come_back_whole(
    hierarchy: Hierarchy, settings: profiles.ProfileSettings
) -> None:
    """128-bit arcs are the uuid5 of their names and come back whole from every kind."""
    for kind, made in hierarchy.items():
        named = uuid.uuid5(uuid.NAMESPACE_OID, f"smki:development:{kind.value}")
        assert dict(settings.policies)[kind] == f"2.25.{named.int}"
        assert profiles.view(made.der, settings).policies == (dict(settings.policies)[kind],)
        assert der.oid(dict(settings.policies)[kind])[2:] in made.der
    named = uuid.uuid5(uuid.NAMESPACE_OID, "smki:development:hw-type")
    assert f"2.25.{named.int}" == profiles.DEVELOPMENT_HARDWARE

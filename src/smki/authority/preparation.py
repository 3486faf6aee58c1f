"""Step 5, prepared: serial chosen, certificate composed from its profile, and linted.

Device certificates, of which there are many, are filled into a template whose constant octets
passed the lints once and are compared again each time; all others are composed and linted one by
one. A property test shows that both ways agree.
"""

from collections.abc import Sequence

from smki.authority.hierarchy import Hierarchy
from smki.crypto import spki_p256
from smki.ports import Entropy
from smki.profiles import (
    DeviceTemplate,
    Draft,
    OfficerSubject,
    OrganisationSubject,
    ProfileSettings,
    ServerSubject,
    SystemSubject,
    compose,
    lint_tbs,
    validity,
)
from smki.steps import Admitted, Gate, Prepared
from smki.terms import CertificateKind, Finding, KeyUsage, Refused, SerialNumber
from smki.terms.identifiers import SERIAL_OCTETS
from smki.wire.requests import DeviceRequest, OrganisationRequest, SystemRequest

_TEMPLATES_KEPT = 64  # hwTypes times two usages in use at once; more are made again when needed


class Preparer:
    """Prepares certificates under one hierarchy; keeps the device templates it has made."""

    def __init__(self, hierarchy: Hierarchy, settings: ProfileSettings, entropy: Entropy) -> None:
        self._hierarchy = hierarchy
        self._settings = settings
        self._entropy = entropy
        self._templates: dict[tuple[KeyUsage, bytes, bool], DeviceTemplate] = {}

    def prepare(self, admitted: Sequence[Admitted], gate: Gate) -> tuple[Prepared, ...]:
        """Each certificate is composed and has passed its lints; same order.

        Of the gate's instant; live ones if it is open, else for tests.

        Raises:
            Refused: a lint found something: nothing of the group is prepared.

        Clause: gbcs:12, sec-app-a:B, sec-app-b:B
        """
        serials = self._entropy.octets(SERIAL_OCTETS * len(admitted))
        return tuple(
            self._one(one, serials[SERIAL_OCTETS * n : SERIAL_OCTETS * (n + 1)], gate)
            for n, one in enumerate(admitted)
        )

    def prepare_server(self, admitted: Admitted, names: ServerSubject, gate: Gate) -> Prepared:
        """The certificate of one of the infrastructure's own servers, for these names.

        Raises:
            Refused: it would deviate from its profile.
        """
        serial = SerialNumber.from_random(self._entropy.octets(SERIAL_OCTETS))
        return self._composed(admitted, serial, names, gate)

    def findings(self, prepared: Prepared) -> tuple[Finding, ...]:
        """Every deviation of the TBSCertificate from the profile of its kind; none if it is one."""
        return lint_tbs(prepared.tbs, self._settings, prepared.admitted.kind, live=prepared.live)

    def template(self, request: DeviceRequest, *, live: bool) -> DeviceTemplate:
        """The template for this usage and hardware type, of live certificates or for tests."""
        name = (request.usage, request.hw_type, live)
        template = self._templates.get(name)
        if template is None:
            if len(self._templates) >= _TEMPLATES_KEPT:
                self._templates.clear()
            issuer = self._hierarchy.issuer_of(CertificateKind.DEVICE).issuer
            usage, hw_type, _ = name
            template = DeviceTemplate(issuer, self._settings, usage, hw_type, live=live)
            self._templates[name] = template
        return template

    def _one(self, admitted: Admitted, random: bytes, gate: Gate) -> Prepared:
        serial = SerialNumber.from_random(random)
        request = admitted.request
        match request:
            case DeviceRequest():
                template = self.template(request, live=gate.live)
                tbs = template.fill(
                    serial.value.to_bytes(SERIAL_OCTETS, "big"),
                    gate.at,
                    request.device.octets,
                    request.point,
                )
                return Prepared(admitted=admitted, serial=serial, tbs=tbs, live=gate.live)
            case OrganisationRequest():
                subject: OrganisationSubject | OfficerSubject | SystemSubject = OrganisationSubject(
                    entity=request.entity,
                    role=request.role,
                    common_name=request.common_name,
                )
            case SystemRequest():
                form = (
                    OfficerSubject
                    if admitted.kind is CertificateKind.IKI_OFFICER
                    else SystemSubject
                )
                subject = form(
                    organisation=request.organisation,
                    role_code=request.role_code,
                    common_name=request.common_name,
                )
        return self._composed(admitted, serial, subject, gate)

    def _composed(
        self,
        admitted: Admitted,
        serial: SerialNumber,
        subject: OrganisationSubject | OfficerSubject | SystemSubject | ServerSubject,
        gate: Gate,
    ) -> Prepared:
        request = admitted.request
        if isinstance(request, SystemRequest):
            usage, public_key = KeyUsage.DIGITAL_SIGNATURE, request.public_key
        else:
            usage, public_key = request.usage, spki_p256(request.point)
        issuer = self._hierarchy.issuer_of(admitted.kind).issuer
        not_before, not_after = validity(admitted.kind, gate.at, self._settings)
        draft = Draft(
            kind=admitted.kind,
            serial=serial,
            issuer=issuer,
            subject=subject,
            usage=usage,
            public_key=public_key,
            not_before=not_before,
            not_after=not_after,
            live=gate.live,
        )
        tbs = compose(draft, self._settings)
        prepared = Prepared(admitted=admitted, serial=serial, tbs=tbs, live=gate.live)
        findings = self.findings(prepared)
        if findings:
            raise Refused(findings=findings)
        return prepared

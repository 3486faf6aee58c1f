"""Step 7, signed: the authority's key signs what the journal holds, and reads back what came out.

Takes `Journalled` and nothing else, once. Certificates of organisations and of the infrastructure
are re-read by an independent parser always, device certificates by sample: their octets outside
the signature were compared with a template that passed the lints.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cryptography import x509

from smki.authority.preparation import Preparer
from smki.ports import DelegatingKey, SigningKey
from smki.profiles import assemble
from smki.steps import Issued, Journalled, Prepared
from smki.terms import CertificateKind, Inconsistent
from smki.wire.requests import DeviceRequest

SAMPLE: Final = 64  # of so many device certificates in a group, one is re-read

Assembler = Callable[[bytes, bytes], bytes]
SigningKeys = Mapping[CertificateKind, SigningKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What was spent and is being signed; `issued` waits for it, once.

    Attributes:
        prepared: what is being signed, in the order of the journal.
        assemblers: for each, what makes the certificate of TBSCertificate and signature.
        under_way: for each key at work, the places in `prepared`, and what gives the signatures.
    """

    prepared: tuple[Prepared, ...]
    assemblers: tuple[Assembler, ...]
    under_way: tuple[tuple[list[int], Callable[[], list[bytes]]], ...]

    def issued(self) -> tuple[Issued, ...]:
        """Each is signed and reads back; same order.

        Raises:
            Unavailable: a key cannot be used now; nothing of this leaves, the intent stays open.
            Inconsistent: what was signed does not read back as what was prepared.
        """
        issued: list[Issued | None] = [None] * len(self.prepared)
        for places, signatures in self.under_way:
            for place, signature in zip(places, signatures(), strict=True):
                prepared = self.prepared[place]
                certificate = self.assemblers[place](prepared.tbs, signature)
                issued[place] = Issued(prepared=prepared, certificate=certificate)
        finished = tuple(one for one in issued if one is not None)
        _read_back(finished)
        return finished


def begin_signing(journalled: Journalled, preparer: Preparer, keys: SigningKeys) -> Signing:
    """Each prepared certificate is with the key of the authority of its kind.

    Raises:
        Inconsistent: spent before, or a template does not agree; nothing is signed.

    Clause: sec-app-m:2.3.1.9
    """
    prepared = journalled.spend()
    assemblers = tuple([_checked(one, preparer) for one in prepared])
    places: dict[CertificateKind, list[int]] = {}
    for place, one in enumerate(prepared):
        places.setdefault(one.admitted.kind.issuer, []).append(place)
    under_way = []
    for issuer, its in places.items():
        key, messages = keys[issuer], [prepared[place].tbs for place in its]
        begin = key.begin(messages) if isinstance(key, DelegatingKey) else None
        under_way.append((its, begin or partial(key.sign, messages)))
    return Signing(prepared=prepared, assemblers=assemblers, under_way=tuple(under_way))


def _checked(prepared: Prepared, preparer: Preparer) -> Assembler:
    """What will assemble it: it has passed, whoever prepared it or gave it back from a journal."""
    admitted = prepared.admitted
    request = admitted.request
    if not isinstance(request, DeviceRequest):
        for finding in preparer.findings(prepared):
            raise Inconsistent(
                f"certificate {prepared.serial}: {finding.message}, nothing is signed",
                where=finding.where,
                clause=finding.clause,
            )
        return partial(assemble, kind=admitted.kind)
    template = preparer.template(request, live=prepared.live)
    if admitted.kind is not CertificateKind.DEVICE or not template.agrees(
        prepared.tbs, request.device.octets, request.point
    ):
        raise Inconsistent(
            f"certificate {prepared.serial}: differs from its template, nothing is signed",
            clause="sec-app-a:B",
        )
    return template.assemble


def _read_back(issued: tuple[Issued, ...]) -> None:
    sampled = issued[:: max(1, min(SAMPLE, len(issued)))]
    always = (one for one in issued if not isinstance(one.prepared.admitted.request, DeviceRequest))
    for one in (*sampled, *always):
        try:
            certificate = x509.load_der_x509_certificate(one.certificate)
            same = (
                certificate.serial_number == one.prepared.serial.value
                and certificate.tbs_certificate_bytes == one.prepared.tbs
            )
            certificate.extensions  # noqa: B018 - parsing them is the check
        except ValueError as error:
            raise Inconsistent(
                f"certificate {one.prepared.serial}: does not read back ({error})"
            ) from error
        if not same:
            raise Inconsistent(f"certificate {one.prepared.serial}: reads back as something else")

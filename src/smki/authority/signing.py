"""Step 7, signed: the authority's key signs what the journal holds, and reads back what came out.

Takes `Journalled` and nothing else, once. Certificates of organisations and of the infrastructure
are re-read by an independent parser always, device certificates by sample: their octets outside
the signature were compared with a template that passed the lints.
"""

from collections.abc import Mapping
from typing import Final

from cryptography import x509

from smki.authority.preparation import Preparer
from smki.ports import SigningKey
from smki.profiles import assemble
from smki.steps import Issued, Journalled, Prepared
from smki.terms import CertificateKind, Inconsistent
from smki.wire.requests import DeviceRequest

SAMPLE: Final = 64  # of so many device certificates in a group, one is re-read

SigningKeys = Mapping[CertificateKind, SigningKey]


def sign(journalled: Journalled, preparer: Preparer, keys: SigningKeys) -> tuple[Issued, ...]:
    """Each prepared certificate is signed by the authority of its kind; same order.

    Raises:
        Unavailable: a key cannot be used now; nothing of this leaves, the intent stays open.
        Inconsistent: spent before, a template does not agree, or what was signed does not read
            back as what was prepared.

    Clause: sec-app-m:2.3.1.9
    """
    prepared = journalled.spend()
    for one in prepared:
        _check(one, preparer)
    issued: list[Issued | None] = [None] * len(prepared)
    for issuer in {one.admitted.kind.issuer for one in prepared}:
        places = [n for n, one in enumerate(prepared) if one.admitted.kind.issuer is issuer]
        signatures = keys[issuer].sign([prepared[n].tbs for n in places])
        for n, signature in zip(places, signatures, strict=True):
            issued[n] = _issued(prepared[n], signature, preparer)
    finished = tuple(one for one in issued if one is not None)
    _read_back(finished)
    return finished


def _check(prepared: Prepared, preparer: Preparer) -> None:
    admitted = prepared.admitted
    request = admitted.request
    if not isinstance(request, DeviceRequest):
        # What was prepared has passed; what a journal gave back must pass again, whoever wrote it.
        for finding in preparer.findings(prepared):
            raise Inconsistent(
                f"certificate {prepared.serial}: {finding.message}, nothing is signed",
                where=finding.where,
                clause=finding.clause,
            )
    elif admitted.kind is not CertificateKind.DEVICE or not preparer.template(request).agrees(
        prepared.tbs
    ):
        raise Inconsistent(
            f"certificate {prepared.serial}: differs from its template, nothing is signed",
            clause="sec-app-a:B",
        )


def _issued(prepared: Prepared, signature: bytes, preparer: Preparer) -> Issued:
    request = prepared.admitted.request
    if isinstance(request, DeviceRequest):
        certificate = preparer.template(request).assemble(prepared.tbs, signature)
    else:
        certificate = assemble(prepared.tbs, signature, prepared.admitted.kind)
    return Issued(prepared=prepared, certificate=certificate)


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

"""Certificate revocation lists: composes and lints them.

    TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate,
                               revokedCertificates OPTIONAL, [0] crlExtensions }

Clause: rfc5280:5.1, sec-app-b:B-crl
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from smki.profiles import table
from smki.profiles.composing import authority_key_value, compose_extension, compose_time
from smki.profiles.drafts import Issuer
from smki.profiles.signatures import ecdsa_fault, signature_holds
from smki.terms import Finding, Malformed, Refused, SerialNumber
from smki.wire import der
from smki.wire.certificate import RevocationList, parse_certificate, parse_revocation_list

CRL_NUMBER: Final = bytes.fromhex("551d14")
_VERSION_2: Final = 1
_NUMBER_OCTETS: Final = 20  # rfc5280:5.2.3


def compose_crl(
    issuer: Issuer,
    entries: Sequence[tuple[SerialNumber, datetime]],
    number: int,
    this_update: datetime,
    next_update: datetime,
) -> bytes:
    """The TBSCertList, DER: `entries` are serial and instant of revocation, kept in their order.

    Raises:
        Malformed: a time has no zone.
        Refused: the issuer is not an authority, the number negative or over 20 octets, or the
            next update not after this one.

    Clause: sec-app-b:B-crl
    """
    if not issuer.kind.is_authority or number < 0 or number.bit_length() >= _NUMBER_OCTETS * 8:
        raise Refused(
            f"crl: number {number} of {issuer.kind.value}, must be 0 to 20 octets of an authority",
            clause="rfc5280:5.2.3",
            rule="crl.number",
        )
    times = compose_time(this_update), compose_time(next_update)
    if next_update <= this_update:
        raise Refused(
            f"crl: next update {next_update}, must be after this update {this_update}",
            clause="rfc5280:5.1.2.5",
            rule="crl.next-update",
        )
    revoked = [
        der.sequence(der.element(der.INTEGER, serial.to_octets()), compose_time(when))
        for serial, when in entries
    ]
    extensions = der.sequence(
        compose_extension(
            table.AUTHORITY_KEY.oid, authority_key_value(issuer.key_identifier), critical=False
        ),
        compose_extension(CRL_NUMBER, der.integer(number), critical=False),
    )
    return der.sequence(
        der.integer(_VERSION_2),
        issuer.algorithm.value,
        issuer.name,
        *times,
        der.sequence(*revoked) if revoked else b"",  # rfc5280:5.1.2.6: left out if empty
        der.element(der.context(0, constructed=True), extensions),
    )


def assemble_crl(tbs: bytes, signature: bytes, issuer: Issuer) -> bytes:
    """The CertificateList, DER.

    Clause: rfc5280:5.1.1
    """
    return der.sequence(tbs, issuer.algorithm.value, der.bit_string(signature))


def lint_crl(
    octets: bytes, issuer: Issuer | None = None, issuer_certificate: bytes | None = None
) -> tuple[Finding, ...]:
    """Every deviation of the revocation list from the profile; empty if there is none.

    With `issuer` its name, key identifier and algorithm are compared; with its certificate the
    signature is checked too.

    Clause: sec-app-b:B-crl
    """
    try:
        crl = parse_revocation_list(octets)
        return tuple(_lint(crl, issuer, issuer_certificate))
    except Malformed as malformed:
        return (
            Finding(
                rule=malformed.rule or "crl.malformed",
                message=malformed.message,
                where=malformed.where,
                clause=malformed.clause,
            ),
        )


def _lint(
    crl: RevocationList, issuer: Issuer | None, certificate: bytes | None
) -> Iterator[Finding]:
    for rule, holds, message, where, clause in _rules(crl, issuer, certificate):
        if not holds:
            yield Finding(rule=f"crl.{rule}", message=f"crl: {message}", where=where, clause=clause)


def _rules(
    crl: RevocationList, issuer: Issuer | None, certificate: bytes | None
) -> Iterator[tuple[str, bool, str, str, str]]:
    algorithms = (
        {row.value for row in table.Algorithm} if issuer is None else {issuer.algorithm.value}
    )
    same = crl.algorithm == crl.inner_algorithm and crl.algorithm in algorithms
    extensions = {one.oid: one for one in crl.extensions}
    serials = [entry.serial for entry in crl.entries or ()]
    form = [table.AUTHORITY_KEY.oid, CRL_NUMBER]
    yield "version", crl.version == _VERSION_2, "version must be v2", "version", "rfc5280:5.1.2.1"
    yield "algorithm", same, "algorithm must be the issuer's, twice", "signature", "gbcs:12"
    yield (
        "next-update",
        crl.next_update is not None,
        "must be there",
        "nextUpdate",
        "rfc5280:5.1.2.5",
    )
    order = crl.next_update is None or crl.this_update.instant < crl.next_update.instant
    yield "order", order, "next update must be after this one", "nextUpdate", "rfc5280:5.1.2.5"
    yield "empty", crl.entries != (), "empty list must be left out", "revoked", "rfc5280:5.1.2.6"
    once = len(serials) == len(set(serials))
    yield "twice", once, "a serial number stands twice", "revoked", "rfc5280:5.1.2.6"
    yield (
        "extensions",
        [one.oid for one in crl.extensions] == form
        and not any(one.critical or one.explicit_default for one in crl.extensions),
        "extensions must be authorityKeyIdentifier and cRLNumber, not critical",
        "crlExtensions",
        "sec-app-b:B-crl",
    )
    if issuer is not None:
        found = extensions.get(table.AUTHORITY_KEY.oid)
        named = found is not None and found.value == authority_key_value(issuer.key_identifier)
        yield "key-identifier", named, "not the issuer's", "authorityKeyIdentifier", "rfc5280:5.2.1"
        yield (
            "issuer",
            crl.issuer == issuer.name,
            "not the issuer's name",
            "issuer",
            "rfc5280:5.1.2.3",
        )
    if crl.algorithm == table.Algorithm.ECDSA_SHA256.value:
        fault = ecdsa_fault(crl.signature)
        yield "signature-form", not fault, fault, "signatureValue", "x690:8.3.2"
    if certificate is not None:
        key = parse_certificate(certificate).tbs.public_key
        holds = signature_holds(key, crl.tbs, crl.signature)
        yield "signature", holds, "does not hold with the issuer's key", "signatureValue", "gbcs:12"

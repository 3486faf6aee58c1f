"""`smki ceremony credential` and `sign`: what people make on machines of their own."""

from datetime import UTC, datetime, timedelta

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from smki.ceremonies.fields import text64
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.transcript import TRANSCRIPT_MAX
from smki.interfaces.cli.ceremony_files import certificate_in
from smki.interfaces.cli.officers import certificate_option, detached, key_option
from smki.interfaces.cli.output import (
    emit,
    json_option,
    output_file,
    read_input,
    reporting,
    tell,
)
from smki.merkle.canonical import encode_json
from smki.terms import Malformed
from smki.wire.encodings import write_pem

_BITS = 3072
_DAYS = 730  # two years, as a credential of the IKI lives


@click.command
@click.argument("name")
@click.option("--out", required=True, metavar="FILE", help="A new file: the certificate, PEM.")
@click.option("--key-out", required=True, metavar="FILE", help="A new file: the key, PEM.")
@json_option
def credential(name: str, *, out: str, key_out: str, as_json: bool) -> None:
    """Make a credential that signs itself, for who takes part before there is an IKI.

    NAME is what the certificate says; it is no person's name. Its fingerprint is compared in person.
    """
    with reporting(as_json=as_json):
        certificate, key = _credential(name)
        with output_file(key_out, private=True) as write:
            write(key)
        with output_file(out) as write:
            write(write_pem(certificate, "CERTIFICATE"))
    digest = fingerprint(certificate)
    lines = (
        f"credential {name}: {out}, its key: {key_out}",
        f"  SHA-256 {aloud(digest)}",
        "next: 'smki ceremony custodian appoint', or --operator and --witness of 'smki ceremony run'",
    )
    emit(
        {"name": name, "certificate": out, "key": key_out, "sha256": digest}, lines, as_json=as_json
    )


@click.command
@click.argument("file")
@certificate_option
@key_option
@click.option("--out", required=True, metavar="FILE", help="A new file: the signature.")
@json_option
def sign(file: str, *, certificate: str, key: str, out: str, as_json: bool) -> None:
    """Sign the entries of a ceremony (to-be-signed.json), as operator or witness, on any machine."""
    with reporting(as_json=as_json):
        octets = read_input(file, limit=TRANSCRIPT_MAX)
        tell(f"SHA-256 {aloud(fingerprint(octets))}")
        signature = detached(octets, certificate, key)
        der = certificate_in(read_input(certificate))
        with output_file(out) as write:
            write(encode_json({"certificate": text64(der), "signature": text64(signature)}))
    lines = (
        f"the signature is in {out}",
        f"next: 'smki ceremony finish --state DIR --signature {out}'",
    )
    emit({"signature": out, "sha256": fingerprint(octets)}, lines, as_json=as_json)


def _credential(name: str) -> tuple[bytes, bytes]:
    """Certificate (DER) and key (PEM)."""
    try:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    except ValueError as error:
        raise Malformed(f"name: {error}, must be 1 to 64 characters", where="NAME") from error
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=_DAYS))
        .sign(key, SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.DER), pem

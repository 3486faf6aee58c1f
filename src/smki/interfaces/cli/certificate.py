"""`smki certificate show`, `lint` and `trace`: what it says, what is wrong, what it was issued under.

All but `trace` need no state directory: without `--ours` the certificate is somebody else's, and policy OID, hwType
and whole days are not compared with ours. Expiry and revocation are not looked at.
"""

import os
import re
from binascii import Error, a2b_base64
from collections.abc import Iterable, Mapping
from typing import Final

import click

from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import (
    emit,
    json_option,
    output_file,
    printable,
    read_input,
    reporting,
    tell,
)
from smki.profiles import ProfileSettings, kind_of, lint_certificate, view
from smki.profiles.wording import explain
from smki.terms import CertificateKind, Finding, Malformed
from smki.wire.certificate import parse_certificate

_ARMOURED: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL
)
_LABEL: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_SEQUENCE: Final = b"\x30"  # as text the character 0, with which no certificate in base64 begins
_KINDS: Final = tuple(kind.value for kind in CertificateKind)
_ours_option = click.option(
    "--ours", is_flag=True, help="Go by the OIDs and lifetimes of this environment."
)


@click.group(cls=WholeSentences)
def certificate() -> None:
    """Read certificates and compare them with their profiles."""


@certificate.command
@click.argument("file", metavar="FILE")
@_ours_option
@json_option
def show(file: str, *, ours: bool, as_json: bool) -> None:
    """Show the profile of a certificate and its fields, in their order.

    What has a meaning in words is shown by it, with the octets in brackets.

    FILE is PEM or DER, - is standard input.
    """
    with reporting(as_json=as_json):
        octets, settings = read_certificate(file), _settings(ours=ours)
        shown, words = view(octets, settings), explain(octets, settings)
        fields = joined(shown.fields)
        document = {"profile": shown.kind.value, "fields": fields, "words": dict(words)}
        emit(document, _table(shown.kind.value, fields, words), as_json=as_json)


@certificate.command
@click.argument("file", metavar="FILE")
@click.option("--issuer", metavar="FILE", help="The issuer's certificate, to check the signature.")
@click.option("--profile", type=click.Choice(_KINDS), help="The kind that it should be.")
@_ours_option
@json_option
@click.pass_context
def lint(
    context: click.Context,
    file: str,
    *,
    issuer: str | None,
    profile: str | None,
    ours: bool,
    as_json: bool,
) -> None:
    """Name everything in a certificate that its profile does not allow, each with its clause.

    FILE is PEM or DER, - is standard input. Exit code 1 if there is any finding.
    """
    with reporting(as_json=as_json):
        octets, settings = read_certificate(file), _settings(ours=ours)
        kind = kind_of(octets, settings) if profile is None else CertificateKind(profile)
        above = None if issuer is None else parse_certificate(read_certificate(issuer)).octets
        findings = lint_certificate(octets, settings, kind, issuer=above)
        name = None if kind is None else kind.value
        document = {"profile": name, "findings": [_row(finding) for finding in findings]}
        emit(document, _verdict(name, findings), as_json=as_json)
    context.exit(1 if findings else 0)


@certificate.command
@click.argument("serial")
@click.option("--out", metavar="FILE", help="Write the whole configuration, JSON; - for stdout.")
@json_option
def trace(serial: str, *, out: str | None, as_json: bool) -> None:
    """Trace a certificate to what it was issued under: the configuration entry in force then.

    That entry holds the clause catalogue, the profiles and the configuration of the software that
    issued it; 'smki repository prove' proves the certificate's own entry.
    """
    from smki.interfaces.cli.tracing import trace_serial  # noqa: PLC0415 - opens the house

    with reporting(as_json=as_json):
        document, content = trace_serial(serial)
        if out is not None:
            with output_file(out) as write:
                write(content)
    if out != "-":
        lines = [f"{name:13} {value}" for name, value in document.items()]
        emit(document, lines, as_json=as_json)


def read_certificate(file: str) -> bytes:
    """The octets of the first certificate in the file: DER, PEM with text around it, or base64.

    Whether they are a certificate is not looked at. A chain begins with the certificate itself;
    that more follow is told on standard error.

    Raises:
        Malformed: the file cannot be read or is too long, or holds no base64.
    """
    octets = read_input(file)
    if octets.startswith(_SEQUENCE):
        return octets
    armoured = _ARMOURED.findall(octets)
    if len(armoured) > 1:
        tell(f"{file}: the first of {len(armoured)} certificates")
    try:
        return a2b_base64(b"".join((armoured or [octets])[0].split()), strict_mode=True)
    except Error as error:
        label = _LABEL.search(octets)
        found = "neither DER nor the base64 of a certificate, must be one of them"
        if label:
            found = f"{label[1].decode()} in it, must be a CERTIFICATE"
        raise Malformed(f"file: {found}", where=file) from error


def joined(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The fields by name, in order; what stands under one name several times is parted by commas."""
    together: dict[str, str] = {}
    for name, text in fields:
        together[name] = f"{together[name]}, {text}" if name in together else text
    return together


def _settings(*, ours: bool) -> ProfileSettings | None:
    if not ours:
        return None
    from smki.bootstrap import load_settings  # noqa: PLC0415 - takes longer than all the rest

    return load_settings(os.environ).profiles()


def _table(profile: str, fields: dict[str, str], words: Mapping[str, str]) -> Iterable[str]:
    width = max(map(len, fields))
    yield f"{'profile':{width}}  {profile}"
    for name, text in fields.items():
        said = words.get(name)
        value = text if said is None else f"{said} [{text}]"
        yield f"{name:{width}}  {printable(value)}"


def _row(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "where": finding.where,
        "clause": finding.clause,
    }


def _verdict(profile: str | None, findings: tuple[Finding, ...]) -> Iterable[str]:
    yield f"profile: {profile or 'none, not a certificate'}"
    for finding in findings:
        yield f"{finding.clause}  {finding.message}"
    count = len(findings)
    yield f"{count} finding{'s' * (count > 1)}" if findings else "as its profile asks, no finding"

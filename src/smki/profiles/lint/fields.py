"""Rules of the plain fields: version, serial number, algorithms, validity, key, unique identifiers."""

import re
from collections.abc import Iterator
from typing import Final

from smki.profiles import composing
from smki.profiles.lint.exhibit import Exhibit
from smki.profiles.settings import LIFETIMES, NEVER, last_second
from smki.profiles.signatures import key_loads
from smki.profiles.table import Algorithm
from smki.terms import Finding
from smki.terms.identifiers import SERIAL_MAX_OCTETS, SERIAL_OCTETS
from smki.wire import der
from smki.wire.certificate import Time, parse_public_key

_VERSION_3: Final = 2
_MIDNIGHT: Final = (0, 0, 0)
_RSA_KEY: Final = re.compile(  # RSAPublicKey: modulus of 2048 bits, exponent 65537
    rb"\x30\x82\x01\x0a\x02\x82\x01\x01\x00[\x80-\xff].{255}\x02\x03\x01\x00\x01", re.DOTALL
)
_POINT: Final = re.compile(rb"\x04.{64}", re.DOTALL)


def version(exhibit: Exhibit) -> Iterator[Finding]:
    """The version is v3."""
    if exhibit.tbs.version != _VERSION_3:
        yield exhibit.finding(
            "version", f"v{exhibit.tbs.version + 1}, must be v3", "version", "rfc5280:4.1.2.1"
        )


def serial(exhibit: Exhibit) -> Iterator[Finding]:
    """The serial number is a positive INTEGER of at most 20 octets; ours have 16."""
    serial = exhibit.tbs.serial
    value = int.from_bytes(serial, "big", signed=True)
    if value <= 0 or len(serial) > SERIAL_MAX_OCTETS or der.integer(value)[2:] != serial:
        yield exhibit.finding(
            "serial",
            f"{serial.hex()[:60]}, must be positive, in its shortest form, at most 20 octets",
            "serialNumber",
            "rfc5280:4.1.2.2",
        )
    elif exhibit.settings is not None and len(serial) != SERIAL_OCTETS:
        yield exhibit.finding(
            "serial", f"{len(serial)} octets, ours have {SERIAL_OCTETS}", "serialNumber"
        )


def algorithm(exhibit: Exhibit) -> Iterator[Finding]:
    """What is signed names the algorithm of its hierarchy."""
    yield from algorithm_is(exhibit, exhibit.tbs.algorithm, "signature")


def algorithm_is(exhibit: Exhibit, found: bytes, where: str) -> Iterator[Finding]:
    """An AlgorithmIdentifier, at `where`, is the one of the hierarchy, without NULL on P-256."""
    expected = exhibit.profile.algorithm
    if found == expected.value:
        return
    bare = Algorithm.ECDSA_SHA256.value[2:]
    said = " (NULL parameters, must be left out)" if found[2:] == bare + b"\x05\x00" else ""
    yield exhibit.finding(
        "algorithm",
        f"{found.hex()[:80]}{said}, must be {expected.name}, {expected.value.hex()}",
        where,
        "gbcs:12" if expected is Algorithm.ECDSA_SHA256 else "",
    )


def time_form(exhibit: Exhibit) -> Iterator[Finding]:
    """Times are UTCTime through 2049 and GeneralizedTime from 2050."""
    times: tuple[tuple[str, Time], ...] = (
        ("notBefore", exhibit.tbs.not_before),
        ("notAfter", exhibit.tbs.not_after),
    )
    for where, time in times:
        if der.element(time.tag, time.text) != composing.compose_time(time.instant):
            yield exhibit.finding(
                "validity.form",
                f"{time.text.decode()} as tag {time.tag:02X}, must be UTCTime through 2049 and"
                " GeneralizedTime from 2050",
                where,
                "rfc5280:4.1.2.5",
            )


def lifetime(exhibit: Exhibit) -> Iterator[Finding]:
    """The certificate lives as long as its kind may; ours begins with a day."""
    kind, settings = exhibit.profile.kind, exhibit.settings
    first, last = exhibit.tbs.not_before.instant, exhibit.tbs.not_after.instant
    years = LIFETIMES[kind] if settings is None else settings.lifetime(kind)
    end = NEVER if years is None else last_second(first, years)
    if last < first:
        message = f"{last:%Y-%m-%d %H:%M:%S}, before notBefore {first:%Y-%m-%d %H:%M:%S}"
    elif years is None:
        message = (
            "" if last == NEVER else f"{last:%Y-%m-%d %H:%M:%S}, must be {NEVER:%Y%m%d%H%M%SZ}"
        )
    elif (last - end).total_seconds() > 1:  # real ones run to the same second as well
        message = f"{last:%Y-%m-%d %H:%M:%S}, must be at most {years} years after notBefore"
    elif settings is not None and exhibit.profile.exact_lifetime and last != end:
        message = f"{last:%Y-%m-%d %H:%M:%S}, must be {end:%Y-%m-%d %H:%M:%S}"
    else:
        message = ""
    if message:
        yield exhibit.finding("validity.lifetime", message, "notAfter")
    whole_days = settings is not None and years is not None
    if whole_days and (first.hour, first.minute, first.second) != _MIDNIGHT:
        yield exhibit.finding(
            "validity.whole-days", f"{first:%H:%M:%S}, must be 00:00:00", "notBefore"
        )


def public_key(exhibit: Exhibit) -> Iterator[Finding]:
    """The key is of the algorithm of its hierarchy, and is one."""
    algorithm, key = parse_public_key(exhibit.tbs.public_key)
    scheme = exhibit.profile.algorithm
    of_p256 = scheme is Algorithm.ECDSA_SHA256
    form, words = (
        (_POINT, "an uncompressed point on P-256") if of_p256 else (_RSA_KEY, "2048 bits and 65537")
    )
    clause = "gbcs:12" if of_p256 else ""
    if algorithm != scheme.key:
        yield exhibit.finding(
            "key.algorithm",
            f"{algorithm.hex()[:80]}, must be {scheme.key.hex()}",
            "subjectPublicKeyInfo",
            clause,
        )
    elif not form.fullmatch(key) or not key_loads(exhibit.tbs.public_key):
        yield exhibit.finding(
            "key", f"{len(key)} octets, must be {words}", "subjectPublicKeyInfo", clause
        )


def unique_identifiers(exhibit: Exhibit) -> Iterator[Finding]:
    """The unique identifiers of old are left out."""
    if exhibit.tbs.unique_identifiers:
        yield exhibit.finding(
            "unique-identifiers",
            "issuerUniqueID or subjectUniqueID is there, must be left out",
            "tbsCertificate",
            "rfc5280:4.1.2.8",
        )

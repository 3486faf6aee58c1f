"""Rules of the extensions: which, in which order, how critical, and the value of each."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from smki.crypto.identifiers import key_identifier
from smki.profiles import composing, reading, table
from smki.profiles.lint.exhibit import Exhibit
from smki.profiles.table import PROFILES
from smki.terms import Finding, KeyUsage
from smki.terms.identifiers import EUI64_OCTETS
from smki.wire import der
from smki.wire.certificate import Extension, parse_public_key

_KEY_IDENTIFIER: Final = re.compile(rb"[\x40-\x4f].{7}", re.DOTALL)


def extension_set(exhibit: Exhibit) -> Iterator[Finding]:
    """The profile's extensions are all there, each once, in their order, and no other."""
    rows, found = exhibit.profile.extensions, [one.oid for one in exhibit.tbs.extensions]
    for row in rows:
        if row.oid not in found:
            yield exhibit.finding(
                "extension.missing", "missing, must be there", row.name, row.clause
            )
    for number, oid in enumerate(found):
        if oid in found[:number]:
            yield exhibit.finding("extension.twice", "there twice", _label(oid), "rfc5280:4.2")
        elif oid not in {row.oid for row in rows}:
            yield exhibit.finding(
                "extension.unexpected", "there, the profile has no such extension", _label(oid)
            )
    wanted = [row.oid for row in rows if row.oid in found]
    ours = [oid for oid in found if oid in wanted]
    if ours != wanted and len(ours) == len(wanted):
        yield exhibit.finding(
            "extension.order",
            f"{', '.join(map(_label, ours))}, must be in the order"
            f" {', '.join(map(_label, wanted))}",
            "extensions",
        )


def _label(oid: bytes) -> str:
    known = {row.oid: row.name for profile in PROFILES.values() for row in profile.extensions}
    return known.get(oid) or der.dotted(oid)


def extension_flags(exhibit: Exhibit) -> Iterator[Finding]:
    """Each extension is critical or not as the profile asks, and a default is not written."""
    for row in exhibit.profile.extensions:
        extension = exhibit.tbs.extension(row.oid)
        if extension is None:
            continue
        if extension.critical is not row.critical:
            yield exhibit.finding(
                "extension.critical",
                f"{_critical(flag=extension.critical)}, must be {_critical(flag=row.critical)}",
                row.name,
                row.clause,
            )
        if extension.explicit_default:
            yield exhibit.finding(
                "extension.default", "critical FALSE is written out", row.name, "x690:11.5"
            )


def _critical(*, flag: bool) -> str:
    return "critical" if flag else "not critical"


def extension_values(exhibit: Exhibit) -> Iterator[Finding]:
    """Each extension of the profile holds the one value that it may."""
    for row in exhibit.profile.extensions:
        extension = exhibit.tbs.extension(row.oid)
        message = "" if extension is None else _VALUES[row.name](exhibit, extension)
        if message:
            yield exhibit.finding(f"extension.{row.name}", message, row.name, row.clause)


# -- the value of each extension: what is wrong with it, or nothing ------------------------------


def _usage_value(exhibit: Exhibit, extension: Extension) -> str:
    usages: tuple[KeyUsage, ...] = exhibit.profile.usages
    if extension.value in {usage.value for usage in usages}:
        return ""
    names = " or ".join(f"{usage.name} {usage.value.hex()}" for usage in usages)
    return f"{extension.value.hex()[:40]}, must be exactly one usage, {names}"


def _constraints_value(exhibit: Exhibit, extension: Extension) -> str:
    expected = composing.basic_constraints_value(exhibit.profile.path_length)
    return _same(extension.value, expected)


def _policies_value(exhibit: Exhibit, extension: Extension) -> str:
    found = reading.policies(exhibit.tbs)
    if len(found) != 1:
        return f"{len(found)} policies, must be one"
    if extension.value != der.sequence(der.sequence(der.element(der.OID, found[0]))):
        return f"{extension.value.hex()[:80]}, must be one policy without qualifiers"
    settings = exhibit.settings
    if settings is not None:
        kind, live = exhibit.profile.kind, exhibit.live
        modes = (False, True) if live is None else (live,)
        expected = dict.fromkeys(settings.policy(kind, live=mode) for mode in modes)
        if found[0] not in expected:
            words = " or ".join(map(der.dotted, expected))
            return f"{der.dotted(found[0])}, must be {words} in this environment"
    return ""


def _subject_key_value(exhibit: Exhibit, extension: Extension) -> str:
    _, key = parse_public_key(exhibit.tbs.public_key)
    return _same(extension.value, der.octet_string(key_identifier(key)))


def _authority_key_value(exhibit: Exhibit, extension: Extension) -> str:
    identifier = reading.authority_key_identifier(exhibit.tbs)
    if identifier is None or extension.value != composing.authority_key_value(identifier):
        return f"{extension.value.hex()[:80]}, must be [0] keyIdentifier alone"
    if not _KEY_IDENTIFIER.fullmatch(identifier):
        return f"{identifier.hex()}, must be 8 octets beginning with the digit 4"
    return ""


def _hardware_value(exhibit: Exhibit, extension: Extension) -> str:
    module = reading.hardware_module(exhibit.tbs)
    if module is None or len(module[1]) != EUI64_OCTETS:
        return f"{extension.value.hex()[:80]}, must be one hardwareModuleName of 8 octets"
    if exhibit.settings is not None and not exhibit.settings.permits_hw_type(module[0]):
        return f"hwType {der.dotted(module[0])}, is not permitted in this environment"
    return ""


def _purposes_value(exhibit: Exhibit, extension: Extension) -> str:
    purposes = (der.element(der.OID, oid) for oid in exhibit.profile.purposes)
    return _same(extension.value, der.sequence(*purposes))


def _server_value(_: Exhibit, extension: Extension) -> str:
    names = der.Reader(extension.value, table.SERVER_NAMES.name).enter(der.SEQUENCE, "value")
    count = 0
    while not names.at_end:
        tag, name = names.peek(), names.element("name")
        if tag not in (0x82, 0x87):
            return f"{name.hex()[:40]}, must be dNSName or iPAddress"
        count += 1
    return "" if count else "empty, must name the server"


def _contingency_value(exhibit: Exhibit, extension: Extension) -> str:
    body = der.Reader(extension.value, table.CONTINGENCY_KEY.name).enter(der.SEQUENCE, "value")
    algorithm = body.enter(der.SEQUENCE, "wrapAlgorithm").take(der.OID, "algorithm")
    wrapped = body.take(der.OCTET_STRING, "wrappedContinPubKey")
    body.done()
    settings = exhibit.settings
    if settings is not None and der.element(der.OID, algorithm) != der.oid(settings.wrap_algorithm):
        return f"wrapped by {der.dotted(algorithm)}, must be {settings.wrap_algorithm}"
    return "" if wrapped else "wrapped key is empty, must hold one"


def _same(found: bytes, expected: bytes) -> str:
    return "" if found == expected else f"{found.hex()[:80]}, must be {expected.hex()}"


_VALUES: Final[dict[str, Callable[[Exhibit, Extension], str]]] = {
    table.KEY_USAGE.name: _usage_value,
    table.BASIC_CONSTRAINTS.name: _constraints_value,
    table.POLICIES.name: _policies_value,
    table.SUBJECT_KEY.name: _subject_key_value,
    table.AUTHORITY_KEY.name: _authority_key_value,
    table.HARDWARE_NAME.name: _hardware_value,
    table.PURPOSES.name: _purposes_value,
    table.SERVER_NAMES.name: _server_value,
    table.CONTINGENCY_KEY.name: _contingency_value,
}

"""The extensions that a certification request asks for: which, and what they say.

Whether one is marked critical is passed over: it is not validated on the way in.
"""

from collections.abc import Collection, Mapping
from typing import Final

from smki.terms import EUI64, KeyUsage, Malformed
from smki.wire.der import (
    BOOLEAN,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    Reader,
    context,
    dotted,
)
from smki.wire.pkcs10.objects import EXTENSION_REQUEST_OID, HARDWARE_MODULE_NAME_OID, name_of
from smki.wire.pkcs10.rules import part

HW_TYPE_OCTETS_MAX: Final = 64  # those in use have 10 to 13


def requested_extensions(
    attributes: Reader, wanted: Collection[bytes], clause: str
) -> Mapping[bytes, Reader]:
    """Readers over the values of the requested extensions, which are exactly `wanted`.

    Args:
        attributes: over the content of the request's attributes.
        wanted: content octets of the extensions' identifiers.
        clause: the one that asks for them.

    Raises:
        Malformed: `csr.attribute` or `csr.extension`.

    Clause: rfc2986:4.1
    """
    found: dict[bytes, Reader] = {}
    with part("csr.extension"):
        extensions = _extension_request(attributes)
        while not extensions.at_end:
            extension = extensions.enter(SEQUENCE, "extension")
            oid = extension.take(OID, "extnID")
            if extension.peek() == BOOLEAN:
                _critical(extension)
            value = extension.enter(OCTET_STRING, "extnValue")
            extension.done()
            if oid in found or oid not in wanted:
                raise _wrong_extensions(
                    f"{name_of(oid)} {'twice' if oid in found else 'there'}", wanted, clause
                )
            found[oid] = value
    missing = [name_of(oid) for oid in wanted if oid not in found]
    if missing:
        raise _wrong_extensions(f"{' and '.join(missing)} missing", wanted, clause)
    return found


def _wrong_extensions(found: str, wanted: Collection[bytes], clause: str) -> Malformed:
    names = " and ".join(name_of(oid) for oid in wanted)
    return Malformed(
        f"requested extensions: {found}, must be exactly {names}",
        where="extensionRequest",
        clause=clause,
        rule="csr.extension",
    )


def _extension_request(attributes: Reader) -> Reader:
    where = f"offset {attributes.position}"
    with part("csr.attribute"):
        kind = b""
        if not attributes.at_end:
            attribute = attributes.enter(SEQUENCE, "attribute")
            kind = attribute.take(OID, "type")
        if kind != EXTENSION_REQUEST_OID:
            raise Malformed(
                f"attributes: {name_of(kind) if kind else 'none'},"
                " must be exactly one, extensionRequest",
                where=where,
                clause="rfc2986:4.1",
                rule="csr.attribute",
            )
        values = attribute.enter(SET, "values")
        attribute.done()
        extensions = values.enter(SEQUENCE, "extensions")
        values.done()
        attributes.done()
    return extensions


def _critical(extension: Reader) -> None:
    """Passes over the mark; TRUE is FF in DER, and FALSE, the default, is left out."""
    where = f"offset {extension.position}"
    value = extension.take(BOOLEAN, "critical")
    if value != b"\xff":
        raise Malformed(
            f"critical: {value[:4].hex().upper() or 'empty'}, must be left out, or TRUE as FF",
            where=where,
            clause="x690:11.5" if value == b"\x00" else "x690:11.1",
            rule="csr.minimal" if value == b"\x00" else "csr.der",
        )


def key_usage(value: Reader, allowed: Mapping[bytes, KeyUsage]) -> KeyUsage:
    """The one usage that keyUsage's `value` holds, which is `allowed`.

    Raises:
        Malformed: `csr.usage`.

    Clause: rfc5280:4.2.1.3
    """
    where = f"offset {value.position}"
    bits = value.rest()
    usage = allowed.get(bits)
    if usage is None:
        names = " or ".join(usage.name for usage in allowed.values())
        raise Malformed(
            f"keyUsage: {bits[:12].hex().upper() or 'empty'}, must be exactly one usage, {names}"
            f" ({' or '.join(octets.hex().upper() for octets in allowed)})",
            where=where,
            clause="rfc5280:4.2.1.3",
            rule="csr.usage",
        )
    return usage


def hardware_module_name(value: Reader) -> tuple[bytes, EUI64, int]:
    """Content of hwType, the Device ID in hwSerialNum, and the offset of the Device ID.

    Args:
        value: over the content of subjectAltName's value.

    Raises:
        Malformed: `csr.hardware` or `csr.serial`.

    Clause: rfc4108:5, gbcs:4.3.1
    """
    with part("csr.hardware"):
        names = value.enter(SEQUENCE, "subjectAltName")
        value.done()
        name = names.enter(context(0, constructed=True), "otherName")
        names.done()
        kind = name.take(OID, "type-id")
        if kind != HARDWARE_MODULE_NAME_OID:
            raise _wrong_hardware(f"otherName of type {kind[:24].hex().upper()}", value)
        explicit = name.enter(context(0, constructed=True), "value")
        name.done()
        module = explicit.enter(SEQUENCE, "hardwareModuleName")
        explicit.done()
        hw_type = module.take(OID, "hwType")
        if len(hw_type) > HW_TYPE_OCTETS_MAX:
            raise _wrong_hardware(f"hwType of {len(hw_type)} octets", value)
        dotted(hw_type)
        serial = module.take(OCTET_STRING, "hwSerialNum")
        module.done()
    at = module.position - len(serial)
    if len(serial) != 8:
        raise Malformed(
            f"hwSerialNum: {len(serial)} octets, must be the 8 of the Device ID",
            where=f"offset {at}",
            clause="gbcs:4.3.1",
            rule="csr.serial",
        )
    return hw_type, EUI64(serial), at


def _wrong_hardware(found: str, value: Reader) -> Malformed:
    return Malformed(
        f"subjectAltName: {found}, must be one hardwareModuleName with a hwType of at most"
        f" {HW_TYPE_OCTETS_MAX} octets",
        where=f"offset {value.position}",
        clause="rfc4108:5",
        rule="csr.hardware",
    )

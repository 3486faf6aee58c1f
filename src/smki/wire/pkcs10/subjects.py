"""Subjects of certification requests: attributes by type, and the text they may hold.

The order of the attributes in a request is not judged, for the documents fix it for certificates
only, and those are composed anew. Each relative name holds one attribute.
"""

from collections.abc import Collection, Mapping
from typing import Final

from smki.terms import EUI64, Malformed
from smki.wire.der import BIT_STRING, OID, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, Reader
from smki.wire.pkcs10.objects import UNIQUE_IDENTIFIER_OID, name_of
from smki.wire.pkcs10.rules import part

NAME_CHARACTERS_MAX: Final = 64  # ub-common-name, ub-organization-name; rfc5280:A.1

_PRINTABLE: Final = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?"
)


def subject_attributes(
    subject: Reader, required: Collection[bytes], optional: Collection[bytes], clause: str
) -> Mapping[bytes, Reader]:
    """Readers over the attribute values of `subject`, by content octets of their types.

    Raises:
        Malformed: `csr.subject`: an attribute is missing, unknown, repeated, or shares its name.
    """
    found: dict[bytes, Reader] = {}
    with part("csr.subject"):
        while not subject.at_end:
            relative = subject.enter(SET, "relativeName")
            attribute = relative.enter(SEQUENCE, "attribute")
            relative.done()
            kind = attribute.take(OID, "type")
            if kind in found or (kind not in required and kind not in optional):
                where = f"offset {attribute.position}"
                times = "twice" if kind in found else "there"
                raise Malformed(
                    f"subject: {name_of(kind)} {times}, must be {_listed(required, optional)}",
                    where=where,
                    clause=clause,
                    rule="csr.subject",
                )
            found[kind] = attribute
    missing = [name_of(kind) for kind in required if kind not in found]
    if missing:
        raise Malformed(
            f"subject: {', '.join(missing)} missing, must be {_listed(required, optional)}",
            where="subject",
            clause=clause,
            rule="csr.subject",
        )
    return found


def _listed(required: Collection[bytes], optional: Collection[bytes]) -> str:
    names = ", ".join(name_of(kind) for kind in required)
    return names + "".join(f" and perhaps {name_of(kind)}" for kind in optional)


def text(attribute: Reader, name: str) -> str:
    """The text of an attribute: UTF8String or PrintableString, 1 to 64 printable characters.

    Raises:
        Malformed: `csr.name`.

    Clause: rfc5280:4.1.2.6
    """
    where = f"offset {attribute.position}"
    with part("csr.name"):
        tag = attribute.peek()
        tag = tag if tag in (UTF8_STRING, PRINTABLE_STRING) else UTF8_STRING
        octets = attribute.take(tag, name)
        attribute.done()
    try:
        value = octets.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad_name(name, "octets that are not UTF-8", where) from None
    if tag == PRINTABLE_STRING and not _PRINTABLE.issuperset(value):
        raise _bad_name(name, "characters that a PrintableString cannot hold", where)
    return checked_name(value, name, where)


def checked_name(value: str, name: str, where: str = "") -> str:
    """`value`, which has 1 to 64 characters, all printable.

    Raises:
        Malformed: `csr.name`.
    """
    if not 1 <= len(value) <= NAME_CHARACTERS_MAX:
        raise _bad_name(name, f"{len(value)} characters", where)
    if not value.isprintable():
        raise _bad_name(name, "a control, format or unassigned character", where)
    return value


def _bad_name(name: str, found: str, where: str) -> Malformed:
    return Malformed(
        f"{name}: {found}, must be 1 to {NAME_CHARACTERS_MAX} printable characters",
        where=where or name,
        clause="rfc5280:4.1.2.6",
        rule="csr.name",
    )


def unique_identifier(attribute: Reader) -> EUI64:
    """The Entity Identifier: a BIT STRING of exactly 64 bits.

    Raises:
        Malformed: `csr.identifier`.

    Clause: gbcs:4.3.1
    """
    where = f"offset {attribute.position}"
    with part("csr.identifier"):
        bits = attribute.take(BIT_STRING, name_of(UNIQUE_IDENTIFIER_OID))
        attribute.done()
    if len(bits) != 9 or bits[0]:
        raise Malformed(
            f"uniqueIdentifier: {max(len(bits) - 1, 0)} octets with {bits[:1].hex() or 'no'} unused"
            " bits, must be 8 octets, all bits used",
            where=where,
            clause="gbcs:4.3.1",
            rule="csr.identifier",
        )
    return EUI64(bits[1:])

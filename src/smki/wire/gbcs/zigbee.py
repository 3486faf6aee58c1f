"""GBZ payloads (ZigBee), as far as an infrastructure of keys has to know them.

    payload   ::= profile(2) count(1) component*
                | profile(2) count(1) alert-code(2) time(4) (component* | content)   -- an alert
    component ::= control(1) cluster(2) length(2) content                      -- length of content
    content   ::= ZCL frame                                                    -- or, control bit 02:
                | additional-header(1) frame-counter(1) ZCL header(3) length(2)
                  31 00000000 ciphertext tag(12)

What follows an alert's time are components, so many as announced, or else what its own use case
says: that is kept as octets. What a cluster's commands mean is not known here.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass
from typing import Final

from smki.terms import Malformed
from smki.wire.gbcs.encrypted import ENCRYPTED_PREFIX, EncryptedItem
from smki.wire.gbcs.octets import Cursor

PROFILE: Final = b"\x01\x09"

_ENCRYPTED: Final = 0x02  # bit of the control octet
_MESSAGE: Final = "GBZ payload"
_CLAUSE: Final = "gbcs:7.2.7"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigBeeComponent:
    """One frame for one cluster.

    Attributes:
        control: bit 01 on the last, bit 02 where the content is encrypted.
        cluster: its number.
        content: the octets after the length.
        encrypted: the attribute that only its reader can read, if there is one.
    """

    control: int
    cluster: int
    content: bytes
    encrypted: EncryptedItem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigBeePayload:
    """A GBZ payload, whole.

    Attributes:
        alert_code: of an alert.
        time: of an alert, seconds since the beginning of 2000.
        components: in order.
        content: of an alert, what follows its time and is no components.
    """

    alert_code: int | None
    time: int | None
    components: tuple[ZigBeeComponent, ...]
    content: bytes = b""


def parse_zigbee(payload: bytes, *, alert: bool) -> ZigBeePayload:
    """`payload` is that of a GBZ message, every octet of it accounted for.

    Raises:
        Malformed: anything else, with field and offset.

    Clause: gbcs:7.2.7
    """
    cursor = Cursor(payload, _MESSAGE, _CLAUSE)
    cursor.expect(PROFILE, "profile")
    count = cursor.number(1, "number of components")
    if not alert:
        return ZigBeePayload(alert_code=None, time=None, components=_components(cursor, count))
    code = cursor.number(2, "alert code")
    time = cursor.number(4, "alert time")
    content = cursor.next(cursor.left)
    try:
        components = _components(cursor, count)
    except Malformed:
        return ZigBeePayload(alert_code=code, time=time, components=(), content=content)
    return ZigBeePayload(alert_code=code, time=time, components=components)


def _components(cursor: Cursor, count: int) -> tuple[ZigBeeComponent, ...]:
    components = tuple(_component(cursor) for _ in range(count))
    cursor.done()
    return components


def _component(cursor: Cursor) -> ZigBeeComponent:
    control = cursor.number(1, "control")
    cluster = cursor.number(2, "cluster")
    content = cursor.take(cursor.number(2, "component length"), "component")
    encrypted = _item(content) if control & _ENCRYPTED else None
    return ZigBeeComponent(control=control, cluster=cluster, content=content, encrypted=encrypted)


def _item(content: bytes) -> EncryptedItem:
    cursor = Cursor(content, f"{_MESSAGE}, encrypted component", _CLAUSE)
    cursor.take(5, "additional and ZCL headers")
    octets = cursor.take(cursor.number(2, "encrypted length"), "encrypted attribute")
    cursor.done()
    if not octets.startswith(ENCRYPTED_PREFIX):
        raise cursor.wrong("encrypted attribute", octets[:5].hex(), ENCRYPTED_PREFIX.hex())
    return EncryptedItem.of(octets)

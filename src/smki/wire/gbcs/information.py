"""Other-information of the grouping header: which use case, and for whom besides.

    other-information ::= code(2)                                               nothing else
                        | code party(8)                                         alert
                        | code party(8) counter(8)                              party unknown to the device
                        | code party(8) counter(8) certificate(DER)             its command, answered encrypted
                        | code party(8) counter(8) originator-counter(8)        response to that

A remote party that the device does not know asks through the access control broker: the broker is
the originator, the party is named here. `originator-counter` is the device's own; it keys what is
encrypted.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass
from typing import Final

from smki.terms import EUI64
from smki.wire.gbcs.octets import Cursor

_CODE_OCTETS: Final = 2
_EUI64_OCTETS: Final = 8
_COUNTER_OCTETS: Final = 8
_SEQUENCE: Final = 0x30


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplementary:
    """The remote party that stands behind the access control broker.

    Attributes:
        party: its EUI-64.
        counter: its own originator counter; absent in an alert that only names it.
        certificate: its key agreement certificate (DER), for an answer that is encrypted to it.
        originator_counter: of the device, in such an answer.
    """

    party: EUI64
    counter: int | None = None
    certificate: bytes | None = None
    originator_counter: int | None = None


def parse_information(cursor: Cursor, count: int) -> tuple[int, Supplementary | None]:
    """The next `count` octets: the message code, and the supplementary fields if there are any.

    Raises:
        Malformed: no layout has so many octets.

    Clause: gbcs:7.2.7
    """
    if count < _CODE_OCTETS:
        raise cursor.wrong("other-information", f"{count} octets", "2 or more")
    code = cursor.number(_CODE_OCTETS, "message code")
    left = count - _CODE_OCTETS
    if not left:
        return code, None
    party = EUI64(_part(cursor, left, _EUI64_OCTETS, "supplementary remote party"))
    left -= _EUI64_OCTETS
    if not left:
        return code, Supplementary(party=party)
    counter = _part(cursor, left, _COUNTER_OCTETS, "supplementary remote party counter")
    left -= _COUNTER_OCTETS
    certificate: bytes | None = None
    own: int | None = None
    if left == _COUNTER_OCTETS:
        own = cursor.number(_COUNTER_OCTETS, "supplementary originator counter")
    elif left:
        certificate = cursor.take(left, "supplementary remote party certificate")
        if certificate[0] != _SEQUENCE:
            raise cursor.wrong(
                "supplementary remote party certificate", f"{left} octets", "a certificate"
            )
    return code, Supplementary(
        party=party,
        counter=int.from_bytes(counter, "big"),
        certificate=certificate,
        originator_counter=own,
    )


def _part(cursor: Cursor, left: int, count: int, field: str) -> bytes:
    if left < count:
        raise cursor.wrong(field, f"{left} octets", f"{count}")
    return cursor.take(count, field)


def information_octets(code: int, supplementary: Supplementary | None) -> bytes:
    """Other-information: what `parse_information` reads.

    Clause: gbcs:7.2.7
    """
    octets = code.to_bytes(_CODE_OCTETS, "big")
    if supplementary is None:
        return octets
    octets += supplementary.party.octets
    for counter in (supplementary.counter, supplementary.originator_counter):
        if counter is not None:
            octets += counter.to_bytes(_COUNTER_OCTETS, "big")
    return octets + (supplementary.certificate or b"")

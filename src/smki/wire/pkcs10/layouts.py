"""A short cut for device requests that come in the thousands: all alike but for three stretches.

Once the strict reader has accepted a request, every octet outside its public point, its
hwSerialNum and its signature is remembered as a layout. A later request of the same length with
the same octets there is split by offsets alone. The strict reader puts no condition on the octets
of those three stretches, so the short cut accepts nothing that it would refuse; whatever does not
match a layout goes to the strict reader. Whoever sends odd layouts only pushes others out of
memory, never makes anything acceptable. No layout is ever taken from a request that was refused.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from smki.terms import EUI64, KeyUsage
from smki.wire.requests import DeviceRequest, SignedRequest

LAYOUTS_A_LENGTH: Final = 4  # two usages, two orders: what one manufacturer's requests come in
LENGTHS: Final = 64  # a layout's signatures come in three or four lengths

_COORDINATES: Final = 64  # x and y of a P-256 point
_SERIAL: Final = 8


class Layout(NamedTuple):
    """The constant octets of a request, and where they and the others are.

    `head || x,y (64) || middle || hwSerialNum (8) || tail || signature`
    """

    head: bytes
    point: int  # of the octet 04 before x
    middle: bytes
    middle_at: int
    serial: int
    tail: bytes
    tail_at: int
    signature: int
    info: int
    info_end: int
    hw_type: bytes
    usage: KeyUsage


class DeviceLayouts:
    """At most `LENGTHS` times `LAYOUTS_A_LENGTH` layouts. May be used from any thread."""

    __slots__ = ("_by_length",)

    def __init__(self) -> None:
        self._by_length: dict[int, tuple[Layout, ...]] = {}

    def split(self, der: bytes) -> SignedRequest | None:
        """The request, if it follows a layout that is known; None says nothing about it."""
        for (
            head,
            point,
            middle,
            middle_at,
            serial,
            tail,
            tail_at,
            signature,
            info,
            info_end,
            hw_type,
            usage,
        ) in self._by_length.get(len(der), ()):
            if (
                der.startswith(middle, middle_at)
                and der.startswith(tail, tail_at)
                and der.startswith(head)
            ):
                return SignedRequest(
                    request=DeviceRequest(
                        device=EUI64(der[serial:tail_at]),
                        hw_type=hw_type,
                        usage=usage,
                        point=der[point:middle_at],
                        digest=sha256(der).digest(),
                    ),
                    info=der[info:info_end],
                    signature=der[signature:],
                )
        return None

    def learn(self, der: bytes, signed: SignedRequest, point: int, serial: int) -> None:
        """Requests like `der`, which the strict reader accepted as `signed`, are known on return.

        Args:
            der: the whole request.
            signed: what it was read into; a device request whose point precedes its hwSerialNum.
            point: offset of the octet 04 before the coordinates.
            serial: offset of hwSerialNum.
        """
        request = signed.request
        if not isinstance(request, DeviceRequest):
            return
        middle_at, tail_at = point + 1 + _COORDINATES, serial + _SERIAL
        signature = len(der) - len(signed.signature)
        info = 2 + (der[1] & 0x7F if der[1] & 0x80 else 0)
        layout = Layout(
            head=der[: point + 1],
            point=point,
            middle=der[middle_at:serial],
            middle_at=middle_at,
            serial=serial,
            tail=der[tail_at:signature],
            tail_at=tail_at,
            signature=signature,
            info=info,
            info_end=info + len(signed.info),
            hw_type=request.hw_type,
            usage=request.usage,
        )
        known = self._by_length.get(len(der), ())
        if not known and len(self._by_length) >= LENGTHS:
            self._by_length.clear()
        self._by_length[len(der)] = (layout, *known[: LAYOUTS_A_LENGTH - 1])

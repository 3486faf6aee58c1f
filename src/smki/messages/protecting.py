"""From grouping header and payload to the message that goes out.

1. Who originates a critical command, and the device in a response or an alert of that kind, signs.
2. The access control broker wraps a command in its MAC; a device does so in what it sends unsigned.

Nothing inside is changed by what is put around it.

Clause: gbcs:7.2.7
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from smki.crypto.gbcs_protection import Purpose, derive_key, message_mac, raw_signature
from smki.wire.gbcs.frame import (
    GroupingHeader,
    MessageCategory,
    grouped,
    signature_input,
    with_mac,
    with_signature,
)

mac_purpose: Final = MappingProxyType(
    {
        MessageCategory.COMMAND: Purpose.COMMAND_MAC,
        MessageCategory.RESPONSE: Purpose.RESPONSE_MAC,
        MessageCategory.ALERT: Purpose.ALERT_MAC,
    }
)


def signed_group(
    header: GroupingHeader, payload: bytes, sign: Callable[[bytes], bytes] | None
) -> bytes:
    """Header, payload and signature: a whole message, or what a MAC goes around.

    Args:
        header: who says what to whom.
        payload: octets of the payload.
        sign: makes an ECDSA-Sig-Value (DER) over the octets it is given; none for a message
            that is authenticated by its MAC alone.

    Clause: gbcs:7.2.7
    """
    return signed(grouped(header, payload), sign)


def signed(group: bytes, sign: Callable[[bytes], bytes] | None) -> bytes:
    """The same of header and payload that `wire` has put together.

    Clause: gbcs:7.2.7
    """
    signature = raw_signature(sign(signature_input(group))) if sign else b""
    return with_signature(group, signature)


def authenticated_message(header: GroupingHeader, authenticated: bytes, secret: bytes) -> bytes:
    """The whole message: `authenticated` as `signed_group` made it, with its MAC.

    Args:
        header: the one in `authenticated`.
        authenticated: grouping header to signature.
        secret: Z of the access control broker and the device for a command; of the device and
            the recipient for a response or an alert.

    Clause: gbcs:18.4
    """
    key = derive_key(
        secret,
        mac_purpose[header.category],
        originator=header.originator,
        counter=header.counter,
        recipient=header.recipient,
    )
    return with_mac(authenticated, message_mac(key, header.originator, authenticated))

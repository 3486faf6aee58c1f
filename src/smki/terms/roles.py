"""Remote party roles and key usages, with the codes the documents give them."""

from enum import Enum, IntEnum
from typing import Self

from smki.terms.errors import Malformed


class RemotePartyRole(IntEnum):
    """What an organisation certificate lets its subject be: the code in its OU.

    Clause: gbcs:4.3.2.2
    """

    ROOT = 0
    RECOVERY = 1
    SUPPLIER = 2
    NETWORK_OPERATOR = 3
    ACCESS_CONTROL_BROKER = 4
    TRANSITIONAL_COS = 5
    WAN_PROVIDER = 6
    ISSUING_AUTHORITY = 7
    LOAD_CONTROLLER = 8
    OTHER = 127
    XML_SIGN = 135
    DSP_XML_SIGN = 137

    @property
    def organisational_unit(self) -> str:
        """The two hexadecimal digits, as in the OU: `02` for a supplier."""
        return f"{self.value:02X}"

    @classmethod
    def from_organisational_unit(cls, text: str) -> Self:
        """The role whose two hexadecimal digits are `text`, in either case.

        Raises:
            Malformed: not two hexadecimal digits, or no such role.
        """
        for role in cls:
            if role.organisational_unit == text.upper():
                return role
        raise Malformed(
            f"organisational unit: {text[:20]!r}, must be the two hexadecimal digits of a"
            f" remote party role ({', '.join(role.organisational_unit for role in cls)})",
            clause="gbcs:4.3.2.2",
            rule="csr.role",
        )


class KeyUsage(Enum):
    """The key usages of SMKI certificates; the value is the DER of the extension's BIT STRING.

    Clause: rfc5280:4.2.1.3
    """

    DIGITAL_SIGNATURE = bytes.fromhex("03020780")
    KEY_AGREEMENT = bytes.fromhex("03020308")
    CERTIFICATE_AND_CRL_SIGNING = bytes.fromhex("03020106")

    __hash__ = object.__hash__  # members are single; the enum's own hash is many times slower

    @property
    def code(self) -> str:
        """As the repository writes it: `DS`, `KA`; `CS` for authorities."""
        return _USAGE_CODES[self]


_USAGE_CODES = {
    KeyUsage.DIGITAL_SIGNATURE: "DS",
    KeyUsage.KEY_AGREEMENT: "KA",
    KeyUsage.CERTIFICATE_AND_CRL_SIGNING: "CS",
}

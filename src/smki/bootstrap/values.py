"""The forms that values of the configuration have: names, addresses, windows, stores of keys.

What each key is for and which value it has by itself stands in `settings`.
"""

from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from smki.adapters.keys import offers
from smki.ports import KeyAlgorithm


def _address(text: str) -> str:
    ip_address(text)  # its ValueError is told by whoever reads the configuration
    return text


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true or false, must be a number")  # noqa: TRY004 - as the library asks
    return value


def _signatures(names: tuple[str, ...]) -> tuple[str, ...]:
    """A log that lost its first key's signature would be believed by nobody who has that key."""
    if KeyAlgorithm.ED25519.value not in names or len(set(names)) < len(names):
        raise ValueError("must hold ed25519, and each name once")
    for name in names:
        if not offers(KeyAlgorithm(name)):
            raise ValueError(f"{name} is not known to the installed cryptography library")
    return names


CheckpointSignatures = Annotated[
    tuple[Literal["ed25519", "ml-dsa-44"], ...], AfterValidator(_signatures)
]
Years = Annotated[int, BeforeValidator(_number)]
HostName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$", max_length=253)
]
Address = Annotated[str, AfterValidator(_address)]


class KeySettings(BaseModel, extra="forbid", frozen=True):
    """Where the key of one issuing authority lives."""

    store: Literal["software", "pkcs11"] = Field(
        default="software", description="encrypted files in the state directory, or a PKCS#11 token"
    )
    module: Path | None = Field(default=None, description="path of the PKCS#11 module")
    token: str | None = Field(default=None, description="label of the token")
    pin_variable: str = Field(
        default="SMKI_PIN", description="environment variable that holds the token's PIN"
    )
    pin_file: Path | None = Field(default=None, description="file that holds the token's PIN")


class Window(BaseModel, extra="forbid", frozen=True):
    """Hours of the day, in UTC; from and to the same minute means the whole day."""

    start: time = Field(default=time(0, 0), description="from")
    end: time = Field(default=time(0, 0), description="to")

    def contains(self, moment: time) -> bool:
        """True if the window is open at that time of day."""
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end

"""What of a device is broken: what it answers then, where all else would have succeeded.

A fault changes the answer and leaves the device as it was, but for the counter. Of those of the
radio's key exchange there is none here.

Clause: gbcs:use-cases
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.wire.gbcs.device_credentials import (
    IssueResponseCode,
    ProvideResponseCode,
    UpdateDeviceCertificateCode,
)
from smki.wire.gbcs.firmware import DeviceTimeStatus, SetTimeResponse
from smki.wire.gbcs.joining import (
    JoinResponseCode,
    ReadJoinDetailsResponse,
    ReadResponseCode,
    UnjoinResponseCode,
)


class Fault(Enum):
    """A part of a device that does not work."""

    ANCHOR_STORE = "cells cannot be written"
    CERTIFICATE_READ = "the device's own certificates cannot be read"
    CERTIFICATE_STORE = "the device's own certificates cannot be written"
    CLOCK = "the clock does not run"
    KEY_CHANGE = "a new private key cannot be taken into use"
    LOG_READ = "the device log cannot be read"
    LOG_WRITE = "the device log cannot be written"
    REQUEST = "a certification request cannot be made"


_ANSWERS: Final[Mapping[tuple[str, Fault], object]] = MappingProxyType(
    {
        ("CS02c", Fault.REQUEST): IssueResponseCode.CR_PRODUCTION_FAILED,
        (
            "CS02d",
            Fault.CERTIFICATE_STORE,
        ): UpdateDeviceCertificateCode.CERTIFICATE_STORAGE_FAILED,
        ("CS02d", Fault.KEY_CHANGE): UpdateDeviceCertificateCode.PRIVATE_KEY_CHANGE_FAILED,
        ("CS02e", Fault.CERTIFICATE_READ): ProvideResponseCode.CERTIFICATE_RETRIEVAL_FAILURE,
        ("CS03", Fault.LOG_WRITE): JoinResponseCode.WRITE_FAILURE,
        ("CS04", Fault.LOG_WRITE): UnjoinResponseCode.OTHER_FAILURE,
        ("CS07", Fault.LOG_READ): ReadJoinDetailsResponse(code=ReadResponseCode.READ_FAILURE),
    }
)


def broken_answer(use_case: str, answer: object, faults: frozenset[Fault]) -> object | None:
    """What a device with these faults answers instead of `answer`; None if that stands.

    Args:
        use_case: name of the row.
        answer: of a device without faults; one that tells of a failure stands.
        faults: of this one.

    Clause: gbcs:use-cases
    """
    if use_case == "GCS28" and Fault.CLOCK in faults and isinstance(answer, SetTimeResponse):
        return replace(answer, status=DeviceTimeStatus.INVALID)
    if not _succeeded(answer):
        return None
    found = (_ANSWERS.get((use_case, fault)) for fault in Fault if fault in faults)
    return next((each for each in found if each is not None), None)


def _succeeded(answer: object) -> bool:
    match answer:
        case bytes() | ReadJoinDetailsResponse():
            return True
        case _:
            return answer == 0

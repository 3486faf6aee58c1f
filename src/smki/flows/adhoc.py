"""The ad hoc service: one device CSR that replaces a certificate, answered at once.

Several clients' requests that wait at the same time are issued as one group. A client whose answer
was lost sends its request again: the same octets of the same party are the same request, answered
for some time (`FrontOffice.repeat`) with the certificate that it was issued, out of the record.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from smki.crypto import key_fingerprint
from smki.flows.issue import issue_devices
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import decode_certificate
from smki.policy import code_of
from smki.registration import examine_devices, subscriber_of
from smki.repository import milliseconds
from smki.steps import Channel, Examined, Published, Refusal, Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import AdHocStatus, SmkiError
from smki.wire.requests import DeviceRequest

Asked: TypeAlias = tuple[bytes, bytes]  # EUI-64 of the subscriber, SHA-256 of the request


def transaction_id(at: datetime, random: bytes) -> int:
    """The service's own reference: positive, below 2^53, rising with time.

    Milliseconds since 1970, and ten random bits, so that many front offices need no counter.

    Clause: sec-app-m:2.4
    """
    return int(at.timestamp() * 1000) << 10 | int.from_bytes(random[:2], "big") & 0x3FF


def replace_device_certificates(
    office: Office, requests: Sequence[tuple[Requester, str]]
) -> tuple[AdHocAnswer, ...]:
    """The answer to each (requester, bare base64 CSR), in order.

    A request that is there twice, or was answered with a certificate not long ago, is decided and
    issued once.

    Raises:
        Unavailable: as for `issue_devices`; the answer is then CA_ERROR, see `unavailable`.

    Clause: sec-app-m:2.4
    """
    requesters = [requester for requester, _ in requests]
    examined = examine_devices([text for _, text in requests])
    asked = [
        _asked(requester, outcome) or (b"", b"%d" % place)
        for place, (requester, outcome) in enumerate(zip(requesters, examined, strict=True))
    ]
    issued = _issued_before(office.front, asked, examined)
    places = [n for n, one in enumerate(asked) if one not in issued and asked.index(one) == n]
    outcomes = issue_devices(
        office,
        [requesters[place] for place in places],
        Channel.AD_HOC,
        [examined[place] for place in places],
    )
    decided = {asked[place]: outcome for place, outcome in zip(places, outcomes, strict=True)}
    return tuple(
        _success(office.front, issued[one])
        if one in issued
        else _answer(office.front, decided[one])
        for one in asked
    )


def _asked(requester: Requester, outcome: Examined | Refusal) -> Asked | None:
    """What makes two requests the same one; None for what is no request."""
    if isinstance(outcome, Refusal):
        return None
    return subscriber_of(requester).octets, outcome.request.digest


def _issued_before(
    front: FrontOffice, asked: Sequence[Asked], examined: Sequence[Examined | Refusal]
) -> Mapping[Asked, bytes]:
    """The newest certificate (DER) that each of these was answered with, if not too long ago.

    Who asks again has the same key: the index finds it, and the leaf says who asked, by which
    octets, and when.
    """
    if not front.repeat:
        return {}
    keys = {
        key_fingerprint(one.request.point)
        for one in examined
        if isinstance(one, Examined) and isinstance(one.request, DeviceRequest)
    }
    since, wanted = milliseconds(front.clock.now() - front.repeat), set(asked)
    found: dict[Asked, bytes] = {}
    for holder in front.index.key_holders(sorted(keys)):
        instant, body = decode_certificate(front.reader.leaf(holder.entry))
        one = (body.subscriber, body.request)
        if one in wanted and body.channel == Channel.AD_HOC.value and instant >= since:
            found[one] = body.certificate
    return found


def unavailable(office_reference: int, error: SmkiError) -> AdHocAnswer:
    """The answer when the authority cannot issue now; sending again may help.

    Which host or file is away is for the operator's log.

    Clause: sec-app-m:2.4
    """
    code = code_of("authority.unavailable", ad_hoc=True)
    away = error.message if error.rule == "authority.away" else "the authority cannot issue now"
    return AdHocAnswer(
        transaction_id=office_reference,
        status=code.ad_hoc,
        code=code.code,
        text=f"{away}. Send the request again later",
    )


def failed(front: FrontOffice) -> AdHocAnswer:
    """The answer when a fault of ours kept the request from being decided.

    Clause: sec-app-m:2.4
    """
    code = code_of("internal", ad_hoc=True)
    return AdHocAnswer(
        transaction_id=_reference(front),
        status=code.ad_hoc,
        code=code.code,
        text="the request could not be worked on, which is no fault of the request as far as is"
        " known; the operator sees why",
    )


def _answer(front: FrontOffice, outcome: Published | Refusal) -> AdHocAnswer:
    if isinstance(outcome, Published):
        return _success(front, outcome.certificate)
    code = code_of(outcome.finding.rule, ad_hoc=True)
    return AdHocAnswer(
        transaction_id=_reference(front),
        status=code.ad_hoc,
        code=code.code,
        text=str(outcome.finding),
    )


def _success(front: FrontOffice, certificate: bytes) -> AdHocAnswer:
    return AdHocAnswer(
        transaction_id=_reference(front), status=AdHocStatus.SUCCESS, certificate=certificate
    )


def _reference(front: FrontOffice) -> int:
    return transaction_id(front.clock.now(), front.entropy.octets(2))

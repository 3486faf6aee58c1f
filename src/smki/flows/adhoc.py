"""The ad hoc service: one device CSR that replaces a certificate, answered at once.

Several clients' requests that wait at the same time are issued as one group.
"""

from collections.abc import Sequence
from datetime import datetime

from smki.flows.issue import issue_devices
from smki.flows.office import FrontOffice, Office
from smki.policy import code_of
from smki.registration import examine_devices
from smki.steps import Channel, Published, Refusal, Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import AdHocStatus, SmkiError


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

    Raises:
        Unavailable: as for `issue_devices`; the answer is then CA_ERROR, see `unavailable`.

    Clause: sec-app-m:2.4
    """
    outcomes = issue_devices(
        office,
        [requester for requester, _ in requests],
        Channel.AD_HOC,
        examine_devices([text for _, text in requests]),
    )
    return tuple(_answer(office, outcome) for outcome in outcomes)


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
        transaction_id=transaction_id(front.clock.now(), front.entropy.octets(2)),
        status=code.ad_hoc,
        code=code.code,
        text="the request could not be worked on, which is no fault of the request as far as is"
        " known; the operator sees why",
    )


def _answer(office: Office, outcome: Published | Refusal) -> AdHocAnswer:
    front = office.front
    reference = transaction_id(front.clock.now(), front.entropy.octets(2))
    if isinstance(outcome, Published):
        return AdHocAnswer(
            transaction_id=reference,
            status=AdHocStatus.SUCCESS,
            certificate=outcome.certificate,
        )
    code = code_of(outcome.finding.rule, ad_hoc=True)
    return AdHocAnswer(
        transaction_id=reference, status=code.ad_hoc, code=code.code, text=str(outcome.finding)
    )

"""Step 4, decided: the facts that a decision needs, and the decision for each request in turn.

Requests are decided in the order they came; what an earlier one of the same group is admitted for
counts for the later ones. No rule stands here: `policy` decides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smki.crypto import key_fingerprint
from smki.policy import DeviceFacts, decide_anomaly, decide_device, decide_organisation
from smki.ports import CertificateIndex, DeviceStanding, KeyHolder, Registry
from smki.registration.identity import subscriber_of
from smki.steps import Admitted, Channel, Examined, Refusal, Requester
from smki.terms import EUI64, CertificateKind, Finding, Inconsistent, KeyUsage, SmiStatus
from smki.wire import der
from smki.wire.requests import DeviceRequest, OrganisationRequest

Holders = tuple[tuple[EUI64 | None, KeyUsage], ...]  # of one key: subjects, and for which usage
_UNKNOWN_DEVICE = DeviceStanding()
_BEFORE_SERVICE = frozenset({SmiStatus.NOT_IN_INVENTORY, SmiStatus.PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about the devices and keys of a group of requests.

    Attributes:
        issued: number of device certificates by the octets of the EUI-64, of devices with any.
        standings: what the inventory knows, by the octets of the EUI-64, of devices it knows.
        keys: the fingerprint of each request's key, by its point.
        holders: for the fingerprint of a key, who holds that very key.
        permits_hw_type: whether devices may have the hwType with these content octets.
    """

    issued: dict[bytes, int]
    standings: dict[bytes, DeviceStanding]
    keys: dict[bytes, int]
    holders: dict[int, Holders]
    permits_hw_type: Callable[[bytes], bool] = lambda _: True


def gather(
    requests: Sequence[DeviceRequest | OrganisationRequest],
    index: CertificateIndex,
    registry: Registry,
    key_of: Callable[[int], bytes],
    permits_hw_type: Callable[[bytes], bool] = lambda _: True,
) -> Facts:
    """The facts about these requests as the index and the register have them.

    `key_of` reads the public key (65 octets) of the certificate at an entry of the record: a
    fingerprint only finds candidates.
    """
    devices = {
        request.device.octets: request.device
        for request in requests
        if isinstance(request, DeviceRequest)
    }
    asked = tuple(devices.values())
    keys = {request.point: key_fingerprint(request.point) for request in requests}
    points = {fingerprint: point for point, fingerprint in keys.items()}
    holders: dict[int, Holders] = {}
    for holder in index.key_holders(list(points)):
        if _holds(holder, points[holder.key], key_of):
            earlier = holders.get(holder.key, ())
            holders[holder.key] = (*earlier, (holder.identity, holder.usage))
    counts, standings = index.device_counts(asked), registry.standings(asked)
    return Facts(
        issued={device.octets: count for device, count in counts.items()},
        standings={device.octets: standing for device, standing in standings.items()},
        keys=keys,
        holders=holders,
        permits_hw_type=permits_hw_type,
    )


def _holds(holder: KeyHolder, point: bytes, key_of: Callable[[int], bytes]) -> bool:
    return key_of(holder.entry) == point


class Admissions:
    """Devices and keys of requests that were admitted, and that the index does not know yet.

    Attributes:
        issued: how many of them there are, by the octets of the device's EUI-64.
        holders: for the fingerprint of a key, who holds it by them.
    """

    __slots__ = ("holders", "issued")

    def __init__(self) -> None:
        self.issued: dict[bytes, int] = {}
        self.holders: dict[int, Holders] = {}

    def add(self, request: DeviceRequest, fingerprint: int) -> None:
        """One more; `fingerprint` is that of its key."""
        device, holder = request.device.octets, (request.device, request.usage)
        self.issued[device] = self.issued.get(device, 0) + 1
        self.holders[fingerprint] = (*self.holders.get(fingerprint, ()), holder)


def admit_devices(
    requesters: Sequence[Requester],
    channel: Channel,
    examined: Sequence[Examined | Refusal],
    facts: Facts,
    under_way: Admissions,
) -> tuple[tuple[Admitted | Refusal, ...], Admissions]:
    """For each request, in order, whether its requester may have it; refusals stay refusals.

    Beside the facts count those `under_way`; those admitted here are the second value.

    Clause: sec-app-m:2.3.1.8, sec:L3.16
    """
    admissions = Admissions()
    eligibility = _Eligibility(channel)
    decisions: list[Admitted | Refusal] = []
    for requester, outcome in zip(requesters, examined, strict=True):
        if isinstance(outcome, Refusal):
            decisions.append(outcome)
            continue
        request = outcome.request
        if not isinstance(request, DeviceRequest):
            raise Inconsistent(f"a {type(request).__name__} among device requests")
        device, fingerprint = request.device.octets, facts.keys[request.point]
        standing = facts.standings.get(device, _UNKNOWN_DEVICE)
        holders = (
            facts.holders.get(fingerprint, ())
            + under_way.holders.get(fingerprint, ())
            + admissions.holders.get(fingerprint, ())
        )
        refused = (
            eligibility.decide(requester, standing)
            or decide_anomaly(
                facts.issued.get(device, 0)
                + under_way.issued.get(device, 0)
                + admissions.issued.get(device, 0),
                standing.limit,
                _holder_but(holders, request.device, request.usage) if holders else "",
                replacement=channel is Channel.AD_HOC,
            )
            or (None if facts.permits_hw_type(request.hw_type) else _foreign_hardware(request))
        )
        if refused is not None:
            decisions.append(Refusal(finding=refused))
            continue
        decisions.append(
            Admitted(
                request=request,
                kind=CertificateKind.DEVICE,
                subscriber=subscriber_of(requester),
                channel=channel,
                manufacturing=channel is not Channel.AD_HOC and standing.status in _BEFORE_SERVICE,
            )
        )
        admissions.add(request, fingerprint)
    return tuple(decisions), admissions


class _Eligibility:
    """Asks the policy once for each requester and each standing of devices in a group."""

    __slots__ = ("_replacement", "_verdicts")

    def __init__(self, channel: Channel) -> None:
        self._replacement = channel is Channel.AD_HOC
        self._verdicts: dict[tuple[int, int], Finding | None] = {}  # the group keeps both alive

    def decide(self, requester: Requester, standing: DeviceStanding) -> Finding | None:
        pair = (id(requester), id(standing))
        if pair not in self._verdicts:
            self._verdicts[pair] = decide_device(
                requester.kinds,
                frozenset(identity for identity, _ in requester.identities),
                DeviceFacts(
                    status=standing.status,
                    responsible=standing.responsible,
                    communications=standing.communications,
                    replacement=self._replacement,
                ),
            )
        return self._verdicts[pair]


def _foreign_hardware(request: DeviceRequest) -> Finding:
    return Finding(
        rule="csr.hardware",
        message=f"hwType {der.dotted(request.hw_type)} of device {request.device}, must be one of"
        " those that devices may have here",
        where="subjectAltName",
        clause="sec-app-a:B",
        advice="ask the registration authority which hwType to use",
    )


def _holder_but(holders: Holders, subject: EUI64, usage: KeyUsage) -> str:
    for identity, held_for in holders:
        if (identity, held_for) != (subject, usage):
            return f"{identity or 'an authority'} ({held_for.code})"
    return ""


def admit_organisation(
    requester: Requester, channel: Channel, examined: Examined | Refusal, facts: Facts
) -> Admitted | Refusal:
    """Whether the requester may have this organisation certificate.

    Clause: sec:L3.17, sec-app-m:2.3.1.3
    """
    if isinstance(examined, Refusal):
        return examined
    request = examined.request
    if not isinstance(request, OrganisationRequest):
        raise Inconsistent(f"a {type(request).__name__} where an organisation asks")
    refused = decide_organisation(
        requester.kinds, requester.identities, request.entity, request.role, request.usage
    ) or _key_elsewhere(facts, request)
    if refused is not None:
        return Refusal(finding=refused)
    return Admitted(
        request=request,
        kind=CertificateKind.ORGANISATION,
        subscriber=request.entity,
        channel=channel,
    )


def _key_elsewhere(facts: Facts, request: OrganisationRequest) -> Finding | None:
    holders = facts.holders.get(key_fingerprint(request.point), ())
    holder = _holder_but(holders, request.entity, request.usage)
    if not holder:
        return None
    return Finding(
        rule="anomaly.key",
        message=f"the same key is certified for {holder}, each subject and each usage needs its"
        " own",
        clause="sec:L11.key-reuse",
        advice="make a new key pair",
    )

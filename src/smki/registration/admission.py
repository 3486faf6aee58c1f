"""Step 4, decided: the facts that a decision needs, and the decision for each request in turn.

Requests are decided in the order they came; what an earlier one of the same group is admitted for
counts for the later ones. No rule stands here: `policy` decides.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smki.crypto import key_fingerprint
from smki.policy import DeviceFacts, decide_device, decide_organisation
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
        issued: number of device certificates, for devices that have any.
        standings: what the inventory knows, for devices it knows.
        holders: for the fingerprint of a key, who holds that very key.
        permits_hw_type: whether devices may have the hwType with these content octets.
    """

    issued: dict[EUI64, int]
    standings: dict[EUI64, DeviceStanding]
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
    devices = tuple({request.device for request in requests if isinstance(request, DeviceRequest)})
    points = {key_fingerprint(request.point): request.point for request in requests}
    holders: dict[int, Holders] = {}
    for holder in index.key_holders(list(points)):
        if _holds(holder, points[holder.key], key_of):
            earlier = holders.get(holder.key, ())
            holders[holder.key] = (*earlier, (holder.identity, holder.usage))
    return Facts(
        issued=dict(index.device_counts(devices)),
        standings=registry.standings(devices),
        holders=holders,
        permits_hw_type=permits_hw_type,
    )


def _holds(holder: KeyHolder, point: bytes, key_of: Callable[[int], bytes]) -> bool:
    return key_of(holder.entry) == point


class Admissions:
    """Devices and keys of requests that were admitted, and that the index does not know yet."""

    __slots__ = ("_holders", "_issued")

    def __init__(self) -> None:
        self._issued: Counter[EUI64] = Counter()
        self._holders: dict[int, Holders] = {}

    def add(self, request: DeviceRequest, fingerprint: int) -> None:
        """One more; `fingerprint` is that of its key."""
        self._issued[request.device] += 1
        self._holders[fingerprint] = (
            *self.holders(fingerprint),
            (request.device, request.usage),
        )

    def issued(self, device: EUI64) -> int:
        """How many of them are for this device."""
        return self._issued.get(device, 0)

    def holders(self, fingerprint: int) -> Holders:
        """Who holds the key with this fingerprint by them."""
        return self._holders.get(fingerprint, ())


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
    decisions: list[Admitted | Refusal] = []
    for requester, outcome in zip(requesters, examined, strict=True):
        if isinstance(outcome, Refusal):
            decisions.append(outcome)
            continue
        request = outcome.request
        if not isinstance(request, DeviceRequest):
            raise Inconsistent(f"a {type(request).__name__} among device requests")
        device, fingerprint = request.device, key_fingerprint(request.point)
        standing = facts.standings.get(device, _UNKNOWN_DEVICE)
        holders = (
            facts.holders.get(fingerprint, ())
            + under_way.holders(fingerprint)
            + admissions.holders(fingerprint)
        )
        refused = decide_device(
            requester.kinds,
            frozenset(identity for identity, _ in requester.identities),
            DeviceFacts(
                status=standing.status,
                responsible=standing.responsible,
                communications=standing.communications,
                limit=standing.limit,
                issued=facts.issued.get(device, 0)
                + under_way.issued(device)
                + admissions.issued(device),
                key_holder=_holder_but(holders, device, request.usage),
                replacement=channel is Channel.AD_HOC,
            ),
        )
        if refused is None and not facts.permits_hw_type(request.hw_type):
            refused = _foreign_hardware(request)
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

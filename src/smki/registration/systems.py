"""IKI credentials: who may have one, for which interface, under which name."""

from collections.abc import Collection

from smki.registration.identity import subscriber_of
from smki.steps import Admitted, Channel, Examined, Refusal, Requester
from smki.terms import CertificateKind, Finding, Inconsistent, SubscriberKind
from smki.wire.requests import SystemRequest

_NO_ROLE = "7F"  # a party without a role of the trust anchors names itself `other`


def admit_system(
    requester: Requester,
    kind: CertificateKind,
    examined: Examined | Refusal,
    names: Collection[str] = (),
) -> Admitted | Refusal:
    """Whether the requester may have this IKI credential: its own name, one of its roles.

    The common name is its system's (or officer's) own: none of `names`, those of the requester's
    credentials of this kind that are in force. Names that differ in case or spaces are the same.

    Clause: sec-app-m:G
    """
    if isinstance(examined, Refusal):
        return examined
    request = examined.request
    if not isinstance(request, SystemRequest):
        raise Inconsistent(f"a {type(request).__name__} where a system asks")
    roles = {
        _NO_ROLE if role is None else role.organisational_unit for _, role in requester.identities
    }
    if request.organisation != requester.name:
        return _refusal("O", f"organisation {request.organisation!r}, must be {requester.name!r}")
    if request.role_code.upper() not in roles:
        return _refusal(
            "OU", f"role {request.role_code}, must be one of {', '.join(sorted(roles))}"
        )
    if _folded(request.common_name) in map(_folded, names):
        return Refusal(
            finding=Finding(
                rule="credential.name.taken",
                message=f"common name {request.common_name!r}: a credential of this party for"
                " this interface has it, must be one that no other has",
                where="CN",
                clause="sec-app-m:G",
                advice="name another system, say which credential it replaces, or revoke the"
                " earlier credential first",
            )
        )
    return Admitted(
        request=request,
        kind=kind,
        subscriber=subscriber_of(requester),
        channel=Channel.REGISTRATION,
    )


def admit_server(examined: Examined | Refusal, operator: Requester) -> Admitted | Refusal:
    """A server of the infrastructure itself, asked for by the operator and nobody else.

    Clause: sec-app-m:G
    """
    if isinstance(examined, Refusal):
        return examined
    if operator.interface is not None or SubscriberKind.DCC not in operator.kinds:
        return _refusal("requester", f"{operator.name}, must be the operator itself")
    return Admitted(
        request=examined.request,
        kind=CertificateKind.IKI_SERVER,
        subscriber=subscriber_of(operator),
        channel=Channel.REGISTRATION,
    )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _refusal(where: str, message: str) -> Refusal:
    return Refusal(
        finding=Finding(rule="credential.name", message=message, where=where, clause="sec-app-m:G")
    )

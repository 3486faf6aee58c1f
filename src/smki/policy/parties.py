"""What a registration must say, before it is asked whether name and identifiers are free.

Whether the party is who it says is for people to verify; that procedure is not here yet.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

from smki.policy.eligibility import is_for_operator_only, is_for_subscribers
from smki.terms import EUI64, Finding, RemotePartyRole

_SHORT_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")  # stands in file names and commands
_TRADING_NAME: Final = re.compile(r"\S(?:[^\x00-\x1f\x7f]{0,62}\S)?")  # O of its credentials
_NOBODY: Final = EUI64(bytes(8))  # the identifier of roots in trust anchor cells
_R = RemotePartyRole


def decide_party(
    party: str,
    name: str,
    identities: tuple[tuple[EUI64, RemotePartyRole | None], ...],
    *,
    import_supplier: bool,
    gas_supplier: bool,
    operator: bool,
    trading_names: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Everything for which the party cannot be registered so; empty if it can.

    `trading_names` are those of the other parties: by its trading name a credential tells whose it
    is.

    Clause: sec-app-d:3, gbcs:4.3.1, gbcs:4.3.2.2, sec:L3.17
    """
    return (
        *_names(party, name),
        *_trading_name(name, trading_names),
        *_identifiers(tuple(identity for identity, _ in identities)),
        *(
            finding
            for identity, role in identities
            if role is not None
            for finding in _role(identity, role, operator=operator)
        ),
        *_supplies(
            any(role is _R.SUPPLIER for _, role in identities), import_supplier or gas_supplier
        ),
    )


def _names(party: str, name: str) -> Iterator[Finding]:
    if not _SHORT_NAME.fullmatch(party):
        yield Finding(
            rule="party.name",
            message=f"short name {party[:40]!r}, must be 1 to 32 lower-case letters, digits and"
            " hyphens, beginning with a letter",
            where="party",
            clause="sec-app-d:3",
        )
    if not _TRADING_NAME.fullmatch(name):
        yield Finding(
            rule="party.trading-name",
            message=f"trading name {name[:80]!r}, must be 1 to 64 characters, none of them a"
            " control, without space at either end",
            where="name",
            clause="sec-app-d:3",
        )


def _trading_name(name: str, others: Collection[str]) -> Iterator[Finding]:
    if _folded(name) in map(_folded, others):
        yield Finding(
            rule="party.trading-name",
            message=f"trading name {name!r}: another party has it, must be one that no other has",
            where="name",
            clause="sec-app-d:3",
        )


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _identifiers(identities: tuple[EUI64, ...]) -> Iterator[Finding]:
    if not identities:
        yield _identifier("no EUI-64, must be one at least")
    for identity, times in Counter(identities).items():
        if times > 1:
            yield _identifier(f"EUI-64 {identity}: given {times} times, must be once")
        if identity == _NOBODY:
            yield _identifier(f"EUI-64 {identity}: stands for nobody, must be one of the party's")


def _identifier(message: str) -> Finding:
    return Finding(
        rule="party.identities", message=message, where="identities", clause="gbcs:4.3.1"
    )


def _role(identity: EUI64, role: RemotePartyRole, *, operator: bool) -> Iterator[Finding]:
    named = f"{identity}: role {role.organisational_unit} ({role.name.lower()})"
    if not is_for_subscribers(role):
        yield Finding(
            rule="party.role",
            message=f"{named} is for authorities only",
            where="identities",
            clause="sec:L3.17",
        )
    elif is_for_operator_only(role) and not operator:
        yield Finding(
            rule="party.role",
            message=f"{named} is for the DCC only",
            where="identities",
            clause="sec:L3.17",
        )


def _supplies(supplier: bool, supplies: bool) -> Iterator[Finding]:  # noqa: FBT001 - two facts compared, both named at the call
    if supplier is not supplies:
        found = "role supplier, but supplies nothing" if supplier else "supplies without the role"
        yield Finding(
            rule="party.supplies",
            message=f"{found}: a supplier is Import Supplier, Gas Supplier or both, and nobody"
            " else is",
            where="identities",
            clause="sec:L3.16",
        )

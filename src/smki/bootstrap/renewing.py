"""`smki renew`: new certificates for new keys, and new lists of the roots, in place of the old.

Whoever holds the issuing keys is asked (`Ask`) for what they sign; root keys are opened here, in
the process of the command, and nowhere else. Can be cut off anywhere, and called again.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from smki.bootstrap.holdings import Holding, Renewal, certificate_in, holdings
from smki.bootstrap.issuing_keys import public_key_in
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.pairs import (
    Pair,
    certified,
    keep_certificate,
    next_of,
    sample_pairs,
    server_pair,
    take_over,
)
from smki.bootstrap.samples import SAMPLES
from smki.bootstrap.settings import Settings
from smki.ceremonies import sign_root_list
from smki.ceremonies.fingerprints import fingerprint
from smki.flows.configuring import is_development
from smki.flows.key_use import USE_KEY
from smki.flows.office import FrontOffice
from smki.flows.registering import open_interface
from smki.flows.revocation import CLOCK_TROUBLE, current_list
from smki.ports import KeyStore
from smki.terms import CertificateKind, Finding, Refused, SerialNumber

MAINTENANCE, LISTS = "maintenance", "revocation-list"
"""In what, and for what, a root's key is used here, as the scope of the decision has it."""

Ask = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Has an operation carried out by whoever holds the issuing keys: its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewer:
    """Renews holdings, at one instant.

    Attributes:
        settings: the configuration.
        front: the front office.
        ask: whoever holds the issuing keys.
        roots: opens the root keys; called only if a root's list is renewed.
        now: the instant.
    """

    settings: Settings
    front: FrontOffice
    ask: Ask
    roots: Callable[[], KeyStore]
    now: datetime

    def renew(self, chosen: Iterable[Holding]) -> tuple[str, ...]:
        """Each holding is renewed, its successor lodged and in its place; their names.

        Raises:
            Refused: one is not renewed by this, the root keys do not open, or no decision permits
                their use; nothing was done.
            Unavailable: the root keys are not there, and nothing was done; or something else is
                away: those before are done, and the others are when it is called again.
        """
        wanted = tuple(chosen)
        others = [one for one in wanted if one.pair is None and one.root is None]
        if others:
            raise Refused(findings=tuple(map(_not_here, others)))
        for root in (one.root for one in wanted if one.root is not None):
            self._permit(root)
        keys = self.roots() if any(one.root for one in wanted) else None
        for one in wanted:
            if one.pair is not None:
                self._pair(one.pair)
            elif one.root is not None and keys is not None:
                self._root_list(one.root, keys)
        return tuple(one.name for one in wanted)

    def _permit(self, root: CertificateKind) -> None:
        """A decision permits the use of the root's key, and that is on record.

        A development SMKI is exempt: its root keys lie beside it, and no authority sits over them.

        Clause: sec:L10.9
        """
        if is_development(self.front):
            return
        authority = load_hierarchy(self.front).authority(root)
        digest = fingerprint(public_key_in(authority.certificate))
        use = {"name": root.value, "incident": MAINTENANCE, "purpose": LISTS}
        self.ask(USE_KEY, {**use, "digest": digest})

    def _pair(self, pair: Pair) -> None:
        new = next_of(pair)
        issued = certified(self.front, new, lambda request: self._certify(pair, request))
        if pair.interface is not None:
            open_interface(self.front, pair.party, pair.interface, issued)
        keep_certificate(new, issued, load_hierarchy(self.front))
        take_over(pair)

    def _certify(self, pair: Pair, request: bytes) -> bytes:
        text = base64.b64encode(request).decode()
        operation: str
        arguments: dict[str, Any]
        if pair.interface is not None:
            earlier = SerialNumber(certificate_in(pair).serial_number)
            operation, arguments = (
                "credential",
                {
                    "party": pair.party,
                    "interface": pair.interface.value,
                    "replaces": str(earlier),
                },
            )
        elif pair.party:
            operation, arguments = "organisation", {"party": pair.party}
        else:
            operation, arguments = (
                "server",
                {
                    "names": self.settings.names,
                    "addresses": self.settings.addresses,
                },
            )
        result = self.ask(operation, {**arguments, "request": text})
        return base64.b64decode(result["chain"][0])

    def _root_list(self, root: CertificateKind, keys: KeyStore) -> None:
        last = current_list(self.front, root)
        at = self.now.replace(microsecond=0)
        if last is not None and last.this_update - at <= CLOCK_TROUBLE:
            at = max(at, last.this_update + timedelta(seconds=1))
        octets = sign_root_list(
            load_hierarchy(self.front).authority(root).certificate,
            keys.open(root.value),
            self.front.settings,
            entries=last.entries if last else (),
            number=last.number + 1 if last else 1,
            at=at,
        )
        text = base64.b64encode(octets).decode()
        self.ask("root-list", {"authority": root.value, "list": text})


def finish_renewals(settings: Settings, front: FrontOffice) -> None:
    """What a renewal that was cut off had ready is in its place.

    Raises:
        Unavailable: a file cannot be renamed.
    """
    take_over(server_pair(settings, front.build))
    for sample in SAMPLES:
        for pair in sample_pairs(settings, sample):
            take_over(pair)


def choose(
    settings: Settings,
    front: FrontOffice,
    *,
    names: tuple[str, ...],
    within: timedelta,
    now: datetime,
) -> tuple[tuple[Holding, ...], tuple[Holding, ...]]:
    """All holdings, and of them those that are to be renewed.

    Those are the named ones, whenever they expire; without names, those that are due and that
    `smki renew` can renew.

    Raises:
        Refused: a name that no holding has.
        Unavailable: the database, or a file, is away.
    """
    every = holdings(settings, front, now)
    unknown = set(names) - {one.name for one in every}
    if unknown:
        raise Refused(findings=tuple(_unknown(name) for name in sorted(unknown)))
    if names:
        return every, tuple(one for one in every if one.name in names)
    ours = (Renewal.COMMAND, Renewal.ROOT_KEYS)
    return every, tuple(one for one in every if one.renewal in ours and one.due(now, within))


def _not_here(holding: Holding) -> Finding:
    return Finding(
        rule="renewal.other",
        message=f"{holding.name} is renewed by {holding.renewal.value}, not by this command",
        where=holding.name,
        clause="sec-app-q:B",
    )


def _unknown(name: str) -> Finding:
    return Finding(
        rule="renewal.unknown",
        message=f"nothing that expires has the name {name!r}",
        where="NAME",
        advice="'smki renew --list' names everything",
    )

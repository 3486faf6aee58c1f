"""Keys in custody, opened by a quorum of simulated custodians, under the decisions of the record.

Asked first, then opened: the house's record is asked whether its decisions permit this key, for this
incident and method; the answer is lodged, and only then custodians open their shares. What is open is
for so many uses, until the decision or the day ends, and forgotten afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from smki.adapters.ceremony import MemoryKeys
from smki.adapters.world import SystemClock
from smki.bootstrap import open_office
from smki.ceremonies.activating import ActiveKey, Wanted
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import KeySet, Secret, key_name, share_header
from smki.ceremonies.quorum import Presented, open_key
from smki.ceremonies.scripts import CONTINGENCY, SYMMETRIC
from smki.ceremonies.sealing import unlock
from smki.flows.activating import RecordedAuthority, lodge_asked
from smki.interfaces.key_serving import ServedKey
from smki.interfaces.rehearsal.authorising import incident_of, key_decision, method_decision
from smki.interfaces.rehearsal.ceremonies import key_in_custody, people_in
from smki.interfaces.rehearsal.frame import Run
from smki.interfaces.rehearsal.people import QUORUM, People
from smki.terms import Inconsistent, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A key that is open.

    Attributes:
        active: used so often, and no longer.
        public_key: SubjectPublicKeyInfo (DER); empty of a symmetric key.
    """

    active: ActiveKey
    public_key: bytes


@contextmanager
def contingency_open(run: Run, ceremony: str, uses: int) -> Iterator[ServedKey]:
    """The contingency key and its symmetric key of that ceremony are open, as carriers use them.

    Each command is a use of both.

    Raises:
        Refused: no decision permits it, or no quorum opens it; both are on record.

    Clause: sec:L10.9, sec-app-l:3
    """
    with _opened(run, ceremony, (CONTINGENCY, SYMMETRIC), uses) as (signs, symmetric):
        yield _served(signs, symmetric.active)


@contextmanager
def key_open(run: Run, ceremony: str, name: str, uses: int) -> Iterator[ServedKey]:
    """The signing key of that name, of that ceremony, is open.

    Raises:
        Refused: no decision permits it, or no quorum opens it; both are on record.

    Clause: sec:L10.9, sec-app-l:3
    """
    with _opened(run, ceremony, (name,), uses) as (signs,):
        yield _served(signs, None)


def _served(signs: Opened, symmetric: ActiveKey | None) -> ServedKey:
    return ServedKey(
        name=signs.active.name,
        public_key=signs.public_key,
        key=signs.active,
        until=signs.active.until,
        uses_left=lambda: signs.active.uses_left,
        symmetric=None if symmetric is None else symmetric.symmetric,
    )


@contextmanager
def _opened(
    run: Run, ceremony: str, names: tuple[str, ...], uses: int
) -> Iterator[tuple[Opened, ...]]:
    """The keys of these names are open: asked for in the record first, then opened by a quorum."""
    sets = {
        name: key_in_custody(run, ceremony, key_name(name, Purpose.REHEARSAL)) for name in names
    }
    with open_office(run.house, run.house_environment) as office:
        authority = RecordedAuthority(office.front, lambda said: lodge_asked(office, said))
        warrants = {
            name: authority.permitted(_wanted(run, one, name), SystemClock().now())
            for name, one in sets.items()
        }
        secrets = {name: _secret(run, authority, one) for name, one in sets.items()}
    opened = tuple(
        Opened(
            active=ActiveKey(secrets[name], warrants[name], MemoryKeys(), SystemClock(), uses=uses),
            public_key=_public(secrets[name], name),
        )
        for name in names
    )
    try:
        yield opened
    finally:
        for one in opened:
            one.active.forget()


def _secret(run: Run, authority: RecordedAuthority, held: KeySet) -> Secret:
    """The key, by the shares of a quorum; one that is refused is on record.

    Raises:
        Refused: it was.
    """
    try:
        return open_key(held, presented(people_in(run), held))
    except Refused as error:
        authority.tell_refused(error, (held,))
        raise


def _wanted(run: Run, held: KeySet, name: str) -> Wanted:
    method = run.scenario.method.value
    return Wanted(
        key=held.key,
        fingerprint=held.fingerprint,
        key_purpose=held.purpose,
        decision=key_decision(run, name),
        recovery=method_decision(run),
        incident=incident_of(run),
        method=method,
        purpose=method,
    )


def presented(people: People, held: KeySet) -> list[Presented]:
    """The shares of the quorum, each opened by its custodian's own key."""
    found = []
    for custodian in people.appointments[:QUORUM]:
        share = held.holder(custodian.identifier)
        if share is None:
            raise Inconsistent(f"rehearsal: {custodian.identifier} has no share of {held.key}")
        key = people.custodians[custodian.identifier].key
        found.append(
            Presented(
                custodian=custodian.identifier,
                organisation=custodian.organisation,
                words=unlock(key, share[1].box, share_header(held, share[0])).decode(),
            )
        )
    return found


def _public(secret: Secret, name: str) -> bytes:
    return b"" if name == SYMMETRIC else MemoryKeys().load(secret.octets).public_key

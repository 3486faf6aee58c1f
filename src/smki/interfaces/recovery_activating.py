"""Keys that are open for a recovery: served to its carriers until their time is over, or it is ended.

`KeysServed` is the ceremony's `Service`: a quorum has opened the keys, the process of the ceremony
has them, and carriers ask over the recovery's socket (`key_serving`). `development_keys` takes them
from the files of a development SMKI, where nobody's custody stands behind them; what permits their
use is the same.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from smki.adapters.files import make_folder, read_octets, write_durably
from smki.adapters.keys import SoftwareSigningKey
from smki.adapters.vault import take_out
from smki.bootstrap import Settings
from smki.bootstrap.pairs import sample_pairs
from smki.bootstrap.recoveries import Recovery
from smki.bootstrap.roots import open_roots, root_passphrase
from smki.bootstrap.samples import SAMPLES
from smki.ceremonies.activating import ActiveKey, Loads
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.fingerprints import fingerprint
from smki.ceremonies.keysets import REHEARSAL, Algorithm, Secret
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY, SYMMETRIC
from smki.interfaces.key_commands import OnlyCommands
from smki.interfaces.key_over import KeyOver
from smki.interfaces.key_serving import ServedKey, serve_key
from smki.ports import Clock, SigningKey
from smki.terms import Refused, RemotePartyRole, Unavailable

_VAULT: Final = "contingency-symmetric.vault"
_LOOK_SECONDS: Final = 0.2
_FORGET: Final = ".forget"
_PATIENCE_SECONDS: Final = 30.0  # what is being signed is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysServed:
    """`ceremonies.activating.Service` for one campaign.

    Attributes:
        recovery: whose carriers may ask.
        clock: tells when the time is over.
        tell: is told what happens.
    """

    recovery: Recovery
    clock: Clock
    tell: Callable[[str], None]

    def serve(self, keys: Sequence[ActiveKey]) -> str:
        """The keys were used by carriers, and nobody uses them any more; why it ended.

        Raises:
            Refused: keys that no recovery uses together, or somebody serves a key there already.
            Unavailable: the socket cannot be made.

        Clause: sec:L10.9
        """
        served, (signing, _) = served_key(keys), _together(keys)
        only = OnlyCommands(self.recovery, signing.wanted)
        socket = self.recovery.key_socket
        make_folder(socket.parent, 0o700)
        forget_file(self.recovery).unlink(missing_ok=True)
        by = replace(served, permits=only)
        with _signals_interrupt(), closing(only), serve_key(socket, by):
            self.tell(
                f"{' and '.join(one.name for one in keys)}: open for carriers of"
                f" {self.recovery.campaign}, {signing.uses_left} uses, until"
                f" {signing.until:%F %H:%M} UTC; Ctrl-C forgets, or 'smki recovery activate"
                f" {self.recovery.campaign} --forget'"
            )
            why = self._ended(signing)
        forget_file(self.recovery).unlink(missing_ok=True)
        self.tell(f"forgotten: {why}; used {signing.used} times")
        return why

    def _ended(self, key: ActiveKey) -> str:
        """Why the key is not to be used any more; returns when that is so.

        However the clock is set meanwhile, its time is not longer than it was at first.
        """
        until = time.monotonic() + (key.until - self.clock.now()).total_seconds()
        try:
            while True:
                if forget_file(self.recovery).exists():
                    return "ended by the operator"
                if self.clock.now() >= key.until or time.monotonic() >= until:
                    return "its time is over"
                if not key.uses_left:
                    return "used up"
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            return "ended at the terminal, or with it"


def served_key(keys: Sequence[ActiveKey]) -> ServedKey:
    """The keys that a quorum opened, as carriers use them: each command is a use of each.

    Raises:
        Refused: keys that no recovery uses together.

    Clause: sec:L10.9
    """
    signing, symmetric = _together(keys)
    return ServedKey(
        name=signing.name,
        public_key=signing.public_key,
        key=signing,
        until=signing.until,
        uses_left=lambda: signing.uses_left,
        symmetric=None if symmetric is None else symmetric.symmetric,
    )


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Whoever ends the process, or closes its terminal, ends it as Ctrl-C does: the rest is written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, _interrupt) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def forget_file(recovery: Recovery) -> Path:
    """Whoever has the keys open forgets them when this file is there."""
    return recovery.key_socket.with_suffix(_FORGET)


def forget(recovery: Recovery) -> None:
    """Nobody has the recovery's keys open any more.

    Raises:
        Unavailable: nobody had, or they were not forgotten in half a minute.

    Clause: sec:L10.9
    """
    socket = recovery.key_socket
    if not _has_it_open(recovery):
        raise Unavailable(
            f"{recovery.campaign}: nobody has its keys open", where=str(socket), rule="recovery.key"
        )
    write_durably(forget_file(recovery), b"")
    until = time.monotonic() + _PATIENCE_SECONDS
    while _has_it_open(recovery):
        if time.monotonic() > until:
            raise Unavailable(
                f"{recovery.campaign}: its keys are not forgotten yet, whoever has them does not"
                " answer: end that process",
                where=str(socket),
                rule="recovery.key",
            )
        time.sleep(_LOOK_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """`ceremonies.activating.Loads` of a key that is open already: no octet of it is shown."""

    key: SigningKey

    def load(self, octets: bytes) -> SigningKey:
        """The key."""
        del octets
        return self.key


def _has_it_open(recovery: Recovery) -> bool:
    """Whether somebody answers for the keys: a socket that a killed process left behind does not."""
    key = KeyOver(recovery.key_socket)
    try:
        key.held()
    except (Unavailable, Refused):
        return False
    finally:
        key.close()
    return True


def development_keys(
    settings: Settings, environment: Mapping[str, str], name: str
) -> tuple[tuple[Secret, Loads], ...]:
    """The key of that name in the files of a development SMKI; with the symmetric one, if it has one.

    Nothing is opened by it but those: whoever uses them needs a warrant, as for a key in custody.

    Raises:
        Refused: no key that recovers devices, or a passphrase does not open it.
        Unavailable: it is not there.
    """
    if name == RECOVERY:
        key = _recovery_key(settings)
        return ((_secret(name, key), _Here(key=key)),)
    if name != CONTINGENCY:
        raise Refused(
            f"key {name!r}: must be {RECOVERY} or {CONTINGENCY}", where="--key", rule="recovery.key"
        )
    folder = settings.path("root")
    key = open_roots(folder, environment).open(CONTINGENCY)
    try:
        octets = take_out(folder / _VAULT, root_passphrase(folder, environment))
    except FileNotFoundError as error:
        raise Unavailable(
            "contingency symmetric key: not there", where=str(folder / _VAULT)
        ) from error
    symmetric = Secret(
        key=SYMMETRIC,
        purpose=Purpose.LIVE,
        algorithm=Algorithm.SYMMETRIC,
        fingerprint=fingerprint(octets),
        octets=octets,
    )
    return ((_secret(name, key), _Here(key=key)), (symmetric, _Here(key=key)))


def _secret(name: str, key: SigningKey) -> Secret:
    return Secret(
        key=name,
        purpose=Purpose.LIVE,
        algorithm=Algorithm.P256,
        fingerprint=fingerprint(key.public_key),
        octets=b"",
    )


def _recovery_key(settings: Settings) -> SigningKey:
    """The sample recovery party's key, in its file."""
    pair = next(
        one
        for sample in SAMPLES
        for (entity, role, _, suffix) in sample.certificates
        if role is RemotePartyRole.RECOVERY
        for one in sample_pairs(settings, sample)
        if one.name == f"{sample.party.party}/{entity.digits}-{suffix}"
    )
    if not pair.key.exists():
        raise Unavailable(
            "recovery key: not in a file here: it is in custody, or there are no sample parties",
            where=str(pair.key),
            rule="recovery.key",
        )
    key = load_pem_private_key(read_octets(pair.key), None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise Unavailable("recovery key: is not one of P-256, must be", where=str(pair.key))
    return SoftwareSigningKey(key, deterministic=True)


def _together(keys: Sequence[ActiveKey]) -> tuple[ActiveKey, ActiveKey | None]:
    """The key that signs commands, and the symmetric one that goes with it."""
    names = sorted(one.name.removeprefix(REHEARSAL) for one in keys)
    if names not in ([RECOVERY], [CONTINGENCY], [CONTINGENCY, SYMMETRIC]):
        raise Refused(
            f"keys {', '.join(names)}: no recovery uses these together, must be {RECOVERY}, or"
            f" {CONTINGENCY} with or without {SYMMETRIC}",
            where="--key",
            clause="sec:L10.9",
            rule="recovery.key",
        )
    signing = next(one for one in keys if one.public_key)
    return signing, next((one for one in keys if not one.public_key), None)

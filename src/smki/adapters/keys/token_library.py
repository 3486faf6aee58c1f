"""The library of a token: loaded once in a process, called by one thread, begun anew when lost.

A PKCS#11 library, its sessions and its logins belong to the whole process, so everything that is
known about one is here, once, whatever the number of key stores on it. Knows sessions and faults;
keys and signatures are `tokens`' matter.
"""

import contextlib
import importlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, TypeVar

from smki.ports.keys import KeyAlgorithm
from smki.terms import Inconsistent, Refused, Unavailable

_T = TypeVar("_T")

_PIN_FAULTS: Final = (
    "PinExpired",
    "PinIncorrect",
    "PinInvalid",
    "PinLenRange",
    "PinLocked",
    "UserPinNotInitialized",
)


def pkcs11() -> ModuleType:
    """The package python-pkcs11, imported when a token is first asked for.

    Raises:
        Unavailable: it is not installed.
    """
    try:
        return importlib.import_module("pkcs11")
    except ImportError as error:
        raise Unavailable(
            "token: the package python-pkcs11 is not installed, tokens need it: install smki with"
            " its extra, pip install 'smki[hsm]'"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHandle:
    """A private key in a token, with its public key as SubjectPublicKeyInfo."""

    private: Any = field(repr=False)
    algorithm: KeyAlgorithm
    public_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSession:
    """A session, logged in, with the handles of keys that were looked up in it."""

    pin: str = field(repr=False)
    session: Any
    handles: dict[str, KeyHandle] = field(default_factory=dict)


class TokenLibrary:
    """One PKCS#11 library and the one thread that calls it.

    python-pkcs11 does not ask libraries to lock, and tokens serialise anyway: callers queue.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._process = os.getpid()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="smki-token")
        self._library: Any = None
        self._sessions: dict[str, TokenSession] = {}
        self._rejected: set[tuple[str, str]] = set()

    def call(self, token: str, pin: str, work: Callable[[TokenSession], _T]) -> _T:
        """What `work` returns, run in the owner thread with a session of the token.

        If the token or session fails, the library is begun anew and `work` runs once more: it
        must be safe to repeat. A wrong PIN is never tried again by this process, since tokens count
        and lock.

        Raises:
            Refused: the PIN does not open the token, or two tokens have that label.
            Unavailable: the library or the token is away, also at the second attempt.
            Inconsistent: the library was opened before this process was forked.
        """
        if os.getpid() != self._process:
            raise Inconsistent(
                "token: its library was opened before this process was forked, must be opened"
                " after: start processes by spawn",
                where=self._path,
            )
        return self._thread.submit(self._attempt, token, pin, work).result()

    def _attempt(self, token: str, pin: str, work: Callable[[TokenSession], _T]) -> _T:
        fault = pkcs11().PKCS11Error
        try:
            return work(self._session(token, pin))
        except fault:
            self._begin_anew()
        try:
            return work(self._session(token, pin))
        except fault as error:
            raise self._away(token, error) from error

    def _session(self, token: str, pin: str) -> TokenSession:
        held = self._sessions.get(token)
        if held is None:
            if (token, pin) in self._rejected:
                raise self._pin_refused(token, "it did not before and is not tried again")
            session = self._log_in(token, pin)
            held = self._sessions[token] = TokenSession(pin=pin, session=session)
        if held.pin != pin:
            raise self._pin_refused(token, "another one opened it")
        return held

    def _log_in(self, token: str, pin: str) -> Any:
        names = pkcs11()
        try:
            found = self._loaded().get_token(token_label=token)
            return found.open(rw=True, user_pin=pin)
        except names.MultipleTokensReturned as error:
            raise Refused(
                f"token: several have the label {token!r}, must be one: give them labels of their own",
                where=self._path,
                rule="keys.token.label",
            ) from error
        except tuple(getattr(names, fault) for fault in _PIN_FAULTS) as error:
            self._rejected.add((token, pin))
            raise self._pin_refused(token, type(error).__name__) from error

    def _loaded(self) -> Any:
        if self._library is None:
            self._library = pkcs11().lib(self._path)
        return self._library

    def _begin_anew(self) -> None:
        # Finalising closes all sessions of the process and makes the library look for tokens again.
        self._sessions.clear()
        if self._library is not None:
            library, self._library = self._library, None
            with contextlib.suppress(pkcs11().PKCS11Error):
                library.finalize()

    def _away(self, token: str, error: Exception) -> Unavailable:
        detail = f"{type(error).__name__} {error}".strip()
        return Unavailable(
            f"token: {token!r} does not answer ({detail}): see that it is plugged in, that its"
            " library and its configuration are the right ones, and try again",
            where=self._path,
        )

    def _pin_refused(self, token: str, what: str) -> Refused:
        return Refused(
            f"token: this PIN does not open {token!r} ({what}), must be its user PIN: correct it"
            " before trying again, tokens lock after a few attempts",
            where=self._path,
            rule="keys.pin.wrong",
        )


_libraries: Final[dict[str, TokenLibrary]] = {}
_libraries_lock: Final = threading.Lock()


def token_library(path: str) -> TokenLibrary:
    """The library at this path, the same one for all who ask in this process."""
    path = os.path.realpath(path)  # a link to a library is that library, and has its logins
    with _libraries_lock:
        return _libraries.setdefault(path, TokenLibrary(path))

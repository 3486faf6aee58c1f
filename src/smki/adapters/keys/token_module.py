"""A PKCS#11 module in this process, its one thread, and the tokens we are logged in to.

The library initialises modules without asking them to lock, so that calls from two threads can
break the process: every call goes through the one thread that owns the module, whoever asks. A
module can be initialised once in a process, and a token logged in to once: stores over the same
module share the thread, stores over the same token the session.

Knows nothing of keys. Importing it needs the extra `hsm`.
"""

import contextlib
import hmac
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

import pkcs11
from pkcs11 import exceptions

from smki.terms import Refused, Unavailable

_T = TypeVar("_T")

_PIN_ERRORS: Final = (
    exceptions.PinExpired,
    exceptions.PinIncorrect,
    exceptions.PinInvalid,
    exceptions.PinLenRange,
    exceptions.PinLocked,
    exceptions.UserPinNotInitialized,
)


class TokenModule:
    """A module and the only thread that calls it. One for each library file in a process.

    `generation` grows whenever the module starts anew: sessions and handles from before are void.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self._process = os.getpid()
        self._owner = ThreadPoolExecutor(1, thread_name_prefix=f"pkcs11-{library.stem}")
        self._tokens: dict[str, Token] = {}
        self.generation = 0

    def token(self, label: str, pin: bytes) -> "Token":
        """The token of that label; stores that name the same one share it.

        Raises:
            Refused: it is open in this process with another PIN, or this one is not text.
        """
        try:
            pin.decode()
        except UnicodeDecodeError:
            raise _wrong_pin(label, "it is not UTF-8") from None
        return self.call(lambda: self._known(label, pin))

    def call(self, work: Callable[[], _T]) -> _T:
        """What `work` returns; it runs in the owner thread, after what was asked before it.

        Raises:
            Unavailable: the process was forked after the module was loaded.
        """
        if os.getpid() != self._process:
            raise Unavailable(
                "token: its module was loaded before this process was forked, must be loaded in"
                " the process that signs: open the key store there",
                where=str(self._library),
            )
        return self._owner.submit(work).result()

    def open_session(self, label: str, pin: bytes) -> pkcs11.Session:
        """A session, logged in, that can make keys. In the owner thread only.

        Raises:
            pkcs11.PKCS11Error: the module or the token is away, or the PIN is wrong.
        """
        library = pkcs11.lib(str(self._library))
        return library.get_token(token_label=label).open(rw=True, user_pin=pin.decode())

    def start_anew(self) -> None:
        """The module is finalised; the next session initialises it. In the owner thread only.

        Nothing less makes modules look again at what is plugged in.
        """
        self.generation += 1
        with contextlib.suppress(exceptions.PKCS11Error):
            pkcs11.lib(str(self._library)).finalize()

    def _known(self, label: str, pin: bytes) -> "Token":
        known = self._tokens.get(label)
        if known is not None and known.has_pin(pin):
            return known
        if known is not None and not known.rejected:
            raise _wrong_pin(label, "it is open in this process with another one")
        token = self._tokens[label] = Token(self, label, pin)
        return token


class Token:
    """A token, logged in to when first used, and again when it comes back. Shows no PIN."""

    def __init__(self, module: TokenModule, label: str, pin: bytes) -> None:
        self._module = module
        self._pin = pin
        self._session: tuple[int, pkcs11.Session] | None = None
        self.label = label
        self.rejected = False

    @property
    def generation(self) -> int:
        """Handles found under another generation are void. In the owner thread only."""
        return self._module.generation

    def has_pin(self, pin: bytes) -> bool:
        """True if it was given this PIN."""
        return hmac.compare_digest(self._pin, pin)

    def use(self, work: Callable[[pkcs11.Session], _T], *, again: bool = True) -> _T:
        """What `work` returns, run with the session in the owner thread.

        If the token fails, the module is started anew and, with `again`, `work` run once more.

        Raises:
            Refused: the PIN does not open the token.
            Unavailable: the token is away or failed twice.
        """
        return self._module.call(lambda: self._use(work, again=again))

    def _use(self, work: Callable[[pkcs11.Session], _T], *, again: bool) -> _T:
        try:
            return work(self._open())
        except exceptions.PKCS11Error as error:
            self._module.start_anew()
            if not again:
                raise self._unavailable(error) from error
        try:
            return work(self._open())
        except exceptions.PKCS11Error as error:
            raise self._unavailable(error) from error

    def _open(self) -> pkcs11.Session:
        if self._session is not None and self._session[0] == self.generation:
            return self._session[1]
        if self.rejected:  # a few wrong PINs lock a token for good: never the same twice
            raise _wrong_pin(self.label, "it did not open it before and is not tried again")
        try:
            session = self._module.open_session(self.label, self._pin)
        except _PIN_ERRORS as error:
            self.rejected = True
            raise _wrong_pin(self.label, type(error).__name__) from error
        self._session = (self.generation, session)
        return session

    def _unavailable(self, error: exceptions.PKCS11Error) -> Unavailable:
        what = str(error) or type(error).__name__
        return Unavailable(
            f"token: cannot be used ({what}), must be plugged in, initialised and reachable: look"
            " at it with its own tool; it is opened again with the next signature",
            where=self.label,
        )


def token_module(library: Path) -> TokenModule:
    """The one module of this process for that library file.

    Raises:
        Unavailable: there is no such file.
    """
    if not library.is_file():
        raise Unavailable(
            "token: no such PKCS#11 module, must be the library that the token's maker supplies",
            where=str(library),
        )
    path = library.resolve()  # a link to a module is that module
    with _lock:
        module = _modules.get(path)
        if module is None:
            module = _modules[path] = TokenModule(path)
        return module


_modules: Final[dict[Path, TokenModule]] = {}
_lock: Final = Lock()


def _wrong_pin(label: str, what: str) -> Refused:
    return Refused(
        f"token: this PIN does not open it ({what}): give the user PIN it was initialised with;"
        " further attempts may lock it",
        where=label,
        rule="keys.pin.wrong",
    )

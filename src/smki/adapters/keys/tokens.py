"""Keys in a PKCS#11 token: made in it, used in it, never out of it.

Digests are made here and signed there: tokens differ in the mechanisms that hash, all have the
bare ones. Of a key agreement the token gives Z, from which the key of one message is derived here:
few tokens know that derivation. Ed25519 keys (checkpoints) stay in software: few tokens have them.

A token chooses the nonces of its ECDSA signatures: signing the same message again gives other
octets, unlike the software store.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from smki.adapters.keys.agreeing import POINT_OCTETS, agrees, point_of, shared_in_token
from smki.adapters.keys.names import (
    check_key_name,
    is_key_name,
    missing,
    not_for_agreement,
    taken,
)
from smki.adapters.keys.token_library import KeyHandle, TokenSession, pkcs11, token_library
from smki.crypto.gbcs_protection import public_point, shared_secret
from smki.ports.keys import KeyAlgorithm
from smki.terms import Inconsistent, Refused

_T = TypeVar("_T")

RSA_BITS: Final = 2048
TURN: Final = 256  # signatures in one turn of the owner thread: others wait some 20 ms, no longer
_P256: Final = bytes.fromhex("06082a8648ce3d030107")  # EC_PARAMS: the curve's OID
_POINT_HEADER: Final = bytes.fromhex("0441")  # EC_POINT: OCTET STRING of 65 octets
_COORDINATE: Final = 32
_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")  # SHA-256, PKCS #1
_PROBE: Final = b"smki: is the private key that of the public key?"  # signed when a key is opened


class Pkcs11KeyStore:
    """`ports.keys.KeyStore` over one token, found by its label. Safe for several threads.

    Key pairs are made in the token, sensitive and not extractable; their label is the name.
    A token cannot keep two processes from using one name: one process makes keys.

    Raises:
        Refused: the PIN does not open the token, or two tokens have that label.
        Unavailable: python-pkcs11 is not installed, the library or the token is away.
    """

    def __init__(self, module: Path, token_label: str, pin: str) -> None:
        self._token = token_label
        self._pin = pin
        self._library = token_library(str(module))
        self._call(lambda _: None)

    def make(self, name: str, algorithm: KeyAlgorithm) -> "TokenSigningKey":
        """A new key, kept in the token on return. Never replaces one.

        If the token fails in between, the key may have been made and is then refused as taken.

        Raises:
            Refused: a key of that name is there, it cannot be a name, or it is neither P-256 nor RSA.
            Unavailable: the token is away.
        """
        check_key_name(name)
        if algorithm not in _MECHANISMS:
            raise Refused(
                f"key: {algorithm.value} keys are not made in tokens: keep this one in a software store",
                where=self._token,
                rule="keys.algorithm",
            )
        self._call(lambda held: self._make(held, name, algorithm))
        return self.open(name)

    def open(self, name: str) -> "TokenSigningKey":
        """The key of that name, ready to sign; its halves are proved to be one pair.

        Raises:
            Refused: no such key, or one that can leave the token.
            Inconsistent: several of that name, or not a pair that this store makes.
            Unavailable: the token is away.
        """
        check_key_name(name)
        handle = self._call(lambda held: self._handle(held, name))
        key = TokenSigningKey(
            store=self, name=name, algorithm=handle.algorithm, public_key=handle.public_key
        )
        if not _holds(handle.public_key, key.sign((_PROBE,))[0]):
            raise self._wrong(name, "its private and its public key are not one pair")
        return key

    def make_agreement(self, name: str) -> "TokenAgreementKey":
        """A new P-256 key for key agreement, kept in the token on return. Never replaces one.

        If the token fails in between, the key may have been made and is then refused as taken.

        Raises:
            Refused: a key of that name is there, or it cannot be a name.
            Unavailable: the token is away.

        Clause: gbcs:18.4
        """
        check_key_name(name)
        self._call(lambda held: self._make(held, name, KeyAlgorithm.P256, agrees=True))
        return self.open_agreement(name)

    def open_agreement(self, name: str) -> "TokenAgreementKey":
        """The key of that name, ready to agree; its halves are proved to be one pair.

        Raises:
            Refused: no such key, one that can leave the token, or that is not made to agree.
            Inconsistent: several of that name, or not a pair that this store makes.
            Unavailable: the token is away.

        Clause: gbcs:18.4
        """
        check_key_name(name)
        handle = self._call(lambda held: self._agreeing(held, name))
        key = TokenAgreementKey(
            store=self, name=name, algorithm=handle.algorithm, public_key=handle.public_key
        )
        probe = ec.generate_private_key(ec.SECP256R1())
        own = handle.public_key[-POINT_OCTETS:]
        if key.agree((point_of(probe.public_key()),)) != [shared_secret(probe, own)]:
            raise self._wrong(name, "its private and its public key are not one pair")
        return key

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted.

        Raises:
            Unavailable: the token is away.
        """
        labels = self._call(lambda held: [_label(key) for key in _objects(held, "PRIVATE_KEY")])
        return tuple(sorted(filter(is_key_name, labels)))

    def sign(self, name: str, public_key: bytes, octets: Sequence[bytes]) -> list[bytes]:
        """What the token's bare mechanism makes of each of `octets`, with that very key.

        Of none it makes nothing, but the token is asked whether it is there.

        Raises:
            Refused: the key has gone.
            Inconsistent: the key of that name is another one now.
            Unavailable: the token is away.
        """
        signatures: list[bytes] = []
        for start in range(0, len(octets) or 1, TURN):
            turn = octets[start : start + TURN]
            work = partial(self._sign, name=name, public_key=public_key, octets=turn)
            signatures += self._call(work)
        return signatures

    def agree(self, name: str, public_key: bytes, points: Sequence[bytes]) -> list[bytes]:
        """Z of that very key and each of `points`, which are on the curve.

        Raises:
            Refused: the key has gone.
            Inconsistent: the key of that name is another one now.
            Unavailable: the token is away.

        Clause: gbcs:18.4
        """
        secrets: list[bytes] = []
        for start in range(0, len(points), TURN):
            turn = points[start : start + TURN]
            work = partial(self._agree, name=name, public_key=public_key, points=turn)
            secrets += self._call(work)
        return secrets

    def __repr__(self) -> str:
        return f"Pkcs11KeyStore({self._token!r})"

    def _make(
        self, held: TokenSession, name: str, algorithm: KeyAlgorithm, *, agrees: bool = False
    ) -> None:
        if _objects(held, "PRIVATE_KEY", name):
            raise taken(name, self._token)
        _generate(held.session, name, algorithm, agrees=agrees)

    def _sign(
        self, held: TokenSession, name: str, public_key: bytes, octets: Sequence[bytes]
    ) -> list[bytes]:
        handle = self._same(held, name, public_key)
        if not octets:
            held.session.token.slot.get_token()  # fails without noise if it has gone
        mechanism = getattr(pkcs11().Mechanism, _MECHANISMS[handle.algorithm])
        sign = handle.private.sign
        return [sign(each, mechanism=mechanism) for each in octets]

    def _agree(
        self, held: TokenSession, name: str, public_key: bytes, points: Sequence[bytes]
    ) -> list[bytes]:
        handle = self._same(held, name, public_key)
        return [shared_in_token(handle.private, point) for point in points]

    def _agreeing(self, held: TokenSession, name: str) -> KeyHandle:
        handle = self._handle(held, name)
        if handle.algorithm is not KeyAlgorithm.P256 or not agrees(handle.private):
            raise not_for_agreement(name, self._token)
        return handle

    def _same(self, held: TokenSession, name: str, public_key: bytes) -> KeyHandle:
        handle = self._handle(held, name)
        if handle.public_key != public_key:
            raise self._wrong(name, "it is another key than the one that was opened")
        return handle

    def _handle(self, held: TokenSession, name: str) -> KeyHandle:
        handle = held.handles.get(name)
        if handle is None:
            handle = held.handles[name] = self._find(held, name)
        return handle

    def _find(self, held: TokenSession, name: str) -> KeyHandle:
        private = _objects(held, "PRIVATE_KEY", name)
        public = _objects(held, "PUBLIC_KEY", name)
        if not private:
            raise missing(name, self._token)
        if len(private) > 1 or len(public) != 1:
            raise self._wrong(
                name, f"{len(private)} private and {len(public)} public keys, must be one pair"
            )
        attributes = pkcs11().Attribute
        if private[0][attributes.EXTRACTABLE] or not private[0][attributes.SENSITIVE]:
            raise Refused(
                f"key {name!r}: it can leave the token, must not: make a new one in it",
                where=self._token,
                rule="keys.token.extractable",
            )
        algorithm, public_key = self._public_key(name, public[0])
        return KeyHandle(private=private[0], algorithm=algorithm, public_key=public_key)

    def _public_key(self, name: str, key: Any) -> tuple[KeyAlgorithm, bytes]:
        kinds, attributes = pkcs11().KeyType, pkcs11().Attribute
        try:
            if key.key_type is kinds.EC and key[attributes.EC_PARAMS] == _P256:
                point = key[attributes.EC_POINT].removeprefix(_POINT_HEADER)
                found = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
                return KeyAlgorithm.P256, _encode(found)
            if key.key_type is kinds.RSA:
                modulus = int.from_bytes(key[attributes.MODULUS], "big")
                exponent = int.from_bytes(key[attributes.PUBLIC_EXPONENT], "big")
                if modulus.bit_length() == RSA_BITS:
                    numbers = rsa.RSAPublicNumbers(exponent, modulus)
                    return KeyAlgorithm.RSA2048, _encode(numbers.public_key())
        except ValueError as error:
            raise self._wrong(name, f"its public key does not hold ({error})") from error
        raise self._wrong(name, "neither P-256 nor RSA of 2048 bits, must be one of them")

    def _wrong(self, name: str, what: str) -> Inconsistent:
        return Inconsistent(
            f"key {name!r}: {what}: see what others did with the token", where=self._token
        )

    def _call(self, work: Callable[[TokenSession], _T]) -> _T:
        return self._library.call(self._token, self._pin, work)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSigningKey:
    """`ports.keys.SigningKey` in a token. Safe for several threads; they queue."""

    store: Pkcs11KeyStore
    name: str
    algorithm: KeyAlgorithm
    public_key: bytes = field(repr=False)

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, in order; the whole messages are given, not digests.

        Raises:
            Unavailable: the token is away; nothing was signed that the caller will see.
            Refused: the key has gone from the token.
            Inconsistent: the key of that name is another one now.
        """
        digests = [hashlib.sha256(message).digest() for message in messages]
        if self.algorithm is KeyAlgorithm.RSA2048:
            digests = [_DIGEST_INFO + digest for digest in digests]
            return self.store.sign(self.name, self.public_key, digests)
        return [_der(raw) for raw in self.store.sign(self.name, self.public_key, digests)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAgreementKey(TokenSigningKey):
    """`ports.keys.AgreementKey` in a token. Safe for several threads; they queue."""

    def agree(self, points: Sequence[bytes]) -> list[bytes]:
        """Z (32 octets) with the holder of each point (65 octets), in order.

        Raises:
            Malformed: one of them is no point of P-256; the token was not asked.
            Unavailable: the token is away.
            Refused: the key has gone from the token.
            Inconsistent: the key of that name is another one now.

        Clause: gbcs:18.4
        """
        checked = [point_of(public_point(point)) for point in points]
        return self.store.agree(self.name, self.public_key, checked)


_MECHANISMS: Final = {KeyAlgorithm.P256: "ECDSA", KeyAlgorithm.RSA2048: "RSA_PKCS"}


def _der(raw: bytes) -> bytes:
    if len(raw) != 2 * _COORDINATE:
        raise Inconsistent(f"token: an ECDSA signature of {len(raw)} octets, must be 64")
    return encode_dss_signature(
        int.from_bytes(raw[:_COORDINATE], "big"), int.from_bytes(raw[_COORDINATE:], "big")
    )


def _holds(public_key: bytes, signature: bytes) -> bool:
    key = serialization.load_der_public_key(public_key)
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signature, _PROBE, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey():
                key.verify(signature, _PROBE, padding.PKCS1v15(), hashes.SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _encode(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _objects(held: TokenSession, kind: str, name: str | None = None) -> list[Any]:
    names = pkcs11()
    wanted: dict[Any, Any] = {names.Attribute.CLASS: getattr(names.ObjectClass, kind)}
    if name is not None:
        wanted[names.Attribute.LABEL] = name
    # Fails without noise if the token has gone; a search would also complain on standard error.
    held.session.token.slot.get_token()
    return list(held.session.get_objects(wanted))


def _label(key: Any) -> str:
    return str(key[pkcs11().Attribute.LABEL])


def _generate(session: Any, name: str, algorithm: KeyAlgorithm, *, agrees: bool) -> None:
    names = pkcs11()
    flags = names.MechanismFlag
    what = {
        "id": name.encode(),
        "label": name,
        "store": True,
        "capabilities": flags.SIGN | flags.VERIFY | (flags.DERIVE if agrees else 0),
        "private_template": {
            names.Attribute.PRIVATE: True,
            names.Attribute.SENSITIVE: True,
            names.Attribute.EXTRACTABLE: False,
        },
    }
    if algorithm is KeyAlgorithm.P256:
        curve = session.create_domain_parameters(
            names.KeyType.EC, {names.Attribute.EC_PARAMS: _P256}, local=True
        )
        curve.generate_keypair(**what)
    else:
        session.generate_keypair(names.KeyType.RSA, RSA_BITS, **what)

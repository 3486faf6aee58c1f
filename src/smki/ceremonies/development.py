"""The unattended ceremony: three roots, three issuing authorities, the contingency key.

Numbered steps: 1 contingency key pair and symmetric key; 2 the public key wrapped; 3 roots;
4 issuing authorities; 5 the roots' first revocation lists (ARL). Root keys are made in a store of
their own, which nothing but a ceremony opens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from smki.ceremonies.certifying import AuthorityNames, Certifier
from smki.ceremonies.lists import sign_root_list
from smki.crypto import WRAP_ALGORITHMS, unwrap, wrap
from smki.ports import Entropy, KeyAlgorithm, KeyStore, SigningKey
from smki.profiles import ProfileSettings
from smki.terms import CertificateKind, Inconsistent

_K = CertificateKind

ALGORITHMS: Final[Mapping[CertificateKind, KeyAlgorithm]] = MappingProxyType(
    {
        _K.ROOT_OCA: KeyAlgorithm.P256,
        _K.ISSUING_OCA: KeyAlgorithm.P256,
        _K.ROOT_DCA: KeyAlgorithm.P256,
        _K.ISSUING_DCA: KeyAlgorithm.P256,
        _K.ROOT_ICA: KeyAlgorithm.RSA2048,
        _K.ISSUING_ICA: KeyAlgorithm.RSA2048,
    }
)
ROOTS: Final = (_K.ROOT_OCA, _K.ROOT_DCA, _K.ROOT_ICA)
ISSUING: Final = (_K.ISSUING_OCA, _K.ISSUING_DCA, _K.ISSUING_ICA)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the ceremony made.

    Attributes:
        certificates: DER of each authority's certificate, roots first.
        arls: DER of each root's first revocation list.
        contingency_symmetric_key: to be kept by the caller, apart and encrypted; as long
            as the wrap algorithm takes it.
    """

    certificates: Mapping[CertificateKind, bytes]
    arls: Mapping[CertificateKind, bytes]
    contingency_symmetric_key: bytes = field(repr=False)


def hold_development_ceremony(
    roots: KeyStore,
    issuing: Callable[[CertificateKind], KeyStore],
    settings: ProfileSettings,
    names: AuthorityNames,
    entropy: Entropy,
    at: datetime,
) -> Outcome:
    """The hierarchy exists: keys durable in their stores, certificates and ARLs signed and linted.

    Keys that an interrupted ceremony left behind are used, not replaced: nothing was signed with
    them that anybody saw.

    Raises:
        Refused: a lint found something.
        Unavailable: a key store cannot be used.

    Clause: sec-app-b:B, sec-app-a:B, sec-app-q:B, rfc5934:9
    """
    contingency = _key(roots, "contingency", KeyAlgorithm.P256)
    symmetric = entropy.octets(WRAP_ALGORITHMS[settings.wrap_algorithm].key_octets)
    wrapped = wrap(settings.wrap_algorithm, symmetric, contingency.public_key)
    if unwrap(settings.wrap_algorithm, symmetric, wrapped) != contingency.public_key:
        raise Inconsistent("contingency public key: does not come out of its wrapping unchanged")
    certificates: dict[CertificateKind, bytes] = {}
    arls: dict[CertificateKind, bytes] = {}
    script = Certifier(settings=settings, names=names, entropy=entropy, at=at)
    for kind in ROOTS:
        key = _key(roots, kind.value, ALGORITHMS[kind])
        certificates[kind] = script.certify(
            kind, key.public_key, None, key, wrapped if kind is _K.ROOT_OCA else None
        )
    for kind in ISSUING:
        key = _key(issuing(kind), kind.value, ALGORITHMS[kind])
        root = certificates[kind.issuer]
        signer = roots.open(kind.issuer.value)
        certificates[kind] = script.certify(kind, key.public_key, root, signer, None)
    for kind in ROOTS:
        arls[kind] = sign_root_list(
            certificates[kind], roots.open(kind.value), settings, entries=(), number=1, at=at
        )
    return Outcome(
        certificates=MappingProxyType(certificates),
        arls=MappingProxyType(arls),
        contingency_symmetric_key=symmetric,
    )


def _key(store: KeyStore, name: str, algorithm: KeyAlgorithm) -> SigningKey:
    return store.open(name) if name in store.names() else store.make(name, algorithm)

"""What a ceremony makes: keys in custody, certificates, revocation lists, the proof of the apex key.

Each act writes one file, whole, and finds it again if it was cut off. A key that is needed and is
not in memory is opened by a quorum.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from smki.ceremonies.certifying import Certifier
from smki.ceremonies.fields import text64
from smki.ceremonies.fingerprints import aloud, fingerprint
from smki.ceremonies.holding import Ceremony, Said, kind_of_authority
from smki.ceremonies.keysets import (
    Algorithm,
    KeySet,
    Secret,
    encode_key_set,
    key_name,
    parse_key_set,
    put_into_custody,
    refreshed,
    share_header,
)
from smki.ceremonies.lists import sign_root_list
from smki.ceremonies.quorum import Presented, open_key
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY, ROOT_OCA, SYMMETRIC, Role, Step
from smki.ceremonies.sealing import unlock
from smki.crypto import WRAP_ALGORITHMS, spki_p256, verify_p256, wrap
from smki.merkle.canonical import JSON
from smki.ports import KeyAlgorithm
from smki.ports.ceremony import BareKey
from smki.profiles.contingency import contingency_point
from smki.profiles.table import CONTINGENCY_KEY
from smki.terms import EUI64, CertificateKind, Inconsistent, KeyUsage, Malformed, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.encodings import read_bare_base64, write_pem
from smki.wire.pkcs10.writing import assemble_request, organisation_request_info

SESSION: Final = "session.pem"
BOX: Final = "box:"
ABSENT: Final = "absent"
_CHALLENGE_OCTETS: Final = 32
_ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        CONTINGENCY: Algorithm.P256,
        SYMMETRIC: Algorithm.SYMMETRIC,
        RECOVERY: Algorithm.P256,
        ROOT_OCA: Algorithm.P256,
        "root-dca": Algorithm.P256,
        "root-ica": Algorithm.RSA2048,
    }
)


def make(ceremony: Ceremony, step: Step) -> Said:
    """The key is in custody, in a file that was read back and opens.

    Clause: sec-app-l:3, sec:L10.30(e)
    """
    hall, opening = ceremony.hall, ceremony.opening
    name = key_name(step.about, opening.purpose)
    path = f"keys/{name}.json"
    octets = hall.ledger.read(path)
    if octets is None:
        secret = _fresh(ceremony, name, _ALGORITHMS[step.about])
        held = put_into_custody(secret, opening.rule, ceremony.custodians(), hall.entropy)
        octets = encode_key_set(held)
        hall.ledger.keep(path, octets)
        if ceremony.key_set(name) != held:
            raise Inconsistent(f"{name}: was read back other than it was written", where=path)
        ceremony.secrets[name] = secret
    return _custody_said(parse_key_set(octets), octets)


def certify(ceremony: Ceremony, step: Step) -> Said:
    """The authority's certificate is in its file, linted.

    Raises:
        Refused: a lint found something, or no quorum opened the root's key.

    Clause: sec-app-b:B, sec-app-a:B, sec-app-q:B
    """
    hall, opening = ceremony.hall, ceremony.opening
    kind = kind_of_authority(step.about)
    path = f"certificates/{kind.value}.der"
    certificate = hall.ledger.read(path)
    if certificate is None:
        certifier = certifying(ceremony)
        key = signing(ceremony, kind.issuer.value)
        if kind.issuer is kind:
            wrapped = _wrapped(ceremony) if kind is CertificateKind.ROOT_OCA else None
            certificate = certifier.certify(kind, key.public_key, None, key, wrapped)
        else:
            root = ceremony.file(f"certificates/{kind.issuer.value}.der")
            certificate = certifier.certify(kind, opening.issuing[kind], root, key, None)
        hall.ledger.keep(path, certificate)
    return certified_said(kind, certificate)


def certifying(ceremony: Ceremony) -> Certifier:
    """What certifies authorities in this ceremony, now."""
    hall, opening = ceremony.hall, ceremony.opening
    return Certifier(
        settings=opening.profiles, names=opening.names, entropy=hall.entropy, at=hall.clock.now()
    )


def certified_said(kind: CertificateKind, certificate: bytes) -> Said:
    """What a transcript says of an authority's certificate (DER) that was made."""
    made: Said = {f"certificate of {kind.value}": fingerprint(certificate)}
    return {"certificate": text64(certificate), "kind": kind.value, "made": made}


def prove(ceremony: Ceremony, step: Step) -> Said:
    """What the Root OCA certificate wraps opens, as a device opens it, to the contingency key.

    The contingency key signs a challenge, and what came out of the certificate verifies it. Neither
    leaves the machine: a signature would tell the public key.

    Raises:
        Inconsistent: it opens to another key, or does not open.

    Clause: sec:L10.30(e), rfc5934:9
    """
    hall = ceremony.hall
    certificate = ceremony.file(f"certificates/{step.about}.der")
    extension = parse_certificate(certificate).tbs.extension(CONTINGENCY_KEY.oid)
    symmetric = secret_of(ceremony, SYMMETRIC)
    value = b"" if extension is None else extension.value
    point = contingency_point(value, symmetric.octets)
    if point is None:
        raise Inconsistent("apex key: what the root carries does not open with the symmetric key")
    challenge = hall.entropy.octets(_CHALLENGE_OCTETS)
    key = signing(ceremony, CONTINGENCY)
    (signature,) = key.sign([challenge])
    try:
        verify_p256(point, signature, challenge)
    except Malformed as error:
        raise Inconsistent("apex key: what the root carries is another public key") from error
    return {
        "certificate": fingerprint(certificate),
        "challenge": fingerprint(challenge),
        "extension": fingerprint(value),
        "signed_by": fingerprint(_der(key)),
        "symmetric": symmetric.fingerprint,
        "unwrapped": fingerprint(spki_p256(point)),
    }


def sign_list(ceremony: Ceremony, step: Step) -> Said:
    """The root's first revocation list is in its file.

    Clause: sec-app-b:B-crl
    """
    hall = ceremony.hall
    path = f"lists/{step.about}.der"
    octets = hall.ledger.read(path)
    if octets is None:
        root = ceremony.file(f"certificates/{step.about}.der")
        key, profiles = signing(ceremony, step.about), ceremony.opening.profiles
        at = hall.clock.now()
        octets = sign_root_list(root, key, profiles, entries=(), number=1, at=at)
        hall.ledger.keep(path, octets)
    made: Said = {f"list of {step.about}": fingerprint(octets)}
    return {"kind": step.about, "list": text64(octets), "made": made}


def request(ceremony: Ceremony, step: Step) -> Said:
    """The request for the recovery certificate is signed by its key.

    Raises:
        Malformed: the identifier that was typed is no EUI-64.

    Clause: sec-app-m:F, sec:L10
    """
    hall = ceremony.hall
    path = f"requests/{step.about}.der"
    octets = hall.ledger.read(path)
    if octets is None:
        entity = EUI64.parse(hall.console.ask("request.entity", "EUI-64 of the recovery party"))
        key = signing(ceremony, step.about)
        info = organisation_request_info(
            entity=entity,
            role=RemotePartyRole.RECOVERY,
            common_name=None,
            usage=KeyUsage.DIGITAL_SIGNATURE,
            point=_der(key)[-65:],
        )
        (signature,) = key.sign([info])
        octets = assemble_request(info, signature)
        hall.ledger.keep(path, octets)
    made: Said = {f"request of {step.about}": fingerprint(octets)}
    return {"made": made, "request": text64(octets)}


def refresh(ceremony: Ceremony, step: Step) -> Said:
    """The key has a new set of shares, and the set before opens nothing here.

    Raises:
        Malformed: it was refreshed as often as a key can be; it is as it was.
        Refused: no quorum opened it.

    Clause: sec-app-l:3
    """
    hall, opening = ceremony.hall, ceremony.opening
    held = ceremony.key_set(step.about)
    if held.number == ceremony.begun(step)["number"]:
        secret = secret_of(ceremony, step.about)
        held = refreshed(held, secret, opening.rule, ceremony.custodians(), hall.entropy)
        octets = encode_key_set(held)
        parse_key_set(octets)  # what nobody could read again never takes the place of what is there
        hall.ledger.replace(f"keys/{step.about}.json", octets)
        del ceremony.secrets[step.about]
    return _custody_said(held, encode_key_set(held))


def signing(ceremony: Ceremony, about: str) -> BareKey:
    """The key of that name, opened by a quorum if it is not in memory, ready to sign."""
    return ceremony.hall.keys.load(secret_of(ceremony, about).octets)


def secret_of(ceremony: Ceremony, about: str) -> Secret:
    """The key of that name, opened by a quorum if it is not in memory.

    Raises:
        Refused: no quorum opened it.

    Clause: sec-app-l:3
    """
    name = about if about in ceremony.opening.keys else key_name(about, ceremony.opening.purpose)
    if name not in ceremony.secrets:
        held = ceremony.key_set(name)
        ceremony.secrets[name] = open_key(held, _presented(ceremony, held), _others(ceremony))
        ceremony.hall.console.say(f"{name} is open")
    return ceremony.secrets[name]


def _presented(ceremony: Ceremony, held: KeySet) -> list[Presented]:
    """The shares that the custodians who are here give, one after the other."""
    people, console = ceremony.present(), ceremony.hall.console
    _session(ceremony)
    found: list[Presented] = []
    for custodian in ceremony.opening.people(Role.CUSTODIANS):
        if custodian not in people:
            continue
        text = f"{custodian}: the share of {held.key}, in words or as '{BOX}...', or 'absent'"
        answer = console.ask(f"open.{held.key}.{custodian}", text, secret=True)
        if answer and answer.casefold() != ABSENT:
            words = _words(ceremony, held, custodian, answer)
            house = people[custodian]
            found.append(Presented(custodian=custodian, organisation=house, words=words))
    names: list[JSON] = [one.custodian for one in found]
    ceremony.opened = {**ceremony.opened, held.key: names}
    return found


def _words(ceremony: Ceremony, held: KeySet, custodian: str, answer: str) -> str:
    """The words of a share that was typed, or that came encrypted to this session.

    What is neither reads as no share: `open_key` says whose it is.
    """
    part = held.holder(custodian)
    if not answer.startswith(BOX) or part is None:
        return answer
    try:
        box = read_bare_base64("".join(answer.removeprefix(BOX).split()))
    except Malformed:
        return answer
    return unlock(_session(ceremony), box, share_header(held, part[0])).decode(errors="replace")


def _session(ceremony: Ceremony) -> RSAPrivateKey:
    """The key to which shares may be encrypted while this process lives; its public key is a file."""
    hall = ceremony.hall
    if ceremony.session is None:
        key = hall.keys.make(KeyAlgorithm.RSA2048)
        ceremony.session = key.octets()
        hall.ledger.replace(SESSION, write_pem(key.public_key, "PUBLIC KEY"))
        hall.console.say(
            f"shares may be encrypted to {SESSION}: {aloud(fingerprint(key.public_key))}"
        )
    private = load_der_private_key(ceremony.session, None)
    if not isinstance(private, RSAPrivateKey):
        raise Inconsistent("session: its key is not RSA")
    return private


def _others(ceremony: Ceremony) -> tuple[KeySet, ...]:
    """Every key in custody that this ceremony knows of."""
    names = {*ceremony.opening.keys}
    names.update(str(one.said["key"]) for one in ceremony.entries if "key" in one.said)
    return tuple(map(ceremony.key_set, sorted(names)))


def _fresh(ceremony: Ceremony, name: str, algorithm: Algorithm) -> Secret:
    """A new key, in memory only."""
    hall, opening = ceremony.hall, ceremony.opening
    if algorithm is Algorithm.SYMMETRIC:
        wanted = WRAP_ALGORITHMS[opening.profiles.wrap_algorithm].key_octets
        octets = hall.entropy.octets(wanted)
        public = octets
    else:
        key = hall.keys.make(KeyAlgorithm(algorithm.value))
        octets, public = key.octets(), _der(key)
    return Secret(
        key=name,
        purpose=opening.purpose,
        algorithm=algorithm,
        fingerprint=fingerprint(public),
        octets=octets,
    )


def _wrapped(ceremony: Ceremony) -> bytes:
    """The contingency public key as the Root OCA certificate carries it."""
    symmetric = secret_of(ceremony, SYMMETRIC).octets
    key = _der(signing(ceremony, CONTINGENCY))
    return wrap(ceremony.opening.profiles.wrap_algorithm, symmetric, key)


def _custody_said(held: KeySet, octets: bytes) -> Said:
    """What a transcript says of a key in custody: nothing that opens it."""
    holders: list[JSON] = [
        {"credential": one.credential, "custodian": one.custodian, "share": one.share}
        for one in held.holders
    ]
    return {
        "file": fingerprint(octets),
        "fingerprint": held.fingerprint,
        "holders": holders,
        "key": held.key,
        "number": held.number,
        "set": text64(held.set),
    }


def _der(key: BareKey) -> bytes:
    """SubjectPublicKeyInfo as the library writes it."""
    return load_der_public_key(key.public_key).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )

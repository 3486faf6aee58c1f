"""An SMKI that a ceremony founds: requests of its issuing authorities go out, a transcript comes in.

1 the issuing keys are made where they will be used, and asked for certificates; 2 the ceremony of
initial roots certifies them elsewhere; 3 its transcript is replayed, compared with the keys that are
here, and kept; `initialising` lodges what it made. No root, recovery or contingency key is ever in
the state directory.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import tomli_w

from smki.adapters.files import read_octets, write_durably
from smki.adapters.keys import make_passphrase_file
from smki.adapters.keys.private_files import make_private_directory
from smki.bootstrap.opening import issuing_stores, passphrase_file
from smki.bootstrap.settings import FILE, FOUNDING, Settings, load_settings, read_file
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.development import ALGORITHMS, ISSUING
from smki.ceremonies.holding import COMPLETED
from smki.ceremonies.replaying import Replayed, replay
from smki.flows.configuring import CEREMONY
from smki.ports import KeyAlgorithm, SigningKey
from smki.profiles import ProfileSettings
from smki.terms import CertificateKind, Refused
from smki.wire.pkcs10 import ECDSA_WITH_SHA256, SHA256_WITH_RSA, assemble_request
from smki.wire.pkcs10.writing import authority_request_info

SCRIPT: Final = "roots"
_CLAUSE: Final = "sec-app-b:B"


def issuing_requests(
    settings: Settings, environment: Mapping[str, str], tell: Callable[[str], None]
) -> dict[CertificateKind, bytes]:
    """A request (PKCS#10, DER) of each issuing authority, whose key is made if it is not there.

    Raises:
        Refused: there is an SMKI in the state directory, whose authorities are certified.
        Unavailable: a key store is away.

    Clause: sec-app-b:B
    """
    if settings.initialised:
        raise _refused("the SMKI in the state directory is founded already, must not be yet")
    make_private_directory(settings.state)
    ensure_passphrase(settings, environment, tell)
    store = issuing_stores(settings, environment)
    requests: dict[CertificateKind, bytes] = {}
    for kind in ISSUING:
        keys, name, algorithm = store(kind), kind.value, ALGORITHMS[kind]
        key = keys.open(name) if name in keys.names() else keys.make(name, algorithm)
        requests[kind] = request_for(kind, key)
    return requests


def request_for(kind: CertificateKind, key: SigningKey) -> bytes:
    """The request (PKCS#10, DER) of an authority of that kind with this key.

    Clause: sec-app-b:B
    """
    info = authority_request_info(common_name=kind.value, public_key=key.public_key)
    (signature,) = key.sign([info])
    scheme = SHA256_WITH_RSA if ALGORITHMS[kind] is KeyAlgorithm.RSA2048 else ECDSA_WITH_SHA256
    return assemble_request(info, signature, scheme)


def ensure_passphrase(
    settings: Settings, environment: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    """The issuing keys have a passphrase: one that is given, or in a file that is made."""
    path = passphrase_file(settings)
    given = environment.get("SMKI_PASSPHRASE") or environment.get("SMKI_PASSPHRASE_FILE")
    if not given and not path.exists():
        make_passphrase_file(path)
        tell(f"made a passphrase file, readable by its owner only: {path}")


def take_in(settings: Settings, environment: Mapping[str, str], transcript: bytes) -> None:
    """The transcript that founds the SMKI is kept in the state directory; again changes nothing.

    Raises:
        Malformed: not a transcript.
        Refused: not one of initial roots that was completed, or of other issuing keys; or there is
            an SMKI here already.

    Clause: sec-app-b:B, sec-app-l:3
    """
    if founded_by(settings) is not None:
        if read_octets(settings.path(FOUNDING)) != transcript:
            raise _refused("another ceremony founded the SMKI in the state directory")
        return
    if settings.initialised:
        raise _refused("there is an SMKI in the state directory that no ceremony founded")
    told = replay(transcript)
    if (told.opening.script.name, told.result) != (SCRIPT, COMPLETED):
        raise _refused(
            f"the ceremony was '{told.opening.script.name}', {told.result}, must be '{SCRIPT}',"
            f" {COMPLETED}"
        )
    _must_be_ours(settings, environment, told)
    write_durably(settings.path(FOUNDING), transcript)


def founded_by(settings: Settings) -> Replayed | None:
    """The ceremony that founds the SMKI of the state directory; None for one of development.

    Raises:
        Refused, Malformed: its transcript was changed.
    """
    path = settings.path(FOUNDING)
    return replay(read_octets(path)) if path.exists() else None


def is_live(told: Replayed | None) -> bool:
    """Whether real roots found it: nothing of a sample has a place there."""
    return told is not None and told.opening.purpose is Purpose.LIVE


def _must_be_ours(settings: Settings, environment: Mapping[str, str], told: Replayed) -> None:
    store = issuing_stores(settings, environment)
    for kind in ISSUING:
        names = store(kind).names()
        here = store(kind).open(kind.value).public_key if kind.value in names else None
        if here != told.opening.issuing.get(kind):
            raise _refused(
                f"the ceremony certified another key of {kind.value} than the one here, must be"
                " that of 'smki ceremony requests'"
            )


def configure(
    settings: Settings, environment: Mapping[str, str], profiles: ProfileSettings
) -> Settings:
    """The configuration says what the ceremony was held under.

    Raises:
        Refused: a variable of the environment says something else.

    Clause: gbcs:12
    """
    said: dict[str, Any] = {
        "environment": profiles.environment,
        "kind": CEREMONY,
        "policies": {kind.value: oid for kind, oid in profiles.policies},
        "lifetime_years": {kind.value: y for kind, y in profiles.lifetimes if y is not None},
        "common_name_characters": profiles.common_name_length,
        "wrap_algorithm": profiles.wrap_algorithm,
        "arl_validity_months": profiles.arl_months,
    }
    content = {**read_file(settings.state), **said}
    if profiles.environment == Purpose.REHEARSAL.value:
        content.pop("live_policies", None)  # a rehearsal never goes live
    write_durably(settings.path(FILE), tomli_w.dumps(content).encode())
    configured = load_settings(environment)
    found = configured.profiles()
    if configured.kind != CEREMONY:
        raise _refused("a variable of the environment says another kind, must be left out")
    same = (found.environment, found.policies, found.lifetimes, found.wrap_algorithm)
    if same != (
        profiles.environment,
        profiles.policies,
        profiles.lifetimes,
        profiles.wrap_algorithm,
    ):
        raise _refused("a variable of the environment says other profiles than the ceremony's")
    return configured


def _refused(message: str) -> Refused:
    return Refused(f"founding: {message}", where="ceremony", clause=_CLAUSE, rule="founding")

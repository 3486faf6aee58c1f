"""The private keys by which devices of an estate are commanded: those that their cells name.

They are in the store of keys for messages, in files or in a token; or, as the sample parties' are
at first, plainly in files of the state directory.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from smki.adapters.files import read_octets
from smki.adapters.gbcs_store import StoredKeys
from smki.adapters.keys import SoftwareAgreementKey
from smki.bootstrap.pairs import earlier_keys
from smki.bootstrap.samples import SAMPLES
from smki.bootstrap.settings import Settings
from smki.devices import DeviceState, TrustAnchor
from smki.devices.kinds import BROKER_KA, cell
from smki.devices.use_cases import use_case_of
from smki.headend import HeldKeys
from smki.ports import AgreementKey, SigningKey
from smki.terms import EUI64, Refused, Unavailable
from smki.wire.gbcs.trust_anchors import KeyUsageBits

_POINT_OCTETS: Final = 65


class HouseKeys:
    """Finds the keys that devices obey; each is read once.

    Args:
        settings: where the files are.
        stored: the store of keys for messages, if there is one; it is asked first.
    """

    def __init__(self, settings: Settings, stored: StoredKeys | None) -> None:
        self._folder = settings.path("parties")
        self._stored = stored
        self._signers: dict[TrustAnchor, SigningKey] = {}
        self._brokers: dict[TrustAnchor, AgreementKey] = {}

    def commanding(self, state: DeviceState, message_code: int) -> tuple[EUI64, HeldKeys]:
        """Who commands the device this, and the keys for it.

        Raises:
            Refused: its cells name nobody who may, or nobody whose private key the house has.
            Unavailable: a key cannot be read.

        Clause: gbcs:4.3.2.2
        """
        use_case = use_case_of(message_code)
        roles = use_case.roles(state.kind, None) if use_case else ()
        cells = [cell(role, KeyUsageBits.DIGITAL_SIGNATURE) for role in sorted(roles)]
        anchor = next((state.anchors[one] for one in cells if one in state.anchors), None)
        broker = state.anchors.get(BROKER_KA)
        if anchor is None or broker is None:
            raise Refused(
                f"device {state.device}: a cell of who commands it is empty, must not be",
                clause="gbcs:4.3.2.2",
                rule="estate.cells",
            )
        keys = HeldKeys(signer=self.signer(anchor), broker=self.broker(broker))
        return EUI64(anchor.unique_id), keys

    def signer(self, anchor: TrustAnchor) -> SigningKey:
        """The private key for digital signatures that belongs to the anchor.

        Raises:
            Refused: the house does not have it.
            Unavailable: it cannot be read.
        """
        found = self._signers.get(anchor)
        if found is None:
            kept = self._stored.signers(EUI64(anchor.unique_id)) if self._stored else ()
            found = next((key for key in kept if _is_of(key, anchor)), None)
            found = self._signers[anchor] = found or self._in_file(anchor, "ds")
        return found

    def broker(self, anchor: TrustAnchor) -> AgreementKey:
        """The private key for key agreement that belongs to the anchor.

        Raises:
            Refused: the house does not have it.
            Unavailable: it cannot be read.
        """
        found = self._brokers.get(anchor)
        if found is None:
            kept = self._stored.agreements(EUI64(anchor.unique_id)) if self._stored else ()
            found = next((key for key in kept if _is_of(key, anchor)), None)
            found = self._brokers[anchor] = found or self._in_file(anchor, "ka")
        return found

    def _in_file(self, anchor: TrustAnchor, suffix: str) -> SoftwareAgreementKey:
        """The key in use, or one before it: cells may still name that one's certificate."""
        entity = EUI64(anchor.unique_id)
        folder, name = self._folder / party_of(entity), f"{entity.digits}-{suffix}"
        for path in (folder / f"{name}.key", *earlier_keys(folder, name)):
            if path.exists() and _is_of(found := _read(path), anchor):
                return found
        raise Refused(
            f"private key of {entity}: none here belongs to the certificate that devices hold, one"
            " must; their cells are to be updated first, or it is in custody",
            where=os.fspath(folder / f"{name}.key"),
            clause="gbcs:4.3.2.2",
            rule="estate.keys",
        )


def _is_of(key: SigningKey, anchor: TrustAnchor) -> bool:
    return key.public_key[-_POINT_OCTETS:] == anchor.point


def party_of(entity: EUI64) -> str:
    """The sample party whose identifier it is.

    Raises:
        Refused: it is none's: the house has neither its keys nor its credentials.
    """
    for sample in SAMPLES:
        if entity in {identity for identity, _ in sample.party.identities}:
            return sample.party.party
    raise Refused(
        f"{entity}: is no sample party's, must be one whose keys are in the house",
        clause="sec-app-m:G",
        rule="estate.party",
    )


def _read(path: Path) -> SoftwareAgreementKey:
    try:
        key = load_pem_private_key(read_octets(path), None)
    except (ValueError, TypeError) as error:
        raise Unavailable(
            f"private key: cannot be read ({error})", where=os.fspath(path), rule="estate.keys"
        ) from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise Unavailable(
            "private key: is not one of P-256, must be", where=os.fspath(path), rule="estate.keys"
        )
    return SoftwareAgreementKey(key, deterministic=True)

"""All entries of an identity, and none hidden: the proof, for whoever asks over the network.

Reads only: record, index, and the map by EUI-64 as it stands. Makes no root: a running worker does.

Clause: sec:L5
"""

from dataclasses import dataclass

from smki.flows.apikeys import identify
from smki.flows.office import FrontOffice
from smki.ports import IdentityMap
from smki.repository import CompleteProof, prove_complete
from smki.terms import EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProofs:
    """Implements `interfaces.web.identities.Proofs` and the pages'. Safe for any number of threads.

    Attributes:
        front: record, index and register.
        identity_map: the map by EUI-64.
    """

    front: FrontOffice
    identity_map: IdentityMap

    def complete(self, identity: EUI64) -> CompleteProof:
        """The proof that these are all entries of the identity, be there some or none.

        Raises:
            Unavailable: no root of the map was lodged yet.
            Inconsistent: index, map and record disagree.

        Clause: sec:L5
        """
        front = self.front
        return prove_complete(front.reader, front.index, self.identity_map, identity)

    def asked(self, apikey: str, identity: EUI64) -> CompleteProof:
        """The same, for who has an API key.

        Raises:
            Refused: the API key is nobody's.
            Unavailable: no root of the map was lodged yet.
            Inconsistent: index, map and record disagree.

        Clause: sec:L5
        """
        identify(self.front, apikey)
        return self.complete(identity)

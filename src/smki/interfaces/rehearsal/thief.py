"""The thief of a rehearsal: which keys of its house are stolen, by scenario, and who helps.

Keys that are in custody are stolen by opening a quorum's shares past every rule: the rehearsal's
custodians are simulated, and their keys are in its folder. What a thief makes hangs on the seed, so
that every step of a rehearsal meets the same one.
"""

import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.adapters.ceremony import MemoryKeys
from smki.adapters.requesters import request_for_organisation
from smki.bootstrap import open_office
from smki.bootstrap.issuing_keys import key_names
from smki.bootstrap.opening import issuing_stores
from smki.bootstrap.party_keys import HouseKeys
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import key_name
from smki.ceremonies.quorum import open_key
from smki.ceremonies.scripts import CONTINGENCY, RECOVERY, ROOT_OCA, SYMMETRIC
from smki.devices import kinds
from smki.devices.path import held
from smki.flows.recovering import Cells
from smki.flows.registering import register_party
from smki.interfaces.key_serving import Signs
from smki.interfaces.rehearsal.ceremonies import key_in_custody, people_in
from smki.interfaces.rehearsal.frame import Run
from smki.interfaces.rehearsal.house import asked_of
from smki.interfaces.rehearsal.opening import presented
from smki.ports import Party
from smki.simulator.attacker import Attacker, Loot
from smki.simulator.forging import Sign, StolenAuthority
from smki.terms import EUI64, CertificateKind, KeyUsage, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier

HELPER: Final = "helper"
_HELPER_ENTITY: Final = EUI64.parse("0A-53-4D-4B-49-02-00-99")
_BROKER: Final = kinds.cell(RemotePartyRole.ACCESS_CONTROL_BROKER, KeyUsageBits.KEY_AGREEMENT)
_USAGES: Final = {
    KeyUsageBits.DIGITAL_SIGNATURE: KeyUsage.DIGITAL_SIGNATURE,
    KeyUsageBits.KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Theft:
    """What is stolen in a scenario.

    Attributes:
        roles: parties whose signing keys are.
        served: the broker serves the thief until it is told.
        helped: a supplier gives its certificates.
        issuing: the Issuing OCA's key is.
        custody: keys in custody that are, by their names.
    """

    roles: tuple[RemotePartyRole, ...] = ()
    served: bool = False
    helped: bool = False
    issuing: bool = False
    custody: tuple[str, ...] = ()


THEFTS: Final[Mapping[str, Theft]] = {
    "method-1": Theft(roles=(RemotePartyRole.SUPPLIER,)),
    "method-2": Theft(roles=(RemotePartyRole.SUPPLIER,), served=True, helped=True),
    "method-3": Theft(roles=(RemotePartyRole.TRANSITIONAL_COS,), served=True, helped=True),
    "recovery-key": Theft(roles=(RemotePartyRole.RECOVERY,), helped=True),
    "issuing-oca": Theft(roles=(RemotePartyRole.SUPPLIER,), served=True, issuing=True),
    "root-oca": Theft(custody=(ROOT_OCA,)),
    "contingency-key": Theft(custody=(CONTINGENCY,)),
    "smki-53-root-update": Theft(custody=(SYMMETRIC,)),
}
"""By scenario; one that is not here has no thief."""


def thief_of(run: Run, before: Cells, helper: Cells | None) -> Attacker:
    """The thief of this rehearsal; the same each time.

    Args:
        run: whose it is.
        before: what devices held when the keys were stolen.
        helper: the certificates that somebody gives, if somebody helps.
    """
    theft, issuing = THEFTS[run.scenario.name], before.path[0]
    loot = Loot(
        public=before.certificates,
        path=before.path,
        signers={role: (before.entity(role), _signer(run, before, role)) for role in theft.roles},
        issuing=StolenAuthority(certificate=issuing, sign=_issuing(run)) if theft.issuing else None,
        root=StolenAuthority(
            certificate=before.certificates[kinds.ROOT], sign=_in_custody(run, "roots", ROOT_OCA)
        )
        if ROOT_OCA in theft.custody
        else None,
        contingency=_in_custody(run, "roots", CONTINGENCY)
        if CONTINGENCY in theft.custody
        else None,
        symmetric_key=_opened(run, "roots", SYMMETRIC) if SYMMETRIC in theft.custody else None,
        accomplice=helper.certificates if helper else {},
    )
    at = datetime.fromisoformat(run.text("preconditions", "at"))
    chance = random.Random(run.asked.seed)  # noqa: S311 -- the same thief each time
    return Attacker(loot, chance.randbytes, at, run.house.profiles())


def serve(run: Run, thief: Attacker, before: Cells) -> None:
    """The broker serves the thief from now on, since nobody told it."""
    broker = HouseKeys(run.house, None).broker(
        held(parse_certificate(before.certificates[_BROKER]))
    )
    thief.served_by = lambda point: broker.agree((point,))[0]


def helper_of(run: Run, before: Cells) -> Cells:
    """Certificates of a second supplier, for a supplier's cells, issued as anybody's are."""
    with open_office(run.house, run.house_environment) as office:
        register_party(
            office.front,
            Party(
                party=HELPER,
                name="Second Rehearsal Supplier",
                identities=((_HELPER_ENTITY, RemotePartyRole.SUPPLIER),),
                import_supplier=True,
                gas_supplier=True,
            ),
        )
        ask = asked_of(run, office)
        found: dict[TrustAnchorCellIdentifier, bytes] = {}
        for cell in before.certificates:
            if cell.role is RemotePartyRole.SUPPLIER:
                asked = request_for_organisation(
                    _HELPER_ENTITY, RemotePartyRole.SUPPLIER, _USAGES[cell.key_usage]
                )
                text = base64.b64encode(asked.request).decode()
                said = ask("organisation", {"party": HELPER, "request": text})
                found[cell] = base64.b64decode(said["chain"][0])
    return Cells(certificates=found, path=before.path)


def _signer(run: Run, before: Cells, role: RemotePartyRole) -> Sign:
    """The key by which devices know the role: in custody, or in the house."""
    if role is RemotePartyRole.RECOVERY:
        return _in_custody(run, "recovery-key", RECOVERY)
    cell = kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE)
    anchor = held(parse_certificate(before.certificates[cell]))
    return _signing(HouseKeys(run.house, None).signer(anchor))


def _issuing(run: Run) -> Sign:
    """The key of the Issuing OCA with which the house began."""
    kind = CertificateKind.ISSUING_OCA
    store = issuing_stores(run.house, run.house_environment)(kind)
    return _signing(store.open(key_names(store, kind)[0]))


def _in_custody(run: Run, ceremony: str, name: str) -> Sign:
    return _signing(MemoryKeys().load(_opened(run, ceremony, name)))


def _opened(run: Run, ceremony: str, name: str) -> bytes:
    """What a quorum's shares open, asked of no authority."""
    held_ = key_in_custody(run, ceremony, key_name(name, Purpose.REHEARSAL))
    return open_key(held_, presented(people_in(run), held_)).octets


def _signing(key: Signs) -> Sign:
    return lambda message: key.sign((message,))[0]

"""Scenarios for the other methods and keys: each with a thief, a faulty make of hubs, and what is left.

Their steps are those of `scenarios`, with the theft before anybody decides and, at the end, what the
thief left: undone, and looked for once more.
"""

from collections.abc import Callable
from typing import Final

from smki.interfaces.rehearsal.authorising import authorised
from smki.interfaces.rehearsal.concluding import evidence, verdict
from smki.interfaces.rehearsal.confirming import confirmed
from smki.interfaces.rehearsal.frame import Made, Run, Scenario, Step
from smki.interfaces.rehearsal.materials import linked, reissued, renewed
from smki.interfaces.rehearsal.outdating import outdated
from smki.interfaces.rehearsal.preparing import preconditions
from smki.interfaces.rehearsal.remedying import handed_back, undone
from smki.interfaces.rehearsal.revoking import revoked
from smki.interfaces.rehearsal.running import first_run, second_run
from smki.interfaces.rehearsal.striking import left, struck
from smki.interfaces.rehearsal.succeeding import succeeded
from smki.interfaces.rehearsal.updating import further_certificates, further_updates
from smki.recovery import Compromised, Method
from smki.simulator.regions import FAULTY_MAKE
from smki.terms import RemotePartyRole

_BEFORE: Final = (
    Step(name="preconditions", title="preconditions", take=preconditions),
    Step(name="theft", title="the key is stolen, and used", take=struck),
    Step(
        name="decision", title="the key is declared lost; what is done is decided", take=authorised
    ),
)
_RUNS: Final = (
    Step(name="first-run", title="devices are commanded, with a thief on the line", take=first_run),
    Step(
        name="second-run",
        title="root cause, approved workaround, and those devices again",
        take=second_run,
    ),
    Step(
        name="confirmation",
        title="what devices say is confirmed by somebody else, who looks into them",
        take=confirmed,
    ),
)
_HAND_BACK: Final = Step(
    name="hand-back",
    title="the access control broker gives devices back to their subscriber",
    take=handed_back,
)
_AFTER: Final = (
    Step(name="undone", title="what the thief left is looked for, and undone", take=undone),
    Step(name="revocation", title="what was lost is revoked", take=revoked),
    Step(
        name="further-certificates",
        title="additional test: new certificates for one ordinary update",
        take=further_certificates,
    ),
    Step(
        name="further-updates",
        title="additional test: the ordinary update, under the new anchors",
        take=further_updates,
    ),
    Step(
        name="old-anchors",
        title="additional test: commands under the old anchors",
        take=outdated,
    ),
    Step(name="left", title="what is left of the thief's doings", take=left),
    Step(name="evidence", title="everything into the record", take=evidence),
    Step(name="verdict", title="verdict by criterion, and the report", take=verdict),
)


def _scenario(
    name: str,
    title: str,
    compromised: Compromised,
    method: Method,
    material: Callable[[Run], Made],
    role: RemotePartyRole | None = None,
) -> Scenario:
    made = Step(name="material", title="new certificates are made", take=material)
    back = (_HAND_BACK,) if method is Method.TWO else ()
    return Scenario(
        name=name,
        title=title,
        compromised=compromised,
        method=method,
        role=role,
        regions={"north": 50, "south": 50},
        faulty_make=FAULTY_MAKE,
        attacked=True,
        steps=(*_BEFORE, made, *_RUNS, *back, *_AFTER),
    )


ROWS: Final = (
    _scenario(
        "method-1",
        "a supplier's key is lost, and the supplier replaces its certificates by that key",
        Compromised.ORGANISATION,
        Method.ONE,
        renewed,
        RemotePartyRole.SUPPLIER,
    ),
    _scenario(
        "method-2",
        "a supplier's key is lost: the broker takes its devices, and hands them back",
        Compromised.ORGANISATION,
        Method.TWO,
        renewed,
        RemotePartyRole.SUPPLIER,
    ),
    _scenario(
        "method-3",
        "the change of supplier party's key is lost, and the recovery key replaces it",
        Compromised.ORGANISATION,
        Method.THREE,
        renewed,
        RemotePartyRole.TRANSITIONAL_COS,
    ),
    _scenario(
        "recovery-key",
        "the recovery key is lost, and the contingency key replaces everything",
        Compromised.RECOVERY,
        Method.BY_CONTINGENCY,
        succeeded,
    ),
    _scenario(
        "issuing-oca",
        "the Issuing OCA's key is lost, and the recovery key replaces all but the root",
        Compromised.ISSUING_OCA,
        Method.BY_RECOVERY,
        reissued,
    ),
    _scenario(
        "contingency-key",
        "the contingency private key is lost, and a new root comes by an ordinary update",
        Compromised.CONTINGENCY,
        Method.ROOT_UPDATE,
        linked,
    ),
    _scenario(
        "smki-53-root-update",
        "the contingency symmetric key is lost, and a new root comes by an ordinary update",
        Compromised.CONTINGENCY_SYMMETRIC,
        Method.ROOT_UPDATE,
        linked,
    ),
    _scenario(
        "root-oca",
        "the root's key is lost, and the contingency key replaces everything",
        Compromised.ROOT_OCA,
        Method.BY_CONTINGENCY,
        succeeded,
    ),
)

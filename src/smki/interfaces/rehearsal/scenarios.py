"""The scenarios that can be rehearsed: one row each, and the steps that they share.

`smki-53` is the script of the real test: nobody uses the lost key. In all others a thief does, before
anybody decides and on the line; what the thief left is undone, and looked for once more at the end.
"""

from collections.abc import Callable, Mapping
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
from smki.terms import Refused, RemotePartyRole

_REGIONS: Final = {"north": 50, "south": 50}
_PRECONDITIONS: Final = Step(name="preconditions", title="preconditions", take=preconditions)
_THEFT: Final = Step(name="theft", title="the key is stolen, and used", take=struck)
_AGAIN: Final = (
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
_REMEDY: Final = (
    Step(name="undone", title="what the thief left is looked for, and undone", take=undone),
    Step(name="revocation", title="what was lost is revoked", take=revoked),
)
_FURTHER: Final = (
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
)
_LEFT: Final = Step(name="left", title="what is left of the thief's doings", take=left)
_CONCLUSION: Final = (
    Step(name="evidence", title="everything into the record", take=evidence),
    Step(name="verdict", title="verdict by criterion, and the report", take=verdict),
)


def _attacked(
    name: str,
    title: str,
    compromised: Compromised,
    method: Method,
    material: Callable[[Run], Made],
    role: RemotePartyRole | None = None,
) -> Scenario:
    back = (_HAND_BACK,) if method is Method.TWO else ()
    return Scenario(
        name=name,
        title=title,
        compromised=compromised,
        method=method,
        role=role,
        regions=_REGIONS,
        faulty_make=FAULTY_MAKE,
        attacked=True,
        steps=(
            _PRECONDITIONS,
            _THEFT,
            Step(
                name="decision",
                title="the key is declared lost; what is done is decided",
                take=authorised,
            ),
            Step(name="material", title="new certificates are made", take=material),
            Step(
                name="first-run",
                title="devices are commanded, with a thief on the line",
                take=first_run,
            ),
            *_AGAIN,
            *back,
            *_REMEDY,
            *_FURTHER,
            _LEFT,
            *_CONCLUSION,
        ),
    )


_ROWS: Final = (
    Scenario(
        name="smki-53",
        title="recovery from compromise of the contingency symmetric key, by the contingency key",
        compromised=Compromised.CONTINGENCY_SYMMETRIC,
        method=Method.BY_CONTINGENCY,
        regions=_REGIONS,
        faulty_make=FAULTY_MAKE,
        steps=(
            _PRECONDITIONS,
            Step(
                name="decision",
                title="the contingency symmetric key is lost; the authority decides",
                take=authorised,
            ),
            Step(
                name="material",
                title="new contingency material, a new root, new certificates for everybody",
                take=succeeded,
            ),
            Step(
                name="first-run",
                title="every device is commanded by the old contingency key: mode 9, every cell",
                take=first_run,
            ),
            *_AGAIN,
            *_FURTHER,
            *_CONCLUSION,
        ),
    ),
    _attacked(
        "method-1",
        "a supplier's key is lost, and the supplier replaces its certificates by that key",
        Compromised.ORGANISATION,
        Method.ONE,
        renewed,
        RemotePartyRole.SUPPLIER,
    ),
    _attacked(
        "method-2",
        "a supplier's key is lost: the broker takes its devices, and hands them back",
        Compromised.ORGANISATION,
        Method.TWO,
        renewed,
        RemotePartyRole.SUPPLIER,
    ),
    _attacked(
        "method-3",
        "the change of supplier party's key is lost, and the recovery key replaces it",
        Compromised.ORGANISATION,
        Method.THREE,
        renewed,
        RemotePartyRole.TRANSITIONAL_COS,
    ),
    _attacked(
        "recovery-key",
        "the recovery key is lost, and the contingency key replaces everything",
        Compromised.RECOVERY,
        Method.BY_CONTINGENCY,
        succeeded,
    ),
    _attacked(
        "issuing-oca",
        "the Issuing OCA's key is lost, and the recovery key replaces all but the root",
        Compromised.ISSUING_OCA,
        Method.BY_RECOVERY,
        reissued,
    ),
    _attacked(
        "contingency-key",
        "the contingency private key is lost, and a new root comes by an ordinary update",
        Compromised.CONTINGENCY,
        Method.ROOT_UPDATE,
        linked,
    ),
    _attacked(
        "smki-53-root-update",
        "the contingency symmetric key is lost, and a new root comes by an ordinary update",
        Compromised.CONTINGENCY_SYMMETRIC,
        Method.ROOT_UPDATE,
        linked,
    ),
    _attacked(
        "root-oca",
        "the root's key is lost, and the contingency key replaces everything",
        Compromised.ROOT_OCA,
        Method.BY_CONTINGENCY,
        succeeded,
    ),
)
SCENARIOS: Final[Mapping[str, Scenario]] = {row.name: row for row in _ROWS}


def scenario_named(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        Refused: there is none.
    """
    found = SCENARIOS.get(name)
    if found is None:
        raise Refused(
            f"scenario {name[:60]!r}: not known, must be one of {', '.join(SCENARIOS)}",
            where="--scenario",
            rule="rehearsal.scenario",
        )
    return found

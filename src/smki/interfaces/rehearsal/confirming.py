"""Step 6: what devices say is confirmed by somebody else, who looks into them.

    responses     each tells its cells' old and new identifiers; kept as the campaign has them
    inspection    by the maker, reading the devices themselves and not what they were sent

The inspector signs with a credential of another organisation than who commands and who decides.
"""

from collections.abc import Callable, Iterator
from typing import Final

from smki.bootstrap import open_front
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.recoveries import Kept, open_kept
from smki.bootstrap.samples import SAMPLES
from smki.campaigns import members_in
from smki.interfaces.estate_issuing import MAKER
from smki.interfaces.rehearsal.among import Devices
from smki.interfaces.rehearsal.campaigning import legs
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.house import file_signer
from smki.interfaces.rehearsal.keeping import keep_all
from smki.interfaces.rehearsal.people import Person
from smki.interfaces.rehearsal.preparing import concerned
from smki.interfaces.rehearsal.running import campaigns_of
from smki.interfaces.rosters import held_in
from smki.recovery import Anchors, Fate
from smki.recovery.evidence import Signed
from smki.recovery.evidence_bundles import inspections
from smki.recovery.evidence_rows import FoundRow
from smki.terms import CertificateKind

BY: Final = "the maker's engineer, who read the devices' own memory"


def confirmed(run: Run) -> Made:
    """Every device was inspected, and it is known how many hold in every cell what was placed.

    Clause: sec:L10
    """
    (organisation,) = (one.party.name for one in SAMPLES if one.party.party == MAKER)
    engineer = file_signer(run, MAKER, organisation, "engineer")
    with open_front(run.house) as front:
        authorities = load_hierarchy(front).chain_of(CertificateKind.IKI_FILE_SIGNING)
    counts = {"inspected": 0, "as_placed": 0, "recovered": 0}
    with open_kept(run.house) as kept:
        recovered = recovered_in(kept, campaigns_of(run))
        placed = {cell: told for leg in legs(run) for cell, told in leg.placed.items()}
        keep_all(
            run,
            inspections(
                _looked(run, kept, recovered, placed, counts),
                recovery=run.asked.name,
                by=BY,
                at=now(),
                sign=_signing(engineer),
                authorities=tuple(authorities),
            ),
        )
    run.tell(
        f"  {counts['inspected']:,} devices inspected by {organisation}: {counts['as_placed']:,} of"
        f" {counts['recovered']:,} recovered ones hold in every cell what was placed"
    )
    return dict(counts)


def recovered_in(kept: Kept, campaigns: tuple[str, ...]) -> Devices:
    """The devices that came to be recovered in one of these campaigns."""
    return Devices(
        member.device
        for campaign in campaigns
        for member in members_in(kept.campaigns, campaign)
        if member.fate is Fate.RECOVERED
    )


def _looked(
    run: Run,
    kept: Kept,
    recovered: Devices,
    placed: Anchors,
    counts: dict[str, int],
) -> Iterator[FoundRow]:
    """What is in the cells of each device."""
    for device in concerned(run, kept.estate):
        found = held_in(device.state)
        counts["inspected"] += 1
        if device.state.device in recovered:
            counts["recovered"] += 1
            counts["as_placed"] += all(
                found[cell] == told for cell, told in placed.items() if cell in found
            )
        yield FoundRow(device=device.state.device, found=found)


def _signing(person: Person) -> Callable[[bytes], Signed]:
    return lambda looked: Signed(certificate=person.certificate, signature=person.sign(looked))

"""Puts together what the pages of the register need of the house."""

from typing import Final

from smki.adapters.confidential import ConfidentialFiles
from smki.bootstrap.settings import Settings
from smki.flows.deciding import recorded_decision
from smki.flows.displaying import ShownDecision, shown_decision
from smki.flows.office import FrontOffice
from smki.flows.reading_register import ReadersOfRegister
from smki.flows.register_services import RegisterServices

PAPERS: Final = "papers"


def register_services(settings: Settings, front: FrontOffice) -> RegisterServices:
    """The register, who reads it, and the files of its papers in the state directory."""

    def tied(identifier: str) -> ShownDecision | None:
        found = recorded_decision(front, identifier)
        return None if found is None else shown_decision(front, found.entry)

    return RegisterServices(
        readers=ReadersOfRegister(front.proceedings, front.clock.now),
        files=ConfidentialFiles(settings.path(PAPERS)),
        tied=tied,
    )

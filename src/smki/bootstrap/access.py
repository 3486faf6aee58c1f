"""Puts log-in to the pages together: accounts of the house, verifiers by Argon2id."""

from smki.adapters.passwords import Argon2Passwords
from smki.flows.access import PortalAccess
from smki.flows.office import FrontOffice


def portal_access(front: FrontOffice) -> PortalAccess:
    """Log-in and sessions over the accounts of the house."""
    return PortalAccess(front, Argon2Passwords())

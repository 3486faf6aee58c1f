"""One script; the only way to Root, Recovery and Contingency keys.

What is here so far is the unattended ceremony of a *development* SMKI, and the renewal of its
roots' revocation lists: it needs nobody, proves nothing about custody, and everything it makes is
marked as development. Ceremonies with custodians come with their own script; until then no other
way to a root key exists.
"""

from smki.ceremonies.certifying import AuthorityNames
from smki.ceremonies.development import Outcome, hold_development_ceremony
from smki.ceremonies.lists import sign_root_list

__all__ = ["AuthorityNames", "Outcome", "hold_development_ceremony", "sign_root_list"]

"""One script; the only way to Root, Recovery and Contingency keys.

`development` is the unattended ceremony of a *development* SMKI: it needs nobody and proves nothing
about custody. Everything else is for people: `scripts` says what is done, `holding` holds it by its
journal, `acts` do it, `replaying` verifies its transcript. Keys are in custody (`keysets`): sealed
under a wrapping key whose shares (`words`) custodians have, opened by a `quorum` and used under a
warrant (`activating`).
"""

from smki.ceremonies.certifying import AuthorityNames
from smki.ceremonies.development import Outcome, hold_development_ceremony
from smki.ceremonies.lists import sign_root_list

__all__ = ["AuthorityNames", "Outcome", "hold_development_ceremony", "sign_root_list"]

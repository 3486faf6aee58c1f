"""Pages for people: the repository in a browser. Server-rendered, no script needed but for a proof.

`flows` implements `PortalServices`; `PortalPages` puts the pages under `/portal`. No rule is
applied and nothing is stored here.
"""

from smki.interfaces.web.portal.pages import PortalPages
from smki.interfaces.web.portal.service import PortalServices

__all__ = ["PortalPages", "PortalServices"]

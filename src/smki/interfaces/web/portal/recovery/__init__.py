"""The pages of recoveries: how campaigns stand, what people may do to them, and who is left.

`Recoveries` says what they need; `WatchedRecoveries` has it from the estates of a house and of its
rehearsals. What is allowed is decided by `flows.steering`; how far it came, by `campaigns.progress_of`.
"""

from smki.interfaces.web.portal.recovery.pages import RecoveryPages, by_itself
from smki.interfaces.web.portal.recovery.service import Recoveries
from smki.interfaces.web.portal.recovery.watching import WatchedRecoveries

__all__ = ["Recoveries", "RecoveryPages", "WatchedRecoveries", "by_itself"]

"""What the rules look at: a certificate's content, the profile that it should have, and whose."""

from dataclasses import dataclass

from smki.profiles.settings import ProfileSettings
from smki.profiles.table import Profile
from smki.terms import Finding
from smki.wire.certificate import TbsCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A certificate before the rules; without `settings` it is somebody else's.

    `live` is what it must be: a live certificate, or one for tests; None: either.
    """

    tbs: TbsCertificate
    profile: Profile
    settings: ProfileSettings | None
    live: bool | None = None

    def finding(self, rule: str, message: str, where: str, clause: str = "") -> Finding:
        """The finding that `where` is not as the profile asks; its clause unless another does."""
        kind = self.profile.kind.value
        return Finding(
            rule=f"{kind}.{rule}",
            message=f"{kind} certificate: {where}: {message}",
            where=where,
            clause=clause or self.profile.clause,
        )

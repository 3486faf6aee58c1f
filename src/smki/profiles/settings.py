"""What an environment chooses: policy and hwType OIDs, lifetimes, limits.

Values that another country or environment would change stand here and nowhere else. Lifetimes
that no public document gives are recalled ones; `docs` lists them among the divergences.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from smki.terms import CertificateKind, Malformed, Refused
from smki.wire import der

_K = CertificateKind

NEVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # rfc5280:4.1.2.5, no end known

LIFETIMES: Final[Mapping[CertificateKind, int | None]] = MappingProxyType(
    {  # years; None: without end
        _K.ROOT_OCA: 50,  # recalled
        _K.ISSUING_OCA: 25,  # as decoded
        _K.ORGANISATION: 10,  # as decoded
        _K.ROOT_DCA: 50,  # as the Root OCA
        _K.ISSUING_DCA: 25,  # as the Issuing OCA
        _K.DEVICE: None,  # as the text says
        _K.ROOT_ICA: 25,  # unknown; ours
        _K.ISSUING_ICA: 15,  # unknown; ours
        _K.IKI_OFFICER: 2,  # unknown; ours
        _K.IKI_AD_HOC: 2,  # unknown; ours
        _K.IKI_BATCH: 2,  # unknown; ours
        _K.IKI_FILE_SIGNING: 2,  # unknown; ours
        _K.IKI_SERVER: 2,  # unknown; ours
    }
)

AES128_WRAP_PAD: Final = "2.16.840.1.101.3.4.1.8"  # id-aes128-wrap-pad, RFC 5649

# Named by uuid5(NAMESPACE_OID, "smki:development:<kind>"), so that nobody else uses them.
_DEVELOPMENT_POLICIES: Final = (
    (_K.ROOT_OCA, "2.25.82393873939696796900038438470710105341"),
    (_K.ISSUING_OCA, "2.25.193731485648373121764373681872155576416"),
    (_K.ORGANISATION, "2.25.93287575930176351595044052099427300622"),
    (_K.ROOT_DCA, "2.25.279002745090836469593244994757134983988"),
    (_K.ISSUING_DCA, "2.25.41249702962218496497515837355696269610"),
    (_K.DEVICE, "2.25.242653343886161284711976140719976022243"),
    (_K.ROOT_ICA, "2.25.83461792669953962683971637501291852674"),
    (_K.ISSUING_ICA, "2.25.290151335995644233086654465412348393733"),
    (_K.IKI_OFFICER, "2.25.179401336956544219462102120591703935066"),
    (_K.IKI_AD_HOC, "2.25.169494335810993708006626981514018716644"),
    (_K.IKI_BATCH, "2.25.179063058243802891722992381179764707943"),
    (_K.IKI_FILE_SIGNING, "2.25.28973342592341011058869907675373286654"),
    (_K.IKI_SERVER, "2.25.26717358409806249863010678394680028446"),
)
DEVELOPMENT_HARDWARE: Final = "2.25.203045646182256633631434565343120148173"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSettings:
    """What an environment chooses of the profiles.

    Attributes:
        environment: its name, as status and checkpoints show it.
        policies: certificate policy OID, dotted, for each kind; all different.
        hw_types: hwType OIDs, dotted, that devices may have; empty: any.
        lifetimes: years for each kind; None: without end.
        common_name_length: most characters in the common name of an OCA or DCA.
        wrap_algorithm: OID, dotted, of the algorithm that wraps the contingency public key.

    Clause: gbcs:12, sec-app-a:B, sec-app-b:B, sec-app-q:B
    """

    environment: str
    policies: tuple[tuple[CertificateKind, str], ...]
    hw_types: tuple[str, ...] = ()
    lifetimes: tuple[tuple[CertificateKind, int | None], ...] = tuple(LIFETIMES.items())
    common_name_length: int = 4
    wrap_algorithm: str = AES128_WRAP_PAD
    _policy_octets: dict[CertificateKind, bytes] = field(init=False, repr=False, compare=False)
    _kinds: dict[bytes, CertificateKind] = field(init=False, repr=False, compare=False)
    _hw_type_octets: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        policies = {kind: der.oid(dotted)[2:] for kind, dotted in self.policies}
        kinds = {octets: kind for kind, octets in policies.items()}
        if len(kinds) != len(CertificateKind) or len(self.policies) != len(CertificateKind):
            raise Refused(
                f"policies: {len(kinds)} different OIDs in {len(self.policies)} rows, must be one"
                f" for each of the {len(CertificateKind)} kinds of certificate, no two the same",
                clause="gbcs:12",
                rule="settings.policies",
            )
        der.oid(self.wrap_algorithm)
        object.__setattr__(self, "_policy_octets", policies)
        object.__setattr__(self, "_kinds", kinds)
        hw_types = frozenset(der.oid(dotted)[2:] for dotted in self.hw_types)
        object.__setattr__(self, "_hw_type_octets", hw_types)

    def policy(self, kind: CertificateKind) -> bytes:
        """Content octets of the policy OID of this kind."""
        return self._policy_octets[kind]

    def kind_of(self, policy: bytes) -> CertificateKind | None:
        """The kind whose policy OID has these content octets; None if none has."""
        return self._kinds.get(policy)

    def permits_hw_type(self, hw_type: bytes) -> bool:
        """True if devices may have the hwType with these content octets.

        Clause: sec-app-a:B
        """
        return not self._hw_type_octets or hw_type in self._hw_type_octets

    def lifetime(self, kind: CertificateKind) -> int | None:
        """Years that a certificate of this kind lives; None: without end."""
        return dict(self.lifetimes).get(kind, LIFETIMES[kind])


def development() -> ProfileSettings:
    """The settings of a development environment, the same on every machine."""
    return ProfileSettings(environment="development", policies=_DEVELOPMENT_POLICIES)


def validity(
    kind: CertificateKind, instant: datetime, settings: ProfileSettings
) -> tuple[datetime, datetime]:
    """First and last second of a certificate of this kind issued at `instant`.

    A device certificate begins at the instant and has no end; every other takes whole days, from
    00:00:00 to 23:59:59, its years less a second.

    Raises:
        Malformed: `instant` has no time zone, or the end lies after the year 9999.

    Clause: sec-app-a:B, sec-app-b:B
    """
    if instant.tzinfo is None:
        raise Malformed("instant: without time zone, must have one", clause="rfc5280:4.1.2.5")
    start = instant.astimezone(UTC).replace(microsecond=0)
    years = settings.lifetime(kind)
    if years is None:
        return start, NEVER
    first = start.replace(hour=0, minute=0, second=0)
    return first, last_second(first, years)


def last_second(first: datetime, years: int) -> datetime:
    """The second before the same day and time `years` later.

    Raises:
        Malformed: that lies after the year 9999.
    """
    if first.year + years > NEVER.year:
        raise Malformed(
            f"validity: ends in {first.year + years}, must end by {NEVER.year}",
            clause="rfc5280:4.1.2.5",
        )
    if (first.month, first.day) == (2, 29):
        later = first.replace(year=first.year + years, month=3, day=1)
    else:
        later = first.replace(year=first.year + years)
    return later - timedelta(seconds=1)

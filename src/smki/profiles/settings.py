"""What an environment chooses: policy and hwType OIDs, lifetimes, names, revocation lists.

Values that another country or environment would change stand here and nowhere else. What no public
document gives is recalled or ours, and a key of the configuration; `docs` lists it among the
divergences. Reads no configuration: `bootstrap` does, and hands the values in.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from smki.crypto import WRAP_ALGORITHMS
from smki.crypto.key_wrap import AES128_WRAP_PAD
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

MOST_YEARS: Final = 100  # of a certificate that has an end; none published lives longer
COMMON_NAME_CHARACTERS: Final = range(4, 65)  # 4: those of our own authorities; 64: ub-common-name
CRL_INTERVAL: Final = timedelta(hours=12)  # recalled
CRL_VALIDITY: Final = timedelta(hours=48)  # recalled
ARL_MONTHS: Final = 12  # recalled
LEAST_OVERLAP: Final = timedelta(hours=1)  # a list is renewed before the one in force ends

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
LIVE_KINDS: Final = (_K.DEVICE, _K.ORGANISATION)
"""What is issued as a test certificate or as a live one: what devices rely on. Authorities are made
before there is either, and credentials of the infrastructure open the way to both."""

DEVELOPMENT_HARDWARE: Final = "2.25.203045646182256633631434565343120148173"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSettings:
    """What an environment chooses of the profiles.

    Attributes:
        environment: its name, as status and checkpoints show it.
        policies: certificate policy OID, dotted, for each kind; all different.
        live_policies: those of live certificates, for each of `LIVE_KINDS`; while there are any,
            those of `policies` say that a certificate is for tests. None: never live.
        hw_types: hwType OIDs, dotted, that devices may have; empty: any.
        lifetimes: years for each kind; None: without end.
        common_name_length: most characters in the common name of an OCA or DCA; 4 to 64.
        wrap_algorithm: OID, dotted, of the algorithm that wraps the contingency public key; one
            of those of `crypto` that take any length.
        crl_interval: time from one revocation list of an issuing authority to the next.
        crl_validity: how long such a list may be relied on; what it has over the interval, an
            hour at least, is the overlap of two lists.
        arl_months: how long a root's revocation list may be relied on.

    Raises:
        Refused: a value is out of its range; `where` is the name of its key.

    Clause: gbcs:12, sec-app-a:B, sec-app-b:B, sec-app-b:B-crl, sec-app-q:B
    """

    environment: str
    policies: tuple[tuple[CertificateKind, str], ...]
    hw_types: tuple[str, ...] = ()
    lifetimes: tuple[tuple[CertificateKind, int | None], ...] = tuple(LIFETIMES.items())
    common_name_length: int = COMMON_NAME_CHARACTERS.start
    wrap_algorithm: str = AES128_WRAP_PAD
    crl_interval: timedelta = CRL_INTERVAL
    crl_validity: timedelta = CRL_VALIDITY
    arl_months: int = ARL_MONTHS
    live_policies: tuple[tuple[CertificateKind, str], ...] = ()
    _live_octets: dict[CertificateKind, bytes] = field(init=False, repr=False, compare=False)
    _policy_octets: dict[CertificateKind, bytes] = field(init=False, repr=False, compare=False)
    _kinds: dict[bytes, CertificateKind] = field(init=False, repr=False, compare=False)
    _hw_type_octets: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        policies = {kind: _oid(f"policies.{kind.value}", dotted) for kind, dotted in self.policies}
        kinds = {octets: kind for kind, octets in policies.items()}
        if len(kinds) != len(CertificateKind) or len(self.policies) != len(CertificateKind):
            raise Refused(
                f"policies: {len(kinds)} different OIDs in {len(self.policies)} rows, must be one"
                f" for each of the {len(CertificateKind)} kinds of certificate, no two the same",
                where="policies",
                clause="gbcs:12",
                rule="settings.policies",
            )
        live = self._live(kinds)
        self._check_lifetimes()
        self._check_lists()
        _check_wrap(self.wrap_algorithm)
        if self.common_name_length not in COMMON_NAME_CHARACTERS:
            raise _out_of_range(
                "common_name_characters", f"{self.common_name_length}", "4 to 64", "sec-app-b:B"
            )
        object.__setattr__(self, "_policy_octets", policies)
        object.__setattr__(self, "_live_octets", live)
        object.__setattr__(self, "_kinds", kinds | {octets: kind for kind, octets in live.items()})
        hw_types = frozenset(_oid("hw_types", dotted) for dotted in self.hw_types)
        object.__setattr__(self, "_hw_type_octets", hw_types)

    def policy(self, kind: CertificateKind, *, live: bool = False) -> bytes:
        """Content octets of the policy OID of this kind; of its live certificates if they have one.

        Clause: gbcs:12
        """
        octets = self._live_octets.get(kind) if live else None
        return self._policy_octets[kind] if octets is None else octets

    def is_live(self, policy: bytes) -> bool:
        """True if the policy OID with these content octets is one of live certificates.

        Clause: gbcs:12
        """
        return policy in self._live_octets.values()

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

    def _live(self, others: Mapping[bytes, CertificateKind]) -> dict[CertificateKind, bytes]:
        live = {
            kind: _oid(f"live_policies.{kind.value}", dotted) for kind, dotted in self.live_policies
        }
        every = set(live.values()) | set(others)
        if live and (set(live) != set(LIVE_KINDS) or len(every) != len(live) + len(others)):
            kinds = " and ".join(kind.value for kind in LIVE_KINDS)
            raise Refused(
                f"live_policies: {len(live)} rows, must be one for {kinds} each, with OIDs that"
                " nothing else has",
                where="live_policies",
                clause="gbcs:12",
                rule="settings.policies",
            )
        return live

    def _check_lifetimes(self) -> None:
        for kind, years in self.lifetimes:
            if (years is None) is not (LIFETIMES[kind] is None):
                expected = "without end" if LIFETIMES[kind] is None else "an end"
                raise _out_of_range(_years(kind), f"{years or 'without end'}", expected)
            if years is None:
                continue
            if not 1 <= years <= MOST_YEARS:
                raise _out_of_range(_years(kind), f"{years} years", f"1 to {MOST_YEARS}")
            above = self.lifetime(kind.issuer) or 0
            if years > above:
                expected = f"at most the {above} of {kind.issuer.value}, which signs it"
                raise _out_of_range(_years(kind), f"{years} years", expected)

    def _check_lists(self) -> None:
        if self.crl_interval <= timedelta():
            raise _out_of_range(
                "crl_interval_hours", f"{self.crl_interval}", "more than none", "sec-app-b:B-crl"
            )
        longer = self.crl_validity > self.crl_interval
        if not longer or self.crl_validity - self.crl_interval < LEAST_OVERLAP:
            raise _out_of_range(
                "crl_validity_hours",
                f"{_hours(self.crl_validity)} hours",
                f"an hour more than the {_hours(self.crl_interval)} of crl_interval_hours at least",
                "sec-app-b:B-crl",
            )
        if not 1 <= self.arl_months <= 12 * MOST_YEARS:
            raise _out_of_range(
                "arl_validity_months",
                f"{self.arl_months} months",
                f"1 to {12 * MOST_YEARS}",
                "sec-app-b:B-crl",
            )


def _oid(key: str, dotted: str) -> bytes:
    try:
        return der.oid(dotted)[2:]
    except Malformed as error:
        raise _out_of_range(key, repr(dotted[:60]), "an object identifier, as 2.25.7") from error


def _years(kind: CertificateKind) -> str:
    return f"lifetime_years.{kind.value}"


def _hours(duration: timedelta) -> str:
    return f"{duration / timedelta(hours=1):g}"


def _check_wrap(algorithm: str) -> None:
    """The key that is wrapped has a length that only the algorithms with padding take."""
    known = {oid: row.name for oid, row in WRAP_ALGORITHMS.items() if row.padded}
    if algorithm not in known:
        raise _out_of_range(
            "wrap_algorithm",
            repr(algorithm[:60]),
            " or ".join(f"{oid} ({name})" for oid, name in known.items()),
            "sec-app-b:B",
        )


def _out_of_range(key: str, found: str, expected: str, clause: str = "gbcs:12") -> Refused:
    return Refused(f"{key}: {found}, must be {expected}", where=key, clause=clause, rule="settings")


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


def last_second(first: datetime, years: int = 0, *, months: int = 0) -> datetime:
    """The second before the same day and time so many years and months later.

    Where that month has no such day it is the first of the next.

    Raises:
        Malformed: that lies after the year 9999.
    """
    year, month = divmod(first.year * 12 + first.month - 1 + years * 12 + months, 12)
    if year > NEVER.year:
        raise Malformed(
            f"validity: ends in {year}, must end by {NEVER.year}",
            clause="rfc5280:4.1.2.5",
        )
    missing = first.day > monthrange(year, month + 1)[1]
    later = first.replace(year=year, month=month + 1, day=1 if missing else first.day)
    if missing:
        later += timedelta(days=monthrange(year, month + 1)[1])
    return later - timedelta(seconds=1)

"""The configuration: one table of keys, each with its default and its reason.

Read from `smki.toml` in the state directory; an environment variable `SMKI_<KEY>` (parts joined by
two underscores) wins over the file. A key that is not known is an error. Passphrases and PINs are
never among them: they come from files or from variables of their own.
"""

import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import time, timedelta
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from smki.bootstrap.access_settings import AccessSettings
from smki.bootstrap.authority_settings import BODIES, SIGNATORIES, signing
from smki.bootstrap.estate_settings import EstateSettings
from smki.bootstrap.guidance_settings import GuidanceSettings
from smki.bootstrap.line_settings import LineSettings
from smki.bootstrap.values import (
    Address,
    CheckpointSignatures,
    HostName,
    KeySettings,
    Window,
    Years,
)
from smki.ceremonies.development import ISSUING
from smki.crypto.key_wrap import AES128_WRAP_PAD
from smki.flows.batch import CHUNK
from smki.flows.configuring import CEREMONY
from smki.governance import Body, Holders
from smki.profiles import ProfileSettings, development
from smki.profiles.settings import (
    ARL_MONTHS,
    COMMON_NAME_CHARACTERS,
    CRL_INTERVAL,
    CRL_VALIDITY,
    LIFETIMES,
    MOST_YEARS,
)
from smki.repository.keeping import ENTRIES as MAP_ENTRIES
from smki.repository.keeping import SECONDS as MAP_SECONDS
from smki.terms import EUI64, CertificateKind, Malformed, SmkiError, Unavailable

FILE = "smki.toml"
FOUNDING = "ceremony.json"
"""The transcript of the ceremony that founded the SMKI; a development SMKI has none."""
MESSAGE_KEYS = "messages"
PLACE = f"{FILE} or environment"
HOUR = timedelta(hours=1)
MOST_SECONDS = 86_400  # one request a day; whoever wants none closes the service
MOST_HOURS = 366 * 24  # a list that is older tells nobody anything

# The environment is an argument like any other; the library would look into the process's own.
_ENVIRONMENT: ContextVar[Mapping[str, str | None]] = ContextVar("environment")


BEARING = (
    "environment",
    "kind",
    "log_origin",
    "approve_batches",
    "processing_window",
    "nightly_capacity",
    "core_hours",
    "ad_hoc_repeat_seconds",
    "bodies",
    "signatories",
    "policies",
    "live_policies",
    "hw_types",
    "lifetime_years",
    "common_name_characters",
    "wrap_algorithm",
    "crl_interval_hours",
    "crl_validity_hours",
    "arl_validity_months",
)
"""The keys that are lodged in the record whenever they change; the others say nothing of what is
issued, and some say where things are."""


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix="SMKI_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    state: Path = Field(default=Path("var"), description="state directory")
    environment: str = Field(
        default="development",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$",
        description="name of the environment",
    )
    kind: Literal["development", "ceremony"] = Field(
        default="development",
        description="how the SMKI was made: `smki init` makes development ones; what was lodged when"
        " it was made has the last word",
    )
    log_origin: str = Field(
        default="",
        pattern=r"^[^\s+]*$",
        description="name of the log, first line of its checkpoints; neither blanks nor plus signs",
    )
    log_vkey: str = Field(default="", description="verifier key of the log; written by `smki init`")
    checkpoint_signatures: CheckpointSignatures = Field(
        default=("ed25519",),
        description="how checkpoints are signed: ed25519 always, ml-dsa-44 beside it if named",
    )
    database: str = Field(
        default="", description="SQLAlchemy URL; empty: SQLite in the state directory"
    )
    host: str = Field(default="127.0.0.1", description="address of the mutual TLS listener")
    names: tuple[HostName, ...] = Field(
        default=("localhost",),
        min_length=1,
        description="host names in the server's certificate",
    )
    addresses: tuple[Address, ...] = Field(
        default=("127.0.0.1", "::1"), description="IP addresses in the server's certificate"
    )
    https_port: int = Field(
        default=8443, ge=0, le=65535, description="mutual TLS: services; 0: any free"
    )
    local_port: int = Field(
        default=8083,
        ge=-1,
        le=65535,
        description="loopback, plain HTTP: repository; -1: off; 0: any free",
    )
    sftp_port: int = Field(default=8022, ge=-1, le=65535, description="SFTP; -1: off; 0: any free")
    bulk_time: str = Field(
        default="00:15",
        pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$",
        description="time of day, UTC, from which the bulk files of the day before are made; empty:"
        " none are",
    )
    bulk_days: int = Field(
        default=35, ge=1, le=3_660, description="days that the daily deltas are kept for SFTP"
    )
    bulk_full_files: int = Field(
        default=2, ge=1, le=60, description="weekly full files that are kept for SFTP"
    )
    access: AccessSettings = Field(
        default=AccessSettings(), description="API keys, and what is kept of their use"
    )
    estate: EstateSettings = Field(
        default=EstateSettings(), description="simulated devices, and what homes are like"
    )
    line: LineSettings = Field(
        default=LineSettings(), description="the line to them, and what its regions are like"
    )
    guidance: GuidanceSettings = Field(
        default=GuidanceSettings(),
        description="what the authority takes into account before it decides on a recovery",
    )
    vectors: Path = Field(
        default=Path("../shared/vectors"),
        description="published reference data, for tests and the journey",
    )
    approve_batches: bool = Field(
        default=True, description="batches of registered parties are approved without a person"
    )
    processing_window: Window = Field(
        default=Window(), description="when batches are worked on; outside they are PAUSED"
    )
    nightly_capacity: int = Field(
        default=0, ge=0, description="CSRs of batches worked on in one window; 0: no limit"
    )
    core_hours: Window = Field(default=Window(), description="core hours of the ad hoc service")
    ad_hoc_seconds: float = Field(
        default=0.0,
        ge=0,
        le=MOST_SECONDS,
        description="least time between two ad hoc requests of a party in core hours; 0: no limit",
    )
    ad_hoc_seconds_otherwise: float = Field(
        default=0.0, ge=0, le=MOST_SECONDS, description="the same outside core hours"
    )
    ad_hoc_repeat_seconds: float = Field(
        default=86_400.0,
        ge=0,
        le=31_536_000,
        description="an ad hoc CSR that its party sends again within this time is answered with"
        " the certificate that it was issued; 0: each time with a new one",
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="processes that work on batches, the worker among them"
    )
    chunk: int = Field(
        default=CHUNK,
        ge=1,
        le=16_384,
        description="CSRs of a batch that are journalled, signed and lodged together: with more it"
        " is done sooner, and what comes in between waits longer",
    )
    checkpoint_seconds: float = Field(
        default=60.0,
        ge=1,
        le=MOST_SECONDS,
        description="whoever asks for something to be lodged is answered when it is under a"
        " checkpoint, or after so long that it was not begun",
    )
    index_root_seconds: float = Field(
        default=MAP_SECONDS,
        ge=1,
        le=MOST_SECONDS,
        description="what was lodged is in the verifiable index, under a lodged root, after so long",
    )
    index_root_entries: int = Field(
        default=MAP_ENTRIES,
        ge=1_000,
        le=1_000_000,
        description="or as soon as so many entries were lodged since the last root",
    )
    uploads: int = Field(
        default=8, ge=1, le=32, description="batches that come in at once, of all parties"
    )
    party_uploads: int = Field(
        default=2,
        ge=1,
        le=32,
        description="batches of one party that come in at once: a slow or greedy one leaves room"
        " for others",
    )
    bodies: dict[str, tuple[str, ...]] = Field(
        default=BODIES,
        description="EUI-64 of the parties whose officers sign and lodge for a body that decides:"
        " smki-pma, code-administrator, panel, security-sub-committee, test-assurance-board",
    )
    signatories: dict[str, dict[str, tuple[str, ...]]] = Field(
        default=SIGNATORIES,
        description="officers of those parties who sign decisions of each body, as presider or as"
        " secretary: EUI-64 of the party, a stroke, the common name in the credential",
    )
    policies: dict[str, str] = Field(
        default_factory=dict, description="certificate policy OID by kind of certificate"
    )
    live_policies: dict[str, str] = Field(
        default_factory=dict,
        description="policy OID of live certificates, for device and organisation; empty: none is"
        " ever issued, and those of policies say nothing of tests",
    )
    hw_types: tuple[str, ...] = Field(default=(), description="hwType OIDs of devices; empty: any")
    lifetime_years: dict[str, Years] = Field(
        default_factory=dict,
        description="years that a certificate lives, by kind of certificate; those of devices have"
        " no end, by the documents",
    )
    common_name_characters: int = Field(
        default=COMMON_NAME_CHARACTERS.start,
        ge=COMMON_NAME_CHARACTERS.start,
        lt=COMMON_NAME_CHARACTERS.stop,
        description="most characters in the common name of an OCA or DCA",
    )
    wrap_algorithm: str = Field(
        default=AES128_WRAP_PAD,
        description="OID of the algorithm that wraps the contingency public key in the Root OCA"
        " certificate; decided when `smki init` makes it",
    )
    crl_interval_hours: int = Field(
        default=CRL_INTERVAL // HOUR,
        ge=1,
        le=MOST_HOURS,
        description="hours from one revocation list of an issuing authority to the next",
    )
    crl_validity_hours: int = Field(
        default=CRL_VALIDITY // HOUR,
        ge=2,
        le=MOST_HOURS,
        description="hours that such a list may be relied on; what it has over the interval, one"
        " at least, is the overlap",
    )
    arl_validity_months: int = Field(
        default=ARL_MONTHS,
        ge=1,
        le=12 * MOST_YEARS,
        description="months that a root's revocation list may be relied on",
    )
    witness_policy: Path | None = Field(
        default=None,
        description="file in the form of a C2SP tlog-policy: its witnesses that have an address are"
        " asked to cosign each checkpoint",
    )
    witness_seconds: float = Field(
        default=5.0,
        ge=0.1,
        le=MOST_SECONDS,
        description="seconds between two looks whether there is a checkpoint to be cosigned",
    )
    keys: dict[str, KeySettings] = Field(
        default_factory=dict,
        description="where the key of an issuing authority lives, by kind; and under messages where"
        " keys of remote parties do that sign and authenticate GBCS messages",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment handed in wins over the file, which is handed in as arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        if isinstance(env_settings, EnvSettingsSource):
            env_settings.env_vars = _ENVIRONMENT.get()
        return env_settings, init_settings

    @field_validator("keys")
    @classmethod
    def _of_somebody(cls, keys: dict[str, KeySettings]) -> dict[str, KeySettings]:
        """A store that is named for nobody would leave a key where it was not meant to be."""
        given = {name.replace("_", "-"): store for name, store in keys.items()}
        known = (*(kind.value for kind in ISSUING), MESSAGE_KEYS)
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"{', '.join(unknown)}, must be among {', '.join(known)}")
        return given

    @property
    def initialised(self) -> bool:
        """True once `smki init` has given the log its key."""
        return bool(self.log_vkey)

    @property
    def development(self) -> bool:
        """True if the hierarchy was made without custodians: never to be relied on."""
        return self.kind != CEREMONY or self.environment == "development"

    @property
    def database_url(self) -> str:
        """The URL of the database in use."""
        path = quote(f"{self.state.absolute()}/smki.sqlite")  # a "?" would end it, in a URL
        return self.database or f"sqlite:///{path}"

    def profiles(self) -> ProfileSettings:
        """The profiles of this environment: the development ones, with what was overridden.

        Raises:
            Malformed: a kind of certificate that there is not, or a value out of its range.

        Clause: gbcs:12, sec-app-b:B, sec-app-b:B-crl
        """
        policies = _by_kind("policies", self.policies)
        lifetimes = _by_kind("lifetime_years", self.lifetime_years)
        try:
            return ProfileSettings(
                environment=self.environment,
                policies=tuple(
                    (kind, policies.get(kind, oid)) for kind, oid in development().policies
                ),
                live_policies=tuple(_by_kind("live_policies", self.live_policies).items()),
                hw_types=self.hw_types,
                lifetimes=tuple(
                    (kind, lifetimes.get(kind, years)) for kind, years in LIFETIMES.items()
                ),
                common_name_length=self.common_name_characters,
                wrap_algorithm=self.wrap_algorithm,
                crl_interval=self.crl_interval_hours * HOUR,
                crl_validity=self.crl_validity_hours * HOUR,
                arl_months=self.arl_validity_months,
            )
        except SmkiError as error:
            raise Malformed(
                f"configuration: {error.message}",
                where=PLACE,
                clause=error.clause,
                rule=error.rule,
            ) from error

    def bearing(self) -> dict[str, Any]:
        """What bears on who is issued what, as JSON: no address, path, password or key among it.

        Clause: sec:L9
        """
        return self.model_dump(mode="json", include=set(BEARING))

    def deciding(self) -> dict[Body, frozenset[EUI64]]:
        """The EUI-64 of the parties whose officers sign for each body.

        Raises:
            Malformed: a body that there is not, or what is no EUI-64.

        Clause: sec:L5.3
        """
        known = {body.value: body for body in Body}
        given = {name.replace("_", "-"): texts for name, texts in self.bodies.items()}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise Malformed(
                f"configuration: bodies: {', '.join(unknown)}, must be among {', '.join(known)}",
                where=PLACE,
                clause="sec:L5.3",
                rule="settings.bodies",
            )
        return {known[name]: frozenset(map(EUI64.parse, texts)) for name, texts in given.items()}

    def signing(self) -> Mapping[Body, Holders]:
        """Who presides over each body that decides, and who is its secretary.

        Raises:
            Malformed: a body, capacity or name that there is not.

        Clause: sec:L5.3
        """
        return signing(self.signatories, PLACE)

    def ad_hoc_interval(self, moment: time) -> float:
        """Least time in seconds between two ad hoc requests of a party at that time of day.

        Clause: sec-app-n:3.1.2
        """
        core = self.core_hours.contains(moment)
        return self.ad_hoc_seconds if core else self.ad_hoc_seconds_otherwise

    def path(self, *parts: str) -> Path:
        """A path inside the state directory."""
        return self.state.joinpath(*parts)


def load_settings(environment: Mapping[str, str]) -> Settings:
    """The configuration in force: the file in the state directory, and the environment over it.

    Raises:
        Malformed: the file is not TOML, or a key or value that is not known; names each.
    """
    state = Path(environment.get("SMKI_STATE") or "var")
    given = {name.lower(): value for name, value in environment.items()}
    token = _ENVIRONMENT.set(given)
    try:
        return _validated({**read_file(state), "state": state})
    finally:
        _ENVIRONMENT.reset(token)


def shipped_profile(name: str) -> dict[str, Any]:
    """What a configuration profile that ships with the package sets: `gb`.

    Raises:
        Malformed: there is none of that name.
    """
    place = resources.files("smki.bootstrap").joinpath("configurations", f"{name}.toml")
    if not name.isalnum() or not place.is_file():
        raise Malformed(f"configuration profile {name!r}: not shipped, must be 'gb'")
    return tomllib.loads(place.read_text(encoding="utf-8"))


def read_file(state: Path) -> dict[str, Any]:
    """What the configuration file says; empty if there is none.

    Raises:
        Malformed: it is not TOML.
        Unavailable: it cannot be read.
    """
    path = state / FILE
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable(
            f"configuration: cannot be read ({error.strerror})", where=str(path)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"configuration: not TOML ({error})", where=str(path)) from error


_Value = TypeVar("_Value")


def _by_kind(key: str, values: Mapping[str, _Value]) -> dict[CertificateKind, _Value]:
    """The table `key` by kind of certificate; a variable has `_` where a kind has `-`."""
    named = {kind.value: kind for kind in CertificateKind}
    given = {name.replace("_", "-"): value for name, value in values.items()}
    unknown = sorted(set(given) - set(named))
    if unknown:
        raise Malformed(
            f"configuration: {key}: {', '.join(unknown)}, must be among {', '.join(named)}",
            where=PLACE,
            rule=f"settings.{key}",
        )
    return {named[name]: value for name, value in given.items()}


def _validated(values: dict[str, Any]) -> Settings:
    try:
        settings = Settings(**values)
    except ValidationError as error:
        found = "; ".join(map(_fault, error.errors()))
        raise Malformed(f"configuration: {found}", where=PLACE, rule="settings") from error
    except SettingsError as error:  # a variable for a key with parts, that is not JSON
        raise Malformed(
            f"configuration: {error}, must be JSON for a key that has parts, as"
            """ ["one", "two"] or {"device": "2.25.7"}""",
            where="environment",
            rule="settings",
        ) from error
    settings.profiles()  # now, rather than in the middle of something
    settings.deciding()
    settings.signing()
    return settings


def _fault(error: ErrorDetails) -> str:
    key = ".".join(map(str, error["loc"]))
    if error["type"] != "extra_forbidden":
        return f"{key}: {error['msg'].removeprefix('Value error, ')}, found {str(error['input'])[:60]!r}"
    near = get_close_matches(key, Settings.model_fields, n=1)
    return f"{key}: no such key" + (f", perhaps {near[0]!r} is meant" if near else "")

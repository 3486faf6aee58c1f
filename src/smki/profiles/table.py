"""The profiles as one table: for each kind of certificate its names, key, extensions and order.

Composing and linting both read this table; neither has a rule of its own about what stands where.
Organisation, Issuing OCA and device rows are what the published certificates show. Root OCA, Root
DCA and Issuing DCA are by analogy. The IKI rows follow the interface specification's requests;
the rest of them is ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.terms import CertificateKind, KeyUsage, RemotePartyRole
from smki.wire import der


class Algorithm(Enum):
    """Key and signature algorithms; the value is the DER of the signature's AlgorithmIdentifier.

    Clause: gbcs:12, sec-app-q:B
    """

    ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")  # without parameters, RFC 5758 3.2
    RSA_SHA256 = bytes.fromhex("300d06092a864886f70d01010b0500")  # with NULL, RFC 4055 5

    @property
    def key(self) -> bytes:
        """DER of the AlgorithmIdentifier of the keys that sign so."""
        return _KEY_ALGORITHMS[self]


_KEY_ALGORITHMS = {
    Algorithm.ECDSA_SHA256: bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"),
    Algorithm.RSA_SHA256: bytes.fromhex("300d06092a864886f70d0101010500"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    """One attribute of a name, alone in its RDN.

    Attributes:
        name: its short name, `CN`.
        oid: content octets of its OID.
        tag: the tag of its value.
        pattern: what the content of its value must match.
        expected: the same in words.
        optional: true if it may be left out.
    """

    name: str
    oid: bytes
    tag: int
    pattern: re.Pattern[bytes]
    expected: str
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRow:
    """One extension: its name, content octets of its OID, criticality, and the clause that asks."""

    name: str
    oid: bytes
    critical: bool
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a certificate of one kind is.

    Attributes:
        kind: the kind.
        algorithm: of its key; of its signature too, since each hierarchy has one.
        subject: the attributes of the subject, in order.
        usages: the key usages of which it has exactly one.
        extensions: all of them, in order.
        purposes: OIDs of extended key usage, content octets.
        path_length: pathLenConstraint of an authority; None: left out.
        exact_lifetime: true if it lives exactly its kind's lifetime rather than at most.
        clause: the document that asks for it.
    """

    kind: CertificateKind
    algorithm: Algorithm
    subject: tuple[NameRow, ...]
    usages: tuple[KeyUsage, ...]
    extensions: tuple[ExtensionRow, ...]
    clause: str
    purposes: tuple[bytes, ...] = ()
    path_length: int | None = None
    exact_lifetime: bool = True


COMMON_NAME: Final = bytes.fromhex("550403")
ORGANISATION_NAME: Final = bytes.fromhex("55040a")
ORGANISATIONAL_UNIT: Final = bytes.fromhex("55040b")
UNIQUE_IDENTIFIER: Final = bytes.fromhex("55042d")
HARDWARE_MODULE_NAME: Final = bytes.fromhex("2b06010505070804")
SERVER_AUTH: Final = bytes.fromhex("2b06010505070301")
CLIENT_AUTH: Final = bytes.fromhex("2b06010505070302")
EMAIL_PROTECTION: Final = bytes.fromhex("2b06010505070304")

ENTITY_IDENTIFIER_BITS: Final = 64  # gbcs:4.3.1
NAME_CHARACTERS: Final = 64  # ub-common-name and its like, rfc5280:A

# -- names ---------------------------------------------------------------------------------------

_ANY_PRINTABLE: Final = re.compile(rb"[A-Za-z0-9 '()+,\-./:=?]{1,64}")
_ANY_TEXT: Final = re.compile(rb"[^\x00-\x1f\x7f]{1,256}")
_ROLES: Final = "|".join(role.organisational_unit for role in RemotePartyRole).encode()


def _unit(code: str, tag: int = der.PRINTABLE_STRING) -> NameRow:
    return NameRow(
        name="OU",
        oid=ORGANISATIONAL_UNIT,
        tag=tag,
        pattern=re.compile(code.encode()),
        expected=f"{code}",
    )


_AUTHORITY_NAME: Final = NameRow(
    name="CN",
    oid=COMMON_NAME,
    tag=der.PRINTABLE_STRING,
    pattern=_ANY_PRINTABLE,
    expected="1 to 64 printable characters",
)
_ROLE_UNIT: Final = NameRow(
    name="OU",
    oid=ORGANISATIONAL_UNIT,
    tag=der.UTF8_STRING,
    pattern=re.compile(_ROLES),
    expected="the two hexadecimal digits of a remote party role",
)
_ENTITY: Final = NameRow(
    name="uniqueIdentifier",
    oid=UNIQUE_IDENTIFIER,
    tag=der.BIT_STRING,
    pattern=re.compile(rb"\x00.{8}", re.DOTALL),
    expected=f"a BIT STRING of {ENTITY_IDENTIFIER_BITS} bits",
)


def _text(name: str, oid: bytes, *, optional: bool = False) -> NameRow:
    return NameRow(
        name=name,
        oid=oid,
        tag=der.UTF8_STRING,
        pattern=_ANY_TEXT,
        expected="1 to 64 characters, none of them a control",
        optional=optional,
    )


_OCA_ROOT_NAME: Final = (_unit(RemotePartyRole.ROOT.organisational_unit), _AUTHORITY_NAME)
_OCA_NAME: Final = (_unit(RemotePartyRole.ISSUING_AUTHORITY.organisational_unit), _AUTHORITY_NAME)
_BARE_NAME: Final = (_AUTHORITY_NAME,)
_ENTITY_NAME: Final = (_text("CN", COMMON_NAME, optional=True), _ROLE_UNIT, _ENTITY)
_SYSTEM_NAME: Final = (_text("O", ORGANISATION_NAME), _ROLE_UNIT, _text("CN", COMMON_NAME))
_SERVER_NAME: Final = (_text("CN", COMMON_NAME),)

# -- extensions ----------------------------------------------------------------------------------

KEY_USAGE: Final = ExtensionRow(
    name="keyUsage", oid=bytes.fromhex("551d0f"), critical=True, clause="gbcs:12"
)
BASIC_CONSTRAINTS: Final = ExtensionRow(
    name="basicConstraints",
    oid=bytes.fromhex("551d13"),
    critical=True,
    clause="rfc5280:4.2.1.9",
)
POLICIES: Final = ExtensionRow(
    name="certificatePolicies", oid=bytes.fromhex("551d20"), critical=True, clause="gbcs:12"
)
SUBJECT_KEY: Final = ExtensionRow(
    name="subjectKeyIdentifier", oid=bytes.fromhex("551d0e"), critical=False, clause="gbcs:12"
)
AUTHORITY_KEY: Final = ExtensionRow(
    name="authorityKeyIdentifier", oid=bytes.fromhex("551d23"), critical=False, clause="gbcs:12"
)
HARDWARE_NAME: Final = ExtensionRow(
    name="subjectAltName", oid=bytes.fromhex("551d11"), critical=True, clause="sec-app-a:B"
)
CONTINGENCY_KEY: Final = ExtensionRow(
    name="WrappedApexContingencyKey",
    oid=bytes.fromhex("2b06010505070114"),
    critical=False,
    clause="sec-app-b:B",
)
# Ordinary TLS stacks read IKI certificates, and some stop at a critical policies extension.
IKI_POLICIES: Final = ExtensionRow(
    name="certificatePolicies", oid=POLICIES.oid, critical=False, clause="sec-app-q:B"
)
PURPOSES: Final = ExtensionRow(
    name="extKeyUsage", oid=bytes.fromhex("551d25"), critical=False, clause="rfc5280:4.2.1.12"
)
SERVER_NAMES: Final = ExtensionRow(
    name="serverNames", oid=HARDWARE_NAME.oid, critical=False, clause="rfc5280:4.2.1.6"
)

_AUTHORITY: Final = (KEY_USAGE, BASIC_CONSTRAINTS, POLICIES, SUBJECT_KEY)
_ICA: Final = (KEY_USAGE, BASIC_CONSTRAINTS, IKI_POLICIES, SUBJECT_KEY)
_IKI: Final = (KEY_USAGE, PURPOSES, SUBJECT_KEY, IKI_POLICIES, AUTHORITY_KEY)

_K = CertificateKind
_SIGNING = (KeyUsage.DIGITAL_SIGNATURE,)
_EITHER = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)
_CERTIFYING = (KeyUsage.CERTIFICATE_AND_CRL_SIGNING,)

# -- the table -----------------------------------------------------------------------------------

_ROWS: Final = (
    Profile(
        kind=_K.ROOT_OCA,
        algorithm=Algorithm.ECDSA_SHA256,
        subject=_OCA_ROOT_NAME,
        usages=_CERTIFYING,
        extensions=(*_AUTHORITY, CONTINGENCY_KEY),  # no AKI: gbcs:12 excepts the root alone
        clause="sec-app-b:B",
    ),
    Profile(
        kind=_K.ISSUING_OCA,
        algorithm=Algorithm.ECDSA_SHA256,
        subject=_OCA_NAME,
        usages=_CERTIFYING,
        extensions=(*_AUTHORITY, AUTHORITY_KEY),
        path_length=0,
        clause="sec-app-b:B",
    ),
    Profile(
        kind=_K.ORGANISATION,
        algorithm=Algorithm.ECDSA_SHA256,
        subject=_ENTITY_NAME,
        usages=_EITHER,
        extensions=(KEY_USAGE, SUBJECT_KEY, POLICIES, AUTHORITY_KEY),
        clause="sec-app-b:B",
    ),
    Profile(
        kind=_K.ROOT_DCA,
        algorithm=Algorithm.ECDSA_SHA256,
        subject=_BARE_NAME,
        usages=_CERTIFYING,
        extensions=(*_AUTHORITY, AUTHORITY_KEY),  # its own: gbcs:12 excepts only an OU of root
        clause="sec-app-a:B",
    ),
    Profile(
        kind=_K.ISSUING_DCA,
        algorithm=Algorithm.ECDSA_SHA256,
        subject=_BARE_NAME,
        usages=_CERTIFYING,
        extensions=(*_AUTHORITY, AUTHORITY_KEY),
        path_length=0,
        clause="sec-app-a:B",
    ),
    Profile(
        kind=_K.DEVICE,
        algorithm=Algorithm.ECDSA_SHA256,
        subject=(),
        usages=_EITHER,
        extensions=(KEY_USAGE, SUBJECT_KEY, HARDWARE_NAME, POLICIES, AUTHORITY_KEY),
        clause="sec-app-a:B",
    ),
    Profile(
        kind=_K.ROOT_ICA,
        algorithm=Algorithm.RSA_SHA256,
        subject=_BARE_NAME,
        usages=_CERTIFYING,
        extensions=_ICA,
        clause="sec-app-q:B",
    ),
    Profile(
        kind=_K.ISSUING_ICA,
        algorithm=Algorithm.RSA_SHA256,
        subject=_BARE_NAME,
        usages=_CERTIFYING,
        extensions=(*_ICA, AUTHORITY_KEY),
        path_length=0,
        clause="sec-app-q:B",
    ),
    *(
        Profile(
            kind=kind,
            algorithm=Algorithm.RSA_SHA256,
            subject=_SYSTEM_NAME,
            usages=_SIGNING,
            extensions=_IKI,
            purposes=purposes,
            exact_lifetime=False,
            clause="sec-app-q:B",
        )
        for kind, purposes in (
            (_K.IKI_OFFICER, (CLIENT_AUTH, EMAIL_PROTECTION)),  # signs decisions in CMS, too
            (_K.IKI_AD_HOC, (CLIENT_AUTH,)),
            (_K.IKI_BATCH, (CLIENT_AUTH,)),
            (_K.IKI_FILE_SIGNING, (EMAIL_PROTECTION,)),  # CMS, and never a TLS client
        )
    ),
    Profile(
        kind=_K.IKI_SERVER,
        algorithm=Algorithm.RSA_SHA256,
        subject=_SERVER_NAME,
        usages=_SIGNING,
        extensions=(KEY_USAGE, PURPOSES, SUBJECT_KEY, SERVER_NAMES, IKI_POLICIES, AUTHORITY_KEY),
        purposes=(SERVER_AUTH,),
        exact_lifetime=False,
        clause="sec-app-q:B",
    ),
)

PROFILES: Final[Mapping[CertificateKind, Profile]] = MappingProxyType(
    {profile.kind: profile for profile in _ROWS}
)

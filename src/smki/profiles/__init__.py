"""What each certificate and CRL must be: composes it, lints it, clause by clause. Pure.

One table (`table`), one composer (`compose`), one linter (`lint`). No key is used here but to check
signatures; no decision whether anyone may have the certificate.
"""

from smki.profiles.composing import assemble, compose
from smki.profiles.drafts import (
    AuthoritySubject,
    DeviceSubject,
    Draft,
    Issuer,
    OfficerSubject,
    OrganisationSubject,
    ServerSubject,
    Subject,
    SystemSubject,
)
from smki.profiles.lint import lint_certificate, lint_tbs
from smki.profiles.reading import common_name, issuer_from_certificate, kind_of, purpose_of
from smki.profiles.revocation import assemble_crl, compose_crl, lint_crl
from smki.profiles.settings import DEVELOPMENT_HARDWARE, ProfileSettings, development, validity
from smki.profiles.showing import CertificateView, RowFields, RowReader, name_text, view
from smki.profiles.template import DeviceTemplate

__all__ = [
    "DEVELOPMENT_HARDWARE",
    "AuthoritySubject",
    "CertificateView",
    "DeviceSubject",
    "DeviceTemplate",
    "Draft",
    "Issuer",
    "OfficerSubject",
    "OrganisationSubject",
    "ProfileSettings",
    "RowFields",
    "RowReader",
    "ServerSubject",
    "Subject",
    "SystemSubject",
    "assemble",
    "assemble_crl",
    "common_name",
    "compose",
    "compose_crl",
    "development",
    "issuer_from_certificate",
    "kind_of",
    "lint_certificate",
    "lint_crl",
    "lint_tbs",
    "name_text",
    "purpose_of",
    "validity",
    "view",
]

"""Rules of the names: which attributes, in which order, string type, value and length."""

from collections.abc import Iterator
from typing import Final

from smki.profiles import reading, table
from smki.profiles.lint.exhibit import Exhibit
from smki.profiles.table import PROFILES, Algorithm, NameRow
from smki.terms import CertificateKind, Finding
from smki.wire import der
from smki.wire.certificate import parse_name

_COMMON_NAME_CHARACTERS: Final = 4
_OBJECT_BOUND: Final = frozenset(  # OCA and DCA, whose names are short
    kind for kind in CertificateKind if PROFILES[kind].algorithm is Algorithm.ECDSA_SHA256
)
_KNOWN_NAMES: Final = (
    *PROFILES[CertificateKind.IKI_OFFICER].subject,
    *PROFILES[CertificateKind.ORGANISATION].subject,
)


def names(exhibit: Exhibit) -> Iterator[Finding]:
    """Subject and issuer are as the subject's and the issuer's profile ask."""
    profile, tbs = exhibit.profile, exhibit.tbs
    yield from _name(exhibit, tbs.issuer, PROFILES[profile.kind.issuer].subject, "issuer")
    yield from _name(exhibit, tbs.subject, profile.subject, "subject")


def _name(
    exhibit: Exhibit, name: bytes, rows: tuple[NameRow, ...], where: str
) -> Iterator[Finding]:
    found = reading.attributes(name)
    present = {attribute.oid for attribute in found}
    wanted = [row for row in rows if row.oid in present or not row.optional]
    if [attribute.oid for attribute in found] != [row.oid for row in wanted]:
        labels = {row.oid: row.name for row in (*rows, *_KNOWN_NAMES)}
        shown = ", ".join(labels.get(one.oid) or der.dotted(one.oid) for one in found)
        expected = ", ".join(row.name + "?" * row.optional for row in rows)
        yield exhibit.finding(
            f"{where}.attributes",
            f"{shown or 'empty'}, must be {expected or 'empty'}, in this order",
            where,
        )
        return
    if len(parse_name(name)) != len(found):
        yield exhibit.finding(f"{where}.rdn", "several attributes in an RDN, must be one", where)
    for attribute, row in zip(found, wanted, strict=True):
        place = f"{where}.{row.name}"
        if attribute.tag != row.tag:
            yield exhibit.finding(
                f"{where}.string-type", f"tag {attribute.tag:02X}, must be {row.tag:02X}", place
            )
        if not row.pattern.fullmatch(attribute.value):
            yield exhibit.finding(
                f"{where}.value", f"{attribute.value[:40]!r}, must be {row.expected}", place
            )


def authority_names(exhibit: Exhibit) -> Iterator[Finding]:
    """Common names of OCA and DCA are short."""
    kind = exhibit.profile.kind
    if kind not in _OBJECT_BOUND:
        return
    settings = exhibit.settings
    most = _COMMON_NAME_CHARACTERS if settings is None else settings.common_name_length
    names = {"issuer": exhibit.tbs.issuer}
    if kind.is_authority:
        names["subject"] = exhibit.tbs.subject
    for where, name in names.items():
        text = reading.attribute_text(name, table.COMMON_NAME) or ""
        if len(text) > most:
            yield exhibit.finding(
                f"{where}.length", f"{len(text)} characters, must be at most {most}", f"{where}.CN"
            )

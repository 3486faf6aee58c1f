"""Who vouches for a certificate, and whether those who decided did, before anything was commanded.

    trusted    made by a ceremony whose transcript replays, or lodged at the entry that is named;
               or issued by one that is
    decided    the decision for the method, and the one for the key: signed by two officers, about
               this incident, this method and this key, in force at each command; none where a
               subscriber recovers its own devices by its own key; those for other keys that the
               report names: signed so, about this incident, the symmetric key's in force then too

That officers were those in office is not known here: the house looked when it recorded the
decision.

Clause: sec:L10.9
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from smki.crypto import verify_certificate_signature
from smki.governance import (
    Act,
    Circumstances,
    Decision,
    Question,
    Signed,
    decide_permitted,
    parse_decision,
)
from smki.governance.signing import verify_detached
from smki.profiles.reading import (
    attribute_text,
    authority_key_identifier,
    guess_kind,
    key_usage,
    kind_of,
    subject_key_identifier,
)
from smki.profiles.table import COMMON_NAME, ORGANISATION_NAME
from smki.recovery.evidence import DecisionKept, Vouched
from smki.recovery.evidence import Signed as Signature
from smki.recovery.procedures import CONTINGENCY_KEY, METHODS, RECOVERY_KEY, Decider
from smki.recovery.report import Subject
from smki.terms import CertificateKind, KeyUsage, Malformed, Refused
from smki.wire.certificate import Certificate, parse_certificate
from smki.wire.cms import parse_detached
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

ANSWER_WITHIN: Final = timedelta(hours=48)  # a command made in time may be answered so much later
OFFICERS: Final = 2  # whoever presided and the secretary
REHEARSED: Final = "rehearsal-"  # before the name of a key of rehearsals
BY_KEY: Final[Mapping[CredentialsReplacementMode, str]] = {
    CredentialsReplacementMode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY: RECOVERY_KEY,
    CredentialsReplacementMode.ANY_BY_CONTINGENCY: CONTINGENCY_KEY,
}
"""Which key in custody signs commands of a mode, as decisions name it; others are by a party's own."""

NO_ONE: Final = (
    "no ceremony made it, no entry of the record has it, and no believed authority issued it"
)
SYMMETRIC_KEY: Final = "contingency-symmetric"
"""The key that opens the contingency key in devices, as decisions name it."""
Tell = Callable[[str, str], None]
"""Is told what is wrong: the rule, and a sentence."""


class Authorities:
    """Certificates of authorities that are believed, and what they vouch for.

    Args:
        made: certificates (DER) made by ceremonies whose transcripts replay.
        lodged: the certificate at an entry of the record; None if there is none.

    Attributes:
        roots: certificates (DER) of the roots among them: all else rests on these.

    Clause: rfc5280:6.1.3
    """

    def __init__(self, made: Iterable[bytes], lodged: Callable[[int], bytes | None]) -> None:
        self._lodged = lodged
        self._named: dict[tuple[bytes, bytes], list[Certificate]] = {}
        self._known: set[bytes] = set()
        self.roots: list[bytes] = []
        for certificate in made:
            self._believe(certificate)

    def add(self, vouched: Iterable[Vouched]) -> tuple[bytes, ...]:
        """Those of these that are to be believed are from now on; the others (DER) are given back.

        Raises:
            Malformed: one that the record has is no certificate.
        """
        waiting: list[bytes] = []
        for one in vouched:
            if one.entry is not None and self._lodged(one.entry) == one.certificate:
                self._believe(one.certificate)
            elif one.certificate not in self._known:
                waiting.append(one.certificate)
        return tuple(self._grown(waiting))

    def issuer_of(self, certificate: Certificate) -> Certificate | None:
        """The believed authority that issued it, by kind, name, key identifier and signature.

        Clause: rfc5280:6.1.3
        """
        key = authority_key_identifier(certificate.tbs) or b""
        for issuer in self._named.get((certificate.tbs.issuer, key), ()):
            try:
                if guess_kind(issuer.tbs) is not guess_kind(certificate.tbs).issuer:
                    continue
                verify_certificate_signature(certificate.octets, issuer.tbs.public_key)
            except Malformed:
                continue
            return issuer
        return None

    def wrong_with(self, certificate: bytes, at: datetime) -> str:
        """Why this certificate (DER) is not to be believed at that instant; empty if it is."""
        try:
            read = parse_certificate(certificate)
        except Malformed as error:
            return error.message
        if not read.tbs.not_before.instant <= at <= read.tbs.not_after.instant:
            return f"not valid on {at:%F %T} UTC, must be"
        if certificate in self._known or self.issuer_of(read) is not None:
            return ""
        return NO_ONE

    def _grown(self, waiting: list[bytes]) -> list[bytes]:
        """Those that nobody vouches for, when all others are believed."""
        grown = True
        while grown and waiting:
            left = [one for one in waiting if not self._vouched_for(one)]
            grown = len(left) < len(waiting)
            waiting = left
        return waiting

    def _vouched_for(self, certificate: bytes) -> bool:
        """Whether a believed authority issued it, to be an authority: from then on it is believed."""
        try:
            read = parse_certificate(certificate)
            may = key_usage(read.tbs) is KeyUsage.CERTIFICATE_AND_CRL_SIGNING
            issuer = self.issuer_of(read) if may else None
        except Malformed:
            return False
        if issuer is not None:
            self._believe(certificate)
        return issuer is not None

    def _believe(self, certificate: bytes) -> None:
        if certificate in self._known:
            return
        self._known.add(certificate)
        read = parse_certificate(certificate)
        kind = guess_kind(read.tbs)
        if not kind.is_authority:
            return  # it is what it is, and vouches for nobody else
        if kind.issuer is kind:
            self.roots.append(certificate)
        name = (read.tbs.subject, subject_key_identifier(read.tbs) or b"")
        self._named.setdefault(name, []).append(read)


class Decisions:
    """The decisions of the evidence, as far as they are to be believed.

    Args:
        kept: each with the name of its evidence.
        authorities: who vouches for the officers.
        tell: is told what is wrong with each.

    Clause: sec:L10.9
    """

    def __init__(
        self, kept: Iterable[tuple[str, DecisionKept]], authorities: Authorities, tell: Tell
    ) -> None:
        self._found: dict[str, tuple[Decision, int]] = {}
        self.organisations: set[str] = set()
        self.signers: list[bytes] = []
        for name, one in kept:
            authorities.add(Vouched(certificate=each, entry=None) for each in one.authorities)
            try:
                decision = parse_decision(one.decision)
                officers = self._officers(one, decision, authorities)
            except (Malformed, Refused) as error:
                tell("decision", f"{name}: {error.message}")
                continue
            if decision.id in self._found:
                tell("decision", f"{name}: decision {decision.id} is there twice, must be once")
                continue
            self._found[decision.id] = (decision, len(officers))

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._found

    def wrong_with(
        self,
        subject: Subject,
        key: frozenset[str],
        modes: Collection[CredentialsReplacementMode],
        first: datetime,
        last: datetime,
    ) -> tuple[tuple[str, ...], ...]:
        """For each decision that there must be, why it does not permit what was done.

        Args:
            subject: what was done, as people say it.
            key: by what fingerprints the key that signs may be named.
            modes: of the commands: by them it is known which key signed.
            first: the first command.
            last: the last one.
        """
        within = max(first, last - ANSWER_WITHIN)
        about, scope = frozenset({subject.incident}), subject.method.value
        wrong: list[list[str]] = []
        if not _subscribers_own(subject, modes):
            asked = (
                Question(act=Act.RECOVER, about=about, at=at, scope=scope) for at in (first, within)
            )
            wrong.append([self._why_not(subject.decision, one) for one in asked])
        chosen = METHODS[subject.method].key
        for name in sorted({BY_KEY[mode] for mode in modes if mode in BY_KEY} | {chosen} - {""}):
            names = frozenset({name, REHEARSED + name}) | key
            reasons = [
                self._why_not(subject.key_decision, Question(act=Act.USE_KEY, about=names, at=at))
                for at in (first, within)
            ]
            if chosen and name != chosen:
                reasons.append(f"commands are by the {name} key, {scope} is by the {chosen} key")
            wrong.append([*reasons, self._scope(subject.key_decision, subject)])
        wrong += (self._further(one, subject, (first, within)) for one in subject.further_decisions)
        return tuple(tuple(dict.fromkeys(filter(None, reasons))) for reasons in wrong)

    def _further(self, identifier: str, subject: Subject, used: Iterable[datetime]) -> list[str]:
        """Why a decision about another key permits nothing; the symmetric key is used at these times."""
        found = self._found.get(identifier)
        if found is None:
            return [_not_believed(identifier)]
        decision, _ = found
        names = frozenset({decision.object})
        if decision.object.removeprefix(REHEARSED) != SYMMETRIC_KEY:
            used = (decision.not_before,)  # when, the evidence does not say
        asked = (Question(act=Act.USE_KEY, about=names, at=at) for at in used)
        again = [subject.decision, subject.key_decision, *subject.further_decisions]
        twice = f"decision {identifier} is named twice, must be once"
        return [
            *(self._why_not(identifier, one) for one in asked),
            self._scope(identifier, subject),
            twice if again.count(identifier) > 1 else "",
        ]

    def _scope(self, identifier: str, subject: Subject) -> str:
        """The scope of a key's decision begins with the incident."""
        found = self._found.get(identifier)
        if found is None or found[0].scope.startswith(f"{subject.incident}: "):
            return ""
        return f"has the scope {found[0].scope!r}, must begin with '{subject.incident}: '"

    def _why_not(self, identifier: str, question: Question) -> str:
        found = self._found.get(identifier)
        if found is None:
            return _not_believed(identifier)
        decision, officers = found
        reasons = [
            one.message
            for one in decide_permitted(
                decision, question, Circumstances(signed=Signed(count=officers, missing=()))
            )
        ]
        if officers < OFFICERS:
            reasons.append(
                f"decision {identifier} is signed by {officers} officer, must be by {OFFICERS}"
            )
        return "; ".join(reasons)

    def _officers(
        self, kept: DecisionKept, decision: Decision, authorities: Authorities
    ) -> frozenset[str]:
        """Who signed it, each believed.

        Raises:
            Malformed, Refused: a signature that does not hold, or somebody nobody vouches for.
        """
        found = set()
        for one in kept.signatures:
            at = _while_in_force(decision, one.certificate)
            must_have_signed(kept.decision, one, authorities, at, CertificateKind.IKI_OFFICER)
            found.add(subject_of(one.certificate))
            self.signers.append(one.certificate)
            self.organisations.add(organisation_of(one.certificate))
        return frozenset(found)


def _not_believed(identifier: str) -> str:
    return f"decision {identifier!r}: not among the evidence, or not to be believed"


def _subscribers_own(subject: Subject, modes: Collection[CredentialsReplacementMode]) -> bool:
    """Whether nobody else decides: a subscriber by its own key, in the modes that it has for that."""
    row = METHODS[subject.method]
    own = row.decider is Decider.SUBSCRIBER and row.modes.issuperset(modes)
    return own and not subject.decision


def _while_in_force(decision: Decision, certificate: bytes) -> datetime:
    """An instant at which both are in force, if there is one: the later of their beginnings."""
    begins = parse_certificate(certificate).tbs.not_before.instant
    return min(max(decision.not_before, begins), decision.expiry)


def must_have_signed(
    content: bytes,
    signature: Signature,
    authorities: Authorities,
    at: datetime,
    kind: CertificateKind,
) -> None:
    """Somebody who is vouched for signed the content, with a credential of that kind.

    Raises:
        Malformed: certificate or signature are not of their form.
        Refused: the signature does not hold, nobody vouches for the certificate, or it is of
            another kind.

    Clause: sec-app-q:B
    """
    verify_detached(content, parse_detached(signature.signature), signature.certificate)
    wrong = authorities.wrong_with(signature.certificate, at)
    if not wrong and kind_of(signature.certificate) is not kind:
        wrong = f"another kind of credential, must be {kind.value}"
    if wrong:
        raise Refused(
            f"certificate of {subject_of(signature.certificate)}: {wrong}",
            where="signature",
            clause="sec-app-q:B",
            rule="recovery.signer",
        )


def subject_of(certificate: bytes) -> str:
    """Who a certificate (DER) is of, as far as it can be read: organisation and name."""
    try:
        name = parse_certificate(certificate).tbs.subject
        parts = [attribute_text(name, oid) for oid in (ORGANISATION_NAME, COMMON_NAME)]
    except Malformed:
        parts = []
    known = "/".join(part for part in parts if part)
    return known or f"a certificate {sha256(certificate).hexdigest()[:16]}"


def organisation_of(certificate: bytes) -> str:
    """The organisation in a certificate's subject; empty if there is none.

    Raises:
        Malformed: not a certificate.
    """
    name = parse_certificate(certificate).tbs.subject
    return attribute_text(name, ORGANISATION_NAME) or ""

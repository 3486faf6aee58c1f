"""Replays a transcript: whether the ceremony was held as its script says, from the file alone.

Numbered looks: 1 the chain of entries; 2 opening and closing; 3 every step in its order; 4 who was
there and which quorum opened what; 5 the certificates, requests and lists made, under the profiles
of the opening; 6 the proof of the apex key; 7 what was compared; 8 who signed. Needs nothing that is
secret and asks nobody. A transcript proves what its signatories say; that they say the truth is why
there are several of them.

Clause: sec-app-l:3
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smki.ceremonies.custodians import too_many
from smki.ceremonies.fields import Fields
from smki.ceremonies.fingerprints import fingerprint
from smki.ceremonies.holding import COMPLETED, NO_GO, kind_of_authority
from smki.ceremonies.keysets import REHEARSAL, key_name
from smki.ceremonies.opening import Opening, parse_opening
from smki.ceremonies.scripts import CONTINGENCY, ROOT_OCA, SYMMETRIC, Act, Role, Step
from smki.ceremonies.transcript import (
    Entry,
    Kind,
    Transcript,
    must_be_chained,
    parse_transcript,
    signers,
)
from smki.crypto import spki_p256
from smki.merkle.canonical import JSON
from smki.profiles import issuer_from_certificate, lint_certificate, lint_crl
from smki.profiles.table import CONTINGENCY_KEY
from smki.terms import CertificateKind, Finding, Malformed, Refused
from smki.wire.certificate import parse_certificate
from smki.wire.pkcs10 import parse_organisation_request
from smki.wire.requests import OrganisationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a transcript tells, after all of it was looked at.

    Attributes:
        opening: how the ceremony was opened.
        result: how it ended: `completed` or `no-go`.
        certificates: DER of each certificate made.
        lists: DER of each root's revocation list made.
        roots: DER of each root's certificate that was brought, for its list.
        requests: PKCS#10 (DER) of each key for whose certificate the ceremony asks.
        keys: fingerprint of each key that was made, refreshed, used or destroyed.
        present: who was there.
        deviations: what was not as the script says.
        refusals: what was refused meanwhile.
        interruptions: how often it was cut off and taken up again.
    """

    opening: Opening
    result: str
    certificates: Mapping[CertificateKind, bytes]
    lists: Mapping[CertificateKind, bytes]
    roots: Mapping[CertificateKind, bytes]
    requests: Mapping[str, bytes]
    keys: Mapping[str, str]
    present: tuple[str, ...]
    deviations: tuple[str, ...]
    refusals: tuple[str, ...]
    interruptions: int


def replay(octets: bytes) -> Replayed:
    """The ceremony that this transcript tells was held as its script says, and was signed by all.

    Raises:
        Malformed: not a transcript, or something in it is not of its form.
        Refused: something is not as the script says: every reason.

    Clause: sec-app-l:3
    """
    transcript = parse_transcript(octets)
    must_be_chained(transcript.entries)
    opening = _opening(transcript.entries)
    replayed = _told(opening, transcript.entries)
    done = {one.step: one for one in transcript.entries if one.kind is Kind.DONE}
    said = [
        *_order(opening, transcript.entries),
        *_people(opening, done),
        *_made(replayed, done),
        *_requested(replayed),
        *_listed(replayed),
        *_proof(replayed, done),
        *_compared(replayed, done),
        *_signed(opening, transcript),
    ]
    if said:
        raise Refused(
            findings=tuple(
                Finding(
                    rule="ceremony.transcript",
                    message=f"transcript: {one}",
                    where="transcript",
                    clause="sec-app-l:3",
                )
                for one in said
            )
        )
    return replayed


def _opening(entries: tuple[Entry, ...]) -> Opening:
    said = entries[0].said.get("opening") if entries else None
    if not isinstance(said, Mapping) or entries[0].kind is not Kind.OPENED:
        raise Malformed(
            "transcript: the first entry opens no ceremony, must",
            where="entries",
            clause="sec-app-l:3",
            rule="ceremony.form",
        )
    return parse_opening(said)


def _told(opening: Opening, entries: tuple[Entry, ...]) -> Replayed:
    """What the entries tell; nothing is compared yet."""
    certificates: dict[CertificateKind, bytes] = {}
    lists: dict[CertificateKind, bytes] = {}
    roots: dict[CertificateKind, bytes] = {}
    requests: dict[str, bytes] = {}
    keys: dict[str, str] = {}
    present: tuple[str, ...] = ()
    for entry in entries:
        if entry.kind is not Kind.DONE:
            continue
        said = entry.said
        if "certificate" in said and "kind" in said:
            certificates[_kind(said)] = Fields(said, "made", tuple(said)).octets("certificate")
        if "list" in said and "kind" in said:
            lists[_kind(said)] = Fields(said, "made", tuple(said)).octets("list")
            if "root" in said:
                roots[_kind(said)] = Fields(said, "made", tuple(said)).octets("root")
        if "request" in said:
            about = next((one.about for one in opening.steps if one.number == entry.step), "")
            requests[about] = Fields(said, "made", tuple(said)).octets("request")
        served = said.get("served", [])
        for one in (said, *(served if isinstance(served, list) else ())):
            if isinstance(one, Mapping) and "key" in one and "fingerprint" in one:
                keys[str(one["key"])] = str(one["fingerprint"])
        if isinstance(people := said.get("people"), Mapping):
            present = tuple(map(str, people))
    return Replayed(
        opening=opening,
        result=str(entries[-1].said.get("result", "")),
        certificates=certificates,
        lists=lists,
        roots=roots,
        requests=requests,
        keys=keys,
        present=present,
        deviations=_texts(entries, Kind.DEVIATION, "text"),
        refusals=_texts(entries, Kind.REFUSED, "message"),
        interruptions=sum(one.kind is Kind.RESUMED for one in entries),
    )


def _order(opening: Opening, entries: tuple[Entry, ...]) -> Iterator[str]:
    """2 and 3: opened once, closed at the end, every step begun and done in its order."""
    kinds = [one.kind for one in entries]
    if kinds.count(Kind.OPENED) != 1 or kinds.count(Kind.CLOSED) != 1:
        yield "must be opened once and closed once"
    if kinds[-1] is not Kind.CLOSED:
        yield "does not end with its closing, must"
    done = [one.step for one in entries if one.kind is Kind.DONE]
    wanted = [step.number for step in opening.steps]
    result = entries[-1].said.get("result")
    if result not in (COMPLETED, NO_GO):
        yield f"ended as {result!r:.60}, must be {COMPLETED} or {NO_GO}"
    if done != (wanted if result == COMPLETED else wanted[: len(done)]):
        yield f"steps {done} were done, must be {wanted} in this order"
    begun: set[int] = set()
    for entry in entries:
        if entry.kind is Kind.BEGUN:
            begun.add(entry.step)
        elif entry.kind is Kind.DONE and entry.step not in begun:
            yield f"step {entry.step} was done and never begun"


def _people(opening: Opening, done: Mapping[int, Entry]) -> Iterator[str]:
    """4: who was there when it was needed, and which quorum opened what."""
    attended = next((done[s.number].said for s in _done(opening, done, Act.ATTEND)), None)
    people = attended.get("people") if attended is not None else None
    here = set(people) if isinstance(people, Mapping) else set()
    custodians = here & set(opening.people(Role.CUSTODIANS))
    houses = [
        str(one.get("organisation"))
        for name, one in (people.items() if isinstance(people, Mapping) else ())
        if name in custodians and isinstance(one, Mapping)
    ]
    appointed = [one.organisation for one in opening.seats]
    yield from (*too_many(opening.rule, appointed), *too_many(opening.rule, houses))
    if len({one.credential for one in opening.seats}) != opening.rule.custodians:
        yield f"custodians are not {opening.rule.custodians} with a credential each, must be"
    if attended is not None:
        for role in (Role.OPERATOR, Role.WITNESS):
            if missing := set(opening.people(role)) - here:
                yield f"{', '.join(sorted(missing))} was not there, must be"
        if len(custodians) < opening.rule.quorum:
            yield f"{len(custodians)} custodians were there, must be {opening.rule.quorum}"
    for number, entry in done.items():
        opened = entry.said.get("opened", {})
        for key, names in opened.items() if isinstance(opened, Mapping) else ():
            by = set(map(str, names)) if isinstance(names, list) else set()
            if len(by & custodians) < opening.rule.quorum:
                yield f"step {number}: {key} was opened by {len(by)}, must be a quorum"


def _made(replayed: Replayed, done: Mapping[int, Entry]) -> Iterator[str]:
    """5: certificates, under the profiles of the opening, with the keys of the ceremony; nothing else."""
    opening = replayed.opening
    for kind, certificate in replayed.certificates.items():
        made_here = certificate if kind.issuer is kind else replayed.certificates.get(kind.issuer)
        root = made_here or replayed.roots.get(kind.issuer)
        if root is None:
            yield f"certificate of {kind.value}: that of its root is missing"
            continue
        for finding in lint_certificate(certificate, opening.profiles, kind, issuer=root):
            yield f"certificate of {kind.value}: {finding.message}"
        key = fingerprint(parse_certificate(certificate).tbs.public_key)
        expected = (
            replayed.keys.get(key_name(kind.value, opening.purpose))
            if kind.issuer is kind
            else fingerprint(opening.issuing.get(kind, b""))
        )
        if key != expected:
            yield f"certificate of {kind.value}: of another key than the ceremony's"
    for act, found in ((Act.CERTIFY, replayed.certificates), (Act.LIST, replayed.lists)):
        wanted = {kind_of_authority(step.about) for step in _done(opening, done, act)}
        if act is Act.CERTIFY:
            wanted |= {kind_of_authority(one.about) for one in _done(opening, done, Act.ISSUE)}
        if act is Act.LIST:
            renewed = _done(opening, done, Act.RENEW_LIST)
            wanted |= {kind_of_authority(one.about.removeprefix(REHEARSAL)) for one in renewed}
        if wanted != set(found):
            yield f"{act.value}: something else was made than the script says"


def _requested(replayed: Replayed) -> Iterator[str]:
    """5: each request asks for the certificate of a key of this ceremony."""
    for about, octets in replayed.requests.items():
        request = parse_organisation_request(octets).request
        point = request.point if isinstance(request, OrganisationRequest) else b""
        key = replayed.keys.get(key_name(about, replayed.opening.purpose))
        if key != fingerprint(spki_p256(point)):
            yield f"request of {about}: of another key than the ceremony's"


def _listed(replayed: Replayed) -> Iterator[str]:
    """5: each list, by the root that was made here or brought."""
    opening = replayed.opening
    for kind, octets in replayed.lists.items():
        root = replayed.certificates.get(kind) or replayed.roots.get(kind)
        if root is None:
            yield f"list of {kind.value}: the certificate of its root is missing"
            continue
        key = fingerprint(parse_certificate(root).tbs.public_key)
        if key != replayed.keys.get(key_name(kind.value, opening.purpose)):
            yield f"list of {kind.value}: of another root than the ceremony's key"
        issuer = issuer_from_certificate(root, opening.profiles)
        for finding in lint_crl(octets, issuer, root):
            yield f"list of {kind.value}: {finding.message}"


def _proof(replayed: Replayed, done: Mapping[int, Entry]) -> Iterator[str]:
    """6: what the root carries opens to the contingency key of this ceremony."""
    for step in _done(replayed.opening, done, Act.PROVE):
        said = done[step.number].said
        root = replayed.certificates.get(kind_of_authority(ROOT_OCA), b"")
        extension = parse_certificate(root).tbs.extension(CONTINGENCY_KEY.oid) if root else None
        purpose = replayed.opening.purpose
        contingency = replayed.keys.get(key_name(CONTINGENCY, purpose))
        expected = {
            "certificate": fingerprint(root),
            "extension": fingerprint(extension.value if extension else b""),
            "signed_by": contingency,
            "symmetric": replayed.keys.get(key_name(SYMMETRIC, purpose)),
            "unwrapped": contingency,
        }
        for name, value in expected.items():
            if said.get(name) != value:
                yield f"apex key: {name} is not that of this ceremony"


def _compared(replayed: Replayed, done: Mapping[int, Entry]) -> Iterator[str]:
    """7: what was read aloud is what was made."""
    opening = replayed.opening
    made = {
        **replayed.keys,
        **{f"certificate of {k.value}": fingerprint(v) for k, v in replayed.certificates.items()},
        **{f"list of {k.value}": fingerprint(v) for k, v in replayed.lists.items()},
        **{f"request of {k}": fingerprint(v) for k, v in replayed.requests.items()},
    }
    for step in _done(opening, done, Act.COMPARE):
        agreed = done[step.number].said.get("agreed")
        found = dict(agreed) if isinstance(agreed, Mapping) else {}
        for name, digest in made.items():
            if found.get(name) != digest:
                yield f"{name}: was not compared, or with another fingerprint"


def _signed(opening: Opening, transcript: Transcript) -> Iterator[str]:
    """8: operator and every witness signed."""
    found = signers(transcript)
    for one in opening.signatories:
        if one.credential not in found:
            yield f"{one.person} has not signed, must"
    named = {one.credential for one in opening.signatories}
    if found - named:
        yield "somebody signed who takes no part in it"


def _done(opening: Opening, done: Mapping[int, Entry], act: Act) -> Iterator[Step]:
    """The steps of this act that were done."""
    return (step for step in opening.steps if step.act is act and step.number in done)


def _kind(said: Mapping[str, JSON]) -> CertificateKind:
    found = next((kind for kind in CertificateKind if kind.value == said["kind"]), None)
    if found is None or not found.is_authority:
        raise Malformed(
            "transcript: kind: no authority, must be", where="kind", rule="ceremony.form"
        )
    return found


def _texts(entries: tuple[Entry, ...], kind: Kind, key: str) -> tuple[str, ...]:
    return tuple(str(one.said.get(key, "")) for one in entries if one.kind is kind)

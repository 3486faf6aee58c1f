"""Opens and holds a ceremony in a folder, as the options of the command line say."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki import VERSION
from smki.adapters.ceremony import CeremonyFolder, MemoryKeys
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import Settings, open_front
from smki.ceremonies.activating import Authority, RehearsalAuthority, Service
from smki.ceremonies.acts import ACTS
from smki.ceremonies.custodians import CustodyRule, Purpose, parse_custodian
from smki.ceremonies.environments import kind_named, must_suit, names_for, rehearsal_profiles
from smki.ceremonies.fields import Fields
from smki.ceremonies.holding import Ceremony, Hall, hold, open_ceremony, resume
from smki.ceremonies.keysets import FILE_MAX as KEY_SET_MAX
from smki.ceremonies.keysets import KeySet, parse_key_set
from smki.ceremonies.opening import Opening, Signatory, script_named, seat_of
from smki.ceremonies.scripts import Act, Role
from smki.ceremonies.transcript import Signature, Transcript, encode_transcript
from smki.flows.activating import RecordedAuthority
from smki.flows.approving import must_be_approved
from smki.interfaces.cli.ceremony_console import Terminal
from smki.interfaces.cli.ceremony_files import certificate_in, request_key
from smki.interfaces.cli.output import read_input
from smki.interfaces.operations import KEY_ASKED, perform
from smki.merkle.canonical import parse_json
from smki.terms import Refused

FINISHED: Final = "transcript.json"
_SIGNATURE: Final = ("certificate", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the options of `smki ceremony run` say; files are named, not read."""

    script: str
    purpose: str
    quorum: int
    most: int
    custodians: tuple[str, ...]
    operator: tuple[str, str] | None
    witnesses: tuple[tuple[str, str], ...]
    issuing: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    names: tuple[tuple[str, str], ...]
    contents: Mapping[str, bytes]


def hold_in(
    folder: Path,
    asked: Asked,
    answers: Mapping[str, str],
    settings: Settings,
    environment: Mapping[str, str],
    service: Service | None = None,
) -> bytes:
    """The ceremony of this folder, opened first if it was not, is closed; what is to be signed.

    `service` lets others use the keys that a ceremony opens for it.

    Raises:
        Refused, Malformed: who takes part, or what is to be used, does not fit the script; or a step
            was refused.
        Unavailable: nobody answers; or the folder cannot be written; or a live key is to be used and
            there is no SMKI in the state directory.
    """
    acts = {step.act for step in script_named(asked.script).steps}
    if Act.SERVE in acts and service is None:
        raise Refused(
            f"ceremony: {asked.script} has keys for carriers, must be held by 'smki recovery activate'",
            where="NAME",
            clause="sec:L10.9",
            rule="ceremony.opening",
        )
    with closing(CeremonyFolder(folder)) as ledger:
        bare = _hall(ledger, answers, RehearsalAuthority(), service)
        opening = resume(bare).opening if ledger.entries() else None
        purpose = Purpose(asked.purpose) if opening is None else opening.purpose
        if Act.PERMIT not in acts or not _decides(settings, purpose):
            return hold(_opened(bare, asked, settings), ACTS)
        with open_front(settings) as front:
            authority = RecordedAuthority(
                front, lambda said: perform(settings, environment, KEY_ASKED, {"said": said})
            )
            try:
                ceremony = _opened(_hall(ledger, answers, authority, service), asked, settings)
                if purpose is Purpose.LIVE:
                    must_be_approved(front, ceremony.opening.seats)
                return hold(ceremony, ACTS)
            except Refused as error:
                authority.tell_refused(error, _keys(bare, asked))
                raise


def _opened(hall: Hall, asked: Asked, settings: Settings) -> Ceremony:
    """The ceremony, as far as it was held; opened if it was not."""
    if not hall.ledger.entries():
        _open(hall, asked, settings)
    ceremony = resume(hall)
    if ceremony.opening.script.name != asked.script:
        raise Refused(
            f"ceremony: script {ceremony.opening.script.name} is held in this folder, must be that"
            " one",
            where="--state",
            rule="ceremony.opening",
        )
    return ceremony


def _keys(hall: Hall, asked: Asked) -> tuple[KeySet, ...]:
    """The keys in custody that were to be used."""
    if hall.ledger.entries():
        ceremony = resume(hall)
        return tuple(map(ceremony.key_set, ceremony.opening.keys))
    return tuple(parse_key_set(read_input(path, limit=KEY_SET_MAX)) for path in asked.keys)


def _decides(settings: Settings, purpose: Purpose) -> bool:
    """Whether the record of the state directory has a say.

    Over real keys always; over a rehearsal's in the house of a rehearsal, not beside another.
    """
    own = settings.initialised and settings.environment == Purpose.REHEARSAL.value
    return own or purpose is Purpose.LIVE


def conclude(folder: Path, files: Sequence[bytes]) -> bytes:
    """The transcript, with these signatures, is in the folder.

    Raises:
        Malformed: a signature's file is not one.
        Refused: the ceremony is not closed.
    """
    signatures = []
    for octets in files:
        fields = Fields(parse_json(octets, "signature"), "signature", _SIGNATURE)
        signatures.append(
            Signature(
                certificate=fields.octets("certificate"), signature=fields.octets("signature")
            )
        )
    with closing(CeremonyFolder(folder)) as ledger:
        ceremony = resume(_hall(ledger, {}, RehearsalAuthority()))
        if ceremony.closed is None:
            raise Refused(
                "ceremony: not closed yet, must be held to its end first",
                where=str(folder),
                rule="ceremony.opening",
            )
        octets = encode_transcript(
            Transcript(entries=ceremony.entries, signatures=tuple(signatures))
        )
        ledger.replace(FINISHED, octets)
    return octets


def _hall(
    ledger: CeremonyFolder,
    answers: Mapping[str, str],
    authority: Authority,
    service: Service | None = None,
) -> Hall:
    return Hall(
        ledger=ledger,
        console=Terminal(answers),
        keys=MemoryKeys(),
        entropy=SystemEntropy(),
        clock=SystemClock(),
        authority=authority,
        service=service,
    )


def _open(hall: Hall, asked: Asked, settings: Settings) -> None:
    purpose = Purpose(asked.purpose)
    custodians = tuple(parse_custodian(read_input(path)) for path in asked.custodians)
    keys = tuple(parse_key_set(read_input(path, limit=KEY_SET_MAX)) for path in asked.keys)
    profiles = settings.profiles()
    if purpose is Purpose.REHEARSAL:
        profiles = rehearsal_profiles(profiles)
    must_suit(profiles, purpose)
    rule = CustodyRule(
        quorum=asked.quorum, custodians=len(custodians), of_one_organisation=asked.most
    )
    opening = Opening(
        script=script_named(asked.script),
        purpose=purpose,
        rule=rule,
        seats=tuple(map(seat_of, custodians)),
        signatories=tuple(_signatories(asked)),
        keys=tuple(one.key for one in keys),
        issuing={kind_named(kind): request_key(read_input(path)) for kind, path in asked.issuing},
        names=names_for(purpose, {kind_named(kind): name for kind, name in asked.names}),
        profiles=profiles,
        software=f"smki {VERSION}",
    )
    open_ceremony(hall, opening, custodians, keys, asked.contents)


def _signatories(asked: Asked) -> Iterator[Signatory]:
    named = [("operator", Role.OPERATOR, asked.operator)] if asked.operator else []
    named += [
        (f"witness-{number}", Role.WITNESS, one) for number, one in enumerate(asked.witnesses, 1)
    ]
    for person, role, (organisation, path) in named:
        certificate = certificate_in(read_input(path))
        digest = sha256(certificate).hexdigest()
        yield Signatory(role=role, person=person, organisation=organisation, credential=digest)

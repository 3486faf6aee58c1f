"""Puts together who asks the witnesses: from the policy file that the configuration names."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from smki.adapters.addresses import AddressWitness
from smki.adapters.files import read_octets
from smki.adapters.record.publishing import publish_cosigned
from smki.bootstrap.settings import PLACE, Settings
from smki.flows.cosigning import AskedWitness, Collected, collect
from smki.merkle.notes import SignedNote
from smki.merkle.trust import Policy
from smki.ports import RecordReader
from smki.terms import Malformed, Refused


class Cosigning:
    """Asks the policy's witnesses that have an address; publishes what they, or files, bring.

    Raises:
        Malformed: an address of a witness that is none.
    """

    def __init__(self, record: Path, policy: Policy, reader: RecordReader) -> None:
        self._policy = policy
        self._reader = reader
        self._publish = partial(publish_cosigned, record)
        self._witnesses: Sequence[AskedWitness] = [
            AskedWitness(name=one.name, key=one.key, link=AddressWitness(one.url))
            for one in self._policy.witnesses
            if one.url
        ]

    def collect(self) -> Collected:
        """One round: each witness is asked once; not from two threads at once."""
        return collect(self._reader, self._witnesses, self._publish)

    def add(self, note: bytes) -> Collected:
        """The cosignatures in a checkpoint of this log are published.

        Raises:
            Malformed: not a checkpoint.
            Refused: not signed by this log, or by no witness of the policy.

        Clause: c2sp:tlog-cosignature
        """
        believed = Policy.of_log(self._reader.verifier_key).believe(note)
        signed = SignedNote.parse(note)
        keys = [one.key for one in self._policy.witnesses]
        found = signed.signers(keys)
        names = tuple(one.name for one in self._policy.witnesses if one.key in found)
        if not names:
            raise Refused(
                "checkpoint: cosigned by no witness of the policy, must be by one or more",
                where=believed.head.origin,
                clause="c2sp:tlog-policy",
                rule="policy.quorum",
            )
        self._publish(note)
        return Collected(size=believed.head.size, cosigners=names, problems=())


def open_cosigning(settings: Settings, reader: RecordReader) -> Cosigning:
    """Whoever asks the witnesses of this house.

    Raises:
        Malformed: none are configured, or the policy is none.
        Unavailable: the policy cannot be read.
    """
    if settings.witness_policy is None:
        raise Malformed(
            "configuration: no witnesses, 'witness_policy' must name a file with a C2SP tlog-policy",
            where=PLACE,
            rule="settings.witness_policy",
        )
    policy = Policy.parse(read_octets(settings.witness_policy))
    return Cosigning(settings.path("record"), policy, reader)

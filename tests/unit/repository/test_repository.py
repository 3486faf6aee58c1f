"""The repository lodges, indexes, searches and proves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from smki import repository
from smki.adapters.record import FileRecord
from smki.merkle.leaf import LeafType, commit, decode_certificate, decode_leaf
from smki.profiles import RowFields
from smki.repository import IndexProgress
from smki.repository.items import item_of
from smki.repository.rows import revoked_by, row_of
from smki.steps import Issued
from smki.terms import (
    EUI64,
    CertificateStatus,
    Inconsistent,
    KeyUsage,
    Malformed,
    Refused,
    RemotePartyRole,
    SerialNumber,
)

Issue = Callable[..., Issued]
Describe = Callable[[bytes], RowFields]
METER = bytes.fromhex("00db1234567890a0")
PARTY = bytes.fromhex("90b3d51f30010000")


def crl_of(serials: list[int], number: int | None = 7) -> bytes:
    """A CRL that names these certificates, DER."""
    day = datetime(2026, 11, 21, tzinfo=UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Z1")]))
        .last_update(day)
        .next_update(day + timedelta(days=2))
    )
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for serial in serials:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(day).build()
        )
    key = ec.generate_private_key(ec.SECP256R1())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.clause("sec-app-m:2.3.1.9")
def test_lodge(record: FileRecord, issue: Issue, at: datetime) -> None:
    """Each certificate is an entry under the checkpoint, with who asked, how and when."""
    assert repository.lodge(record, (), at) == ()
    repository.lodge(record, (issue(1, METER),), at)
    lodged = repository.lodge(record, (issue(2, METER), issue(3, METER, usage=1)), at)
    assert [one.entry for one in lodged] == [1, 2]
    instant, body = decode_certificate(record.leaf(2))
    assert instant == repository.milliseconds(at) == 1795233906789
    assert (body.channel, body.manufacturing) == (3, True)
    assert body.subscriber == PARTY
    assert body.request == bytes(range(32))
    assert body.certificate == lodged[1].issued.certificate


def test_only_issued_certificates(record: FileRecord, at: datetime) -> None:
    """A certificate cannot be lodged as octets, past the steps."""
    with pytest.raises(Inconsistent, match="as Issued"):
        repository.lodge_leaf(record, LeafType.CERTIFICATE, bytes(60), at)
    assert record.checkpoint().size == 0


def test_lodge_other_leaves(record: FileRecord, at: datetime) -> None:
    """CRLs, ARLs, long bodies and commitments are entries of their types."""
    assert repository.lodge_crl(record, b"\x30", at) == 0
    assert repository.lodge_crl(record, b"\x30" * 40_000, at, authority=True) == 1
    assert (
        repository.lodge_commitment(record, LeafType.TRANSCRIPT, commit(bytes(32), b"t"), at) == 2
    )
    kinds = [decode_leaf(leaf).type for leaf in record.leaves(0, 3)]
    assert kinds == [LeafType.CRL, LeafType.ARL, LeafType.TRANSCRIPT]
    assert record.blob(decode_leaf(record.leaf(1)).body, 40_000) == b"\x30" * 40_000


def test_publish(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """Nothing leaves the house before the index covers it."""
    lodged = repository.lodge(record, (issue(1, METER),), at)
    with pytest.raises(Inconsistent, match="not indexed"):
        repository.publish(lodged, index)
    index.extend(repository.rows_of(lodged, at, describe), (), 1)
    (published,) = repository.publish(lodged, index)
    assert (published.lodged, published.size) == (lodged[0], 1)


@pytest.mark.parametrize("leaf", [b"", b"\x01", b"\x01\x02"])
def test_an_entry_too_short_for_a_leaf_is_told(
    record: FileRecord, describe: Describe, leaf: bytes
) -> None:
    """Whoever has the log's key may sign anything: who audits it names that, and goes on."""
    short = "leaf: . octets, must be at least 11"
    with pytest.raises(Malformed, match=short):
        row_of(0, leaf, describe)
    with pytest.raises(Malformed, match=short):
        revoked_by(record, leaf)
    with pytest.raises(Malformed, match=short):
        item_of(0, record, leaf)
    with pytest.raises(Malformed, match=short):
        repository.index_root_of(leaf)
    reader = repository.IdentityReader(record, lambda _: None, describe, size=0, listed=())
    with pytest.raises(Inconsistent, match=f"entry 0: {short}"):
        reader.add(leaf)


@pytest.mark.clause("sec-app-b:B-crl")
def test_index_from_the_record(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """The index made from the record equals the one kept while lodging, revocations included."""
    issued = tuple(issue(serial, METER, usage=serial % 2) for serial in range(1, 1100))
    lodged = repository.lodge(record, issued, at)
    organisation = repository.lodge(record, (issue(5000, PARTY, organisation=True),), at)
    repository.lodge_crl(record, crl_of([5000, 7000]), at)
    told: list[IndexProgress] = []
    assert repository.catch_up(record, index, describe, told.append) == 1101
    assert told == [IndexProgress(done=1024, total=1101), IndexProgress(done=1101, total=1101)]
    rows = repository.rows_of(lodged + organisation, at, describe)
    assert [row._replace(status=CertificateStatus.IN_USE) for row in index.kept] == list(rows)
    assert index.by_serial(SerialNumber(5000)).status is CertificateStatus.REVOKED
    assert [row.serial.value for row in index.kept if row.status is CertificateStatus.IN_USE] == [
        1098,
        1099,
    ]
    assert list(repository.compare_index(record, index, describe)) == []
    assert [(one.entry, one.number) for one in index.lists()] == [(1100, 7)]
    before = list(index.kept), index.lists()
    assert repository.reindex(record, index, describe) == 1101
    assert (index.kept, index.lists()) == before


def test_index_ahead(record: FileRecord, index: Any, describe: Describe) -> None:
    """An index that covers more than the record has is an alarm, not something to mend quietly."""
    index.covers = 1
    with pytest.raises(Inconsistent, match="must be rebuilt"):
        repository.catch_up(record, index, describe)


def test_an_index_that_lies(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """A changed field, a wrong status, a hidden row and an invented row are each named."""
    repository.lodge(record, tuple(issue(n, METER) for n in (1, 2)), at)
    repository.lodge(record, (issue(3, PARTY, organisation=True),), at)
    repository.catch_up(record, index, describe)
    rows = list(index.kept)

    def lies(*changed: Any) -> list[str]:
        index.kept = list(changed)
        return list(repository.compare_index(record, index, describe))

    assert lies(*rows) == []
    assert "not_after is 5" in lies(rows[0]._replace(not_after=5), *rows[1:])[0]
    in_use = rows[0]._replace(status=CertificateStatus.IN_USE)
    assert lies(in_use, *rows[1:]) == ["index: entry 0: status I, must be N as the record has it"]
    revoked = rows[2]._replace(status=CertificateStatus.REVOKED)
    assert lies(*rows[:2], revoked) == ["index: entry 2: status R, must be I as the record has it"]
    assert "entry 1: is missing" in lies(rows[0], rows[2])[0]
    assert "entry 2: is missing" in lies(*rows[:2])[0]
    assert "is no certificate" in lies(*rows, rows[2]._replace(entry=9))[0]
    index.covers = 4
    assert lies(*rows) == ["index: covers 4 entries, the record has 3"]


@pytest.mark.clause("sec-app-b:B-crl")
def test_lists_that_lie(record: FileRecord, index: Any, describe: Describe, at: datetime) -> None:
    """A list that the index lost, invented or numbered otherwise is named."""
    repository.lodge_crl(record, crl_of([]), at)
    repository.catch_up(record, index, describe)
    (right,) = index.kept_lists
    for kept, said in (
        ([], ["index: entry 0: has not the list that is in the record, number 7"]),
        (
            [replace(right, number=8)],
            [
                "index: entry 0: has a list that is not in the record, number 8",
                "index: entry 0: has not the list that is in the record, number 7",
            ],
        ),
    ):
        index.kept_lists = kept
        assert sorted(repository.compare_index(record, index, describe)) == said
    unnumbered = crl_of([], number=None)
    repository.lodge_crl(record, unnumbered, at)
    index.kept_lists = [right]
    with pytest.raises(Inconsistent, match="entry 1: CRL: not DER of a CertificateList"):
        repository.catch_up(record, index, describe)


def test_a_list_that_cannot_be_read_is_named(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """An entry that is no list, though it is called one, is told, and the comparison goes on."""
    repository.lodge_crl(record, b"no list", at)
    repository.lodge(record, (issue(1, METER),), at)
    index.extend([], [], 2)
    first, second = repository.compare_index(record, index, describe)
    assert first.startswith("record: entry 0: CRL: not DER of a CertificateList")
    assert second.startswith("index: entry 1: is missing, the record has certificate")


def test_comparing_beside_the_writer(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """What is lodged and indexed while the comparison reads is not a difference."""
    repository.lodge(record, (issue(1, METER),), at)
    repository.catch_up(record, index, describe)

    def meanwhile(progress: IndexProgress) -> None:
        if progress.done == progress.total == 1:
            repository.lodge(record, (issue(2, METER),), at)
            repository.catch_up(record, index, describe)

    assert list(repository.compare_index(record, index, describe, meanwhile)) == []
    assert [row.status.value for row in index.kept] == ["N", "I"]


@pytest.mark.clause("sec-app-o:web-service")
def test_search_and_retrieve(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """Devices and organisations are found by EUI-64, certificates by serial, standing as of now."""
    party = issue(9, PARTY, organisation=True)
    repository.lodge(record, (issue(7, METER), issue(8, METER), party), at)
    repository.catch_up(record, index, describe)
    old, new = repository.search_devices(index, EUI64(METER), at)
    assert (old.status, new.status) == (CertificateStatus.NOT_IN_USE, CertificateStatus.IN_USE)
    assert (old.manufacturing, new.manufacturing, new.role) == (True, False, None)
    (found,) = repository.search_organisations(index, EUI64(PARTY), at)
    assert (found.role, found.usage) == (RemotePartyRole.SUPPLIER, KeyUsage.DIGITAL_SIGNATURE)
    assert not found.device
    assert repository.search_devices(index, EUI64(PARTY), at) == ()
    assert repository.search_organisations(index, EUI64(METER), at) == ()
    retrieved = repository.retrieve(index, record, SerialNumber(9), at)
    assert retrieved is not None
    assert retrieved.certificate == party.certificate
    assert retrieved.found == found
    assert repository.retrieve(index, record, SerialNumber(10), at) is None


def test_standing_expires(index: Any, describe: Describe, issue: Issue, record: FileRecord) -> None:
    """Expiry is worked out to the second, and a revoked certificate stays revoked."""
    at = datetime.fromtimestamp(1_900_000_000, UTC)
    repository.lodge(record, (issue(9, PARTY, organisation=True),), at)
    repository.catch_up(record, index, describe)
    (row,) = index.kept
    assert repository.standing(row, at) is CertificateStatus.IN_USE
    assert repository.standing(row, at + timedelta(seconds=1)) is CertificateStatus.EXPIRED
    revoked = row._replace(status=CertificateStatus.REVOKED)
    assert repository.standing(revoked, at + timedelta(days=1)) is CertificateStatus.REVOKED


def test_retrieve_from_a_wrong_index(
    record: FileRecord, index: Any, issue: Issue, describe: Describe, at: datetime
) -> None:
    """An index that points to something else than a certificate is Inconsistent."""
    repository.lodge(record, (issue(7, METER),), at)
    repository.lodge_crl(record, crl_of([]), at)
    repository.catch_up(record, index, describe)
    index.kept = [index.kept[0]._replace(entry=1)]
    with pytest.raises(Inconsistent, match="no certificate"):
        repository.retrieve(index, record, SerialNumber(7), at)


@pytest.mark.clause("rfc6962:2.1.1")
@pytest.mark.parametrize("entries", [[0], [699], [3, 3, 1], list(range(700)), [5, 300, 301, 600]])
def test_proof_files(record: FileRecord, issue: Issue, at: datetime, entries: list[int]) -> None:
    """A proof file is believed with the log's key alone, and gives the leaves back."""
    repository.lodge(record, tuple(issue(n + 1, METER) for n in range(700)), at)
    proof = b"".join(repository.prove(record, entries))
    proven = repository.verify_proof(proof.splitlines(keepends=True), record.verifier_key)
    assert proven.head.size == 700
    assert proven.entries == tuple((n, record.leaf(n)) for n in sorted(set(entries)))


def test_mutated_proof_files(record: FileRecord, issue: Issue, at: datetime) -> None:
    """A proof file with any line changed, left out, doubled or added is refused."""
    repository.lodge(record, tuple(issue(n + 1, METER) for n in range(300)), at)
    key = record.verifier_key
    lines = b"".join(repository.prove(record, [5, 290])).splitlines(keepends=True)
    repository.verify_proof(lines, key)
    for at_line, line in enumerate(lines):
        middle = len(line) // 2
        other = b"A" if line[middle : middle + 1] != b"A" else b"B"
        for replacement in (
            [],
            [line, line],
            [line[:-1]],
            [b"\n", line],
            [b"\xff\n"],
            [line[:middle] + other + line[middle + 1 :]],
        ):
            mutated = [*lines[:at_line], *replacement, *lines[at_line + 1 :]]
            with pytest.raises((Malformed, Refused)):
                repository.verify_proof(mutated, key)
    with pytest.raises(Malformed, match="must be the end"):
        repository.verify_proof([*lines, b"\n"], key)


def test_proofs_that_cannot_be(record: FileRecord, issue: Issue, at: datetime) -> None:
    """No proof of nothing, nor of an entry that is not there."""
    repository.lodge(record, (issue(1, METER),), at)
    for entries in ([], [1], [-1]):
        with pytest.raises(Malformed, match="at least one"):
            repository.prove(record, entries)


@pytest.mark.clause("rfc6962:2.1.2")
def test_consistency(record: FileRecord, issue: Issue, at: datetime) -> None:
    """The log extends its earlier checkpoints, and no checkpoint of another history."""
    repository.lodge(record, tuple(issue(n + 1, METER) for n in range(5)), at)
    earlier = record.checkpoint()
    repository.lodge(record, tuple(issue(n + 6, METER) for n in range(300)), at)
    before, now = repository.check_extends(record, earlier.note)
    assert (before.size, now.size) == (5, 305)
    with pytest.raises(Refused):
        repository.check_extends(record, earlier.note.replace(b"\n5\n", b"\n6\n"))

"""The map by EUI-64 follows the record, whatever is cut off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from smki import repository
from smki.adapters.identity_map import SqliteIdentityMap
from smki.adapters.record import FileRecord
from smki.adapters.shelves import FolderShelves
from smki.merkle.hashing import leaf_hash
from smki.merkle.identity_map import (
    decode_root,
    encode_root,
    extend_map,
    prove_identity,
    value_of,
    verify_identity,
)
from smki.merkle.leaf import LeafType
from smki.ports import one_by_one
from smki.profiles import RowFields
from smki.repository import (
    MapKeeper,
    RootAuditor,
    audit_roots,
    auditing,
    index_root_of,
    index_roots,
    keeping,
    lodge_root,
)
from smki.repository.identities import find_in
from smki.steps import Issued
from smki.terms import EUI64, Inconsistent, Malformed, Refused, Unavailable

Issue = Callable[..., Issued]
Describe = Callable[[bytes], RowFields]
MakeKeeper = Callable[[FileRecord, SqliteIdentityMap], MapKeeper]
METER = bytes.fromhex("00db1234567890a0")
OTHER = bytes.fromhex("00db1234567890a1")
PARTY = bytes.fromhex("90b3d51f30010000")
MINUTE = timedelta(seconds=60)


@pytest.fixture
def identity_map(tmp_path: Path) -> SqliteIdentityMap:
    """A map that nobody has made yet."""
    return SqliteIdentityMap(tmp_path / "identity-map.sqlite")


@pytest.fixture
def crl_of() -> Callable[..., bytes]:
    """Makes a list, DER, that names these certificates."""

    def make(serials: list[int], number: int) -> bytes:
        day = datetime(2026, 11, 21, tzinfo=UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Z1")])
        builder = x509.CertificateRevocationListBuilder(name, day, day + timedelta(days=2))
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        for serial in serials:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(day)
            builder = builder.add_revoked_certificate(one.build())
        key = ec.generate_private_key(ec.SECP256R1())
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    return make


@pytest.fixture
def keeper(
    record: FileRecord, identity_map: SqliteIdentityMap, make_keeper: MakeKeeper
) -> MapKeeper:
    """Keeps that map."""
    return make_keeper(record, identity_map)


@pytest.fixture
def lodged(
    record: FileRecord, index: Any, describe: Describe, issue: Issue, at: datetime
) -> Callable[..., None]:
    """Lodges and indexes a certificate for each identity that is given."""
    serials = iter(range(1, 60_000))

    def lodge(*identities: bytes) -> None:
        issued = tuple(issue(next(serials), one) for one in identities)
        repository.lodge(record, issued, at)
        repository.catch_up(record, index, describe)

    return lodge


def roots(record: FileRecord) -> list[tuple[int, tuple[int, bytes]]]:
    """The entries that are index roots, and what they say."""
    leaves = enumerate(record.leaves(0, record.checkpoint().size))
    found = ((entry, index_root_of(leaf)) for entry, leaf in leaves)
    return [(entry, decode_root(body)) for entry, body in found if body is not None]


def says(identity_map: SqliteIdentityMap, identity: bytes) -> bytes | None:
    """The value that the map proves."""
    with identity_map.reading() as view:
        root = view.state.root
        return verify_identity(prove_identity(view, root, identity), identity, root)


def value(record: FileRecord, *entries: int) -> bytes | None:
    """The value that these entries must have."""
    return value_of([(entry, leaf_hash(record.leaf(entry))) for entry in entries])


@pytest.mark.clause("sec:L5")
def test_a_root_is_lodged_when_there_is_news(
    record: FileRecord,
    keeper: MapKeeper,
    identity_map: SqliteIdentityMap,
    lodged: Callable[..., None],
    at: datetime,
) -> None:
    """The first at once, the next a minute later, none without news; each covers all before it."""
    with pytest.raises(Unavailable, match="there is none yet"):
        says(identity_map, METER)
    assert not keeper.keep(at)
    assert roots(record) == []
    lodged(METER, OTHER, METER)
    assert not keeper.keep(at)
    lodged(METER)
    assert not keeper.keep(at + MINUTE - timedelta(milliseconds=1))
    assert [entry for entry, _ in roots(record)] == [3]
    assert says(identity_map, METER) == value(record, 0, 2)
    for _ in range(2):
        assert not keeper.keep(at + MINUTE)
    assert [(entry, said[0]) for entry, said in roots(record)] == [(3, 3), (5, 5)]
    assert says(identity_map, METER) == value(record, 0, 2, 4)
    assert says(identity_map, OTHER) == value(record, 1)
    assert says(identity_map, PARTY) is None


@pytest.mark.clause("sec:L5")
def test_a_root_is_lodged_when_enough_is_news(
    record: FileRecord, keeper: MapKeeper, lodged: Callable[..., None], at: datetime
) -> None:
    """So many entries are not kept waiting for the minute."""
    keeper.entries = 4
    lodged(METER)
    keeper.keep(at)
    lodged(METER, OTHER)
    keeper.keep(at)
    assert len(roots(record)) == 1
    lodged(METER)
    keeper.keep(at)
    assert [entry for entry, _ in roots(record)] == [1, 5]


@pytest.mark.clause("sec-app-b:B-crl")
def test_the_first_list_that_names_a_certificate_is_its_holders(
    record: FileRecord,
    index: Any,
    describe: Describe,
    keeper: MapKeeper,
    identity_map: SqliteIdentityMap,
    lodged: Callable[..., None],
    at: datetime,
    crl_of: Callable[..., bytes],
) -> None:
    """A revocation is an entry of whose certificate it is; lists that repeat it are not."""
    lodged(METER, OTHER)
    for number, serials in enumerate(([2], [2], [1, 2])):
        repository.lodge_crl(record, crl_of(serials, number), at)
        repository.catch_up(record, index, describe)
        keeper.keep(at + number * MINUTE)
    assert [entry for entry, _ in roots(record)] == [3, 5, 7]
    assert says(identity_map, OTHER) == value(record, 1, 2)
    assert says(identity_map, METER) == value(record, 0, 6)
    with identity_map.reading() as view:
        assert {serial.value for serial in view.listed()} == {1, 2}


@pytest.mark.clause("sec:L5")
@pytest.mark.parametrize("done", [False, True], ids=["lost", "done, but the answer was lost"])
def test_cut_off_while_lodging(
    record: FileRecord,
    keeper: MapKeeper,
    identity_map: SqliteIdentityMap,
    lodged: Callable[..., None],
    at: datetime,
    make_keeper: MakeKeeper,
    monkeypatch: pytest.MonkeyPatch,
    *,
    done: bool,
) -> None:
    """Whether the root is in the log or not, the next one is true, by the same or a new keeper."""
    lodged(METER)
    keeper.keep(at)
    lodged(METER, OTHER)
    append = record.append

    def fails(leaves: Any, blobs: Any = ()) -> Any:
        if done:
            append(leaves, blobs)
        raise Unavailable("disk: away")

    with monkeypatch.context() as broken:
        broken.setattr(record, "append", fails)
        with pytest.raises(Unavailable):
            keeper.keep(at + MINUTE)
    assert says(identity_map, METER) == value(record, 0)
    repository.catch_up(record, keeper.index, keeper.describe)
    restarted = make_keeper(record, identity_map)
    for one in (keeper, restarted):
        lodged(METER)
        one.keep(at + 2 * MINUTE)
        one.keep(at + 3 * MINUTE)
        mine = [entry for entry in range(record.checkpoint().size) if _holds(record, entry, METER)]
        with identity_map.reading() as view:
            size = view.state.size
        assert says(identity_map, METER) == value(record, *(e for e in mine if e < size))
    assert all(entry == said[0] for entry, said in roots(record))


def _holds(record: FileRecord, entry: int, identity: bytes) -> bool:
    leaf = record.leaf(entry)
    return leaf[1] == 1 and identity in leaf[53:]


@pytest.mark.clause("sec:L5")
@pytest.mark.parametrize("how", ["gone", "no database", "a node", "another record's"])
def test_a_map_that_is_damaged_is_made_again(
    record: FileRecord,
    keeper: MapKeeper,
    identity_map: SqliteIdentityMap,
    tmp_path: Path,
    lodged: Callable[..., None],
    at: datetime,
    how: str,
) -> None:
    """What is lodged after it is the root that the record alone gives."""
    lodged(*[bytes((n,)) + METER[1:] for n in range(80)], METER)
    keeper.keep(at)
    path = tmp_path / "identity-map.sqlite"
    if how == "gone":
        identity_map.clear()
    elif how == "no database":
        path.write_bytes(b"rubbish" * 1000)
    else:
        with identity_map.changing() as view:
            if how == "a node":
                view.write(2, view.read(3))
                view.write(3, view.read(2))
            else:
                state = type(view.state)(size=view.state.size, root=bytes(32), entry=0)
                view.conclude(state, set())
    lodged(*[bytes((n,)) + METER[1:] for n in range(80)])
    again = replace(keeper, _reader=None)
    later = at + MINUTE
    assert sum(again.keep(later) for _ in range(4)) <= 2
    fresh = SqliteIdentityMap(tmp_path / "fresh.sqlite")
    entry, (size, root) = roots(record)[-1]
    find = find_in(keeper.index)
    reader = repository.IdentityReader(record, find, keeper.describe, size=0, listed=())
    reader.read(entry)
    with fresh.changing() as view:
        assert extend_map(view, view.state.root, reader.fresh) == root
    assert (entry, size) == (162, 162)


def test_a_long_record_is_read_in_portions(
    record: FileRecord,
    keeper: MapKeeper,
    lodged: Callable[..., None],
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is more to do until the present is reached; only then a root is lodged."""
    monkeypatch.setattr(keeping, "PORTION", 2)
    keeper.entries = 3
    lodged(METER, OTHER, METER, OTHER, METER, OTHER, METER)
    told = [keeper.keep(at) for _ in range(4)]
    assert told == [True, True, True, False]
    assert [entry for entry, _ in roots(record)] == [7]


def test_a_list_of_a_stranger_is_no_secret(
    record: FileRecord,
    index: Any,
    keeper: MapKeeper,
    lodged: Callable[..., None],
    at: datetime,
    crl_of: Callable[..., bytes],
) -> None:
    """A list that names a certificate which the index has not is not passed over in silence."""
    lodged(METER)
    repository.lodge_crl(record, crl_of([9], 1), at)
    index.covers = 2
    with pytest.raises(Inconsistent, match=r"certificate 0*9, which must be an earlier entry"):
        keeper.keep(at)


@pytest.mark.clause("sec:L5")
def test_others_lodge_while_the_root_is_worked_out(
    record: FileRecord,
    keeper: MapKeeper,
    identity_map: SqliteIdentityMap,
    lodged: Callable[..., None],
    at: datetime,
    tmp_path: Path,
) -> None:
    """The root says how many entries it covers, what came meanwhile is under the next; the audit agrees."""
    lodged(METER, OTHER)

    def slowly(body: bytes) -> int:
        lodged(METER, PARTY)
        return lodge_root(record, body, at)

    MapKeeper.keep(replace(keeper, lodge=slowly), at)
    repository.catch_up(record, keeper.index, keeper.describe)
    assert [(entry, said[0]) for entry, said in roots(record)] == [(4, 2)]
    assert says(identity_map, METER) == value(record, 0)
    keeper.keep(at + MINUTE)
    assert [(entry, said[0]) for entry, said in roots(record)] == [(4, 2), (5, 5)]
    assert says(identity_map, METER) == value(record, 0, 2)
    assert [*audit_roots(record, *auditor(record, keeper, tmp_path))] == []


@pytest.mark.clause("sec:L5")
def test_only_roots_that_can_be_are_lodged(
    record: FileRecord, lodged: Callable[..., None], at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None beyond the log, none that covers less than an earlier one, none far behind, no rubbish."""
    lodged(METER, OTHER, METER)
    assert lodge_root(record, encode_root(2, bytes(32)), at) == 3
    assert lodge_root(record, encode_root(2, bytes(32)), at) == 4
    for size, must in ((6, "from 0 to 5"), (1, "2 at least, as the root before it")):
        with pytest.raises(Refused, match=f"covers {size} entries, must cover {must}"):
            lodge_root(record, encode_root(size, bytes(32)), at)
    with pytest.raises(Malformed, match="index root: must have map"):
        lodge_root(record, b"{}", at)
    monkeypatch.setattr(index_roots, "BEHIND_MAX", 2)
    with pytest.raises(Refused, match="must cover from 3 to 5"):
        lodge_root(record, encode_root(2, bytes(32)), at)
    assert record.checkpoint().size == 5


@pytest.mark.clause("sec:L5")
def test_a_keeper_that_fell_behind_lodges_the_next_root(
    record: FileRecord, keeper: MapKeeper, lodged: Callable[..., None], at: datetime
) -> None:
    """A root that is refused is no loss: the map goes on, and its next root is lodged without news."""
    lodged(METER, OTHER)
    here = replace(keeper, lodge=_refuses)
    assert not MapKeeper.keep(here, at)
    assert roots(record) == []
    keeper.keep(at)
    assert [said[0] for _, said in roots(record)] == [2]


def auditor(record: FileRecord, keeper: MapKeeper, folder: Path) -> tuple[Any, Any]:
    """Shelves, and who audits with them what these tests take for certificates."""
    shelves = FolderShelves(folder)
    return shelves, one_by_one(RootAuditor(record, shelves, keeper.describe))


def _refuses(body: bytes) -> int:
    raise Refused(f"index root: {len(body)} octets come too late")


@pytest.mark.clause("sec:L5")
def test_two_keepers_do_not_spoil_the_map(
    record: FileRecord,
    identity_map: SqliteIdentityMap,
    make_keeper: MakeKeeper,
    lodged: Callable[..., None],
    at: datetime,
) -> None:
    """One whose server was killed may go on for a moment beside its successor: nothing is put in twice."""
    both = [make_keeper(record, identity_map) for _ in range(2)]
    for minute in range(4):
        lodged(METER)
        for one in both:
            one.keep(at + minute * MINUTE)
    for one in both * 2:
        one.keep(at + 9 * MINUTE)
    mine = [entry for entry in range(record.checkpoint().size) if _holds(record, entry, METER)]
    assert says(identity_map, METER) == value(record, *mine)


@pytest.mark.clause("sec:L5")
def test_an_audit_names_a_root_that_covers_what_it_must_not(
    record: FileRecord,
    keeper: MapKeeper,
    lodged: Callable[..., None],
    at: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More than there is, less than the one before, or too far behind: by its entry, with what it must be."""
    lodged(METER, OTHER, METER)
    keeper.keep(at)
    for size in (9, 1):
        repository.lodge_leaf(record, LeafType.INDEX_ROOT, encode_root(size, bytes(32)), at)
    lodged(*[METER] * 9)
    right = roots(record)[0][1][1]
    repository.lodge_leaf(record, LeafType.INDEX_ROOT, encode_root(3, right), at)
    repository.catch_up(record, keeper.index, keeper.describe)
    monkeypatch.setattr(auditing, "BEHIND_MAX", 4)
    assert [*audit_roots(record, *auditor(record, keeper, tmp_path))] == [
        "index root: entry 4 says that it covers 9 entries, must be 3 to 4",
        "index root: entry 5 says that it covers 1 entries, must be 3 to 5",
        "index root: entry 15 says that it covers 3 entries, must be 11 to 15",
    ]


def test_an_entry_too_short_for_a_leaf_is_told_by_whoever_verifies(
    record: FileRecord,
    keeper: MapKeeper,
    identity_map: SqliteIdentityMap,
    lodged: Callable[..., None],
    at: datetime,
) -> None:
    """A proof is read by strangers, under whatever a log signed: it is refused in words."""
    lodged(OTHER)
    keeper.keep(at)
    record.append([b"\x01"])
    proof = repository.prove_complete(record, keeper.index, identity_map, EUI64(METER))
    with pytest.raises(Malformed, match="leaf: 1 octets, must be at least 11"):
        repository.verify_complete(
            b"".join(proof.parts).splitlines(keepends=True), record.verifier_keys[0]
        )


@pytest.mark.clause("sec:L5")
def test_an_audit_makes_the_map_again_in_parts(
    record: FileRecord,
    keeper: MapKeeper,
    lodged: Callable[..., None],
    at: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crl_of: Callable[..., bytes],
) -> None:
    """Many identities, roots and lists: the keeper's roots hold, one that hides an entry is named."""
    monkeypatch.setattr(auditing, "_PART", 16)
    monkeypatch.setattr(auditing, "_TOGETHER", 7)
    many = [number.to_bytes(8, "big") for number in range(90)]
    for step in range(6):
        lodged(*many[step * 15 : step * 15 + 15], *many[: step * 3])
        if step % 2:
            repository.lodge_crl(record, crl_of([2 + 5 * step, 7 + step], step), at)
            repository.catch_up(record, keeper.index, keeper.describe)
        keeper.keep(at + step * MINUTE)
    assert len(roots(record)) == 6
    folders = [tmp_path / name for name in ("whole", "lies")]
    for folder in folders:
        folder.mkdir()
    assert [*audit_roots(record, *auditor(record, keeper, folders[0]))] == []
    assert len(list(folders[0].glob("nodes-*"))) == 16
    size = record.checkpoint().size
    hiding = repository.IdentityReader(
        record, find_in(keeper.index), keeper.describe, size=0, listed=()
    )
    hiding.read(size)
    fresh = {
        one: entries[-1:] if one == many[3] else entries for one, entries in hiding.fresh.items()
    }
    with SqliteIdentityMap(tmp_path / "lies.sqlite").changing() as view:
        root = extend_map(view, view.state.root, fresh)
    lodge_root(record, encode_root(size, root), at)
    [said] = audit_roots(record, *auditor(record, keeper, folders[1]))
    assert said.startswith(f"index root: entry {size} lies: it says {root.hex()}")


def test_an_audit_knows_no_list_of_a_stranger(
    record: FileRecord,
    keeper: MapKeeper,
    lodged: Callable[..., None],
    at: datetime,
    tmp_path: Path,
    crl_of: Callable[..., bytes],
) -> None:
    """A list that names what was never lodged, or was lodged after it, cannot be compared."""
    lodged(METER)
    repository.lodge_crl(record, crl_of([2], 1), at)
    lodged(OTHER)
    with pytest.raises(Inconsistent, match=r"entry 1: a list of certificate 0*2, which must be an"):
        list(audit_roots(record, *auditor(record, keeper, tmp_path)))

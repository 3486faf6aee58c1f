import pickle
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.wire.xml import BatchReader, MalformedDocument, read_items, write_batch_request

ITEMS = [("i0", "AAECAw=="), ("i1", "AAAA")]
GOOD = b"".join(write_batch_request("b-1", ITEMS))
END = b"</SubmitCSRBatch>"


def in_steps(document: bytes, step: int) -> Iterator[bytes]:
    return (document[at : at + step] for at in range(0, len(document), step))


def read(parts: Iterable[bytes], **bounds: int) -> tuple[str, int, int]:
    reader = BatchReader(**bounds)
    for part in parts:
        reader.feed(part)
    header = reader.close()
    return header.document_id, header.items, header.octets


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize("step", [1, 5, 100_000])
def test_a_batch_is_read_in_parts_of_any_size(step: int) -> None:
    """ID, number of items and length are known at the end; a second reading gives the items."""
    assert read(in_steps(GOOD, step)) == ("b-1", 2, len(GOOD))
    assert list(read_items(in_steps(GOOD, step))) == ITEMS


@pytest.mark.clause("sec-app-m:F")
def test_a_batch_cut_short_anywhere_is_malformed() -> None:
    """Whatever octets are missing at the end, neither reading takes the rest for whole."""
    for length in range(len(GOOD.rstrip())):
        with pytest.raises(MalformedDocument):
            read([GOOD[:length]])
        with pytest.raises(MalformedDocument):
            list(read_items([GOOD[:length]]))


@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_the_bound_on_items_is_exact() -> None:
    """50,000 CSRs are taken; the next is refused by `batch.count`, with the batch's ID."""

    def document(count: int) -> Iterator[bytes]:
        return write_batch_request("big", ((f"i{i}", "AAAA") for i in range(count)))

    assert read(document(50_000))[1] == 50_000
    with pytest.raises(MalformedDocument, match="more than 50000 CSRs") as caught:
        read(document(50_001))
    assert (caught.value.rule, caught.value.document_id) == ("batch.count", "big")
    assert caught.value.where == "DeviceCSR number 50001"


@pytest.mark.clause("sec-app-m:F")
@pytest.mark.parametrize(
    ("document", "rule", "document_id"),
    [
        (b"", "xml.invalid", None),
        (b"junk", "xml.invalid", None),
        (GOOD + b"<more/>", "xml.invalid", "b-1"),
        (GOOD + b"junk", "xml.invalid", "b-1"),
        (GOOD.replace(b"</DeviceCSR>", b"</Other>", 1), "xml.invalid", "b-1"),
        (GOOD.replace(b"AAAA", b"&none;"), "xml.invalid", "b-1"),
        (GOOD.replace(b"AAAA", b"\xff\xfe"), "xml.invalid", "b-1"),
        (GOOD.replace(b"AAAA", b"\x01"), "xml.invalid", "b-1"),
        (GOOD.replace(b"<Version", b"<!DOCTYPE a><Version"), "xml.doctype", None),
        (GOOD.decode().encode("utf-16"), "xml.encoding", None),
        (GOOD.replace(b'"i1"', b'"i0"'), "batch.id", "b-1"),
        (GOOD.replace(b' ID="i1"', b""), "batch.id", "b-1"),
        (GOOD.replace(b'"i1"', b'"1"'), "xml.schema", "b-1"),
        (GOOD.replace(b'"i1"', b'"' + b"i" * 101 + b'"'), "xml.schema", "b-1"),
        (GOOD.replace(b"b-1", b"b" * 257), "xml.schema", None),
        (GOOD.replace(b' ID="b-1"', b""), "xml.schema", None),
        (GOOD.replace(b">1.0<", b">1.1<"), "xml.schema", "b-1"),
        (GOOD.replace(b"AAAA", b"A=AA"), "xml.schema", "b-1"),
        (GOOD.replace(b"AAAA", b"<b/>"), "xml.schema", "b-1"),
        (GOOD.replace(END, b"<Other/>" + END), "xml.schema", "b-1"),
        (b'<SubmitCSRBatch ID="b"><Version>1.0</Version>' + END, "xml.schema", "b"),
        (GOOD.replace(b"SubmitCSRBatch", b"Other"), "xml.root", None),
        (GOOD.replace(b' ID="b-1"', b' xmlns="urn:x" ID="b-1"'), "xml.root", None),
        (
            GOOD.replace(b' ID="b-1"', b"".join(b' a%d=""' % i for i in range(20))),
            "xml.schema",
            None,
        ),
        (GOOD.replace(b"AAAA", b"A" * 400_000), "xml.stretch", "b-1"),
        (
            GOOD.replace(b' ID="i1"', b"".join(b' a%d=">"' % i for i in range(50_000))),
            "xml.stretch",
            "b-1",
        ),
    ],
)
def test_a_wrong_batch_is_malformed(document: bytes, rule: str, document_id: str | None) -> None:
    """Each fault is refused by its rule, with the batch's ID where it could be read."""
    with pytest.raises(MalformedDocument) as caught:
        read(in_steps(document, 65_536))
    assert (caught.value.rule, caught.value.document_id) == (rule, document_id)


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_doctype_across_a_seam_is_seen(cut: int) -> None:
    """A document type declaration is refused wherever the parts divide it, octet by octet too."""
    document = b"<!DOCTYPE a>" + GOOD
    for parts in ([document[:cut], document[cut:]], in_steps(document, cut)):
        with pytest.raises(MalformedDocument) as caught:
            read(parts)
        assert caught.value.rule == "xml.doctype"


def test_a_document_is_bounded_in_octets() -> None:
    """One octet more than the bound is refused, though white space is all that follows."""
    assert read([GOOD], max_octets=len(GOOD))[1] == 2
    with pytest.raises(MalformedDocument) as caught:
        read([GOOD, b" "], max_octets=len(GOOD))
    assert caught.value.rule == "xml.size"


def test_white_space_in_a_csr_is_the_items_fault() -> None:
    """The document is taken; the text is handed on as it stands, for the CSR decoder to refuse."""
    document = GOOD.replace(b"AAAA", b" AA\nAA ")
    assert read([document])[1] == 2
    assert list(read_items([document]))[1] == ("i1", " AA\nAA ")


def test_a_fault_keeps_its_id_between_processes() -> None:
    """The error survives pickling whole, as errors of workers must."""
    with pytest.raises(MalformedDocument) as caught:
        read([GOOD.replace(b'"i1"', b'"i0"')])
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # its own octets
    assert (str(again), again.rule, again.document_id) == (
        str(caught.value),
        "batch.id",
        "b-1",
    )


def test_both_readings_take_flat_memory() -> None:
    """50,000 CSRs of 600 characters, 30 MB: under 24 MB for the first, under 2 for the second."""

    def parts() -> Iterator[bytes]:
        return write_batch_request("b", ((f"i{i}", "A" * 600) for i in range(50_000)))

    peaks = []
    for consume in (read, lambda given: sum(1 for _ in read_items(given))):
        tracemalloc.start()
        consume(parts())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] < 24_000_000
    assert peaks[1] < 2_000_000


@given(
    st.binary(max_size=100)
    | st.builds(
        lambda at, new: GOOD[:at] + new + GOOD[at + len(new) :],
        st.integers(0, len(GOOD)),
        st.binary(max_size=6),
    ),
    st.integers(1, 300),
)
def test_any_octets_are_a_batch_or_malformed(document: bytes, step: int) -> None:
    """Total: a batch, or MalformedDocument, in parts of any size; nothing else is ever raised."""
    try:
        _, items, _ = read(in_steps(document, step))
    except MalformedDocument:
        return
    assert len(list(read_items([document]))) == items

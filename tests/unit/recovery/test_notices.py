"""The four files of a compromise: one spelling each, and errors that name line, found and expected."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.recovery import CampaignPlan, Fate
from smki.recovery.campaign import Decided, Move
from smki.recovery.notices import (
    Notification,
    encode_notification,
    encode_parcel,
    parse_notification,
    parse_parcel,
)
from smki.recovery.notices_progress import (
    Part,
    encode_progress,
    parse_progress,
    progress_file,
)
from smki.recovery.notices_rows import FileKind
from smki.recovery.progress import Progress, Reason
from smki.terms import EUI64, Compromised, Malformed, Method, SerialNumber

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SUPPLIER: Final = EUI64.parse("0A534D4B49020001")
NOTICE: Final = Notification(
    compromised=Compromised.ORGANISATION,
    party="supplier",
    entity=SUPPLIER,
    reference="SUP-2026-17",
    made=AT,
    discovered=AT - timedelta(hours=1),
    known=True,
    circumstances='A token was stolen, the "second" one.',
    wish=Method.THREE,
    certificates=(str(SerialNumber(17)), str(SerialNumber(18))),
    devices=(EUI64(bytes(7) + b"\x01"), EUI64(bytes(7) + b"\x02")),
)
FILE: Final = encode_notification(NOTICE)
PROGRESS: Final = Progress(
    name="i1-a",
    state="running",
    plan=CampaignPlan(
        incident="PMA/i1",
        decision="PMA-1",
        compromised=Compromised.ORGANISATION,
        method=Method.THREE,
        expires=AT + timedelta(days=1),
        per_second={},
    ),
    begun=AT,
    at=AT,
    decided=Decided(move=Move.GO_ON, wave=1),
    waves=(),
    fates={Fate.RECOVERED: 2, Fate.SILENT: 1, Fate.PLANNED: 0},
    reasons=(Reason(fate=Fate.SILENT, why="no answer, ever", devices=1),),
)
TOLD: Final = progress_file(
    PROGRESS,
    incident="PMA/i1",
    reference="SUP-2026-17",
    to="supplier",
    part=Part(number=1, of=1),
    devices=((EUI64(bytes(7) + b"\x02"), Fate.SILENT), (EUI64(bytes(8)), Fate.RECOVERED)),
)
PRINTABLE: Final = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF).filter(str.isprintable), min_size=1
).filter(lambda text: bool(text.strip()))


@pytest.mark.clause("sec-app-l:2")
def test_a_notification_reads_as_it_was_written() -> None:
    """What a party says is in the file, whole; its first lines are as the format page shows."""
    assert parse_notification(FILE) == NOTICE
    lines = FILE.decode().splitlines()
    assert lines[:3] == [
        "field,value,detail",
        "file,organisation-compromise-notification,1",
        "reference,SUP-2026-17,",
    ]
    assert 'circumstances,"A token was stolen, the ""second"" one.",' in lines
    other = replace(
        NOTICE,
        compromised=Compromised.CONTINGENCY,
        wish=None,
        certificates=(),
        key_identifiers=("ab" * 32,),
        devices=(),
    )
    assert other.kind is FileKind.OTHER_NOTIFICATION
    assert parse_notification(encode_notification(other)) == other


@given(circumstances=PRINTABLE, reference=PRINTABLE)
def test_whatever_is_said_comes_back(circumstances: str, reference: str) -> None:
    """Commas, quotations, blanks: what was written is read, and is written the same again."""
    one = replace(NOTICE, circumstances=circumstances, reference=reference)
    octets = encode_notification(one)
    assert parse_notification(octets) == one


@given(octets=st.binary(max_size=200), at=st.integers(0, len(FILE)))
def test_any_octets_are_malformed_or_the_one_spelling(octets: bytes, at: int) -> None:
    """Of whatever octets nothing else comes than an error about them, or what they are the spelling of."""
    for tried in (octets, FILE[:at] + octets + FILE[at:], FILE[:at] + octets):
        try:
            found = parse_notification(tried)
        except Malformed:
            continue
        assert encode_notification(found) == tried


@pytest.mark.clause("sec-app-l:2")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("field,value,detail", "name,value", "line 1: 'name,value', must be 'field,value,detail'"),
        ("notification,1", "notification,2", "line 2: version '2', must be '1'"),
        ("organisation-compromise-notification", "order", "must be one of organisation-comp"),
        ("reference,SUP-2026-17,", "reference,,", "line 3: reference: must have a value"),
        ("reference,", "party,", "line 3: 'party', must be 'reference'"),
        ("0A-53-4D-4B-49-02-00-01", "0a534d4b49020001", "line 4: '0a534d4b49020001', must be an"),
        ("discovered,2026-11-21T09", "discovered,2026-11-21T11", "line 6: discovered after"),
        ("made,2026-11-21T10:00:00Z", "made,2026-11-21 10:00", "must be as 2026-11-21T10:00:00Z"),
        ("extent,known", "extent,perhaps", "line 7: 'perhaps', must be known or suspected"),
        ("key,organisation", "key,root-oca", "must be told in other-compromise-notification"),
        ("wish,method-3", "wish,pray", "line 10: 'pray', must be one of method-1"),
        (f"certificate,{SerialNumber(17)}", "certificate,11", "line 11: '11', must be a serial"),
        (str(SerialNumber(17)), str(SerialNumber(19)), "must ascend"),
        ("device,", "Device,", "line 13: 'Device', must be the end"),
        ("-00-02,\n", "-00-02,\n\n", "line 15: 0 fields, must be 3"),
        ("-00-02,\n", "-00-02,", "line 14: does not end with a line feed"),
        ("SUP-2026-17,", '"SUP-2026-17",', "line 3: is not in its one spelling"),
        ("SUP-2026-17,", 'SUP"-2026-17,', "line 3"),
        ("SUP-2026-17", "S" * 2_001, "line 3: 2001 characters, must be at most 2000"),
        ("SUP-2026-17", "S\r7", "line 3: a character that is not printable"),
    ],
)
def test_errors_say_line_found_and_expected(old: str, new: str, said: str) -> None:
    """What a machine of the party's gets wrong, it is told where."""
    text = FILE.decode()
    assert old in text
    with pytest.raises(Malformed) as raised:
        parse_notification(text.replace(old, new, 1).encode())
    assert said in raised.value.message


def test_a_file_of_another_family_is_not_taken_for_one() -> None:
    """A progress file is no notification, nor the other way round."""
    with pytest.raises(Malformed, match="must be a notification"):
        parse_notification(encode_progress(TOLD))
    with pytest.raises(Malformed, match="must be a progress file"):
        parse_progress(FILE)
    with pytest.raises(Malformed, match="names no certificate"):
        parse_notification(encode_notification(replace(NOTICE, certificates=())))
    with pytest.raises(Malformed, match=r"key-identifier: .*must be told by certificates"):
        parse_notification(encode_notification(replace(NOTICE, key_identifiers=("ab" * 32,))))


@pytest.mark.clause("sec-app-l:2")
def test_progress_is_told_in_counts_reasons_and_devices() -> None:
    """What the campaign's progress says stands in the file; devices in their order."""
    assert parse_progress(encode_progress(TOLD)) == TOLD
    assert TOLD.kind is FileKind.ORGANISATION_PROGRESS
    assert TOLD.devices_of_campaign == 3
    assert dict(TOLD.fates) == {Fate.RECOVERED: 2, Fate.SILENT: 1}
    assert TOLD.reasons == (("silent: no answer, ever", 1),)
    assert [fate for _, fate in TOLD.devices] == [Fate.RECOVERED, Fate.SILENT]
    text = encode_progress(TOLD).decode()
    for old, new, said in (
        ("part,1,1", "part,2,1", "part 2 of 1"),
        ("devices,3", "devices,4", "not 4 devices together"),
        ("devices,3", "devices,03", "must be a whole number"),
        ("state,running", "state,asleep", "must be one of running"),
    ):
        with pytest.raises(Malformed, match=said):
            parse_progress(text.replace(old, new, 1).encode())


@given(octets=st.binary(max_size=100))
def test_a_parcel_is_one_spelling(octets: bytes) -> None:
    """File and signature come back; other octets are malformed."""
    assert parse_parcel(encode_parcel(FILE, octets)) == (FILE, octets)
    with pytest.raises(Malformed):
        parse_parcel(octets)
    loose = encode_parcel(FILE, b"ab").replace(b"YWI=", b"YWJ=")
    with pytest.raises(Malformed, match="base64 in its only form"):
        parse_parcel(loose)
    with pytest.raises(Malformed, match="UTF-8"):
        encode_parcel(b"\xff", octets)

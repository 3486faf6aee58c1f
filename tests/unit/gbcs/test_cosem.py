"""DLMS payloads: what the reference data lacks, and what no payload may be."""

import pytest

from smki.terms import Malformed
from smki.wire.gbcs.cosem import CosemData, DataType, parse_cosem

_NOTIFICATION = bytes.fromhex("0f200003e900")


def _value(hexadecimal: str) -> CosemData:
    (value,) = parse_cosem(_NOTIFICATION + bytes.fromhex(hexadecimal)).data
    return value


@pytest.mark.clause("gbcs:7.2.7")
def test_a_compact_array_is_read_by_its_description() -> None:
    """Two structures of a time, an array of two numbers and bits, their types written once."""
    #        array of structure { double-long-unsigned, array of 2 long-unsigned, bit-string }
    value = _value("13 0203 06 010002 12 04 14" + 2 * "00000007 0001 0002 08ff")
    assert value.type is DataType.COMPACT_ARRAY
    assert value.value == 2 * (
        CosemData(
            type=DataType.STRUCTURE,
            value=(
                CosemData(type=DataType.DOUBLE_LONG_UNSIGNED, value=7),
                CosemData(
                    type=DataType.ARRAY,
                    value=(
                        CosemData(type=DataType.LONG_UNSIGNED, value=1),
                        CosemData(type=DataType.LONG_UNSIGNED, value=2),
                    ),
                ),
                CosemData(type=DataType.BIT_STRING, value=b"\xff"),
            ),
        ),
    )


@pytest.mark.clause("gbcs:7.2.7")
def test_a_compact_array_may_be_empty_and_stand_in_a_structure() -> None:
    """After it the next value begins where its contents end."""
    value = _value("0202 13 06 00 11 05")
    assert value.value == (
        CosemData(type=DataType.COMPACT_ARRAY, value=()),
        CosemData(type=DataType.UNSIGNED, value=5),
    )


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize(
    ("octets", "found"),
    [
        ("0202 13 06 03 000000 0f 00", "past their end"),
        ("13 06 7f 000000", "127 octets announced"),
        ("13 0200 01 00", "an empty structure"),
        ("13 010000 11 01 00", "an empty array"),
        ("13 00 01 00", "null_data"),
        ("13 01ffff 01ffff 11 02 0000", "65535 elements"),
        ("13 13 06 00", "a compact array"),
        ("13" + "0201" * 3 + "11 02 0102", "3 that hold others"),
        ("13 07 00", "data type"),
        ("13" + 40 * "0201" + "11 01 00", "33 values within each other"),
    ],
)
def test_a_compact_array_that_cannot_be_is_refused_at_once(octets: str, found: str) -> None:
    """Neither empty elements without end, nor more of them than octets, nor depth without bound."""
    with pytest.raises(Malformed, match=found) as error:
        _value(octets)
    assert error.value.where.startswith("offset ")

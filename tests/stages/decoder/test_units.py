"""NAL units are found by start codes or lengths, and their bytes go in and out of emulation prevention."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stages.decoder.units import escaped, is_referred_to, length_bytes, payload, units


def found(data: bytes, lengths: int) -> list[bytes]:
    return [data[begin:end] for begin, end in units(data, lengths)]


def test_units_lie_between_start_codes_of_three_or_four_bytes() -> None:
    assert found(b"\0\0\0\1\x67ab\0\0\1\x68c\0\0\0\1\x65d", 0) == [b"\x67ab", b"\x68c", b"\x65d"]


def test_zeros_behind_a_unit_are_none_of_it() -> None:
    assert found(b"\0\0\1\x65a\0\0\0", 0) == [b"\x65a"]
    assert found(b"\0\0\1", 0) == []


def test_units_lie_behind_their_lengths() -> None:
    assert found(b"\0\0\0\2ab\0\0\0\1c", 4) == [b"ab", b"c"]
    assert found(b"\0\2ab\0\1c", 2) == [b"ab", b"c"]


def test_a_unit_that_is_cut_off_ends_the_list() -> None:
    assert found(b"\0\0\0\2ab\0\0\0\7c", 4) == [b"ab"]
    assert found(b"\0\0\0\0\0\0\0\1c", 4) == []


def test_a_length_that_looks_like_a_start_code_is_a_length() -> None:
    unit = b"\x61" * 0x100
    assert found(b"\0\0\1\0" + unit, 4) == [unit]


def test_what_stands_before_each_unit_is_told_by_the_extradata() -> None:
    assert length_bytes(b"\1\x4d\0\x1e\xff\xe1\0") == 4
    assert length_bytes(b"\1\x4d\0\x1e\xfd\xe1\0") == 2
    assert length_bytes(b"\0\0\0\1\x67\0\0\0") == 0
    assert length_bytes(b"") == 0


@given(st.lists(st.sampled_from([b"\0", b"\1", b"\3", b"\xff"]), min_size=1).map(b"".join))
def test_what_is_escaped_holds_no_start_code_and_comes_back(raw: bytes) -> None:
    unit = escaped(raw)
    assert not any(code in unit for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))
    assert not unit.endswith(b"\0")
    assert payload(unit) == raw if not raw.endswith(b"\0") else payload(unit).rstrip(b"\3") == raw


def test_an_h264_packet_says_whether_others_refer_to_its_picture() -> None:
    sei, referred, alone = b"\x06\x01", b"\x41\x9a", b"\x01\x9e"
    packets = [[referred], [alone], [sei, alone], [alone, referred], [sei], [b"\x68\xce", alone]]
    found = [is_referred_to(b"".join(b"\0\0\1" + unit for unit in packet), 0) for packet in packets]
    assert found == [True, False, False, True, True, True]

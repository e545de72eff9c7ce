"""Syntax elements are read bit by bit, and what ends too early is malformed."""

from __future__ import annotations

import pytest
from h264_writing import packed, se, u, ue
from hypothesis import given
from hypothesis import strategies as st

from stages.decoder.h264.bits import Bits, Malformed


@given(st.lists(st.tuples(st.sampled_from("ues"), st.integers(0, 70_000))))
def test_what_was_written_is_read(elements: list[tuple[str, int]]) -> None:
    write = {"u": lambda value: u(value, 17), "e": ue, "s": lambda value: se(35_000 - value)}
    bits = Bits(packed(*(write[kind](value) for kind, value in elements)))
    read = {"u": lambda: bits.u(17), "e": bits.ue, "s": lambda: 35_000 - bits.se()}
    assert [read[kind]() for kind, _ in elements] == [value for _, value in elements]


def test_it_tells_how_far_it_has_read() -> None:
    bits = Bits(packed(u(5, 3), ue(6)))
    bits.u(3)
    assert bits.at == 3
    bits.ue()
    assert bits.at == 8


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0\0\0\0\0\0"])
def test_a_number_that_does_not_end_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Bits(data).ue()


def test_bits_that_are_not_there_are_malformed() -> None:
    with pytest.raises(Malformed):
        Bits(b"\xff").u(9)

"""A slice header tells where the counters stand, and what happens to the pictures that are held."""

from __future__ import annotations

import pytest
from h264_writing import picture_set, se, sequence_set, slice_unit, u, ue

from stages.decoder.h264.bits import Malformed
from stages.decoder.h264.parameters import picture_set_of, sequence_of
from stages.decoder.h264.slices import FORGET, FORGET_LONG, KEEP, KEEP_THIS, MOST_LONG, Slice, picture_set_id, slice_of


def read(unit: bytes, *, weighted: bool = False, order: int = 0) -> Slice:
    return slice_of(unit, picture_set_of(picture_set(weighted=weighted))[1], sequence_of(sequence_set(order=order))[1])


def bits_at(unit: bytes, at: int, count: int) -> int:
    return int(f"{int.from_bytes(unit, 'big'):0{8 * len(unit)}b}"[at : at + count], 2)


@pytest.mark.parametrize("kind", ["I", "P", "B"])
def test_the_counters_are_where_it_says(kind: str) -> None:
    unit = slice_unit(kind, 11, 42)
    found = read(unit)
    assert (found.frame_num, found.poc) == (11, 42)
    assert bits_at(unit, found.frame_num_at, 4) == 11
    assert bits_at(unit, found.poc_at, 6) == 42
    assert found.backward == (kind == "B")


def test_without_a_counter_of_order_there_is_no_place_for_it() -> None:
    found = read(slice_unit("P", 3, None), order=2)
    assert (found.poc, found.poc_at) == (0, -1)


def test_its_picture_set_is_told() -> None:
    assert picture_set_id(slice_unit("P", 3, number=9)) == 9


def test_an_idr_picture_keeps_none_before_it_and_may_be_kept_for_long() -> None:
    assert read(slice_unit("I", 0, idr=True)).marks is None
    assert read(slice_unit("I", 0, idr=True, marks="1")).marks == ((KEEP_THIS, 0),)


def test_what_nothing_refers_to_marks_nothing() -> None:
    found = read(slice_unit("B", 3, reference=False))
    assert (found.reference, found.marks) == (False, None)


def test_all_operations_on_held_pictures_are_read() -> None:
    marks = "1" + ue(1) + ue(2) + ue(2) + ue(4) + ue(3) + ue(0) + ue(6) + ue(4) + ue(3) + ue(6) + ue(1) + ue(0)
    found = read(slice_unit("P", 3, marks=marks))
    assert found.marks == ((FORGET, 3), (FORGET_LONG, 4), (KEEP, 1, 6), (MOST_LONG, 3), (KEEP_THIS, 1))


def test_lists_in_another_order_and_tables_of_weights_are_read_over() -> None:
    entry = "1" + se(3) + se(-2) + "1" + se(1) * 4
    weights = ue(5) + ue(5) + entry + "00"
    marks = "1" + ue(1) + ue(7) + ue(0)
    unit = slice_unit("P", 3, entries=(2,), order=((0, 3), (2, 1)), weights=weights, marks=marks)
    assert read(unit, weighted=True).marks == ((FORGET, 8),)


def test_as_many_weights_are_read_as_the_picture_set_says_if_the_slice_does_not() -> None:
    weights = ue(0) + ue(0) + "00" * 3
    marks = "1" + ue(1) + ue(1) + ue(0)
    assert read(slice_unit("P", 3, weights=weights, marks=marks), weighted=True).marks == ((FORGET, 2),)


@pytest.mark.parametrize(
    "refused",
    [
        slice_unit("P", 3, marks="1" + ue(5) + ue(0)),
        slice_unit("P", 3, order=((4, 0),)),
        slice_unit("P", 3)[:2],
        b"\x61" + int(ue(0) + ue(3) + ue(0) + u(1, 8), 2).to_bytes(2, "big"),
    ],
)
def test_what_is_not_followed_is_refused(refused: bytes) -> None:
    with pytest.raises(Malformed):
        read(refused)

"""Time stamps of a segment: what a muxer would refuse never reaches it, whatever the camera sends."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.recorder.timeline import LARGEST_TICKS, JumpError, Stamps, Timeline

VIDEO, AUDIO = Fraction(1, 90000), Fraction(1, 8000)
SECOND = 1_000_000_000


def timeline(dts: int = 900_000, pts_ns: int = 0) -> Timeline:
    return Timeline([VIDEO, AUDIO], leader=0, first=0, dts=dts, pts_ns=pts_ns)


def test_a_segment_begins_at_zero_and_keeps_the_distances() -> None:
    line = timeline()
    assert line.place(0, 903_000, 900_000, 3000, 0) == Stamps(3000, 0)
    assert line.place(0, 912_000, 903_000, 3000, SECOND // 30) == Stamps(12000, 3000)
    assert line.repaired == 0


def test_sound_keeps_its_place_beside_the_picture() -> None:
    line = timeline()
    line.place(0, 900_000, 900_000, 3000, 0)
    assert line.place(1, 80_400, 80_400, 160, SECOND // 20) == Stamps(400, 400)


def test_sound_of_another_clock_is_placed_by_lecture_time() -> None:
    line = timeline(pts_ns=5 * SECOND)
    line.place(0, 900_000, 900_000, 3000, 5 * SECOND)
    assert line.place(1, 7, 7, 160, 6 * SECOND) == Stamps(8000, 8000)


def test_sound_from_before_a_segment_that_is_under_way_is_left_out() -> None:
    line = timeline()
    for n in range(10):
        line.place(0, 900_000 + 3000 * n, 900_000 + 3000 * n, 3000, n * SECOND // 30)
    assert line.place(1, 79_000, 79_000, 160, 0) is None
    assert line.place(1, 80_000, 80_000, 160, 0) == Stamps(0, 0)


def test_a_stamp_that_repeats_is_moved_on_and_counted() -> None:
    line = timeline()
    line.place(0, 900_000, 900_000, 3000, 0)
    assert line.place(0, 900_000, 900_000, 3000, 0) == Stamps(1, 1)
    assert line.place(0, 899_000, 899_000, 3000, 0) == Stamps(2, 2)
    assert line.repaired == 4, "each time dts, and pts with it"


def test_a_packet_without_a_decoding_time_follows_on_the_one_before() -> None:
    line = timeline()
    line.place(0, 900_000, 900_000, 3000, 0)
    assert line.place(0, None, None, 3000, 0) == Stamps(3000, 3000)


@pytest.mark.parametrize("dts", [900_000 - 180_000, 900_000 + 90_000 * 11])
def test_a_jump_of_the_picture_ends_the_segment(dts: int) -> None:
    line = timeline()
    line.place(0, 900_000, 900_000, 3000, 0)
    with pytest.raises(JumpError):
        line.place(0, dts, dts, 3000, 0)


def test_a_jump_of_the_sound_is_put_right_by_lecture_time() -> None:
    line = timeline()
    line.place(0, 900_000, 900_000, 3000, 0)
    line.place(1, 80_000, 80_000, 160, 0)
    assert line.place(1, 5, 5, 160, SECOND) == Stamps(8000, 8000)
    assert line.place(1, 165, 165, 160, SECOND) == Stamps(8160, 8160)


def test_stamps_beyond_all_measure_have_no_place() -> None:
    line = timeline()
    assert line.place(0, LARGEST_TICKS + 1, 900_000, 3000, 0) is None
    assert line.place(0, 900_000, -LARGEST_TICKS - 1, 3000, 0) is None


ticks = st.one_of(
    st.none(), st.integers(890_000, 960_000), st.integers(-LARGEST_TICKS * 2, LARGEST_TICKS * 2), st.just(900_000)
)


@given(
    st.lists(st.tuples(st.integers(0, 1), ticks, ticks, st.integers(0, 10**12), st.integers(0, 10**12)), max_size=30)
)
def test_what_is_placed_can_always_be_muxed(packets: list[tuple[int, int | None, int | None, int, int]]) -> None:
    line = timeline()
    last: dict[int, int] = {}
    for stream, pts, dts, duration, pts_ns in packets:
        try:
            stamps = line.place(stream, pts, dts, duration, pts_ns)
        except JumpError:
            break
        if stamps is not None:
            assert stamps.pts >= stamps.dts > last.get(stream, -(1 << 62))
            last[stream] = stamps.dts

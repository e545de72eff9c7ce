"""Stream times and sampling: exact, increasing, and right on average whatever the video's own rate."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.frame import SECOND_NS
from stages.decoder.timing import Sampler, StreamClock, ticks_to_ns

MS = 1_000_000
FRAME_NS = 40 * MS


def clock(start_ns: int | None = 0) -> StreamClock:
    return StreamClock(Fraction(1, 1000), start_ns, FRAME_NS)


@given(st.integers(-(2**62), 2**62), st.integers(1, 2**31), st.integers(1, 2**31))
def test_ticks_become_the_nearest_nanosecond_without_floating_point(ticks: int, num: int, den: int) -> None:
    exact = Fraction(ticks * num, den) * SECOND_NS
    assert abs(ticks_to_ns(ticks, Fraction(num, den)) - exact) <= Fraction(1, 2)


def test_times_are_relative_to_the_start_of_the_file() -> None:
    own = clock(start_ns=500 * MS)
    assert [own.time_ns(pts) for pts in (500, 540, 1500)] == [0, 40 * MS, 1000 * MS]


def test_without_a_start_of_the_file_the_first_timestamp_is_it() -> None:
    own = clock(start_ns=None)
    assert [own.time_ns(pts) for pts in (2500, 2540)] == [0, 40 * MS]
    late = clock(start_ns=None)
    assert [late.time_ns(pts) for pts in (None, None, 2500, 2540)] == [0, 40 * MS, 40 * MS + 1, 80 * MS]


def test_a_frame_without_a_timestamp_follows_the_one_before_it() -> None:
    own = clock()
    assert [own.time_ns(pts) for pts in (None, None, 100, None)] == [0, 40 * MS, 100 * MS, 140 * MS]
    assert own.estimated == 3


def test_time_never_stands_still_nor_goes_back() -> None:
    own = clock()
    assert [own.time_ns(pts) for pts in (0, 80, 40, 80, 120)] == [0, 80 * MS, 80 * MS + 1, 80 * MS + 2, 120 * MS]
    assert (own.reordered, own.jumps) == (2, 0)


def test_a_clock_that_is_set_back_goes_on_from_where_it_was() -> None:
    own = clock()
    times = [own.time_ns(pts) for pts in (0, 5000, 0, 40, 80)]
    assert times == [0, 5000 * MS, 5040 * MS, 5080 * MS, 5120 * MS]
    assert own.jumps == 1


def test_a_first_frame_before_the_start_of_the_file_is_the_start() -> None:
    own = clock(start_ns=5000 * MS)
    assert [own.time_ns(pts) for pts in (20, 60)] == [0, 40 * MS]
    assert (own.reordered, own.jumps) == (0, 0)


@given(st.lists(st.one_of(st.none(), st.integers(-10_000, 10_000)), max_size=40))
def test_times_increase_whatever_the_timestamps_are(pts: list[int | None]) -> None:
    own = clock()
    times = [own.time_ns(value) for value in pts]
    assert all(later > earlier for earlier, later in zip(times, times[1:], strict=False))
    assert all(value >= 0 for value in times)


def taken(rate: float, times_ns: list[int]) -> list[int]:
    sampler = Sampler(rate)
    return [index for index, t_ns in enumerate(times_ns) if sampler.take(t_ns)]


def test_rate_zero_takes_every_frame() -> None:
    assert taken(0, [0, 1, 2, 3]) == [0, 1, 2, 3]


def test_ten_of_thirty_frames_a_second_are_every_third() -> None:
    assert taken(10, [round(i * SECOND_NS / 30) for i in range(10)]) == [0, 3, 6, 9]


@pytest.mark.parametrize("fps", [10, 12, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 144])
def test_the_mean_rate_is_the_one_asked_for_at_any_frame_rate(fps: float) -> None:
    count = len(taken(10, [round(i * SECOND_NS / fps) for i in range(round(fps * 20))]))
    assert count == pytest.approx(200, abs=2)


def test_times_rounded_to_milliseconds_lose_no_frame_of_a_video_at_the_rate_itself() -> None:
    assert len(taken(15, [round(i * 1000 / 15) * MS for i in range(150)])) == 150


def test_a_slower_video_is_taken_whole() -> None:
    assert len(taken(10, [i * SECOND_NS // 7 for i in range(70)])) == 70


def test_after_a_pause_sampling_goes_on_at_once_and_does_not_catch_up() -> None:
    times = [0, 9000 * MS, 9010 * MS, 9020 * MS, 9100 * MS]
    assert taken(10, times) == [0, 1, 4]

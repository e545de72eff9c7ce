"""Which frames go on: those that are due, the last before a pause, and the last of all."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from stages.decoder.selection import Drops, Selected, selected
from stages.decoder.timing import Sampler, StreamClock

MS = 1_000_000


def frame(pts: int) -> VideoFrame:
    made = VideoFrame(2, 2, "gray")
    made.pts = pts
    return made


def run(times_ms: list[int], rate: float = 10, hold_ms: int = 0) -> tuple[list[Selected], int]:
    skipped: list[int] = []

    def drop(reason: str, count: int) -> None:
        assert reason == "rate"
        skipped.append(count)

    clock = StreamClock(Fraction(1, 1000), 0, 40 * MS)
    chosen = selected(map(frame, times_ms), clock, Sampler(rate), hold_ms * MS, drop)
    return list(chosen), sum(skipped)


def times(items: list[Selected]) -> list[int]:
    return [item.t_ns // MS for item in items]


def test_frames_that_are_not_due_are_skipped_and_counted() -> None:
    items, skipped = run([0, 50, 100, 150, 200])
    assert times(items) == [0, 100, 200]
    assert skipped == 2


def test_the_last_frame_always_goes_on() -> None:
    items, skipped = run([0, 30, 60])
    assert times(items) == [0, 60]
    assert skipped == 1


def test_the_last_frame_before_a_pause_goes_on() -> None:
    items, _ = run([0, 30, 60, 500, 600])
    assert times(items) == [0, 60, 500, 600]


def test_in_a_pause_the_picture_on_screen_is_shown_again_at_the_rate() -> None:
    items, _ = run([0, 50, 2000], hold_ms=500)
    assert times(items) == [0, 50, 100, 200, 300, 400, 500, 2000]
    assert [item.again for item in items] == [False, False, True, True, True, True, True, False]
    assert all(item.frame is items[1].frame for item in items[2:-1])


def test_repeats_end_before_the_next_frame() -> None:
    items, _ = run([0, 1250], hold_ms=10_000)
    assert times(items) == [*range(0, 1300, 100), 1250]


def test_no_frame_is_repeated_in_a_slow_video_nor_when_every_frame_is_taken() -> None:
    assert times(run([0, 1000, 2000], hold_ms=4000)[0]) == [0, 1000, 2000]
    assert times(run([0, 5000], rate=0, hold_ms=4000)[0]) == [0, 5000]


def test_the_first_frame_after_a_clock_was_set_back_is_marked() -> None:
    items, _ = run([0, 5000, 0, 100])
    assert [item.jumped for item in items] == [False, False, True, False]


def test_a_low_rate_or_times_that_stand_still_never_silence_the_source_for_long() -> None:
    items, skipped = run([index * 10 for index in range(1000)], rate=0.01)
    assert len(items) + skipped == 1000
    assert 8 <= len(items) <= 10


def test_nothing_comes_from_nothing() -> None:
    assert run([]) == ([], 0)


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=60, unique=True), st.sampled_from([0.0, 1.0, 10.0]))
def test_each_frame_is_sent_once_or_counted_and_times_increase(given_ms: list[int], rate: float) -> None:
    items, skipped = run(sorted(given_ms), rate, hold_ms=2000)
    own = [item for item in items if not item.again]
    assert len(own) + skipped == len(given_ms)
    assert times(own)[-1] == max(given_ms)
    assert all(b.t_ns > a.t_ns for a, b in zip(items, items[1:], strict=False))


def test_what_is_left_out_between_two_frames_is_told_in_sums() -> None:
    told: list[object] = []
    drops = Drops(lambda reason, count: told.append((reason, count)))

    def chosen() -> Iterator[Selected]:
        drops("rate", 2)
        drops("unchanged", 1)
        drops("rate", 3)
        yield Selected(0, frame(0))
        yield Selected(1, frame(1))
        drops("rate", 4)

    for item in drops.between(chosen()):
        told.append(item.t_ns)
    assert told == [("rate", 5), ("unchanged", 1), 0, 1, ("rate", 4)]


def test_what_was_left_out_before_the_source_failed_is_told() -> None:
    told: list[object] = []
    drops = Drops(lambda reason, count: told.append((reason, count)))

    def chosen() -> Iterator[Selected]:
        drops("rate", 2)
        raise KeyError("gone")
        yield Selected(0, frame(0))

    with pytest.raises(KeyError, match="gone"):
        list(drops.between(chosen()))
    assert told == [("rate", 2)]

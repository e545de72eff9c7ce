"""Which frames go on: those that are due, the last before a pause, and the last of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from stages.decoder.selection import Drops, Selected, selected
from stages.decoder.sparse.unchanged import Unchanged
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


@given(
    st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.booleans()), min_size=1, max_size=60),
    st.sampled_from([0.0, 2.0, 5.0, 10.0]),
    st.sampled_from([0, 1500]),
)
def test_unchanged_frames_in_a_row_are_chosen_and_counted_as_one_by_one(
    steps: list[tuple[int, bool, bool]], rate: float, hold_ms: int
) -> None:
    """``steps``: how much later each is, whether it is unchanged, and if so whether it is in the row before."""
    picture = frame(0)
    apart: list[VideoFrame | Unchanged] = []
    rows: list[VideoFrame | Unchanged] = []
    now = 0
    for later, unchanged, joins in steps:
        now += later
        apart.append(Unchanged((now,), picture, 1) if unchanged else frame(now))
        last = rows[-1] if rows else None
        if unchanged and joins and isinstance(last, Unchanged):
            rows[-1] = Unchanged((*last.all_pts, now), picture, 1)
        else:
            rows.append(apart[-1])
    assert chosen_and_dropped(apart, rate, hold_ms) == chosen_and_dropped(rows, rate, hold_ms)


def chosen_and_dropped(
    frames: list[VideoFrame | Unchanged], rate: float, hold_ms: int
) -> tuple[list[tuple[int, bool, bool]], Counter[str]]:
    dropped: Counter[str] = Counter()

    def drop(reason: str, count: int) -> None:
        dropped[reason] += count

    clock = StreamClock(Fraction(1, 1000), 0, 40 * MS)
    items = list(selected(iter(frames), clock, Sampler(rate), hold_ms * MS, drop))
    return [(item.t_ns, item.again, isinstance(item.frame, Unchanged)) for item in items], dropped

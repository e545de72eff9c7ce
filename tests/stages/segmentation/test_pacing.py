"""Which frames get a mask of their own."""

from __future__ import annotations

import pytest

from pipeline.frame import SECOND_NS
from stages.segmentation.pacing import Pace

MS = SECOND_NS // 1000


def due(pace: Pace, *times_ms: int) -> list[int]:
    return [each for each in times_ms if pace.due(each * MS)]


def test_the_first_frame_gets_one_and_then_one_at_each_multiple() -> None:
    assert due(Pace(2.0), *range(0, 2001, 100)) == [0, 500, 1000, 1500, 2000]


def test_multiples_are_counted_from_the_first_frame() -> None:
    assert due(Pace(2.0), *range(130, 1500, 100)) == [130, 630, 1130]


def test_a_late_frame_does_not_move_those_after_it() -> None:
    assert due(Pace(2.0), 0, 400, 730, 800, 990, 1000, 1490, 1500) == [0, 730, 1000, 1500]


def test_after_a_pause_there_is_one_and_none_is_made_up_for() -> None:
    assert due(Pace(2.0), 0, 7010, 7100, 7500) == [0, 7010, 7500]


@pytest.mark.parametrize("rate", [3.0, 7.0, 29.97])
def test_frames_at_the_instants_themselves_all_get_one(rate: float) -> None:
    pace, period_ns = Pace(rate), round(SECOND_NS / rate)
    assert all(pace.due(12_345 + step * period_ns) for step in range(2000))


def test_more_masks_than_frames_are_one_a_frame() -> None:
    assert due(Pace(60.0), *range(0, 1000, 100)) == list(range(0, 1000, 100))


def test_counting_begins_anew_after_a_restart() -> None:
    pace = Pace(2.0)
    due(pace, 0, 100)
    pace.restart()
    assert due(pace, 200, 500, 600, 700) == [200, 700]


def test_time_that_is_counted_differently_moves_the_instants() -> None:
    pace = Pace(2.0)
    due(pace, 0, 100)
    pace.shift(10_000 * MS)
    assert due(pace, 10_400, 10_500, 10_900, 11_000) == [10_500, 11_000]

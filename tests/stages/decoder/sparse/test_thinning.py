"""Of a stretch without change the stages see its beginning, its end, and that time passes."""

from __future__ import annotations

from itertools import pairwise

from av.video.frame import VideoFrame

from pipeline.frame import SECOND_NS
from stages.decoder.selection import Selected
from stages.decoder.sparse.thinning import HOLD_NS, LEAD_NS, LONGEST_STEP_NS, STEP_NS, thinned
from stages.decoder.sparse.unchanged import Unchanged

STEP = SECOND_NS // 10
FRAME = VideoFrame(2, 2, "gray")


def thin(items: list[Selected]) -> tuple[list[Selected], int]:
    dropped: list[int] = []
    passed = list(thinned(iter(items), lambda reason, count: dropped.append(count)))
    return passed, sum(dropped)


def still(begin: int, end: int, stretch: int = 1) -> list[Selected]:
    return [Selected(index * STEP, Unchanged((index,), FRAME, stretch)) for index in range(begin, end)]


def test_decoded_frames_all_go_on() -> None:
    items = [Selected(index * STEP, FRAME) for index in range(500)]
    assert thin(items) == (items, 0)


def test_the_beginning_and_the_end_are_whole_and_the_middle_is_thin() -> None:
    items = still(0, 600)
    passed, dropped = thin(items)
    assert len(passed) + dropped == 600
    hold, lead = HOLD_NS // STEP + 1, LEAD_NS // STEP + 1
    assert passed[:hold] == items[:hold]
    assert passed[-lead:] == items[-lead:]
    middle = passed[hold:-lead]
    assert middle[0].t_ns - passed[hold - 1].t_ns == STEP_NS
    steps = [after.t_ns - before.t_ns for before, after in pairwise(middle)]
    assert steps == sorted(steps)
    assert steps[-1] == LONGEST_STEP_NS


def test_a_change_between_two_stretches_begins_anew() -> None:
    items = [*still(0, 100), *still(100, 200, stretch=2)]
    passed, _ = thin(items)
    times = {item.t_ns for item in passed}
    begin, end = 100 - LEAD_NS // STEP, 100 + HOLD_NS // STEP
    assert {item.t_ns for item in items[begin : end + 1]} <= times
    assert len(passed) < 100


def test_short_stretches_are_whole() -> None:
    items = still(0, 25)
    assert thin(items) == (items, 0)

"""What the trigger says of the time between captures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playthings import picture

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item
from pipeline.testing import Harness, events_of, frames_of
from stages.presenter import Presenter, carrying
from stages.trigger import Trigger
from stages.trigger.machine import Machine, Phase, Rules
from stages.trigger.trace import Stretch, Trace

CAPS = Caps.of("video/motion", picture_width=16, picture_height=8)
RULES = Rules("settle", 0.2, 0.2, SECOND_NS // 2, 0, "last")
TENTH = SECOND_NS // 10


def stretches(percents: list[float | None], every_ns: int = TENTH, rules: Rules = RULES) -> list[Stretch]:
    """All of a stream that begins at 0."""
    trace, machine = Trace(rules), Machine(rules)
    for number, percent in enumerate(percents):
        machine.step(number * every_ns, percent)
        trace.see(number * every_ns, machine.phase, percent)
    trace.cut()
    return told(trace)


def told(trace: Trace) -> list[Stretch]:
    data: Any = trace.told()
    return [] if data is None else [Stretch(*fields) for fields in data["stretches"]]


def test_a_stretch_without_rest_says_how_much_moved_and_for_how_long_it_did_not() -> None:
    (stretch,) = stretches([5.0, 7.0, 0.1, 0.0, 0.0, 0.15, 3.0])
    assert (stretch.frames, stretch.moving, stretch.settled, stretch.unknown) == (7, 3, 0, 0)
    assert (stretch.least, stretch.most) == (0.0, 7.0)
    assert stretch.calm_ns == 3 * TENTH


def test_a_view_that_settles_begins_a_stretch_and_so_does_the_motion_that_ends_it() -> None:
    made = stretches([5.0] * 20 + [0.0] * 40 + [5.0] * 20)
    assert [stretch.start_pts_ns // TENTH for stretch in made] == [0, 25, 60]
    assert [stretch.settled for stretch in made] == [0, 35, 0]
    assert [stretch.end_pts_ns // TENTH for stretch in made] == [25, 60, 79]


def test_time_without_motion_is_counted_across_stretches() -> None:
    slow = Rules("settle", 0.2, 0.2, 30 * SECOND_NS, 0, "last")
    made = stretches([5.0] * 50 + [0.0] * 100, rules=slow)
    assert [stretch.calm_ns // SECOND_NS for stretch in made] == [4, 9]


def test_what_is_not_known_is_counted_and_has_no_percent() -> None:
    (stretch,) = stretches([None] * 5)
    assert (stretch.frames, stretch.unknown, stretch.moving) == (5, 5, 0)
    assert stretch.least is stretch.most is None


def test_an_hour_of_one_slide_is_a_stretch_a_minute_and_one_of_motion_six() -> None:
    assert len(stretches([0.0] * 3600, SECOND_NS)) <= 61
    assert len(stretches([9.0] * 3600, SECOND_NS)) <= 361


def test_a_view_that_settles_and_moves_all_the_time_is_no_more_than_a_stretch_a_second() -> None:
    hasty = Rules("settle", 0.2, 0.2, 0, 0, "first")
    made = stretches([0.0, 9.0] * 300, rules=hasty)
    assert len(made) <= 61
    assert sum(stretch.frames for stretch in made) == 600


def test_the_largest_mask_of_a_stretch_is_kept() -> None:
    trace = Trace(RULES)
    for number, hidden in enumerate((0.1, 0.7, 0.2)):
        trace.see(number * TENTH, Phase.MOVING, 5.0, hidden)
    trace.cut()
    assert [stretch.hidden for stretch in told(trace)] == [0.7]


def test_what_waits_is_told_once() -> None:
    trace = Trace(RULES)
    trace.see(0, Phase.MOVING, 5.0)
    trace.cut()
    assert len(told(trace)) == 1
    assert told(trace) == []


def harness() -> Harness:
    made = Harness(Trigger, settle_time=0.5, picture="last")
    made.caps(CAPS)
    return made


def push(made: Harness, seconds: range, percent: float) -> list[Item]:
    frames = [Frame(s, s * SECOND_NS, CAPS, meta={"foreground_percent": percent}) for s in seconds]
    return [item for frame in frames for item in made.push(frame)]


def test_the_trace_goes_out_when_a_view_is_left() -> None:
    made = harness()
    push(made, range(3), 5.0)
    assert events_of(push(made, range(3, 10), 0.0), EventKind.TRACE) == []
    (event,) = events_of(push(made, range(10, 11), 5.0), EventKind.TRACE)
    data: Any = event.data
    assert data["rules"]["settle_time_ns"] == SECOND_NS // 2
    assert [Stretch(*fields).start_pts_ns // SECOND_NS for fields in data["stretches"]] == [0, 4]


def test_a_trace_of_nothing_but_motion_goes_out_once_a_minute() -> None:
    events = events_of(push(harness(), range(600), 5.0), EventKind.TRACE)
    assert 8 <= len(events) <= 11


@pytest.mark.parametrize("kind", [EventKind.GAP, EventKind.LECTURE_STOP])
def test_a_hole_and_the_end_of_a_lecture_bring_the_rest_before_them(kind: EventKind) -> None:
    made = harness()
    push(made, range(3), 5.0)
    items = made.event(Event(kind, 3 * SECOND_NS))
    assert [item.kind for item in items if isinstance(item, Event)] == [EventKind.TRACE, kind]


def test_the_end_of_the_stream_brings_the_rest() -> None:
    made = harness()
    push(made, range(3), 5.0)
    assert len(events_of(made.eos(), EventKind.TRACE)) == 1


def test_who_stands_before_a_view_and_what_never_rests_are_in_the_trace() -> None:
    made = Harness(Trigger, settle_time=0.5, picture="last", max_unsettled=5.0)
    made.caps(CAPS)
    mask = np.zeros((8, 16), np.uint8)
    mask[:, :4] = 255
    items: list[Item] = []
    for second in range(9):
        frame = Frame(second, second * SECOND_NS, CAPS, meta={"foreground_percent": 7.0}, image=picture(1, 16, 8))
        items += made.push(carrying(frame, (), Presenter(mask)))
    assert len(frames_of(items)) == 1  # nothing settled, and its calmest moment was captured
    assert events_of(items, EventKind.TRACE) == []  # one stretch, and it goes on
    (event,) = events_of(made.eos(), EventKind.TRACE)
    data: Any = event.data
    assert data["rules"]["max_unsettled_ns"] == 5 * SECOND_NS
    assert [Stretch(*fields).hidden for fields in data["stretches"]] == [0.25]

"""What the trigger makes of holes, connections and lectures: nothing pending is lost, the next view is a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playthings import picture
from untraced import Untraced

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Flags, Frame, Item
from pipeline.testing import Harness, events_of, frames_of
from stages.trigger import Trigger

CAPS = Caps.of("video/motion", picture_width=16, picture_height=8)
TENTH = 100_000_000
START = {"lecture": "monday", "folder": "/lectures/monday", "zero_ns": 5}
EVENTS = [
    Event(EventKind.GAP, 0, {"reason": "lost"}),
    Event(EventKind.EPOCH, 0, {"epoch": 1}),
    Event(EventKind.LECTURE_STOP, 0, {"lecture": "monday"}),
    Event(EventKind.LECTURE_START, 0, START),
]


def frame(tenths: int, percent: float | None = 0.0, flags: Flags = Flags.NONE) -> Frame:
    return Frame(tenths, tenths * TENTH, CAPS, (), picture(tenths, 16, 8), {"foreground_percent": percent}, flags)


def harness(**properties: object) -> Harness:
    made = Untraced(Trigger, **{"settle_time": 0.5, "picture": "both", **properties})
    made.caps(CAPS)
    return made


def push(made: Harness, frames: range, percent: float = 0.0) -> list[Item]:
    return [item for tenths in frames for item in made.push(frame(tenths, percent))]


def kinds(items: list[Item]) -> list[str]:
    return ["capture" if isinstance(item, Frame) else item.kind.value for item in items]


def reasons(items: list[Item]) -> list[Any]:
    return [item.meta["capture"]["reason"] for item in frames_of(items)]  # type: ignore[call-overload, index]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind.value)
def test_what_is_pending_goes_before_the_event(event: Event) -> None:
    made = harness()
    push(made, range(20))
    items = made.event(event)
    assert kinds(items) == ["capture", "visit-end", event.kind.value]
    assert reasons(items) == ["left"]
    assert made.ledger.held == made.ledger.missing == 0


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind.value)
def test_a_view_that_had_not_settled_is_flushed_too(event: Event) -> None:
    made = harness()
    push(made, range(4), 7.0)
    items = made.event(event)
    assert kinds(items) == ["capture", "visit-end", event.kind.value]
    assert reasons(items) == ["flush"]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind.value)
def test_what_is_on_screen_afterwards_is_a_new_view(event: Event) -> None:
    made = harness()
    push(made, range(20))
    made.event(event)
    assert [item.seq for item in frames_of(push(made, range(20, 30)))] == [25]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind.value)
@pytest.mark.parametrize("how", ["first", "last", "both"])
def test_before_the_first_frame_an_event_only_passes(event: Event, how: str) -> None:
    assert harness(picture=how).event(event) == [event]


def test_an_epoch_after_its_gap_adds_nothing() -> None:
    made = harness()
    push(made, range(20))
    made.event(EVENTS[0])
    assert made.event(EVENTS[1]) == [EVENTS[1]]


def test_the_same_lecture_announced_again_changes_nothing() -> None:
    made = harness()
    made.event(EVENTS[3])
    push(made, range(20))
    assert made.event(EVENTS[3]) == [EVENTS[3]]
    assert frames_of(push(made, range(20, 40))) == []


def test_a_lecture_that_was_stopped_can_begin_again() -> None:
    made = harness()
    made.event(EVENTS[3])
    made.event(EVENTS[2])
    push(made, range(20))
    assert kinds(made.event(EVENTS[3])) == ["capture", "visit-end", "lecture-start"]


def test_a_lecture_has_a_time_of_its_own_and_its_first_view() -> None:
    made = harness()
    push(made, range(1000, 1020))
    made.event(EVENTS[3])
    items = push(made, range(3, 20))
    (capture,) = frames_of(items)
    assert kinds(items) == ["capture"]
    assert (capture.pts_ns, reasons(items)) == (8 * TENTH, ["first-view"])
    meta: Any = capture.meta["capture"]
    assert meta["start_pts_ns"] == 3 * TENTH


def test_a_frame_after_a_break_begins_a_new_view_also_without_an_event() -> None:
    made = harness()
    push(made, range(20))
    items = made.push(frame(50, flags=Flags.DISCONT))
    assert kinds(items) == ["capture", "visit-end"]
    assert [end.pts_ns for end in events_of(items, EventKind.VISIT_END)] == [19 * TENTH]
    assert [item.seq for item in frames_of(push(made, range(51, 60)))] == [55]


def test_time_that_goes_back_is_a_break() -> None:
    made = harness()
    push(made, range(100, 120))
    assert kinds(made.push(frame(7))) == ["capture", "visit-end"]
    assert [item.seq for item in frames_of(push(made, range(8, 20)))] == [12]


@pytest.mark.parametrize("margin", [0.0, 0.6])
def test_time_that_stands_still_captures_nothing_twice(margin: float) -> None:
    made = harness(margin=margin)
    items = [item for _ in range(20) for item in made.push(frame(3))]
    assert items == []
    items = push(made, range(4, 9)) + [item for _ in range(20) for item in made.push(frame(8))]
    assert [item.seq for item in frames_of(items)] == [8]
    assert kinds(made.push(replace(frame(8), meta={"foreground_percent": 9.0}))) == ["visit-end"]


@pytest.mark.parametrize("settle_time", [0.0, 0.3, 0.5, 1.2])
def test_a_view_is_captured_with_the_frame_a_settle_time_after_motion_has_ended(settle_time: float) -> None:
    made = harness(settle_time=settle_time, min_dwell=1.2)
    push(made, range(20))
    push(made, range(20, 33), 12.0)
    captures = frames_of(push(made, range(33, 60)))
    assert [item.pts_ns for item in captures] == [33 * TENTH + round(settle_time * 10) * TENTH]


actions = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 9), st.one_of(st.none(), st.sampled_from([0.0, 0.1, 5.0]), st.floats(0, 100))),
        st.sampled_from(EVENTS),
        st.integers(-30, -1),
    ),
    max_size=60,
)


@given(actions, st.sampled_from([("settle", "first"), ("settle", "last"), ("settle", "both"), ("delay", "first")]))
def test_whatever_comes_every_visit_has_captures_and_an_end_and_every_frame_is_accounted_for(
    coming: list[Any], how: tuple[str, str]
) -> None:
    made = harness(policy=how[0], picture=how[1])
    tenths, items = 0, []
    for action in coming:
        if isinstance(action, Event):
            items += made.event(action)
        elif isinstance(action, int):
            tenths = max(0, tenths + action)
        else:
            tenths += action[0]
            items += made.push(frame(tenths, action[1]))
        assert made.ledger.missing == 0
        if isinstance(action, Event) and action.kind is not EventKind.LECTURE_START:
            assert made.ledger.held == 0
    items += made.eos()
    assert made.ledger.missing == made.ledger.held == 0
    open_since: int | None = None
    for item in items:
        if isinstance(item, Frame):
            assert open_since is None or item.pts_ns > open_since
            open_since = item.pts_ns
        elif item.kind is EventKind.VISIT_END:
            assert open_since is not None
            assert item.pts_ns >= open_since
            open_since = None
    assert open_since is None

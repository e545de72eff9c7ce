"""The trigger as a stage: captures carry pictures and reasons, visits end, and every frame is accounted for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playthings import picture
from untraced import Untraced

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import Event, EventKind, Frame, Item, Picture
from pipeline.testing import Harness, events_of, frames_of
from stages.presenter import Presenter, carrying
from stages.trigger import Trigger
from stages.unseen import unseen

CAPS = Caps.of("video/motion", picture_width=16, picture_height=8)
TENTH = 100_000_000


def frame(seq: int, percent: float | None, image: bool = True) -> Frame:
    shown = picture(seq, 16, 8) if image else None
    return Frame(seq, seq * TENTH, CAPS, (), shown, {"foreground_percent": percent})


def harness(**properties: object) -> Harness:
    made = Untraced(Trigger, **{"settle_time": 0.5, **properties})
    made.caps(CAPS)
    return made


def push(made: Harness, percents: list[float | None]) -> list[Item]:
    return [item for seq, percent in enumerate(percents) for item in made.push(frame(seq, percent))]


def capture_of(item: Frame) -> Any:
    return item.meta["capture"]


def test_a_capture_has_a_picture_of_its_own_and_says_why() -> None:
    (capture,) = frames_of(push(harness(), [0.0] * 10))
    assert isinstance(capture.image, Picture)
    assert int(capture.image.planes[0][0, 0]) == capture.seq == 5
    assert capture_of(capture)["reason"] == "first-view"
    assert capture_of(capture)["start_pts_ns"] == 0
    assert capture.caps.media == "slide/capture"


@pytest.mark.parametrize("shown", ["first", "both"])
def test_the_picture_of_a_view_that_settles_is_of_a_frame_that_was_looked_at(shown: str) -> None:
    """Motion is measured on every second frame: what is on the others is not known yet."""
    made = harness(picture=shown)
    captures: list[Frame] = []
    for seq in range(8):
        each = frame(seq, 0.0 if seq < 6 else 5.0)
        looked_at = {**each.meta, "foreground_pts_ns": (seq - seq % 2) * TENTH}
        captures += frames_of(made.push(replace(each, meta=looked_at)))
    (capture,) = captures
    assert isinstance(capture.image, Picture)
    assert int(capture.image.planes[0][0, 0]) == capture.seq == 4
    assert capture_of(capture)["start_pts_ns"] == 0
    made.eos()
    assert made.ledger.missing == made.ledger.held == 0


def test_the_end_of_a_visit_is_told_when_motion_begins() -> None:
    items = push(harness(), [0.0] * 10 + [5.0] * 3)
    (end,) = events_of(items, EventKind.VISIT_END)
    assert end.pts_ns == 10 * TENTH


def test_at_the_end_a_pending_view_is_captured_and_its_visit_closed() -> None:
    made = harness()
    push(made, [0.0] * 10 + [5.0, 3.0, 4.0])
    items = made.eos()
    (capture,) = frames_of(items)
    assert capture.seq == 11
    assert capture_of(capture)["reason"] == "flush"
    assert events_of(items, EventKind.VISIT_END)
    assert made.ledger.missing == made.ledger.held == 0


def test_a_hole_in_the_stream_flushes_like_the_end() -> None:
    made = harness()
    push(made, [5.0, 5.0, 5.0])
    items = made.event(Event(EventKind.GAP, 3 * TENTH))
    assert len(frames_of(items)) == 1
    assert [item.kind for item in items if isinstance(item, Event)] == [EventKind.VISIT_END, EventKind.GAP]


def test_a_lost_picture_is_counted_and_the_next_calm_frame_is_captured() -> None:
    made = harness()
    push(made, [0.0] * 5)
    assert made.push(frame(5, 0.0, image=False)) == []
    assert made.context.drops["no-picture"] == 1
    captures = [item for seq in range(6, 15) for item in made.push(frame(seq, 0.0))]
    assert len(frames_of(captures)) == 1


def test_an_empty_stream_gives_nothing() -> None:
    assert harness().eos() == []


def test_with_last_the_picture_is_from_before_the_motion_that_ends_the_view() -> None:
    items = push(harness(picture="last", margin=0.6), [0.0] * 30 + [5.0] * 3)
    capture, end = items
    assert isinstance(capture, Frame)
    assert isinstance(end, Event)
    assert 30 - 18 <= capture.seq <= 30 - 6
    assert capture_of(capture)["reason"] == "first-view"
    assert capture_of(capture)["start_pts_ns"] == 0
    assert (end.kind, end.pts_ns) == (EventKind.VISIT_END, 30 * TENTH)


def test_with_last_what_is_added_too_slowly_to_be_motion_is_on_the_picture_at_the_end() -> None:
    made = harness(picture="last", margin=0.6)
    assert push(made, [0.0] * 60) == []
    capture, end = made.eos()
    assert isinstance(capture, Frame)
    assert capture.seq >= 60 - 6
    assert isinstance(end, Event)
    assert end.kind is EventKind.VISIT_END


def test_with_last_the_picture_of_a_view_that_is_left_as_it_settles_is_from_the_calm_frame_before() -> None:
    made = harness(picture="last", margin=0.6, settle_percent=0.2, start_percent=0.2)
    first, second = frames_of(push(made, [0.0] * 6 + [5.0] * 3 + [0.1] * 6 + [5.0] * 3))
    assert (first.seq, second.seq) == (4, 13)
    assert capture_of(second)["start_pts_ns"] == 9 * TENTH
    made.eos()
    assert made.ledger.missing == made.ledger.held == 0


def test_with_last_a_calm_frame_of_an_earlier_rest_is_not_the_picture_of_a_view() -> None:
    made = harness(picture="last", margin=0.6, settle_percent=0.2, start_percent=0.2)
    (capture,) = frames_of(push(made, [0.0] * 3 + [5.0] * 3 + [0.1] * 6 + [5.0]))
    assert capture.seq == 11, "of this rest no frame was kept before it settled"
    made.eos()
    assert made.ledger.missing == made.ledger.held == 0


def test_with_last_a_view_whose_pictures_were_lost_is_captured_from_the_next_calm_frame() -> None:
    made = harness(picture="last")
    for seq in range(8):
        made.push(frame(seq, 0.0, image=False))
    made.push(frame(8, 0.0))
    (capture,) = frames_of(made.push(frame(9, 5.0)))
    assert capture.seq == 8
    assert made.ledger.dropped["no-picture"] == 8


@pytest.mark.parametrize("picture", ["last", "both"])
def test_last_and_both_need_a_policy_that_knows_when_a_view_is_left(picture: str) -> None:
    with pytest.raises(ConfigError, match=f"picture = {picture} needs policy = settle"):
        harness(policy="delay", picture=picture)


def test_with_both_a_view_is_captured_as_it_settles_and_again_before_its_visit_ends() -> None:
    early, late, end = push(harness(picture="both"), [0.0] * 30 + [5.0] * 3)
    assert isinstance(early, Frame)
    assert isinstance(late, Frame)
    assert isinstance(end, Event)
    assert (early.seq, capture_of(early)["reason"]) == (5, "first-view")
    assert (capture_of(late)["reason"], capture_of(late)["start_pts_ns"]) == ("left", 0)
    assert 30 - 18 <= late.seq <= 30 - 6
    assert (end.kind, end.pts_ns) == (EventKind.VISIT_END, 30 * TENTH)


def test_with_both_a_view_that_is_left_at_once_is_captured_once() -> None:
    items = push(harness(picture="both"), [0.0] * 10 + [5.0] * 3)
    assert [item.seq for item in frames_of(items)] == [5]
    assert len(events_of(items, EventKind.VISIT_END)) == 1


def test_with_both_what_was_added_slowly_is_on_the_picture_at_the_end() -> None:
    made = harness(picture="both")
    push(made, [0.0] * 60)
    late, end = made.eos()
    assert isinstance(late, Frame)
    assert isinstance(end, Event)
    assert late.seq >= 60 - 6
    assert capture_of(late)["reason"] == "left"


def test_with_both_a_view_whose_later_pictures_were_lost_was_captured_anyway() -> None:
    made = harness(picture="both")
    push(made, [0.0] * 6)
    for seq in range(6, 30):
        made.push(frame(seq, 0.0, image=False))
    (end,) = made.push(frame(30, 5.0))
    assert isinstance(end, Event)
    assert made.ledger.missing == made.ledger.held - 1 == 0  # the frame of the motion is the next candidate


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1), st.floats(0, 100)), max_size=60),
    st.sampled_from([("settle", "first"), ("settle", "last"), ("settle", "both"), ("delay", "first")]),
)
def test_every_frame_is_sent_dropped_or_held_at_every_moment_and_none_is_held_at_the_end(
    percents: list[float | None], how: tuple[str, str]
) -> None:
    made = harness(policy=how[0], picture=how[1])
    items: list[Item] = []
    for seq, percent in enumerate(percents):
        items += made.push(frame(seq, percent))
        assert made.ledger.missing == 0
        assert made.ledger.held in (0, 1, 2)
    items += made.eos()
    assert made.ledger.missing == made.ledger.held == 0
    assert (made.ledger.sent > 0) == (len(percents) > 0)
    # each visit is a capture, with both perhaps another, and its end
    visits = "".join("c" if isinstance(item, Frame) else "e" for item in items)
    assert re.fullmatch("(cc?e)*" if how[1] == "both" else "(ce)*", visits)
    times = [item.pts_ns for item in frames_of(items)]
    assert times == sorted(set(times))


@pytest.mark.parametrize("hiding", [False, True])
def test_a_picture_that_changes_unseen_ends_no_view_and_lets_none_settle(hiding: bool) -> None:
    made = harness()

    def shown(seq: int, percent: float | None) -> Frame:
        if percent is not None:
            return frame(seq, percent)
        mask = Presenter(np.full((8, 16), 255, np.uint8)) if hiding else None
        return carrying(unseen(frame(seq, None)), (), mask)

    settling = [0.0, 0.0, 0.0, None, 0.0, 0.0, 0.0, 0.0]
    assert not frames_of([item for seq, percent in enumerate(settling) for item in made.push(shown(seq, percent))])
    (capture,) = frames_of([item for seq in (8, 9) for item in made.push(shown(seq, 0.0))])
    assert capture.seq == 9
    assert not [item for seq in (10, 11) for item in made.push(shown(seq, None))]

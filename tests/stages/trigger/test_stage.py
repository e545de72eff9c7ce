"""The trigger as a stage: captures carry pictures and reasons, visits end, and every frame is accounted for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from playthings import picture

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item, Picture
from pipeline.testing import Harness, events_of, frames_of
from stages.trigger import Trigger

CAPS = Caps.of("video/motion", picture_width=16, picture_height=8)
TENTH = 100_000_000


def frame(seq: int, percent: float | None, image: bool = True) -> Frame:
    shown = picture(seq, 16, 8) if image else None
    return Frame(seq, seq * TENTH, CAPS, (), shown, {"foreground_percent": percent})


def harness(**properties: object) -> Harness:
    made = Harness(Trigger, **{"settle_time": 0.5, **properties})
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


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1), st.floats(0, 100)), max_size=60),
    st.sampled_from(["settle", "delay"]),
)
def test_every_frame_is_sent_dropped_or_held_at_every_moment_and_none_is_held_at_the_end(
    percents: list[float | None], policy: str
) -> None:
    made = harness(policy=policy)
    for seq, percent in enumerate(percents):
        made.push(frame(seq, percent))
        assert made.ledger.missing == 0
        assert made.ledger.held in (0, 1)
    made.eos()
    assert made.ledger.missing == made.ledger.held == 0
    assert (made.ledger.sent > 0) == (len(percents) > 0)

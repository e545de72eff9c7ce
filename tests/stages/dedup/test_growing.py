"""Slides that are built up: held until they are left, shown in their final state, one visit for all of it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture, Plane
from pipeline.testing import Harness, events_of, frames_of
from stages.dedup import Dedup

CAPS = Caps.of("slide/capture")
FINAL = {"distance": 36, "confirm": "content", "builds": "final"}


def slide(*lines: str, bar: bool = False) -> Plane:
    image = np.full((180, 320, 3), 240, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (15, 30 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 120), 2)
    if bar:
        for column in range(10):
            cv2.putText(image, "X", (15 + 30 * column, 172), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 90, 0), 2)
    return image


A1, A2, A3 = (slide(*("alpha beta", "gamma delta", "rho sigma tau")[:n]) for n in (1, 2, 3))
B, C = slide("one two", "three four", "five six"), slide("WWWW MMM", "QQQ", "zz")


class Lecture:
    """Views one after the other, each with its capture at its end and the end of its visit."""

    def __init__(self, **properties: object) -> None:
        self.harness = Harness(Dedup, **(properties or FINAL))
        self.harness.caps(CAPS)
        self.now_ns = 0
        self.seq = 0

    def view(self, image: Plane, seconds: float = 5.0) -> list[Item]:
        captured = self.capture(image, seconds)
        return [*captured, *self.harness.event(Event(EventKind.VISIT_END, self.now_ns))]

    def capture(self, image: Plane, seconds: float = 5.0) -> list[Item]:
        start, self.now_ns = self.now_ns, self.now_ns + round(seconds * SECOND_NS)
        picture = Picture(Layout("bgr24", 320, 180), (image,))
        frame = Frame(
            self.seq, self.now_ns, CAPS, (), picture, {"capture": {"start_pts_ns": start, "reason": "settled"}}
        )
        self.seq += 1
        return self.harness.push(frame)

    def all(self, *views: Plane) -> list[Item]:
        return [*(item for image in views for item in self.view(image)), *self.harness.eos()]


def told(items: list[Item]) -> list[tuple[int, str]]:
    return [(page_of(frame)["slide"], page_of(frame)["decision"]) for frame in frames_of(items)]


def page_of(frame: Frame) -> Any:
    return frame.meta["page"]


def shown(frame: Frame) -> Plane:
    assert isinstance(frame.image, Picture)
    return frame.image.planes[0]


def test_a_slide_that_is_built_up_is_one_page_in_its_final_state() -> None:
    items = Lecture().all(A1, A2, A3, B)
    assert told(items) == [(1, "new"), (2, "new")]
    assert np.array_equal(shown(frames_of(items)[0]), A3)


def test_its_visit_begins_with_the_first_state_and_ends_with_the_last() -> None:
    items = Lecture().all(A1, A2, A3, B)
    page = frames_of(items)[0]
    capture: Any = page.meta["capture"]
    assert capture["start_pts_ns"] == 0
    assert page.pts_ns == 15 * SECOND_NS
    assert [event.pts_ns for event in events_of(items, EventKind.VISIT_END)] == [15 * SECOND_NS, 20 * SECOND_NS]
    assert [isinstance(item, Frame) for item in items] == [True, False, True, False]


@pytest.mark.parametrize("again", [A3, A1], ids=["fuller", "earlier"])
def test_the_end_of_a_visit_that_went_on_is_not_told(again: Plane) -> None:
    lecture = Lecture()
    lecture.view(A2)
    lecture.capture(again)
    page, *rest = lecture.harness.event(Event(EventKind.GAP, lecture.now_ns))
    assert isinstance(page, Frame)
    assert [event.kind for event in rest if isinstance(event, Event)] == [EventKind.GAP]


def test_the_reason_counts_the_states() -> None:
    page = page_of(frames_of(Lecture().all(A1, A2, A3, B))[0])
    assert page["states"] == 3
    assert page["why"] == "the first slide; the last of 3 states"


def test_without_builds_each_state_is_a_page() -> None:
    assert told(Lecture(builds="each", distance=0).all(A1, A2, A3)) == [(1, "new"), (2, "new"), (3, "new")]


def test_going_back_a_step_keeps_the_fuller_state() -> None:
    items = Lecture().all(A1, A2, A3, A2, B)
    assert told(items) == [(1, "new"), (2, "new")]
    assert np.array_equal(shown(frames_of(items)[0]), A3)


def test_what_covered_a_slide_for_a_moment_is_not_on_its_page() -> None:
    lecture = Lecture()
    covered = slide("alpha beta", "gamma delta", "rho sigma tau", bar=True)
    items = [*lecture.view(covered, 1.0), *lecture.view(A3, 9.0), *lecture.all(B)]
    assert told(items) == [(1, "new"), (2, "new")]
    assert np.array_equal(shown(frames_of(items)[0]), A3)


def test_a_screen_that_goes_black_for_long_is_no_page_and_takes_no_slides_place() -> None:
    lecture = Lecture()
    items = [*lecture.view(A3, 3.0), *lecture.view(np.zeros_like(A3), 60.0), *lecture.all(B)]
    assert told(items) == [(1, "new"), (2, "new")]
    assert np.array_equal(shown(frames_of(items)[0]), A3)


def test_a_slide_shown_again_is_a_revisit_also_in_an_earlier_state() -> None:
    assert told(Lecture().all(A1, A3, B, A3, A2, C)) == [
        (1, "new"),
        (2, "new"),
        (1, "revisit"),
        (1, "same"),
        (3, "new"),
    ]


def test_the_newest_slide_goes_out_before_anything_that_follows_it() -> None:
    lecture = Lecture()
    lecture.view(A1)
    gap = Event(EventKind.GAP, lecture.now_ns)
    items = lecture.harness.event(gap)
    assert told(items) == [(1, "new")]
    assert [item.kind for item in items if isinstance(item, Event)] == [EventKind.VISIT_END, EventKind.GAP]


def test_the_slide_that_is_held_at_the_end_is_not_lost() -> None:
    assert told(Lecture().all(A1)) == [(1, "new")]
    assert Lecture().harness.eos() == []


def test_holding_needs_something_to_compare() -> None:
    with pytest.raises(ConfigError, match="hash = none compares nothing"):
        Harness(Dedup, hash="none", builds="final")


@given(st.lists(st.sampled_from([A1, A2, A3, B, C]), max_size=12), st.sampled_from([FINAL, {"builds": "final"}]))
def test_every_capture_is_accounted_for_and_every_slide_comes_out_once(
    views: list[Plane], properties: dict[str, object]
) -> None:
    lecture = Lecture(**properties)
    items: list[Item] = []
    for image in views:
        items += lecture.view(image)
        assert lecture.harness.ledger.missing == 0
        assert lecture.harness.ledger.held in (0, 1)
    items += lecture.harness.eos()
    assert lecture.harness.ledger.missing == lecture.harness.ledger.held == 0
    new = [slide for slide, decision in told(items) if decision == "new"]
    assert new == list(range(1, len(new) + 1))
    assert bool(new) == bool(views)
    pictured = [frame.image is not None for frame in frames_of(items)]
    assert pictured == [decision == "new" for _, decision in told(items)]

"""builds = all: the pages of final, and every state before them as a page of its slide."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture, Plane
from pipeline.testing import Harness, events_of, frames_of
from stages.dedup import Dedup

CAPS = Caps.of("slide/capture")
RULES = {"distance": 36, "confirm": "content"}


def slide(*lines: str) -> Plane:
    image = np.full((180, 320, 3), 240, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (15, 30 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 120), 2)
    return image


A1, A2, A3 = (slide(*("alpha beta", "gamma delta", "rho sigma tau")[:n]) for n in (1, 2, 3))
B, C = slide("one two", "three four", "five six"), slide("WWWW MMM", "QQQ", "zz")
BLANK = np.full_like(A1, 240)
NOISY = np.clip(A3 + np.random.default_rng(1).normal(0, 4, A3.shape), 0, 255).astype(np.uint8)


class Lecture:
    """Views one after the other, each with its capture at its end and the end of its visit."""

    def __init__(self, builds: str = "all") -> None:
        self.harness = Harness(Dedup, **RULES, builds=builds)
        self.harness.caps(CAPS)
        self.now_ns = 0

    def view(self, image: Plane, seconds: float = 5.0) -> list[Item]:
        start, self.now_ns = self.now_ns, self.now_ns + round(seconds * SECOND_NS)
        shown = Picture(Layout("bgr24", 320, 180), (image,))
        meta = {"capture": {"start_pts_ns": start, "reason": "settled"}}
        items = self.harness.push(Frame(self.now_ns // 1_000_000, self.now_ns, CAPS, (), shown, meta))
        return items + self.harness.event(Event(EventKind.VISIT_END, self.now_ns))

    def all(self, *views: Plane) -> list[Item]:
        return [*(item for image in views for item in self.view(image)), *self.harness.eos()]


def page_of(frame: Frame) -> Any:
    return frame.meta["page"]


def told(items: list[Item]) -> list[tuple[int, str]]:
    return [(page_of(frame)["slide"], page_of(frame)["decision"]) for frame in frames_of(items)]


def pictures(items: list[Item]) -> dict[int, list[bytes]]:
    """By slide, those it had, in order."""
    found: dict[int, list[bytes]] = {}
    for frame in frames_of(items):
        if isinstance(frame.image, Picture):
            found.setdefault(page_of(frame)["slide"], []).append(frame.image.planes[0].tobytes())
    return found


def test_each_state_goes_out_when_the_next_one_takes_its_place() -> None:
    lecture = Lecture()
    assert [told(lecture.view(image)) for image in (A1, A2, A3)] == [[], [(1, "new")], [(1, "grown")]]
    assert told([*lecture.view(B), *lecture.harness.eos()]) == [(1, "grown"), (2, "new")]


def test_the_final_state_is_the_last_picture_of_the_slide() -> None:
    assert pictures(Lecture().all(A1, A2, A3, B)) == {
        1: [A1.tobytes(), A2.tobytes(), A3.tobytes()],
        2: [B.tobytes()],
    }


def test_a_state_says_that_the_picture_before_it_is_kept_and_since_when_it_was_there() -> None:
    first, second, third, other = frames_of(Lecture().all(A1, A2, A3, B))
    assert ["keeps" in page_of(frame) for frame in (first, second, third, other)] == [False, True, True, False]
    captures: list[Any] = [frame.meta["capture"] for frame in (first, second, third)]
    assert [capture["start_pts_ns"] // SECOND_NS for capture in captures] == [0, 5, 10]
    assert page_of(first)["why"] == "the first slide"
    assert page_of(second)["why"] == "slide 1 as it is now: 100 % of its edges are there; state 2"
    assert page_of(third)["why"].endswith("; the last of 3 states")


def test_all_states_are_one_visit_which_ends_once() -> None:
    items = Lecture().all(A1, A2, A3, B)
    assert [event.pts_ns // SECOND_NS for event in events_of(items, EventKind.VISIT_END)] == [15, 20]
    assert [isinstance(item, Frame) for item in items] == [True, True, True, False, True, False]


def test_what_shows_nothing_new_is_no_state() -> None:
    lecture = Lecture()
    items = lecture.all(A3, NOISY, A2, A3)
    assert told(items) == [(1, "new")]
    assert lecture.harness.ledger.missing == 0


images = st.sampled_from([A1, A2, A3, NOISY, B, C, BLANK])


@given(st.lists(st.tuples(images, st.sampled_from([1.0, 2.0, 5.0, 30.0])), max_size=12))
def test_the_last_pictures_and_the_visits_are_those_of_final(views: list[tuple[Plane, float]]) -> None:
    kept, final = Lecture("all"), Lecture("final")
    ours: list[Item] = []
    theirs: list[Item] = []
    for image, seconds in views:
        ours += kept.view(image, seconds)
        theirs += final.view(image, seconds)
        assert kept.harness.ledger.missing == 0
        assert kept.harness.ledger.held == final.harness.ledger.held
    ours, theirs = ours + kept.harness.eos(), theirs + final.harness.eos()
    assert kept.harness.ledger.missing == kept.harness.ledger.held == 0
    assert {number: states[-1:] for number, states in pictures(ours).items()} == pictures(theirs)
    assert [one for one in told(ours) if one[1] != "grown"] == told(theirs)
    ends = [[event.pts_ns for event in events_of(items, EventKind.VISIT_END)] for items in (ours, theirs)]
    assert ends[0] == ends[1]

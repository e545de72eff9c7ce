"""Slides that go out at once and again when they have grown; in the end the same slides as if they had been held."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.errors import ConfigError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture, Plane
from pipeline.testing import Harness, events_of, frames_of
from stages.dedup import Dedup
from stages.dedup.content import Content

CAPS = Caps.of("slide/capture")
RULES = {"distance": 36, "confirm": "content"}


def slide(*lines: str, ink: bool = False, bar: bool = False) -> Plane:
    image = np.full((180, 320, 3), 240, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (15, 30 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 120), 2)
    if ink:
        cv2.ellipse(image, (270, 150), (30, 20), 0, 0, 360, (0, 0, 200), 2)
    if bar:
        for column in range(10):
            cv2.putText(image, "X", (15 + 30 * column, 172), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (0, 90, 0), 2)
    return image


A1, A2, A3 = (slide(*("alpha beta", "gamma delta", "rho sigma tau")[:n]) for n in (1, 2, 3))
INKED, COVERED = (slide("alpha beta", "gamma delta", "rho sigma tau", ink=ink, bar=not ink) for ink in (True, False))
B, C = slide("one two", "three four", "five six"), slide("WWWW MMM", "QQQ", "zz")
BLANK = np.full_like(A1, 240)
NOISY = np.clip(A3 + np.random.default_rng(1).normal(0, 4, A3.shape), 0, 255).astype(np.uint8)


class Lecture:
    """Views one after the other. A view is captured at its end or, with ``early``, half a second after it began too."""

    def __init__(self, **properties: object) -> None:
        self.harness = Harness(Dedup, **{**RULES, "builds": "update", **properties})
        self.harness.caps(CAPS)
        self.now_ns = 0

    def view(self, image: Plane, seconds: float = 5.0, *, early: Plane | None = None) -> list[Item]:
        start, self.now_ns = self.now_ns, self.now_ns + round(seconds * SECOND_NS)
        items = [] if early is None else self._capture(early, start, start + SECOND_NS // 2, "settled")
        items += self._capture(image, start, self.now_ns, "settled" if early is None else "left")
        return items + self.harness.event(Event(EventKind.VISIT_END, self.now_ns))

    def all(self, *views: Plane) -> list[Item]:
        return [*(item for image in views for item in self.view(image)), *self.harness.eos()]

    def _capture(self, image: Plane, start_ns: int, pts_ns: int, reason: str) -> list[Item]:
        shown = Picture(Layout("bgr24", 320, 180), (image,))
        meta = {"capture": {"start_pts_ns": start_ns, "reason": reason}}
        return self.harness.push(Frame(pts_ns // 1_000_000, pts_ns, CAPS, (), shown, meta))


def page_of(frame: Frame) -> Any:
    return frame.meta["page"]


def told(items: list[Item]) -> list[tuple[int, str]]:
    return [(page_of(frame)["slide"], page_of(frame)["decision"]) for frame in frames_of(items)]


def final_pictures(items: list[Item]) -> dict[int, bytes]:
    """By slide, what an exporter would have at the end."""
    pictures: dict[int, bytes] = {}
    for frame in frames_of(items):
        if isinstance(frame.image, Picture):
            pictures[page_of(frame)["slide"]] = frame.image.planes[0].tobytes()
    return pictures


def test_a_new_slide_goes_out_at_once_and_again_with_each_state() -> None:
    items = Lecture().all(A1, A2, A3, B)
    assert told(items) == [(1, "new"), (1, "grown"), (1, "grown"), (2, "new")]
    assert [page_of(frame)["states"] for frame in frames_of(items)] == [1, 2, 3, 1]
    assert final_pictures(items) == {1: A3.tobytes(), 2: B.tobytes()}


def test_every_visit_ends_where_it_ended() -> None:
    items = Lecture().all(A1, A2, B)
    assert [event.pts_ns // SECOND_NS for event in events_of(items, EventKind.VISIT_END)] == [5, 10, 15]
    assert [isinstance(item, Frame) for item in items] == [True, False] * 3


def test_a_capture_that_shows_nothing_new_is_the_same_without_a_picture() -> None:
    frames = frames_of(Lecture().all(A3, A3, A2))
    assert [page_of(frame)["decision"] for frame in frames] == ["new", "same", "same"]
    assert [frame.image is None for frame in frames] == [False, True, True]


def test_a_grown_page_has_the_hash_of_its_picture_and_says_why() -> None:
    grown = page_of(frames_of(Lecture().all(A1, A2))[1])
    assert grown["hash"] == page_of(frames_of(Lecture().all(A2))[0])["hash"]
    assert (grown["nearest"], grown["distance"] > 0) == (1, True)
    assert "slide 1 as it is now" in grown["why"]


def test_the_settled_view_goes_out_before_the_view_is_left() -> None:
    lecture = Lecture()
    items = lecture.view(A2, early=A1)
    assert told(items) == [(1, "new"), (1, "grown")]
    assert [frame.pts_ns for frame in frames_of(items)] == [SECOND_NS // 2, 5 * SECOND_NS]


def test_noise_does_not_make_a_slide_grow() -> None:
    assert told(Lecture().all(A3, NOISY)) == [(1, "new"), (1, "same")]


def test_the_last_look_at_a_slide_is_its_picture_though_nothing_new_is_on_it() -> None:
    lecture = Lecture()
    items = lecture.view(A3, early=NOISY)
    assert told(items) == [(1, "new")]
    grown, end, new = lecture.view(B)[:3]
    assert told([grown, new]) == [(1, "grown"), (2, "new")]
    assert isinstance(end, Event)
    assert (end.kind, end.pts_ns) == (EventKind.VISIT_END, 5 * SECOND_NS)
    assert final_pictures([grown]) == {1: A3.tobytes()}


def test_a_look_that_was_not_the_last_is_the_same_slide_without_a_picture() -> None:
    lecture = Lecture()
    lecture.view(A3, early=NOISY)
    items = lecture.view(A3, early=NOISY)
    assert told(items) == [(1, "same"), (1, "same")]
    assert final_pictures(items) == {}


@pytest.mark.parametrize("kind", [EventKind.GAP, EventKind.EPOCH, EventKind.LECTURE_STOP, EventKind.LECTURE_START])
def test_the_last_look_goes_out_before_what_may_be_its_end(kind: EventKind) -> None:
    lecture = Lecture()
    lecture.view(A3, early=NOISY)
    items = lecture.harness.event(Event(kind, lecture.now_ns, {"folder": "/nowhere"}))
    assert told(items) == [(1, "grown")]
    assert [item.kind for item in items if isinstance(item, Event)] == [EventKind.VISIT_END, kind]
    assert lecture.harness.ledger.held == lecture.harness.ledger.missing == 0


def test_a_last_look_that_is_the_same_to_the_last_bit_is_not_passed_on() -> None:
    lecture = Lecture()
    assert told([*lecture.view(A3, early=A3), *lecture.view(B)]) == [(1, "new"), (1, "same"), (2, "new")]


def test_what_covered_a_slide_for_a_moment_is_taken_off_its_page() -> None:
    lecture = Lecture()
    items = [*lecture.view(COVERED, 1.0), *lecture.view(A3, 9.0)]
    assert told(items) == [(1, "new"), (1, "grown")]
    assert final_pictures(items) == {1: A3.tobytes()}


def test_ink_on_a_slide_shown_again_is_added_to_that_slide() -> None:
    items = Lecture().all(A3, B, A3, INKED, A3, B)
    assert told(items) == [(1, "new"), (2, "new"), (1, "revisit"), (1, "grown"), (1, "same"), (2, "revisit")]
    assert final_pictures(items) == {1: INKED.tobytes(), 2: B.tobytes()}


def test_another_slide_after_a_slide_shown_again_is_another_slide() -> None:
    assert told(Lecture().all(A1, B, A1, C)) == [(1, "new"), (2, "new"), (1, "revisit"), (3, "new")]


def test_a_view_that_faded_too_slowly_to_be_motion_is_one_page_that_shows_its_end() -> None:
    lecture = Lecture()
    blend = cv2.addWeighted(B, 0.5, C, 0.5, 0).astype(np.uint8)
    items = [*lecture.view(A1), *lecture.view(C, early=blend)]
    assert told(items) == [(1, "new"), (2, "new"), (2, "grown")]
    assert final_pictures(items)[2] == C.tobytes()


def test_a_view_that_became_something_else_altogether_is_two_slides() -> None:
    lecture = Lecture()
    items = [*lecture.view(A1), *lecture.view(C, early=B)]
    assert told(items) == [(1, "new"), (2, "new"), (3, "new")]


def test_a_fade_back_to_a_known_slide_is_that_slide() -> None:
    lecture = Lecture()
    items = [*lecture.view(A3), *lecture.view(B), *lecture.view(A3, early=C)]
    assert told(items) == [(1, "new"), (2, "new"), (3, "new"), (1, "revisit")]


def test_a_hole_changes_nothing_about_a_slide_that_may_grow() -> None:
    lecture = Lecture()
    gap = Event(EventKind.GAP, 0)
    items = lecture.view(A1)
    assert lecture.harness.event(gap) == [gap]
    assert told([*items, *lecture.view(A2)]) == [(1, "new"), (1, "grown")]


def test_updating_needs_something_to_compare() -> None:
    with pytest.raises(ConfigError, match="hash = none compares nothing"):
        Harness(Dedup, hash="none", builds="update")


images = st.sampled_from([A1, A2, A3, NOISY, COVERED, B, C, BLANK])
visits = st.lists(st.tuples(images, st.sampled_from([1.0, 2.0, 5.0, 30.0]), st.one_of(st.none(), images)), max_size=10)


@given(visits)
def test_in_the_end_slides_and_pictures_are_those_of_final(views: list[tuple[Plane, float, Plane | None]]) -> None:
    lectures = [Lecture(builds="update"), Lecture(builds="final")]
    updated, final = (
        [item for image, seconds, early in views for item in lecture.view(image, seconds, early=_early(image, early))]
        + lecture.harness.eos()
        for lecture in lectures
    )
    assume(not adds_to_a_slide_shown_again(updated))  # final cannot: it has passed that slide on
    ours, theirs = final_pictures(updated), final_pictures(final)
    assert list(ours) == list(theirs)
    assert all(look_alike(ours[number], theirs[number]) for number in ours)
    assert [one for one in told(updated) if one[1] == "new"] == [one for one in told(final) if one[1] == "new"]


def _early(image: Plane, early: Plane | None) -> Plane:
    return image if early is None else early


def look_alike(one: bytes, other: bytes) -> bool:
    planes = [
        cv2.cvtColor(np.frombuffer(data, np.uint8).reshape(A1.shape), cv2.COLOR_BGR2GRAY) for data in (one, other)
    ]
    before, after = (Content(plane.astype(np.uint8)).looked_at() for plane in planes)
    return before.against(after).altered == 0


def adds_to_a_slide_shown_again(items: list[Item]) -> bool:
    shown = ""
    for _, decision in told(items):
        if decision == "grown" and shown == "revisit":
            return True
        shown = decision if decision in ("new", "revisit") else shown
    return False


@given(visits)
def test_every_capture_is_a_page_and_at_most_a_last_look_is_held(
    views: list[tuple[Plane, float, Plane | None]],
) -> None:
    lecture = Lecture()
    items: list[Item] = []
    for image, seconds, early in views:
        items += lecture.view(image, seconds, early=early)
        assert lecture.harness.ledger.missing == 0
        assert lecture.harness.ledger.sent + lecture.harness.ledger.held == lecture.harness.ledger.received
        assert lecture.harness.ledger.held in (0, 1)
    items += lecture.harness.eos()
    new = [number for number, decision in told(items) if decision == "new"]
    assert new == list(range(1, len(new) + 1))
    pictured = [frame.image is not None for frame in frames_of(items)]
    assert pictured == [decision in ("new", "grown") for _, decision in told(items)]

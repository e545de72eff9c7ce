"""What the page of a slide says of the captures that became a part of it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Frame, Layout, Picture, Plane
from pipeline.testing import Harness, frames_of
from stages.dedup import Dedup
from stages.dedup.merging import MOST

CAPS = Caps.of("slide/capture")


def slide(*lines: str) -> Plane:
    image = np.full((180, 320, 3), 240, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (15, 30 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (20, 20, 120), 2)
    return image


ONE, TWO = slide("alpha beta"), slide("alpha beta", "gamma delta")


def page_of(*views: Plane) -> Any:
    """The one page of these views of five seconds each."""
    harness = Harness(Dedup, distance=36, confirm="content", builds="final")
    harness.caps(CAPS)
    for number, image in enumerate(views):
        start, end = 5 * number * SECOND_NS, (5 * number + 4) * SECOND_NS
        capture = {"start_pts_ns": start, "reason": "settled"}
        harness.push(Frame(number, end, CAPS, (), Picture(Layout("bgr24", 320, 180), (image,)), {"capture": capture}))
    (page,) = frames_of(harness.eos())
    return page.meta["page"]


def test_a_state_that_was_followed_by_a_fuller_one_is_noted_with_its_time_and_the_reason() -> None:
    (note,) = page_of(ONE, TWO)["merged"]
    assert (note["start_pts_ns"], note["pts_ns"], note["state"]) == (0, 4 * SECOND_NS, True)
    assert "of its edges were there in the next one too" in note["why"]


def test_a_capture_that_shows_nothing_new_is_noted_as_the_same() -> None:
    (note,) = page_of(TWO, ONE)["merged"]
    assert (note["start_pts_ns"], note["pts_ns"], note["state"]) == (5 * SECOND_NS, 9 * SECOND_NS, False)
    assert "nothing new on it" in note["why"]


def test_a_slide_of_one_capture_says_nothing_of_others() -> None:
    assert "merged" not in page_of(ONE)


def test_no_page_grows_beyond_its_bound() -> None:
    assert len(page_of(*[TWO] * (MOST + 6))["merged"]) == MOST

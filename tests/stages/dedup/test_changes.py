"""People in front of a slide, things added to it, and other slides: told apart by what changed at once."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Frame, Layout, Picture, Plane
from pipeline.testing import Harness, frames_of
from stages.dedup import Dedup
from stages.dedup.changes import Changes
from stages.presenter import Presenter, carrying

WIDTH, HEIGHT = 640, 360
ROWS, COLUMNS = HEIGHT // 10, WIDTH // 10
LONG_AGO = 2**16 - 1
FINAL = {"distance": 36, "confirm": "content", "builds": "final"}
CAPS = Caps.of("slide/capture")
Before = NDArray[np.uint16]


def slide(*lines: str) -> Plane:
    """Lines on the right of a room with things in it."""
    image = np.full((HEIGHT, WIDTH), 190, np.uint8)
    for x in range(0, WIDTH, 80):
        cv2.line(image, (x, 250), (x + 30, HEIGHT), 60, 2)
    image[20:200, 300:620] = 30
    for row, line in enumerate(lines):
        cv2.putText(image, line, (320, 60 + 45 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 220, 2)
    return image


def person(image: Plane, x: int) -> Plane:
    shown = image.copy()
    cv2.rectangle(shown, (x, 60), (x + 60, HEIGHT), 90, -1)
    return shown


def never() -> Before:
    return np.full((ROWS, COLUMNS), LONG_AGO, np.uint16)


def at_once(ago_s: float) -> Before:
    before = never()
    before[2:20, 30:62] = round(10 * ago_s)
    return before


ONE, TWO = slide("alpha beta", "gamma"), slide("", "one eleven", "seven")


def pages(*captures: tuple[Plane, Before | None]) -> list[Frame]:
    """A capture every 5 s, each with what was seen of changes before it."""
    harness = Harness(Dedup, **FINAL)
    harness.caps(CAPS)
    items = []
    for n, (image, before) in enumerate(captures):
        end_ns = 5 * (n + 1) * SECOND_NS
        meta: dict[str, Any] = {"capture": {"start_pts_ns": end_ns - 4 * SECOND_NS, "reason": "settled"}}
        if before is not None:
            told = before.astype("<u2").tobytes()
            meta["changed"] = {"rows": before.shape[0], "columns": before.shape[1], "before": told}
        picture = Picture(Layout("gray", WIDTH, HEIGHT, full_range=True), (image,))
        items += harness.push(Frame(n, end_ns, CAPS, (), picture, meta))
    return frames_of([*items, *harness.eos()])


def test_somebody_who_walks_in_front_of_a_slide_makes_no_page() -> None:
    assert len(pages((ONE, never()), (person(ONE, 330), never()), (person(ONE, 420), never()), (ONE, never()))) == 1


def test_a_slide_that_changes_in_a_room_is_a_page() -> None:
    assert len(pages((ONE, never()), (TWO, at_once(3)))) == 2


def test_a_slide_that_changes_behind_somebody_is_a_page() -> None:
    assert len(pages((person(ONE, 200), never()), (person(TWO, 560), at_once(3)))) == 2


def test_a_line_that_is_added_at_once_is_the_same_slide() -> None:
    fuller = slide("alpha beta", "gamma", "delta")
    before = never()
    before[12:16, 30:62] = 20
    assert len(pages((ONE, never()), (fuller, before))) == 1


def test_a_line_that_is_added_while_somebody_walks_by_is_the_same_slide_in_its_fuller_state() -> None:
    fuller = person(slide("alpha beta", "gamma", "delta"), 100)
    before = never()
    before[12:16, 30:62] = 20
    (page,) = pages((ONE, never()), (fuller, before))
    assert isinstance(page.image, Picture)
    assert np.array_equal(page.image.planes[0], fuller)


def test_a_change_before_the_page_was_taken_says_nothing_of_what_came_after() -> None:
    assert len(pages((ONE, never()), (person(ONE, 330), at_once(9)))) == 1


def test_of_two_slides_of_which_somebody_hides_all_that_differs_one_is_not_the_other_grown() -> None:
    """Somebody close to the camera, on one half and then on the other: nothing else is visible in both."""
    left, right = slide("ab", "cd"), slide("wxyz", "123")
    masks = [np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(2)]
    masks[0][:, : WIDTH // 2 - 20] = 255
    masks[1][:, WIDTH // 2 - 10 :] = 255
    left[:, 300:330] = right[:, 300:330] = 190
    harness = Harness(Dedup, **FINAL)
    harness.caps(CAPS)
    items = []
    for n, (image, mask) in enumerate(zip((left, right), masks, strict=True)):
        end_ns = 5 * (n + 1) * SECOND_NS
        told = {"rows": ROWS, "columns": COLUMNS, "before": at_once(3).astype("<u2").tobytes()}
        meta: dict[str, Any] = {
            "capture": {"start_pts_ns": end_ns - 4 * SECOND_NS, "reason": "settled"},
            "changed": told,
        }
        picture = Picture(Layout("gray", WIDTH, HEIGHT, full_range=True), (image,))
        items += harness.push(carrying(Frame(n, end_ns, CAPS, (), picture, meta), (), Presenter(mask)))
    assert len(frames_of([*items, *harness.eos()])) == 2


def test_without_evidence_pictures_alone_decide() -> None:
    assert len(pages((ONE, None), (slide("alpha beta", "gamma", "delta"), None), (ONE[:, ::-1].copy(), None))) == 2


def test_a_map_of_other_tiles_is_fitted() -> None:
    coarse = np.full((ROWS // 2, COLUMNS // 2), LONG_AGO, np.uint16)
    coarse[1:10, 15:31] = 30
    assert len(pages((ONE, never()), (TWO, coarse))) == 2


@pytest.mark.parametrize(
    "told",
    [
        None,
        7,
        {},
        {"rows": 2, "columns": 2, "before": b"1234567"},
        {"rows": 0, "columns": 0, "before": b""},
        {"rows": "2", "columns": 2, "before": b"12345678"},
        {"rows": 2, "columns": 2, "before": "12345678"},
    ],
)
def test_what_is_no_map_is_no_evidence(told: object) -> None:
    assert Changes.of(told) is None

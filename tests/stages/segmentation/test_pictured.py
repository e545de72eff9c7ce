"""People who are a part of the slide, and those before it."""

from __future__ import annotations

import numpy as np
import pytest
from people import is_person, person, slide

from pipeline.frame import Plane
from stages.segmentation.masks import fitted
from stages.segmentation.pictured import Pictured


class Shown:
    """Pictures to one ``Pictured``, with masks of what is green in them, at half the size."""

    def __init__(self) -> None:
        self.pictured = Pictured()

    def left(self, picture: Plane) -> float:
        """Share of the green that is left in the mask."""
        green = fitted(is_person(picture).astype(np.uint8) * np.uint8(255), 160, 90)
        kept = self.pictured.without(green, np.ascontiguousarray(picture.min(axis=2)))
        return np.count_nonzero(kept) / max(1, np.count_nonzero(green))


def photo(number: int) -> Plane:
    """A slide with somebody in a picture on it."""
    return person(slide(number), 0.2)


def test_who_comes_with_a_slide_and_never_moves_is_a_part_of_it() -> None:
    shown = Shown()
    shown.left(slide(1))
    assert [shown.left(photo(2)) for _ in range(5)] == [0.0] * 5


def test_who_comes_while_the_slide_stands_still_is_before_it_also_when_they_stand() -> None:
    shown = Shown()
    shown.left(slide(1))
    assert [shown.left(person(slide(1), 0.4)) for _ in range(5)] == [1.0] * 5


def test_who_is_there_from_the_beginning_is_before_it_once_they_have_moved() -> None:
    shown = Shown()
    assert [shown.left(person(slide(1), x)) for x in (0.4, 0.4, 0.41, 0.41, 0.41)] == [0.0, 0.0, 1.0, 1.0, 1.0]


def test_a_presenter_stays_one_when_the_slide_changes_behind_them() -> None:
    shown = Shown()
    for x in (0.4, 0.41):
        shown.left(person(slide(1), x))
    assert [shown.left(person(slide(2), 0.41)) for _ in range(3)] == [1.0] * 3


def test_a_presenter_who_is_overlooked_while_the_slide_changes_is_still_one() -> None:
    shown = Shown()
    for x in (0.4, 0.41):
        shown.left(person(slide(1), x))
    overlooked = person(slide(2), 0.41)
    shown.pictured.without(np.zeros((90, 160), np.uint8), np.ascontiguousarray(overlooked.min(axis=2)))
    assert shown.left(person(slide(3), 0.41)) == 1.0


def test_a_presenter_and_a_photo_are_told_apart() -> None:
    shown = Shown()
    for x in (0.8, 0.79):
        shown.left(person(slide(1), x))
    left = [shown.left(person(photo(2), x)) for x in (0.79, 0.8, 0.79)]
    assert left == pytest.approx([0.5] * 3, abs=0.05)


def test_a_slide_that_changes_under_a_photo_is_no_motion_of_it() -> None:
    shown = Shown()
    shown.left(slide(1))
    assert [shown.left(picture) for picture in (photo(2), photo(3), photo(4), photo(4))] == [0.0] * 4


def test_noise_is_no_motion() -> None:
    shown, rng = Shown(), np.random.default_rng(1)
    for _ in range(6):
        noisy = np.clip(photo(1) + rng.normal(0.0, 6.0, photo(1).shape), 0, 255).astype(np.uint8)
        assert shown.left(noisy) == 0.0


def test_a_mask_without_anything_pictured_is_given_back_itself() -> None:
    pictured, plane = Pictured(), np.ascontiguousarray(slide(1).min(axis=2))
    empty = np.zeros((90, 160), np.uint8)
    assert pictured.without(empty, plane) is empty
    mask = is_person(person(slide(1), 0.4)).astype(np.uint8) * np.uint8(255)
    assert pictured.without(mask, plane) is not mask, "of another size: nothing is known of what was before"


def test_after_a_break_nothing_is_known() -> None:
    shown = Shown()
    shown.left(slide(1))
    assert shown.left(person(slide(1), 0.4)) == 1.0
    shown.pictured.forget()
    assert shown.left(person(slide(1), 0.4)) == 0.0

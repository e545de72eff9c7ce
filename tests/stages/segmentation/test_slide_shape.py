"""A mask that is the slide, and one that is a person."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.frame import Plane
from stages.segmentation.slide_shape import SlideShape, is_rectangular


def rectangle(left: int = 40, top: int = 20, width: int = 120, height: int = 80) -> Plane:
    mask = np.zeros((180, 320), np.uint8)
    mask[top : top + height, left : left + width] = 255
    return mask


def turned(degrees: float) -> Plane:
    mask = np.zeros((180, 320), np.uint8)
    corners = cv2.boxPoints(((160.0, 90.0), (120.0, 60.0), degrees))
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 255)
    return mask


def person(left: int = 100) -> Plane:
    mask = np.zeros((180, 320), np.uint8)
    cv2.circle(mask, (left + 30, 60), 22, 255, cv2.FILLED)
    cv2.ellipse(mask, (left + 30, 150), (50, 65), 0, 0, 360, 255, cv2.FILLED)
    return mask


@pytest.mark.parametrize("degrees", [0.0, 5.0, 30.0])
def test_a_rectangle_is_one_however_it_is_turned(degrees: float) -> None:
    assert is_rectangular(turned(degrees))


def test_a_rectangle_with_ragged_edges_and_a_speck_beside_it_is_one() -> None:
    mask = rectangle()
    mask[20, 40:160:4] = 0
    mask[150:153, 300:303] = 255
    mask[50:60, 60:70] = 0  # a hole is none of its outline
    assert is_rectangular(mask)


def test_a_person_a_circle_and_nothing_are_no_rectangles() -> None:
    circle = np.zeros((180, 320), np.uint8)
    cv2.circle(circle, (160, 90), 60, 255, cv2.FILLED)
    assert not is_rectangular(person())
    assert not is_rectangular(circle)
    assert not is_rectangular(np.zeros((180, 320), np.uint8))


def test_a_rectangle_that_stays_where_it_is_is_the_slide() -> None:
    shape = SlideShape()
    assert [shape.is_slide(rectangle()) for _ in range(3)] == [True, True, True]


def test_a_rectangle_that_moves_is_not() -> None:
    shape = SlideShape()
    assert [shape.is_slide(rectangle(left=40 + 10 * step)) for step in range(3)] == [True, False, False]


def test_a_person_who_stands_still_is_not() -> None:
    shape = SlideShape()
    assert not any(shape.is_slide(person()) for _ in range(5))


def test_most_of_the_frame_is_the_slide_whatever_its_shape() -> None:
    mask = np.full((180, 320), 255, np.uint8)
    cv2.circle(mask, (0, 0), 120, 0, cv2.FILLED)
    cv2.circle(mask, (320, 180), 100, 0, cv2.FILLED)
    assert not is_rectangular(mask)
    assert SlideShape().is_slide(mask)


def test_after_a_break_a_rectangle_has_to_be_seen_to_move_again() -> None:
    shape = SlideShape()
    shape.is_slide(rectangle(40))
    assert not shape.is_slide(rectangle(60))
    shape.forget()
    assert shape.is_slide(rectangle(80))


def test_a_mask_of_another_size_is_not_compared() -> None:
    shape = SlideShape()
    shape.is_slide(rectangle())
    assert shape.is_slide(cv2.resize(rectangle(), (160, 90), interpolation=cv2.INTER_NEAREST))


def test_a_small_rectangle_in_which_something_moves_is_a_window() -> None:
    shape, window = SlideShape(), rectangle(200, 100, 80, 60)
    assert shape.is_slide(window, 0.0)
    assert not shape.is_slide(window, 0.1)


def test_a_window_stays_one_while_nothing_moves_in_it_until_it_is_elsewhere() -> None:
    shape, window = SlideShape(), rectangle(200, 100, 80, 60)
    shape.is_slide(window, 0.1)
    assert not any(shape.is_slide(window, 0.0) for _ in range(5))
    shape.forget()
    assert shape.is_slide(window, 0.0)


def test_a_film_on_the_slide_is_too_large_for_a_window() -> None:
    shape, film = SlideShape(), rectangle(40, 20, 200, 120)
    assert all(shape.is_slide(film, 0.5) for _ in range(4))


def test_noise_in_a_rectangle_makes_no_window_of_it() -> None:
    shape, figure = SlideShape(), rectangle(200, 100, 80, 60)
    assert all(shape.is_slide(figure, 0.01) for _ in range(4))

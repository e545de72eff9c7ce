"""What takes the place of hidden pixels in planes that are only compared."""

from __future__ import annotations

import numpy as np

from stages.dedup.surroundings import beneath, filled, uncovered

PLANE = np.tile(np.arange(0, 200, 10, dtype=np.uint8), (8, 1))


def mask(first: int, last: int) -> np.typing.NDArray[np.uint8]:
    made = np.zeros(PLANE.shape, np.uint8)
    made[:, first:last] = 255
    return made


def test_a_hidden_pixel_becomes_the_nearest_visible_one() -> None:
    made = filled(PLANE, mask(5, 9))
    assert made[3].tolist() == [0, 10, 20, 30, 40, 40, 40, 90, 90, *range(90, 200, 10)]


def test_with_nothing_visible_all_stays_as_it_is() -> None:
    assert np.array_equal(filled(PLANE, mask(0, 20)), PLANE)


def test_what_was_seen_before_goes_where_it_is_hidden_now() -> None:
    joined, hidden = beneath(PLANE, mask(4, 10), np.full_like(PLANE, 7), mask(8, 20))
    assert joined[0, 4:8].tolist() == [7] * 4
    assert joined[0, 10] == 100
    assert hidden is not None
    assert np.array_equal(hidden, mask(8, 10))
    assert beneath(PLANE, mask(4, 10), PLANE, None)[1] is None


def test_shares_are_of_the_picture() -> None:
    assert uncovered(None, mask(0, 5)) == 0
    assert uncovered(mask(0, 10), None) == 0.5
    assert uncovered(mask(0, 10), mask(5, 20)) == 0.25

"""The upright picture of an area: its size, and that nothing is lost or added at its edges."""

from __future__ import annotations

import numpy as np
import pytest
import rooms

from stages.area.rectified import rectify, size_px


@pytest.mark.parametrize("turned", [0.0, 30.0, -30.0])
def test_it_is_no_larger_than_the_longest_sides_and_has_the_aspect(turned: float) -> None:
    corners = rooms.corners(turned=turned)
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    width, height = size_px(corners, 16 / 9)
    assert width <= max(top, bottom) + 1 and height <= max(left, right) + 1
    assert width >= max(top, bottom) - 1 or height >= max(left, right) - 1
    assert width / height == pytest.approx(16 / 9, abs=0.01)


def test_an_area_that_is_upright_already_is_cut_out_pixel_by_pixel() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (120, 200, 3), np.uint8)
    corners = np.array([[20, 10], [180, 10], [180, 100], [20, 100]]) - 0.5
    assert np.array_equal(rectify(picture, corners, 16 / 9), picture[10:100, 20:180])

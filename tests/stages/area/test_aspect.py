"""The aspect of rectangles seen at an angle."""

from __future__ import annotations

import numpy as np
import pytest
import rooms

from stages.area.aspect import USUAL, aspect, snapped


@pytest.mark.parametrize("name", USUAL)
@pytest.mark.parametrize(("turned", "tilted"), [(0, 0), (25, 8), (-15, -10), (30, 0), (0, 12)])
def test_a_rectangle_keeps_its_aspect_from_wherever_it_is_seen(name: str, turned: float, tilted: float) -> None:
    corners = rooms.corners(USUAL[name], turned=turned, tilted=tilted, far=2.2)
    assert aspect(corners, *rooms.SIZE) == pytest.approx(USUAL[name], rel=0.02)


def test_corners_that_are_off_by_a_third_of_a_pixel_change_it_little() -> None:
    rng = np.random.default_rng(1)
    exact = rooms.corners(turned=15, tilted=6)
    found = [aspect(exact + rng.normal(0, 0.3, (4, 2)), *rooms.SIZE) for _ in range(50)]
    assert np.abs(np.array(found) / (16 / 9) - 1).max() < 0.02


def test_what_is_nearly_a_usual_aspect_is_that_one_and_nothing_else_is() -> None:
    assert snapped(1.75) == (16 / 9, "16:9")
    assert snapped(1.34) == (4 / 3, "4:3")
    assert snapped(1.5) == (1.5, "")

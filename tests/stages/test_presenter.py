"""A mask travels with its frame, behind whatever planes that has, and fits a picture of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.frame import Frame, Plane
from stages.presenter import Presenter, carrying, hidden_at, looked_for, passed_on, presenter_of

FRAME = Frame(3, 0, Caps.of("video/raw"), (np.zeros((9, 16), np.uint8),), None, {"other": 1})


def mask(height: int = 9, width: int = 16) -> Plane:
    made = np.zeros((height, width), np.uint8)
    made[: height // 2, : width // 4] = 255
    return made


def test_a_frame_that_nobody_looked_at_has_no_presenter() -> None:
    assert not looked_for(FRAME)
    assert presenter_of(FRAME) is None


def test_nobody_found_is_not_the_same_as_nobody_looked() -> None:
    carried = carrying(FRAME, FRAME.planes, None)
    assert looked_for(carried)
    assert presenter_of(carried) is None
    assert carried.planes == FRAME.planes


def test_a_mask_travels_behind_the_other_planes_with_its_age() -> None:
    carried = carrying(FRAME, FRAME.planes, Presenter(mask(), 40))
    found = presenter_of(carried)
    assert found is not None
    assert (len(carried.planes), found.age_ns) == (2, 40)
    assert np.array_equal(found.mask, mask())
    assert carried.meta["other"] == 1


@pytest.mark.parametrize("planes", [0, 1, 2])
def test_a_mask_is_passed_on_behind_other_planes_than_it_came_with(planes: int) -> None:
    carried = carrying(FRAME, FRAME.planes, Presenter(mask(), 7))
    passed = passed_on(carried, [np.ones((2, 2), np.uint8)] * planes)
    found = presenter_of(passed)
    assert found is not None
    assert (len(passed.planes), found.age_ns) == (planes + 1, 7)
    assert np.array_equal(found.mask, mask())


def test_what_nobody_looked_at_is_passed_on_with_nothing_added() -> None:
    assert passed_on(FRAME, ()).planes == ()
    assert passed_on(FRAME, ()).meta is FRAME.meta


@pytest.mark.parametrize("said", [True, 1, {"plane": 4}, {"plane": -1}, {"plane": "0"}, {}])
def test_a_mask_that_is_said_to_be_where_none_is_is_none(said: object) -> None:
    frame = Frame(0, 0, FRAME.caps, FRAME.planes, None, {"presenter": said})  # type: ignore[dict-item]
    assert presenter_of(frame) is None


def test_its_area_is_a_share_of_the_picture() -> None:
    assert Presenter(mask(8, 16)).area == 4 * 4 / 128


def test_a_mask_of_the_right_size_is_not_copied() -> None:
    made = mask()
    assert hidden_at(made, 16, 9) is made


@given(st.integers(0, 35), st.integers(0, 63), st.sampled_from([(64, 36), (160, 90), (16, 9), (40, 20), (100, 9)]))
def test_each_pixel_of_a_mask_hides_its_place_at_any_size(row: int, column: int, size: tuple[int, int]) -> None:
    made = np.zeros((36, 64), np.uint8)
    made[row, column] = 255
    width, height = size
    fitted = hidden_at(made, width, height)
    assert fitted.shape == (height, width)
    assert set(np.unique(fitted)) <= {0, 255}
    rows, columns = fitted.nonzero()
    middle = ((row + 0.5) * height / 36 - 0.5, (column + 0.5) * width / 64 - 0.5)
    assert min(np.hypot(rows - middle[0], columns - middle[1])) <= 1

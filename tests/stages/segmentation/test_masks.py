"""From probabilities to masks."""

from __future__ import annotations

import numpy as np
import pytest

from stages.segmentation.masks import area, empty, fitted, mask_of, mean_probability, overlap


def probabilities(value: float = 0.0) -> np.ndarray:
    return np.full((40, 60), value, np.float32)


def test_the_noise_of_an_empty_picture_gives_an_empty_mask() -> None:
    noise = np.random.default_rng(3).random((40, 60), np.float32) * 0.03
    for threshold in (0.5, 10 / 255):
        assert not mask_of(noise, threshold).any()


def test_a_mask_is_what_is_above_the_threshold() -> None:
    given = probabilities(0.4)
    given[10:20, 20:40] = 0.6
    mask = mask_of(given, 0.5)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    np.testing.assert_array_equal(mask[10:20, 20:40], 255)
    assert np.count_nonzero(mask) == 200


def test_a_hole_of_one_pixel_is_closed_and_a_larger_one_is_not() -> None:
    given = probabilities()
    given[5:35, 5:55] = 1.0
    given[10, 10] = 0.0
    given[20:26, 20:26] = 0.0
    mask = mask_of(given, 0.5)
    assert mask[10, 10] == 255
    assert not mask[21:25, 21:25].any()


def test_a_nan_is_in_no_mask() -> None:
    given = probabilities()
    given[10, 10] = np.nan
    assert not mask_of(given, 0.5).any()


def test_the_probabilities_are_left_as_they_are() -> None:
    given = probabilities(0.7)
    mask_of(given, 0.5)
    np.testing.assert_array_equal(given, probabilities(0.7))


@pytest.mark.parametrize(("width", "height"), [(640, 360), (30, 20), (60, 40), (61, 39)])
def test_a_mask_of_the_pictures_size_covers_the_same_share_and_has_no_greys(width: int, height: int) -> None:
    mask = empty(60, 40)
    mask[10:30, 15:45] = 255
    large = fitted(mask, width, height)
    assert large.shape == (height, width)
    assert set(np.unique(large)) == {0, 255}
    assert area(large) == pytest.approx(area(mask), abs=0.02)


def test_area_and_mean_are_of_the_mask_alone() -> None:
    given = probabilities(0.1)
    given[:10] = 0.9
    mask = mask_of(given, 0.5)
    assert area(mask) == 0.25
    assert mean_probability(given, mask) == pytest.approx(0.9)
    assert mean_probability(given, empty(60, 40)) == 0.0


def test_overlap_is_intersection_over_union() -> None:
    one, other = empty(60, 40), empty(60, 40)
    one[:, :20] = 255
    other[:, 10:30] = 255
    assert overlap(one, other) == pytest.approx(1 / 3)
    assert overlap(one, one) == 1.0
    assert overlap(one, empty(60, 40)) == 0.0
    assert overlap(empty(60, 40), empty(60, 40)) == 1.0

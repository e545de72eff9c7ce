"""Pictures for networks: the numbers that come out, and where."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.frame import Plane
from stages.segmentation.models import IMAGENET_MEAN, IMAGENET_STD
from stages.segmentation.preparing import Preparer, Tensor


def rows_of(count: int = 1, height: int = 24, width: int = 32) -> Tensor:
    return np.full((count, 3, height, width), np.nan, np.float32)


def plain(picture: Plane, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    """The formula, for a picture that needs no resizing."""
    rgb = picture[:, :, ::-1].astype(np.float64) / 255
    return ((rgb - mean) / std).transpose(2, 0, 1)


@pytest.fixture
def picture() -> Plane:
    return np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)


@pytest.mark.parametrize(
    ("mean", "std"), [(IMAGENET_MEAN, IMAGENET_STD), ((0.5, 0.5, 0.5), (1.0, 1.0, 1.0))], ids=["u2net", "isnet"]
)
def test_a_picture_becomes_rgb_divided_by_255_less_the_mean_over_the_deviation(
    picture: Plane, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> None:
    rows = rows_of()
    Preparer(rows, mean, std).put(picture, 0)
    np.testing.assert_allclose(rows[0], plain(picture, mean, std), atol=1e-5)


def test_a_dark_picture_stays_dark(picture: Plane) -> None:
    rows = rows_of()
    Preparer(rows, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).put(picture // 8, 0)
    assert rows.max() == pytest.approx((picture // 8).max() / 255)


def test_grey_becomes_three_equal_channels_before_the_normalisation() -> None:
    grey = np.random.default_rng(2).integers(0, 256, (24, 32), np.uint8)
    one, other = rows_of(), rows_of()
    Preparer(one, IMAGENET_MEAN, IMAGENET_STD).put(grey, 0)
    Preparer(other, IMAGENET_MEAN, IMAGENET_STD).put(np.repeat(grey[:, :, None], 3, axis=2), 0)
    np.testing.assert_array_equal(one, other)


def test_only_its_own_row_is_written(picture: Plane) -> None:
    rows = rows_of(3)
    Preparer(rows, IMAGENET_MEAN, IMAGENET_STD).put(picture, 1)
    assert [bool(np.isnan(row).any()) for row in rows] == [True, False, True]


@pytest.mark.parametrize("size", [(720, 1280), (361, 641), (48, 64), (24, 64), (7, 5), (1, 1), (1080, 33), (24, 32)])
def test_any_size_keeps_its_mean_and_its_order(size: tuple[int, int]) -> None:
    bright_below = np.zeros((*size, 3), np.uint8)
    bright_below[size[0] // 2 :] = (30, 60, 90)
    rows = rows_of()
    Preparer(rows, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).put(bright_below, 0)
    assert np.isfinite(rows).all()
    share = (size[0] - size[0] // 2) / size[0]
    np.testing.assert_allclose(rows[0].mean(axis=(1, 2)), np.array([90, 60, 30]) / 255 * share, atol=0.02, rtol=0.05)
    if size[0] > 1:
        assert rows[0, 0, 0].max() < rows[0, 0, -1].min()


def test_a_line_of_one_pixel_does_not_vanish_when_a_picture_is_made_small() -> None:
    for column in range(640, 652):
        picture = np.zeros((720, 1280, 3), np.uint8)
        picture[:, column] = 255
        rows = rows_of()
        Preparer(rows, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)).put(picture, 0)
        assert rows[0, 0, 12].sum() == pytest.approx(32 / 1280, rel=0.2)


def test_a_view_into_a_larger_picture_is_as_good_as_a_copy(picture: Plane) -> None:
    large = np.zeros((48, 64, 3), np.uint8)
    large[12:36, 16:48] = picture
    one, other = rows_of(), rows_of()
    Preparer(one, IMAGENET_MEAN, IMAGENET_STD).put(large[12:36, 16:48], 0)
    Preparer(other, IMAGENET_MEAN, IMAGENET_STD).put(picture, 0)
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros(4, np.uint8)]
)
def test_what_is_no_picture_is_refused(wrong: Plane) -> None:
    with pytest.raises(ValueError, match="a picture is uint8"):
        Preparer(rows_of(), IMAGENET_MEAN, IMAGENET_STD).put(wrong, 0)


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="no pixels"):
        Preparer(rows_of(), IMAGENET_MEAN, IMAGENET_STD).put(np.zeros((0, 4, 3), np.uint8), 0)


def test_rows_that_opencv_could_not_write_into_are_refused() -> None:
    with pytest.raises(ValueError, match="contiguous float32"):
        Preparer(rows_of(2)[:, :, ::2], IMAGENET_MEAN, IMAGENET_STD)

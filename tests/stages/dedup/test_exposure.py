"""One scene by two exposures is one scene; two scenes stay two."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.dedup.content import Content
from stages.dedup.exposure import matched


def scene() -> Plane:
    """A wall that is brighter on one side, a dark floor, and things in it."""
    image = np.tile(np.linspace(120, 200, 320).astype(np.uint8), (180, 1))
    image[120:] = image[120:] // 3
    cv2.rectangle(image, (40, 30), (140, 100), 90, -1)
    return image


def darker(image: Plane) -> Plane:
    """As a camera does it: not by one factor for all levels."""
    return np.asarray(np.rint(255 * (image / 255.0) ** 1.3), np.uint8)


def test_the_same_scene_by_another_exposure_equals_it() -> None:
    before, after = scene(), darker(scene())
    assert np.median(cv2.absdiff(before, after)) > 10
    assert np.median(cv2.absdiff(before, matched(before, after))) <= 2


def test_what_stands_in_front_stays_different_and_the_rest_does_not() -> None:
    before, after = scene(), scene()
    after[60:, 200:250] = 10
    after = darker(after)
    likeness = Content(before).looked_at().against(Content(after).looked_at())
    in_front = 100 * 120 * 50 / (180 * 320)
    assert 0.8 * in_front < likeness.differing < 1.6 * in_front


def test_pictures_of_the_same_exposure_are_left_as_they_are() -> None:
    before, after = scene(), scene()
    after[60:, 200:250] = 10
    assert matched(before, after) is after


def test_another_scene_is_left_as_it_is() -> None:
    rng = np.random.default_rng(2)
    before = np.asarray(cv2.resize(rng.integers(0, 255, (9, 16), np.uint8), (320, 180)), np.uint8)
    after = np.asarray(cv2.resize(rng.integers(0, 255, (9, 16), np.uint8), (320, 180)), np.uint8)
    assert matched(before, after) is after

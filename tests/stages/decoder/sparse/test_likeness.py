"""Two frames are alike if no more than a pointer differs, in light or in colour."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from media import Bgr

from stages.decoder.sparse.likeness import Look


def look(picture: Bgr) -> Look:
    return Look(VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p"))


def grey(level: int = 128) -> Bgr:
    return np.full((360, 640, 3), level, np.uint8)


def test_noise_is_no_difference() -> None:
    noise = np.random.default_rng(1).integers(0, 9, (360, 640, 3), np.uint8)
    assert look(grey()).like(look(grey(124) + noise))


def test_a_pointer_is_no_difference() -> None:
    other = grey()
    other[102:112, 203:211] = 255
    assert look(grey()).like(look(other))


def test_a_line_of_text_is_one() -> None:
    other = grey()
    other[100:112, 100:220:3] = 255
    assert not look(grey()).like(look(other))


def test_a_colour_of_the_same_brightness_is_one() -> None:
    one, other = grey(), grey()
    one[100:160, 100:200] = (200, 115, 90)
    other[100:160, 100:200] = (100, 122, 150)
    assert not look(one).like(look(other))


def test_pictures_of_two_sizes_are_never_alike() -> None:
    assert not look(grey()).like(look(grey()[:180, :320]))


def test_a_keyframe_may_show_what_was_coded_worse_between_two() -> None:
    one, worse, other = grey(), grey(), grey()
    one[100:200, 100:220:3] = 255
    worse[100:200, 100:220:3] = 235
    other[100:200, 100:220:3] = 225
    assert not look(worse).like(look(one))
    assert look(worse).becomes(look(one))
    assert not look(other).becomes(look(one))
    assert not look(grey()).becomes(look(grey()[:180, :320]))

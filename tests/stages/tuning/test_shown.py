"""The one picture that is shown to all."""

from __future__ import annotations

import numpy as np

from pipeline.caps import Caps
from pipeline.frame import Frame, Layout, Picture
from stages.tuning.shown import Shown

CAPS = Caps.of("video/raw")


def frame(shade: int, picture: Picture | None = None) -> Frame:
    return Frame(0, 0, CAPS, image=picture or Picture(Layout("gray", 4, 2), (np.full((2, 4), shade, np.uint8),)))


def test_all_who_take_it_have_one_copy_that_outlives_the_original() -> None:
    shown, given = Shown(), frame(5)
    ticketed = shown.show(given)
    first, second = shown.take(ticketed), shown.take(ticketed)
    assert first is not None and first is second
    assert isinstance(given.image, Picture)
    given.image.planes[0][:] = 9
    assert first.planes[0].max() == 5


def test_a_picture_that_has_passed_is_not_to_be_had() -> None:
    shown = Shown()
    before = shown.show(frame(5))
    shown.show(frame(6))
    assert shown.take(before) is None


def test_a_picture_shown_again_keeps_its_ticket_and_its_copy() -> None:
    shown, given = Shown(), frame(5)
    first = shown.show(given)
    copy = shown.take(first)
    assert isinstance(given.image, Picture)
    again = shown.show(frame(0, given.image))
    assert again.image == first.image
    assert shown.take(again) is copy


def test_a_picture_that_travels_inline_is_given_as_it_is() -> None:
    given = frame(5)
    assert Shown().take(given) is given.image

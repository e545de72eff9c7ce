"""Two pictures have one number only if not a bit differs."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from media import Bgr

from stages.decoder.sparse.prints import Prints

SIZE = (640, 360)


def frame(*, spot: int = 0, level: int = 0, size: tuple[int, int] = (360, 640)) -> VideoFrame:
    """Grey, and at ``spot`` a block that is brighter by ``level``."""
    picture: Bgr = np.full((*size, 3), 100, np.uint8)
    picture[100:104, spot : spot + 4] += np.uint8(level)
    return VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")


def test_what_is_the_same_stays_on_screen() -> None:
    prints = Prints(SIZE)
    first, _ = prints.of(frame())
    assert prints.of(frame()) == (first, True)


def test_a_picture_that_was_not_there_before_is_shown_however_little_it_differs() -> None:
    prints = Prints(SIZE)
    first, _ = prints.of(frame())
    second, may_stay = prints.of(frame(spot=40, level=2))
    assert second not in (first, None)
    assert not may_stay


def test_pictures_that_take_turns_keep_their_numbers_and_the_last_new_one_stays() -> None:
    prints = Prints(SIZE)
    one, _ = prints.of(frame())
    other, _ = prints.of(frame(spot=40, level=60))
    assert [prints.of(frame(spot=40 * odd, level=60 * odd)) for odd in (0, 1, 0, 1)] == [
        (one, True),
        (other, True),
        (one, True),
        (other, True),
    ]


def test_the_same_difference_elsewhere_or_of_another_size_is_another_number() -> None:
    prints = Prints(SIZE)
    prints.of(frame())
    found = {prints.of(frame(spot=spot, level=level))[0] for spot in (40, 80) for level in (20, 60)}
    assert len(found) == 4


def test_a_picture_that_was_there_and_is_unlike_what_is_shown_is_shown_again_and_has_no_number() -> None:
    def lined(rows: int) -> VideoFrame:
        picture: Bgr = np.full((1080, 1920, 3), 100, np.uint8)
        picture[100 : 100 + rows, 100:700:6] = 255
        return VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv444p")

    prints = Prints((1920, 1080))
    prints.of(lined(0))
    prints.of(lined(30))
    assert prints.of(lined(0)) == (None, False)


def test_much_of_a_difference_and_another_size_begin_anew() -> None:
    prints = Prints(SIZE)
    numbers = [prints.of(shown)[0] for shown in (frame(), frame(level=90, size=(180, 320)), frame())]
    assert len(set(numbers)) == 3


def test_what_comes_after_forgetting_is_like_nothing_before() -> None:
    prints = Prints(SIZE)
    first, _ = prints.of(frame())
    prints.forget()
    second, may_stay = prints.of(frame())
    assert second != first
    assert not may_stay


def test_where_samples_are_not_as_they_were_coded_each_picture_is_another() -> None:
    deep = frame().reformat(format="yuv420p10le")
    prints = Prints(SIZE)
    assert prints.of(deep)[0] != prints.of(deep)[0]

"""What a network is given to see of a frame."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.frame import Frame, Layout, Picture, Plane, Ticket
from stages.segmentation.looking import Eye

CAPS = Caps.of("video/raw", format="gray8", width=64, height=36)
WIDE = Layout("bgr24", 640, 360)


def frame(width: int = 64, height: int = 36) -> Frame:
    """A grey plane, and a red picture in a pool."""
    return Frame(0, 7, CAPS, (np.full((height, width), 9, np.uint8),), Ticket("pool", 0, 1, WIDE))


def red(_: Frame) -> Picture:
    return Picture(WIDE, (np.full((360, 640, 3), (0, 0, 200), np.uint8),))


def shape(full: bool, size: tuple[int, int], of: Frame) -> tuple[int, ...]:
    return Eye(full, size, red).look(of, 0).picture.shape


def test_a_picture_is_looked_at_in_colour() -> None:
    look = Eye(False, (32, 32), red).look(frame(), 3)
    assert (look.picture[0, 0].tolist(), look.lost, look.pts_ns, look.stretch) == ([0, 0, 200], False, 7, 3)


def test_it_is_as_small_as_the_plane_where_that_is_enough_for_the_network() -> None:
    assert shape(False, (32, 32), frame()) == (36, 64, 3)


def test_it_is_large_enough_for_the_network_and_keeps_its_proportions() -> None:
    assert shape(False, (72, 72), frame()) == (72, 128, 3)


def test_it_is_never_enlarged() -> None:
    assert shape(False, (1024, 1024), frame()) == (360, 640, 3)


def test_a_network_that_wants_the_full_picture_gets_it() -> None:
    assert shape(True, (32, 32), frame()) == (360, 640, 3)


@pytest.mark.parametrize("full", [True, False])
def test_a_picture_that_was_overwritten_is_replaced_by_the_plane_and_counted(full: bool) -> None:
    look = Eye(full, (32, 32), lambda _: None).look(frame(), 0)
    assert look.lost
    np.testing.assert_array_equal(look.picture, frame().planes[0])


def test_a_frame_that_never_had_a_picture_has_lost_none() -> None:
    without = Frame(0, 7, CAPS, (np.zeros((36, 64), np.uint8),))
    assert not Eye(False, (32, 32), red).look(without, 0).lost


def test_the_plane_is_kept_as_it_was() -> None:
    plane: Plane = np.zeros((36, 64), np.uint8)
    look = Eye(False, (32, 32), red).look(Frame(0, 0, CAPS, (plane,)), 0)
    plane[:] = 1
    assert not look.plane.any()
    assert not look.picture.any()

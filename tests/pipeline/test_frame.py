"""Shapes of planes, and pictures that are what their layout says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.frame import PIX_FMTS, EventKind, Frame, Layout, Picture, caps_event

sides = st.integers(1, 16384)


def picture(layout: Layout, value: int = 0) -> Picture:
    return Picture(layout, tuple(np.full(shape, value, np.uint8) for shape in layout.plane_shapes()))


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "nv12"])
def test_odd_sizes_round_chroma_up(pix_fmt: str) -> None:
    assert Layout(pix_fmt, 5, 3).plane_shapes()[1][:2] == (2, 3)


@pytest.mark.parametrize("pix_fmt", PIX_FMTS)
def test_one_sample_is_a_picture(pix_fmt: str) -> None:
    assert all(min(shape) > 0 for shape in Layout(pix_fmt, 1, 1).plane_shapes())


@given(st.sampled_from(PIX_FMTS), sides, sides)
def test_the_bytes_are_those_of_the_planes(pix_fmt: str, width: int, height: int) -> None:
    layout = Layout(pix_fmt, width, height)
    assert layout.nbytes == sum(math.prod(shape) for shape in layout.plane_shapes())
    assert layout.plane_shapes()[0][:2] == (height, width)


def test_an_unknown_format_has_no_planes() -> None:
    with pytest.raises(KeyError):
        Layout("yuv410p", 4, 4).plane_shapes()


@pytest.mark.parametrize(
    "planes",
    [
        (),
        (np.zeros((1, 4), np.uint8),),  # numpy would repeat the row
        (np.zeros((4,), np.uint8),),
        (np.zeros((4, 2), np.uint8),),
        (np.zeros((2, 4, 1), np.uint8),),
        (np.zeros((2, 4), np.uint16),),  # numpy would cut the samples
        (np.zeros((2, 4), np.float32),),
        (np.zeros((2, 4), np.int8),),
        (np.zeros((2, 4), np.uint8), np.zeros((1, 2), np.uint8)),
    ],
)
def test_a_picture_that_is_not_what_its_layout_says_is_refused(planes: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(ValueError, match="gray needs planes of uint8"):
        Picture(Layout("gray", 4, 2), planes)


def test_a_copy_shares_nothing_with_its_original() -> None:
    original = picture(Layout("yuv420p", 4, 4), 7)
    copied = original.copy()
    for plane in original.planes:
        plane[:] = 9
    assert copied.layout == original.layout
    assert all((plane == 7).all() for plane in copied.planes)


def test_two_frames_do_not_share_their_meta() -> None:
    caps = Caps.of("video/raw")
    assert Frame(0, 0, caps).meta is not Frame(1, 1, caps).meta


def test_a_caps_event_can_be_read_back() -> None:
    caps = Caps.of("video/raw", format="gray8", width=640, height=360, rate=29.97)
    event = caps_event(caps, 40)
    assert (event.kind, event.pts_ns) == (EventKind.CAPS, 40)
    assert Caps.parse(str(event.data["caps"])) == caps

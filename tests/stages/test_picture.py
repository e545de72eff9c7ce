"""to_bgr and the analysis planes against swscale, against the formula, and against pictures with a known way up."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from media import card, difference

from pipeline.frame import PIX_FMTS, Layout, Picture, Plane
from stages.decoder.native import picture_of
from stages.picture import shown_size, small_bgr, small_chroma, small_gray, to_bgr, upright_size

SWSCALE = {"bt601": "ITU601", "bt709": "ITU709", "bt2020": "BT2020"}
CODES = {"bt601": 5, "bt709": 1, "bt2020": 9}
WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
# By default swscale repeats chroma samples instead of interpolating them.
EXACT = (
    Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP | Interpolation.ACCURATE_RND
)
YUV = ("yuv420p", "yuv422p", "yuv444p", "nv12")


def picture(bgr: Plane, rotation: int = 0, sar: float = 1.0) -> Picture:
    height, width = bgr.shape[:2]
    return Picture(Layout("bgr24", width, height, rotation=rotation, sar=sar), (bgr,))


def encoded(bgr: Plane, pix_fmt: str, matrix: str, full: bool) -> VideoFrame:
    """A frame as a decoder gives it, converted and marked."""
    frame = VideoFrame.from_ndarray(bgr, format="bgr24").reformat(
        format=pix_fmt, dst_colorspace=SWSCALE[matrix], dst_color_range=2 if full else 1
    )
    frame.colorspace, frame.color_range = CODES[matrix], 2 if full else 1
    return frame


@pytest.mark.parametrize(
    ("pix_fmt", "matrix", "full"), list(itertools.product(YUV, ("bt601", "bt709", "bt2020"), (False, True)))
)
def test_bgr_agrees_with_swscale_in_every_format_matrix_and_range(pix_fmt: str, matrix: str, full: bool) -> None:
    frame = encoded(card(1, 96, 64), pix_fmt, matrix, full)
    theirs = frame.reformat(
        format="bgr24",
        src_colorspace=SWSCALE[matrix],
        src_color_range=2 if full else 1,
        dst_color_range=2,
        interpolation=EXACT,
    ).to_ndarray()
    assert difference(to_bgr(picture_of(frame, 1.0)), theirs) < 0.2


@pytest.mark.parametrize(("matrix", "full"), list(itertools.product(WEIGHTS, (False, True))))
def test_every_colour_is_within_one_level_of_the_formula(matrix: str, full: bool) -> None:
    yuv = np.random.default_rng(3).integers(0, 256, (3, 64, 64)).astype(np.uint8)
    kr, kb = WEIGHTS[matrix]
    y, cb, cr = (plane.astype(float) for plane in yuv)
    y, cb, cr = (
        (y, cb - 128, cr - 128) if full else ((y - 16) * 255 / 219, (cb - 128) * 255 / 224, (cr - 128) * 255 / 224)
    )
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    expected = np.stack([blue, (y - kr * red - kb * blue) / (1 - kr - kb), red], axis=2).clip(0, 255)
    ours = to_bgr(Picture(Layout("yuv444p", 64, 64, matrix, full), tuple(yuv)))
    assert np.abs(ours - expected).max() <= 1.0


@pytest.mark.parametrize("pix_fmt", PIX_FMTS)
def test_every_pix_fmt_of_the_contract_is_converted(pix_fmt: str) -> None:
    layout = Layout(pix_fmt, 7, 5, full_range=True)
    planes = tuple(np.full(shape, 128, np.uint8) for shape in layout.plane_shapes())
    bgr = to_bgr(Picture(layout, planes))
    assert bgr.shape == (5, 7, 3)
    assert (bgr == 128).all()


def test_limited_grey_is_expanded_and_full_grey_is_not() -> None:
    plane = np.array([[16, 126, 235, 0, 255]], np.uint8)
    limited = to_bgr(Picture(Layout("gray", 5, 1), (plane,)))
    assert limited[0, :, 0].tolist() == [0, 128, 255, 0, 255]
    full = to_bgr(Picture(Layout("gray", 5, 1, full_range=True), (plane,)))
    assert full[0, :, 0].tolist() == plane[0].tolist()


@pytest.mark.parametrize(("rotation", "bright"), [(0, (0, 0)), (90, (0, 1)), (180, (1, 1)), (270, (1, 0))])
def test_rotation_is_clockwise(rotation: int, bright: tuple[int, int]) -> None:
    for turned in (
        cv2.cvtColor(to_bgr(picture(card(0), rotation)), cv2.COLOR_BGR2GRAY),
        small_gray(picture(card(0), rotation), *upright_size(picture(card(0), rotation).layout)),
        small_bgr(picture(card(0), rotation), 32, 32).max(axis=2),
    ):
        h, w = turned.shape[0] // 2, turned.shape[1] // 2
        means = np.array(
            [[turned[:h, :w].mean(), turned[:h, w:].mean()], [turned[h:, :w].mean(), turned[h:, w:].mean()]]
        )
        assert np.unravel_index(means.argmax(), (2, 2)) == bright


@pytest.mark.parametrize(
    ("sar", "rotation", "shape"),
    [(4 / 3, 0, (64, 128)), (0.5, 0, (128, 96)), (4 / 3, 90, (128, 64)), (1.001, 0, (64, 96))],
)
def test_pixels_become_square_by_enlarging_one_side(sar: float, rotation: int, shape: tuple[int, int]) -> None:
    assert to_bgr(picture(card(0), rotation, sar)).shape == (*shape, 3)


def test_bgr_is_never_a_view_of_the_pool() -> None:
    given = picture(card(0))
    assert not np.shares_memory(to_bgr(given), given.planes[0])
    assert not np.shares_memory(small_bgr(given, 96, 64), given.planes[0])
    grey = Picture(Layout("gray", 96, 64, full_range=True), (card(0)[:, :, 0].copy(),))
    assert not np.shares_memory(small_gray(grey, 96, 64), grey.planes[0])


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "nv12"])
def test_the_grey_plane_is_the_grey_of_the_picture_as_shown(pix_fmt: str) -> None:
    shown = picture_of(encoded(card(2, 1280, 720), pix_fmt, "bt601", False), 1.0)
    grey = cv2.cvtColor(to_bgr(shown), cv2.COLOR_BGR2GRAY)  # OpenCV's grey has BT.601 weights
    expected = cv2.resize(grey, (640, 360), interpolation=cv2.INTER_AREA)
    assert difference(small_gray(shown, 640, 360), expected.astype(np.uint8)) < 1.0


@pytest.mark.parametrize(
    ("width", "height", "limit"),
    [(1920, 1080, 0.1), (1280, 720, 0.1), (3840, 2160, 0.1), (1600, 900, 3), (961, 541, 2)],
)
def test_small_planes_are_averages_over_areas_or_close(width: int, height: int, limit: float) -> None:
    blocks = np.random.default_rng(0).integers(0, 256, (height // 16 + 1, width // 16 + 1, 3), np.uint8)
    detailed = cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    expected = cv2.resize(detailed, (640, 360), interpolation=cv2.INTER_AREA).astype(np.uint8)
    assert difference(small_bgr(picture(detailed), 640, 360), expected) < limit


def test_a_small_bgr_plane_matches_the_big_one_made_small() -> None:
    shown = picture_of(encoded(card(3, 640, 360), "yuv420p", "bt709", False), 1.0)
    expected = cv2.resize(to_bgr(shown), (160, 90), interpolation=cv2.INTER_AREA)
    assert difference(small_bgr(shown, 160, 90), expected.astype(np.uint8)) < 1.0


def test_the_planes_of_extreme_pictures_have_the_size_asked_for() -> None:
    wide = Picture(Layout("gray", 16384, 3), (np.full((3, 16384), 235, np.uint8),))
    assert small_gray(wide, 640, 1).shape == (1, 640)
    assert small_gray(wide, 640, 1).min() == 255
    dot = Picture(Layout("yuv420p", 1, 1), (np.full((1, 1), 16, np.uint8), *[np.full((1, 1), 128, np.uint8)] * 2))
    assert to_bgr(dot).tolist() == [[[0, 0, 0]]]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("sar", [1.0, 1.004, 12 / 11, 10 / 11, 64 / 45])
def test_the_shown_size_is_that_of_the_picture_as_shown(sar: float, rotation: int) -> None:
    shown = picture(card(0), rotation, sar)
    assert to_bgr(shown).shape[1::-1] == shown_size(shown.layout)


def blurred(seed: int, size: tuple[int, int] = (1280, 720)) -> Plane:
    """Colours that change from place to place, but slowly: it makes no difference which pixels are looked at."""
    grid = np.random.default_rng(seed).integers(40, 215, (4, 6, 3), np.uint8)
    return np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize(("pix_fmt", "full"), list(itertools.product(YUV, (False, True))))
@pytest.mark.parametrize("size", [(1280, 720), (854, 480), (321, 181)])
def test_chroma_is_that_of_the_picture_in_every_format_range_and_size(
    pix_fmt: str, full: bool, size: tuple[int, int]
) -> None:
    bgr = blurred(1, size)
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24")
    frame = frame.reformat(format=pix_fmt, dst_colorspace="ITU601", dst_color_range=2 if full else 1)
    frame.colorspace, frame.color_range = CODES["bt601"], 2 if full else 1
    ours = small_chroma(picture_of(frame, 1.0), 64, 36)
    small = cv2.cvtColor(cv2.resize(bgr, (64, 36), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2YCrCb)
    assert ours is not None
    assert ours.shape == (36, 64, 2)
    assert np.abs(ours - small[:, :, :0:-1].astype(float)).max() <= 10
    assert np.abs(ours - small[:, :, :0:-1].astype(float)).mean() <= 1.5


def test_chroma_of_bgr_is_that_of_yuv() -> None:
    bgr = blurred(2)
    ours, theirs = small_chroma(picture(bgr), 128, 72), small_chroma(yuv444(bgr), 128, 72)
    assert ours is not None
    assert theirs is not None
    assert np.abs(ours - theirs.astype(float)).mean() <= 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_chroma_stands_upright(rotation: int) -> None:
    shown = picture(card(0, 640, 360), rotation)
    width, height = upright_size(shown.layout)
    ours = small_chroma(shown, width // 8, height // 8)
    upright = cv2.resize(to_bgr(shown), (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    assert ours is not None
    assert np.abs(ours - cv2.cvtColor(upright, cv2.COLOR_BGR2YCrCb)[:, :, :0:-1].astype(float)).mean() < 2


def test_a_grey_picture_has_no_chroma_nor_has_one_with_fewer_samples_than_asked_for() -> None:
    grey = Picture(Layout("gray", 640, 360), (np.full((360, 640), 100, np.uint8),))
    assert small_chroma(grey, 128, 72) is None
    assert small_chroma(picture(card(0)), 128, 72) is None


def yuv444(bgr: Plane) -> Picture:
    planes = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    layout = Layout("yuv444p", bgr.shape[1], bgr.shape[0], "bt601", full_range=True)
    return Picture(layout, tuple(np.asarray(planes[at], np.uint8) for at in (0, 2, 1)))

"""AVFrames become Pictures: views where the layout is ours, the nearest 8-bit format where it is not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.error
import numpy as np
import pytest
from av.codec.context import CodecContext, Flags2
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from media import card, difference, write_video
from slideshow import show

from pipeline.errors import DataError
from pipeline.frame import PIX_FMTS, Layout, Picture
from stages.decoder.native import coded_picture_of, identical, nearest, picture_of
from stages.picture import to_bgr

FULL = 2


def frame_of(pix_fmt: str, width: int = 96, height: int = 64) -> VideoFrame:
    frame = VideoFrame.from_ndarray(card(1, width, height), format="bgr24").reformat(format=pix_fmt)
    if pix_fmt.startswith("yuvj"):
        frame.color_range = FULL
    return frame


@pytest.mark.parametrize("pix_fmt", [*PIX_FMTS, "yuvj420p", "yuvj422p", "yuvj444p", "yuva420p"])
@pytest.mark.parametrize("size", [(96, 64), (97, 63)])
def test_planes_of_our_formats_are_views_of_the_decoders_memory(pix_fmt: str, size: tuple[int, int]) -> None:
    frame = frame_of(pix_fmt, *size)
    picture = picture_of(frame, 1.0)
    assert tuple(plane.shape for plane in picture.planes) == picture.layout.plane_shapes()
    memory = np.frombuffer(memoryview(frame.planes[0]), np.uint8)
    assert np.shares_memory(picture.planes[0], memory)
    assert not picture.planes[0].flags.writeable
    assert (picture.planes[0].ravel()[0]) == memory[0]


@pytest.mark.parametrize(
    ("pix_fmt", "ours", "off"),
    [
        ("yuv420p10le", "yuv420p", 2.5),
        ("yuv422p10le", "yuv422p", 2.0),
        ("yuv444p12le", "yuv444p", 1.5),
        ("p010le", "yuv420p", 2.5),
        ("yuyv422", "yuv422p", 2.0),
        ("uyvy422", "yuv422p", 2.0),
        ("nv21", "yuv420p", 2.5),
        ("nv16", "yuv422p", 2.0),
        ("yuv411p", "yuv422p", 3.5),
        ("yuv410p", "yuv420p", 5.0),
        ("yuv440p", "yuv444p", 2.5),
        ("rgb24", "bgr24", 0.0),
        ("bgra", "bgr24", 0.0),
        ("argb", "bgr24", 0.0),
        ("gbrp", "bgr24", 0.0),
        ("gbrp10le", "bgr24", 0.6),
        ("rgb565le", "bgr24", 4.0),
        ("rgb48le", "bgr24", 0.6),
    ],
)
def test_other_formats_become_the_nearest_of_ours_and_keep_their_colours(pix_fmt: str, ours: str, off: float) -> None:
    picture = picture_of(frame_of(pix_fmt), 1.0)
    assert picture.layout.pix_fmt == ours
    assert difference(to_bgr(picture), card(1)) <= off


@pytest.mark.parametrize("pix_fmt", ["gray10le", "gray16le", "ya8", "monow"])
def test_grey_of_any_depth_stays_grey(pix_fmt: str) -> None:
    # at 8x8 px the conversion that makes it, of FFmpeg 8.0, now and then darkens a line
    white = VideoFrame.from_ndarray(np.full((64, 96, 3), 255, np.uint8), format="bgr24").reformat(format=pix_fmt)
    picture = picture_of(white, 1.0)
    assert picture.layout.pix_fmt == "gray"
    assert to_bgr(picture).min() >= 254


def test_ten_bit_full_range_stays_full_range() -> None:
    frame = frame_of("yuvj420p").reformat(format="yuv420p10le", src_color_range=FULL, dst_color_range=FULL)
    frame.color_range = FULL
    picture = picture_of(frame, 1.0)
    assert picture.layout.full_range
    assert difference(to_bgr(picture), card(1)) < 2.5


@pytest.mark.parametrize(
    ("code", "height", "matrix"),
    [
        (1, 64, "bt709"),
        (5, 1080, "bt601"),
        (6, 1080, "bt601"),
        (9, 64, "bt2020"),
        (2, 576, "bt601"),
        (2, 720, "bt709"),
    ],
)
def test_the_matrix_is_the_streams_or_follows_from_the_height(code: int, height: int, matrix: str) -> None:
    frame = VideoFrame(16, height, "yuv420p")
    frame.colorspace = code
    assert picture_of(frame, 1.0).layout.matrix == matrix


@pytest.mark.parametrize("pix_fmt", ["bgr24", "yuv420p", "nv12"])
def test_planes_stored_bottom_up_come_out_the_right_way(pix_fmt: str) -> None:
    graph = Graph()
    source = graph.add_buffer(width=96, height=64, format=VideoFormat(pix_fmt, 96, 64), time_base=Fraction(1))
    graph.link_nodes(source, graph.add("vflip"), graph.add("buffersink")).configure()
    graph.vpush(frame_of(pix_fmt))
    flipped = graph.vpull()
    assert flipped.planes[0].line_size < 0
    assert difference(to_bgr(picture_of(flipped, 1.0)), card(1)[::-1]) < 2.5


@pytest.mark.parametrize(("pix_fmt", "ours"), [("pal8", "bgr24"), ("monob", "gray"), ("bayer_rggb8", "bgr24")])
def test_rare_formats_have_a_nearest_one(pix_fmt: str, ours: str) -> None:
    assert nearest(VideoFormat(pix_fmt, 16, 16)) == ours


def test_a_format_that_cannot_be_converted_is_named() -> None:
    # Every format that a software decoder of this build gives can be converted; stand in for one that cannot.
    class Strange:
        format = VideoFormat("yuv420p10le", 16, 16)
        colorspace, color_range, height, rotation = 2, 0, 16, 0

        def reformat(self, **_: object) -> VideoFrame:
            raise av.error.ArgumentError(22, "Invalid argument")

    with pytest.raises(DataError, match="pixel format 'yuv420p10le' cannot be converted"):
        picture_of(cast("VideoFrame", Strange()), 1.0)


def test_pictures_are_identical_only_to_the_last_bit_of_every_plane() -> None:
    layout = Layout("yuv420p", 64, 48)
    grey = Picture(layout, tuple(np.full(shape, 128, np.uint8) for shape in layout.plane_shapes()))
    assert identical(grey, grey.copy())
    assert not identical(None, grey)
    for number in range(3):
        other = grey.copy()
        other.planes[number][5, 7] = 129
        assert not identical(grey, other)


def test_what_is_coded_and_not_shown_is_behind_what_is(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 1)], 10))
    with av.open(path) as container, av.open(path) as other:
        stream = other.streams.video[0]
        whole = cast("av.VideoCodecContext", CodecContext.create("h264", "r"))
        whole.extradata, whole.flags2 = stream.codec_context.extradata, Flags2.ignore_crop
        all_of_it = [frame for packet in other.demux(stream) for frame in whole.decode(packet)]
        for frame, full in zip(container.decode(video=0), all_of_it, strict=True):
            assert (frame.height, full.height) == (180, 192)
            coded = coded_picture_of(frame, (320, 192))
            assert coded is not None
            for plane, expected in zip(coded.planes, picture_of(full, 1.0).planes, strict=True):
                np.testing.assert_array_equal(plane, expected)


def test_there_is_no_coded_picture_of_samples_that_are_not_as_they_were_coded() -> None:
    assert coded_picture_of(frame_of("yuv420p10le"), (96, 64)) is None
    assert coded_picture_of(frame_of("yuv420p"), (80, 64)) is None

"""From a decoded AVFrame to a Picture: a view of its planes where the format is ours, else one swscale conversion.

Between the decoding and the picture pool. Nothing is copied that need not be; the views are read-only, as the
decoder still predicts from the memory they show.
"""

from __future__ import annotations

import ctypes
from math import prod
from typing import TypeGuard

import av.error
import cv2
import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from pipeline.errors import DataError
from pipeline.frame import Layout, Picture, Plane, Ticket

# FFmpeg's formats whose first planes lie in memory as one of pipeline.frame.PIX_FMTS; yuva keeps alpha in a fourth.
_AS_IT_IS = {
    "gray": "gray",
    "bgr24": "bgr24",
    "yuv420p": "yuv420p",
    "yuv422p": "yuv422p",
    "yuv444p": "yuv444p",
    "yuvj420p": "yuv420p",
    "yuvj422p": "yuv422p",
    "yuvj444p": "yuv444p",
    "yuva420p": "yuv420p",
    "yuva422p": "yuv422p",
    "yuva444p": "yuv444p",
    "nv12": "nv12",
}
# AVColorSpace (ITU-T H.273, MatrixCoefficients)
_MATRICES = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
_LIMITED, _FULL = 1, 2  # AVColorRange
_HD_LINES = 720  # what says nothing is BT.601 below, BT.709 from here on, as players assume


def picture_of(frame: VideoFrame, sar: float) -> Picture:
    """The frame as a Picture, upright by ``layout.rotation``. Its planes live as long as they are referred to.

    Deeper samples become 8 bits, RGB in any order and palettes become bgr24; alpha is left out. Raises DataError
    for a format that swscale cannot read.
    """
    name = frame.format.name
    ours = _AS_IT_IS.get(name)
    full = _is_full_range(frame, name)
    matrix = _MATRICES.get(frame.colorspace, "bt709" if frame.height >= _HD_LINES else "bt601")
    rotation = round(-frame.rotation / 90) * 90 % 360
    if ours is None:
        ours = nearest(frame.format)
        kept = _FULL if full else _LIMITED
        range_ = None if ours == "bgr24" else kept
        try:
            frame = frame.reformat(format=ours, src_color_range=range_, dst_color_range=range_)
        except av.error.FFmpegError as e:
            raise DataError(f"pictures in pixel format '{name}' cannot be converted; encode the video anew") from e
    layout = Layout(ours, frame.width, frame.height, matrix, full, rotation, sar)
    planes = zip(frame.planes, layout.plane_shapes(), strict=False)
    return Picture(layout, tuple(_view(plane, shape) for plane, shape in planes))


def coded_picture_of(frame: VideoFrame, size: tuple[int, int]) -> Picture | None:
    """All of a picture that was coded, of which the frame shows the upper left part. ``size``: its width and height in
    px, as the stream says. It lives as long as the frame does. None if its samples are not 8 bits of Y, U and V.

    What is not shown lies behind the rows and lines that are: FFmpeg's decoders write all of it there, and crop by
    moving what is said of the frame alone (``av_frame_apply_cropping``).
    """
    ours = _AS_IT_IS.get(frame.format.name)
    if ours is None or size[0] < frame.width or size[1] < frame.height:
        return None
    layout = Layout(ours, *size)
    planes: list[Plane] = []
    for plane, shape in zip(frame.planes, layout.plane_shapes(), strict=False):
        height, row = shape[0], prod(shape[1:])
        if plane.line_size < row:
            return None
        memory = (ctypes.c_uint8 * (plane.line_size * (height - 1) + row)).from_address(plane.buffer_ptr)
        lines = np.frombuffer(memoryview(memory), np.uint8)
        planes.append(np.lib.stride_tricks.as_strided(lines, (height, row), (plane.line_size, 1), writeable=False))
    return Picture(layout, tuple(planes))


def identical(before: Picture | Ticket | None, picture: Picture) -> TypeGuard[Picture]:
    """Whether the two are equal to the last bit, as most pictures of a screen recording are to the one before.

    Such a one need be neither reduced nor copied again: at 1080p that is 0.1 ms instead of 0.5. A few lines tell most
    that differ.
    """
    return (
        isinstance(before, Picture)
        and picture.layout == before.layout
        and all(
            cv2.norm(now[::step], then[::step], cv2.NORM_INF) == 0
            for step in (16, 1)
            for now, then in zip(picture.planes, before.planes, strict=True)
        )
    )


def nearest(pix_fmt: VideoFormat) -> str:
    """Which of pipeline.frame.PIX_FMTS loses least of ``pix_fmt``."""
    if pix_fmt.name.startswith(("gray", "mono", "ya")):
        return "gray"
    if pix_fmt.is_rgb or pix_fmt.has_palette or pix_fmt.is_bayer or len(pix_fmt.components) < 3:
        return "bgr24"
    if pix_fmt.chroma_width(16) == 16:
        return "yuv444p"
    return "yuv422p" if pix_fmt.chroma_height(16) == 16 else "yuv420p"


def _is_full_range(frame: VideoFrame, name: str) -> bool:
    if name.startswith(("gray", "mono", "ya")):
        return frame.color_range != _LIMITED  # grey that says nothing is full range to swscale as well
    return frame.color_range == _FULL or name.startswith("yuvj")


def _view(plane: VideoPlane, shape: tuple[int, ...]) -> Plane:
    height, row = shape[0], prod(shape[1:])
    stride = plane.line_size
    data: Plane = np.frombuffer(memoryview(plane), np.uint8)
    rows: Plane = data.reshape(-1, abs(stride))[:height, :row]
    if stride < 0:  # stored bottom up
        rows = rows[::-1]
    rows = rows.reshape(shape)
    rows.flags.writeable = False
    return rows

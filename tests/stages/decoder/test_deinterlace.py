"""Interlaced video loses its combs and keeps its times; progressive video is left alone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from media import Bgr, cards, write_video

from pipeline.frame import Frame, Picture
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder
from stages.decoder.deinterlace import deinterlaced

TOP_FIRST = {"x264-params": "tff=1"}


def combed(count: int) -> list[Bgr]:
    """A white bar moving to the right, the odd lines half a frame later than the even ones."""
    pictures = []
    for index in range(count):
        picture = np.zeros((64, 128, 3), np.uint8)
        for line in range(64):
            left = 8 + index * 12 + 6 * (line % 2)
            picture[line, left : left + 24] = 255
        pictures.append(picture)
    return pictures


def comb(frame: Frame) -> float:
    """How much each line differs from the mean of its neighbours."""
    assert isinstance(frame.image, Picture)
    luma = frame.image.planes[0].astype(float)
    return float(np.abs(luma[1:-1] - (luma[:-2] + luma[2:]) / 2).mean())


def test_combs_vanish_and_each_frame_keeps_its_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "interlaced.mkv", combed(8), options=TOP_FIRST)
    as_it_is = frames_of(Harness(Decoder, uri=str(path), rate=0, deinterlace="off").run())
    woven = frames_of(Harness(Decoder, uri=str(path), rate=0).run())
    assert [frame.pts_ns for frame in woven] == [frame.pts_ns for frame in as_it_is]
    assert max(comb(frame) for frame in woven) < 0.4 * min(comb(frame) for frame in as_it_is)


def test_interlaced_mpeg2_in_a_transport_stream_keeps_every_frame(tmp_path: Path) -> None:
    options = {"flags": "+ildct+ilme"}
    path = write_video(tmp_path / "tv.ts", combed(8), codec="mpeg2video", rate=25, options=options)
    frames = frames_of(Harness(Decoder, uri=str(path), rate=0).run())
    assert [frame.pts_ns // 1_000_000 for frame in frames] == [40 * index for index in range(8)]


def test_progressive_frames_are_handed_on_as_they_are() -> None:
    given = [VideoFrame(16, 16, "yuv420p") for _ in range(3)]
    passed = list(deinterlaced(iter(given), Fraction(1, 25)))
    assert all(a is b for a, b in zip(passed, given, strict=True))


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv420p10le"])
def test_other_formats_are_deinterlaced_too(tmp_path: Path, pix_fmt: str) -> None:
    path = write_video(tmp_path / "a.mkv", combed(6), pix_fmt=pix_fmt, options=TOP_FIRST)
    assert len(frames_of(Harness(Decoder, uri=str(path), rate=0).run())) == 6


def test_the_size_may_change_in_mid_stream(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.h264", cards(4, 96, 64), options=TOP_FIRST)
    second = write_video(tmp_path / "b.h264", cards(4, 64, 96), options=TOP_FIRST)
    (tmp_path / "ab.h264").write_bytes(first.read_bytes() + second.read_bytes())
    frames = frames_of(Harness(Decoder, uri=str(tmp_path / "ab.h264"), rate=0).run())
    assert [frame.planes[0].shape for frame in frames] == [(64, 96)] * 4 + [(96, 64)] * 4

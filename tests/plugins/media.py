"""Makes tiny videos for the tests, at test time: any codec, pixel format, frame times, rotation and damage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

Bgr = NDArray[np.uint8]
MS = Fraction(1, 1000)


def card(index: int, width: int = 96, height: int = 64) -> Bgr:
    """A picture that is unlike its neighbours: four coloured quarters, none the same, and a smooth ramp.

    The top left quarter is the brightest, so a test sees which way is up. BGR (height, width, 3).
    """
    picture = np.zeros((height, width, 3), np.uint8)
    half_w, half_h = (width + 1) // 2, (height + 1) // 2
    shade = 20 * (index % 4)
    picture[:half_h, :half_w] = (230, 240, 235 - shade)
    picture[:half_h, half_w:] = (30, 40 + shade, 180)
    picture[half_h:, :half_w] = (170, 60, 30 + shade)
    picture[half_h:, half_w:] = (60, 150 - shade, 70)
    return picture


def cards(count: int, width: int = 96, height: int = 64) -> list[Bgr]:
    return [card(index, width, height) for index in range(count)]


def write_video(
    path: Path,
    pictures: Sequence[Bgr],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: int = 10,
    pts_ms: Sequence[int] | None = None,
    rotation: int = 0,
    sar: Fraction | None = None,
    matrix: str = "",
    tone: bool = False,
    options: Mapping[str, str] | None = None,
) -> Path:
    """Encode ``pictures`` (all of one size) as ``path``; the container follows from the suffix.

    ``rotation``: degrees counterclockwise in the display matrix. ``matrix``: colorspace to convert with and to note.
    ``pts_ms``: times of the frames; by default they follow from ``rate``. ``tone``: also a track of silent audio.
    """
    height, width = pictures[0].shape[:2]
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        unit = MS if pts_ms is not None else Fraction(1, rate)
        stream.codec_context.time_base = unit
        if sar is not None:
            stream.sample_aspect_ratio = sar
        if matrix:
            stream.codec_context.colorspace = {"bt709": 1, "bt601": 5, "bt2020": 9}[matrix]
        if pix_fmt.startswith("yuvj"):
            stream.codec_context.color_range = 2
        if rotation:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=8000, layout="mono") if tone else None
        for index, picture in enumerate(pictures):
            frame = VideoFrame.from_ndarray(picture, format="bgr24")
            frame = frame.reformat(format=pix_fmt, dst_colorspace=_swscale(matrix))
            frame.pts = index if pts_ms is None else pts_ms[index]
            frame.time_base = unit  # the stream's own changes once the header is written
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound is not None:
            _write_silence(container, sound, 1024 * 4)
    return path


def write_audio(path: Path, cover: Bgr | None = None) -> Path:
    """Sound without pictures; ``cover`` is attached as the picture of an album."""
    with av.open(path, "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        if cover is not None:
            image = container.add_stream("png", rate=1)
            assert isinstance(image, VideoStream)
            image.height, image.width = cover.shape[:2]
            image.pix_fmt = "rgb24"
            image.disposition = Disposition.attached_pic
            container.mux(image.encode(VideoFrame.from_ndarray(cover, format="bgr24").reformat(format="rgb24")))
        _write_silence(container, sound, 1024 * 4)
    return path


def damage(path: Path, start: float, end: float) -> Path:
    """Overwrite a stretch of the file, given as fractions of its size, with noise."""
    data = bytearray(path.read_bytes())
    first, last = int(len(data) * start), int(len(data) * end)
    data[first:last] = np.random.default_rng(1).bytes(last - first)
    path.write_bytes(bytes(data))
    return path


def damage_packets(path: Path, damaged: Path, which: range) -> Path:
    """Copy ``path`` packet by packet as ``damaged``; the payload of the packets in ``which`` becomes noise.

    Container structures stay whole, so that what is read is exactly what was written, but for those packets.
    """
    with av.open(path) as source, av.open(damaged, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux(video=0)):
            if packet.dts is None:
                continue
            if index in which:
                noise: Packet[Stream] = Packet(np.random.default_rng(index).bytes(packet.size))
                noise.pts, noise.dts, noise.time_base = packet.pts, packet.dts, packet.time_base
                noise.duration = packet.duration
                noise.stream = stream
                target.mux(noise)
            else:
                packet.stream = stream
                target.mux(packet)
    return damaged


def cut(path: Path, keep: float) -> Path:
    """Keep only the first ``keep`` of the file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def difference(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Mean absolute difference in grey levels."""
    return float(cv2.absdiff(a, b).mean())


def _swscale(matrix: str) -> str | None:
    return {"bt709": "ITU709", "bt601": "ITU601", "bt2020": "BT2020"}.get(matrix)


def _write_silence(container: av.container.OutputContainer, stream: av.AudioStream, samples: int) -> None:
    for start in range(0, samples, 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 8000, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))

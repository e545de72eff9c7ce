"""What the packets of real encoders say about a picture that does not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from media import Bgr

from pipeline.frame import SECOND_NS, Picture
from stages.decoder.live.payload import Signs
from stages.decoder.live.watch import PictureWatch, SourceState
from stages.decoder.native import identical, picture_of

RATE = 10
Coded = tuple[bytes, bool]  # a packet, and whether it is a key picture


def slide() -> Bgr:
    picture = np.full((720, 1280, 3), 245, np.uint8)
    for line in range(8):
        cv2.putText(
            picture, f"Line {line} of a slide", (80, 100 + 70 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 30, 60), 3
        )
    cv2.circle(picture, (1000, 400), 150, (180, 90, 40), -1)
    return picture


def noisy(count: int) -> list[Bgr]:
    random = np.random.default_rng(1)
    return [
        np.clip(slide().astype(np.int16) + random.normal(0, 3, (720, 1280, 3)), 0, 255).astype(np.uint8)
        for _ in range(count)
    ]


def encoded(codec: str, pictures: Sequence[Bgr], options: Mapping[str, str]) -> list[Coded]:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = pictures[0].shape[1], pictures[0].shape[0]
    context.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    context.time_base, context.framerate = Fraction(1, RATE), Fraction(RATE)
    context.bit_rate = 2_000_000
    context.options = dict(options)
    packets = []
    for number, picture in enumerate(pictures):
        frame = VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=context.pix_fmt)
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        packets += context.encode(frame)
    packets += context.encode(None)
    return [(bytes(packet), packet.is_keyframe) for packet in packets]


def signs(codec: str, packets: Sequence[Coded]) -> float:
    """The share of packets that say "changed"."""
    watch = Signs(codec, 1280 * 720)
    return sum(watch.changed(data, key) for data, key in packets) / len(packets)


def verdicts(codec: str, packets: Sequence[Coded]) -> set[SourceState]:
    """All states that are told while the packets come and are decoded; frozen means 5 s."""
    watch, read = PictureWatch(5 * SECOND_NS), Signs(codec, 1280 * 720)
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    before: Picture | None = None
    found = set()
    for number, (data, key) in enumerate(packets):
        if watch.still:
            watch.packet(read.changed(data, key))
        for frame in decoder.decode(Packet(data)):
            picture = picture_of(frame, 1.0)
            watch.picture(picture.planes[0], identical(before, picture), SECOND_NS + number * SECOND_NS // RATE)
            before = picture
        found.add(watch.state())
    return found


STILL = {"preset": "ultrafast", "g": "20", "threads": "1"}
ENCODERS = {
    "zerolatency": {**STILL, "tune": "zerolatency"},
    "quality": {**STILL, "crf": "18", "bf": "2"},
    "slices": {**STILL, "slices": "4"},
    "no cabac": {**STILL, "coder": "0"},
    "constant bit rate with filler": {**STILL, "x264-params": "nal-hrd=cbr:vbv-maxrate=2000:vbv-bufsize=2000"},
    "key pictures only": {**STILL, "g": "1", "crf": "23"},
    "one key picture": {**STILL, "g": "600"},
}


@pytest.mark.parametrize("options", ENCODERS.values(), ids=list(ENCODERS))
def test_a_static_slide_in_h264_is_live(options: Mapping[str, str]) -> None:
    assert verdicts("h264", encoded("libx264", [slide()] * 12 * RATE, options)) == {SourceState.LIVE}


def test_a_static_slide_in_hevc_is_live() -> None:
    options = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:keyint=20"}
    assert verdicts("hevc", encoded("libx265", [slide()] * 8 * RATE, options)) == {SourceState.LIVE}


def test_a_static_slide_in_mjpeg_is_live() -> None:
    packets = encoded("mjpeg", [slide()] * 8 * RATE, {"qmin": "4", "qmax": "4"})
    assert verdicts("mjpeg", packets) == {SourceState.LIVE}


def test_a_static_slide_with_the_noise_of_a_camera_is_live() -> None:
    assert verdicts("h264", encoded("libx264", noisy(7 * RATE), STILL)) == {SourceState.LIVE}


def test_a_key_picture_that_is_sent_again_and_again_is_frozen() -> None:
    key = next(data for data, key in encoded("libx264", [slide()], STILL) if key)
    assert verdicts("h264", [(key, True)] * 7 * RATE) == {SourceState.LIVE, SourceState.FROZEN}


def test_mjpeg_whose_bytes_differ_though_its_pictures_do_not_is_frozen() -> None:
    jpeg = encoded("mjpeg", [slide()], {})[0][0]
    stamped = [(jpeg[:2] + b"\xff\xfe\x00\x06%04d" % second + jpeg[2:], True) for second in range(7 * RATE)]
    assert verdicts("mjpeg", stamped) == {SourceState.LIVE, SourceState.FROZEN}


@pytest.mark.parametrize("options", [ENCODERS["zerolatency"], ENCODERS["slices"]], ids=["one slice", "four slices"])
def test_the_noise_of_a_camera_says_changed(options: Mapping[str, str]) -> None:
    assert signs("h264", encoded("libx264", noisy(20), {**options, "crf": "20"})) > 0.9


def test_filler_says_nothing() -> None:
    skipped = b"\0\0\1\x41" + b"\x9a" * 7
    assert not Signs("h264", 1280 * 720).changed(skipped + b"\0\0\1\x0c" + b"\xff" * 9000 + b"\x80", False)
    assert Signs("h264", 1280 * 720).changed(skipped + b"\x9a" * 9000, False)


def test_a_codec_it_does_not_know_says_nothing() -> None:
    assert signs("vp9", [(b"\1" * 5000, False), (b"\2" * 5000, False)]) == 0


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\1", b"\0\0\0\1", b"\0\0\1\0\0\1", b"\xff" * 9, b"\0\0\0\x02\x41"])
def test_broken_packets_are_read_without_an_error(data: bytes) -> None:
    assert not Signs("h264", 0).changed(data, False)
    assert not Signs("hevc", 0).changed(data, True)

"""Parameter sets: a camera that announces none still gets a file that plays."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.stream import Stream
from packets import PACKETS, Camera, pictures, write_film

from pipeline.testing import Harness
from stages.media.streams import describe
from stages.recorder import Recorder
from stages.recorder.parameter_sets import extradata


@pytest.mark.parametrize(("codec", "name"), [("libx264", "h264"), ("libx265", "hevc")])
def test_they_are_found_in_a_keyframe(codec: str, name: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / f"film.{name}", video=codec, audio=None, seconds=1)
    with av.open(film) as container:
        announced = bytes(container.streams[0].codec_context.extradata or b"")
        first = next(bytes(packet) for packet in container.demux())
    found = extradata(name, first)
    assert found
    start = b"\x00\x00\x01"
    assert set(filter(None, (part.strip(b"\0") for part in found.split(start)))) <= {
        part.strip(b"\0") for part in announced.split(start)
    }


def test_half_of_them_is_none(tmp_path: Path) -> None:
    assert extradata("h264", b"\x00\x00\x00\x01\x67\x42\x00\x1f\x00\x00\x01\x65\x88") == b""
    assert extradata("h264", b"") == b""
    assert extradata("mjpeg", b"\xff\xd8") == b""


@pytest.mark.parametrize(("codec", "name"), [("libx264", "h264"), ("libx265", "hevc")])
@pytest.mark.parametrize("form", ["mp4", "mkv"])
def test_a_camera_that_announces_none_is_recorded(codec: str, name: str, form: str, tmp_path: Path) -> None:
    camera = Camera(write_film(tmp_path / "film.ts", video=codec, audio=None, options={"bf": "0"}))
    with av.open(tmp_path / "bare.nut", "w") as bare:
        stream = bare.add_mux_stream(name, width=96, height=64, time_base=Fraction(1, 90000))
        empty: av.Packet[Stream] = av.Packet(b"\0")
        empty.stream, empty.pts, empty.dts, empty.is_keyframe = stream, 0, 0, True
        bare.mux(empty)
    with av.open(tmp_path / "bare.nut") as bare_streams:
        assert not bare_streams.streams[0].codec_context.extradata
        bare_streams.streams[0].time_base = Fraction(1, 90000)
        camera.streams = describe(list(bare_streams.streams))
    harness = Harness(Recorder, location=str(tmp_path / "out"), floor=0, format=form)
    harness.caps(PACKETS)
    harness.event(camera.connect())
    for frame in camera.frames():
        harness.push(frame)
    harness.eos()
    (segment,) = (tmp_path / "out" / "segments").iterdir()
    assert pictures(segment) == 30
    with av.open(segment) as container:
        assert container.streams[0].codec_context.extradata

"""The first frame of a file comes at once, is what a full decode gives, and comes once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.video.frame import VideoFrame
from decoded import decode, posted
from media import damage_packets, difference, write_video
from slideshow import show

from pipeline.frame import SECOND_NS, Frame
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder
from stages.decoder.decoding import Damage
from stages.decoder.opening import open_file, video_stream
from stages.decoder.sparse import entry, survey
from stages.decoder.sparse.frames import SparseFrames
from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.timing import Sampler, StreamClock
from stages.decoder.undue import Undecoded, Undue

FILM = show([(1, 4), (2, 4), (1, 4)], 10)
EVERY_2_S = {"g": "20", "sc_threshold": "0"}
SOON_S = 10.0
FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("a.mp4", {"options": EVERY_2_S}),
    ("a.mkv", {"options": {"g": "9999", "bf": "8"}}),
    ("open.ts", {"options": {**EVERY_2_S, "x264-params": "open-gop=1:log=-1"}}),
    ("intra.mp4", {"options": {"g": "1"}}),
    ("hevc.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=20"}}),
    ("vp9.webm", {"codec": "libvpx-vp9", "options": {"g": "20", "deadline": "realtime", "cpu-used": "8"}}),
    ("mpeg4.avi", {"codec": "mpeg4", "options": {"g": "20"}}),
    ("mpeg2.ts", {"codec": "mpeg2video", "options": {"g": "20", "bf": "2"}}),
    ("late.mkv", {"pts_ms": [7000 + 100 * index for index in range(len(FILM))], "options": EVERY_2_S}),
    ("turned.mp4", {"rotation": 90, "options": EVERY_2_S}),
]


def comes_early(path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the first frame comes before all packets are read; what comes is what a full decode gives, to the bit."""
    surveyed: list[str] = []

    def prepared(*_: object) -> Iterator[str]:
        surveyed.append("now")
        yield "this is only a test"

    monkeypatch.setattr(entry, "prepared", prepared)
    reasons: list[str] = []
    with open_file(path) as container:
        frames = begun(container, path, lambda: True, reasons.append)
        first = next(frames)
        assert isinstance(first, VideoFrame)
        early = not surveyed
        shown = [first, *frames]
    assert surveyed == ["now"]
    assert reasons == ["this is only a test"]
    with open_file(path) as container:
        full = list(container.decode(video_stream(container, path)))
    assert [frame.pts for frame in shown] == [frame.pts for frame in full]
    for frame, expected in zip(shown, full, strict=True):
        assert isinstance(frame, VideoFrame)
        assert difference(frame.to_ndarray(), expected.to_ndarray()) == 0
        assert (frame.rotation, frame.colorspace, frame.color_range) == (
            (expected.rotation, expected.colorspace, expected.color_range)
        )
    return early


def begun(
    container: av.container.InputContainer, path: Path, alive: Callable[[], bool], refused: Callable[[str], None]
) -> Iterator[VideoFrame | Unchanged | Undecoded]:
    """All frames, of which every one is due."""
    stream = video_stream(container, path)
    undue = Undue("h264", StreamClock(stream.time_base or Fraction(1, 1000), None, SECOND_NS), Sampler(0))
    return SparseFrames(container, stream, path, 1, False, alive, refused).frames(Damage(), list, undue)


@pytest.mark.parametrize(("name", "how"), FORMATS, ids=[name for name, _ in FORMATS])
def test_it_comes_before_all_packets_are_read_and_is_that_of_a_full_decode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, how: dict[str, Any]
) -> None:
    path = write_video(tmp_path / name, FILM, **how)
    assert comes_early(path, monkeypatch)


def test_nothing_comes_early_that_might_not_be_first_whole_or_progressive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**EVERY_2_S, "bf": "3", "b_strategy": "0"}
    whole = write_video(tmp_path / "a.mkv", FILM, options={**options, "x264-params": "open-gop=1:log=-1"})
    leading = from_second_keyframe(whole, tmp_path / "leading.mkv")
    damaged = damage_packets(whole, tmp_path / "damaged.mkv", range(1))
    interlaced = {**options, "flags": "+ilme+ildct", "x264-params": "tff=1:log=-1"}
    combed = write_video(tmp_path / "combed.mp4", FILM, options=interlaced)
    for path in (leading, damaged, combed):
        assert not comes_early(path, monkeypatch), path.name


def from_second_keyframe(path: Path, shorter: Path) -> Path:
    """It begins with a keyframe behind which frames come that are shown before it."""
    keyframes = 0
    with av.open(path) as source, av.open(shorter, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            keyframes += packet.is_keyframe and bool(packet.size)
            if keyframes > 1 and packet.size:
                packet.stream = stream
                target.mux(packet)
    return shorter


@pytest.mark.parametrize("length", [1, 2, 17, 18])
def test_short_files_are_whole(tmp_path: Path, length: int) -> None:
    path = write_video(tmp_path / "a.mp4", FILM[:length], options={"bf": "2"})
    harness, items = decode(path, rate=0, mode="sparse")
    assert len(frames_of(items)) == length
    assert harness.ledger.received == length


def test_the_first_is_counted_once(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", show([(1, 12)], 10), options=EVERY_2_S)
    harness, items = decode(path, mode="sparse")
    sent = frames_of(items)
    assert [frame.pts_ns for frame in sent[:2]] == [0, SECOND_NS // 10]
    assert harness.ledger.received == len(sent) + sum(harness.ledger.dropped.values()) == 120
    assert posted(harness, "sparse")["packets"] == 120


def test_it_shows_life_while_it_reads_and_ends_when_nobody_wants_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "_PACKETS_A_STEP", 10)
    path = write_video(tmp_path / "a.mp4", FILM, options=EVERY_2_S)
    asked: list[int] = []

    def alive() -> bool:
        asked.append(len(asked))
        return len(asked) < wanted

    for wanted, come in ((1000, 120), (3, 1)):
        asked.clear()
        with open_file(path) as container:
            frames = list(begun(container, path, alive, pytest.fail))
        assert len(asked) == min(wanted, 12)
        assert sum(len(item.all_pts) if isinstance(item, Unchanged) else 1 for item in frames) == come


def test_signs_of_life_go_through_the_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_PACKETS_A_STEP", 10)
    path = write_video(tmp_path / "a.mp4", FILM, options=EVERY_2_S)
    harness = Harness(Decoder, uri=str(path), mode="sparse")
    assert isinstance(harness.stage, Decoder)
    harness.stage.start()
    given = list(harness.stage.produce())
    harness.stage.stop()
    assert given.count(None) == 12
    first = next(place for place, item in enumerate(given) if isinstance(item, Frame))
    assert given.index(None) > first


def test_who_is_to_finish_reads_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", FILM, options=EVERY_2_S)

    def reading(*_: object) -> Iterator[None]:
        end = time.monotonic() + SOON_S
        while time.monotonic() < end:
            yield None
        raise AssertionError("it was to read no further")

    monkeypatch.setattr(entry, "prepared", reading)
    harness = Harness(Decoder, uri=str(path), mode="sparse")
    assert isinstance(harness.stage, Decoder)
    harness.stage.start()
    frames = (item for item in harness.stage.produce() if isinstance(item, Frame))
    assert next(frames).pts_ns == 0
    harness.stage.finish()
    assert list(frames) == []
    harness.stage.stop()
    assert harness.context.warnings == []


def test_packets_that_cannot_be_read_are_a_reason_to_decode_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", FILM, options=EVERY_2_S)
    reasons: list[str] = []

    def unreadable(*_: object) -> Iterator[None]:
        yield None
        raise av.error.InvalidDataError(1, "Invalid data")

    monkeypatch.setattr(entry, "prepared", unreadable)
    with open_file(path) as container:
        frames = list(begun(container, path, lambda: True, reasons.append))
    assert len(frames) == len(FILM)
    assert reasons == ["its packets cannot all be read (Invalid data)"]

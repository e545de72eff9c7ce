"""What is not due and not referred to is left out; what comes out is what comes out of decoding everything."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st
from media import Bgr, damage_packets, write_video

from pipeline.frame import Frame
from pipeline.testing import Harness, frames_of
from stages.decoder import Decoder, undue
from stages.decoder.decoding import Damage, decoded
from stages.decoder.selection import Frames, selected
from stages.decoder.sparse.unchanged import Unchanged
from stages.decoder.timing import Sampler, StreamClock
from stages.decoder.undue import Undecoded, Undue

MS = 1_000_000
B_FRAMES = {"bf": "3", "b-pyramid": "normal", "g": "30", "keyint_min": "30", "b_strategy": "0"}


def moving(count: int, width: int = 96, height: int = 64) -> list[Bgr]:
    """A square on its way over a ramp."""
    pictures = []
    for index in range(count):
        picture = np.repeat(np.linspace(40, 200, width, dtype=np.uint8)[None, :, None], height, axis=0).repeat(
            3, axis=2
        )
        left = 2 * index % (width - 16)
        picture[20:36, left : left + 16] = (20, 40, 240)
        pictures.append(picture)
    return pictures


def emitted(path: Path, **properties: object) -> tuple[list[Frame], dict[str, int]]:
    harness = Harness(Decoder, uri=str(path), **{"mode": "full", **properties})
    frames = frames_of(harness.run())
    assert harness.ledger.missing == 0
    return frames, dict(harness.context.drops)


def shown(frames: Sequence[Frame]) -> list[tuple[int, bytes]]:
    return [(frame.pts_ns, frame.planes[0].tobytes()) for frame in frames]


def come_out(path: Path, rate: float = 10) -> list[VideoFrame | Unchanged | Undecoded]:
    """All frames of the file, decoded or not."""
    found: list[VideoFrame | Unchanged | Undecoded] = []

    def watched(frames: Frames) -> Frames:
        for frame in frames:
            found.append(frame)
            yield frame

    with av.open(path) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        clock, sampler = StreamClock(stream.time_base, 0, 33 * MS), Sampler(rate)
        asked = Undue(stream.codec_context.name, clock, sampler)
        frames = decoded(container, stream, path, Damage(), lambda: None, asked)
        list(selected(watched(frames), clock, sampler, 0, lambda reason, count: None))
    return found


def left_out(path: Path, rate: float = 10) -> tuple[int, int]:
    """How many frames are in the file, and how many were not decoded."""
    found = come_out(path, rate)
    return len(found), sum(isinstance(frame, Undecoded) for frame in found)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        *((suffix, codec) for suffix in ("mp4", "mkv", "ts") for codec in ("libx264", "libx265")),
        ("avi", "libx264"),  # it has times of decoding alone
    ],
)
def test_the_same_frames_come_out_as_of_decoding_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, suffix: str
) -> None:
    options = B_FRAMES if codec == "libx264" else {"x265-params": "bframes=3:keyint=30:log-level=none"}
    path = write_video(tmp_path / f"a.{suffix}", moving(120), codec=codec, rate=30, options=options)
    some, counts = emitted(path)
    monkeypatch.setattr(undue, "_CODECS", frozenset())
    every, all_counts = emitted(path)
    assert shown(some) == shown(every)
    assert counts == all_counts
    assert len(every) == 41


def test_a_third_of_a_usual_recording_is_left_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving(240), rate=30, options=B_FRAMES)
    count, absent = left_out(path)
    assert count == 240
    assert 0.2 < absent / count < 0.45


def test_after_damage_nothing_is_left_out(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "a.mp4", moving(240), rate=30, options=B_FRAMES)
    path = damage_packets(whole, tmp_path / "b.mp4", range(90, 96))
    absent = [isinstance(frame, Undecoded) for frame in come_out(path)]
    assert any(absent[:90])
    assert not any(absent[120:])
    assert any(isinstance(frame, Undecoded) for frame in come_out(whole)[120:])


def test_where_every_frame_is_asked_for_every_frame_is_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving(90), rate=30, options=B_FRAMES)
    assert left_out(path, rate=0) == (90, 0)
    assert len(emitted(path, rate=0)[0]) == 90


def test_where_each_frame_is_due_each_is_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving(60), rate=10, options=B_FRAMES)
    assert left_out(path) == (60, 0)


def test_without_frames_that_none_refers_to_nothing_is_left_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving(60), rate=30, options={"bf": "0"})
    assert left_out(path) == (60, 0)


def test_other_codecs_are_decoded_whole(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", moving(60), codec="mpeg4", rate=30, options={"bf": "2"})
    assert left_out(path)[1] == 0


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_of_h264_the_decoder_is_not_even_given_what_is_left_out(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"a.{suffix}", moving(90), rate=30, options=B_FRAMES)
    with av.open(path) as container:
        stream = container.streams.video[0]
        clock, sampler = StreamClock(stream.time_base or Fraction(1, 90_000), None, 33 * MS), Sampler(10)
        judged = Undue("h264", clock, sampler)
        given_on = came_out = told = 0
        for packet in judged.packets(container.demux(stream)):
            given_on += bool(packet.size)
            for frame in packet.decode():
                sampler.take(clock.time_ns(frame.pts))
                told += len(list(judged.before(frame)))
                came_out += 1
    assert given_on == came_out < 70
    assert given_on + told == 90


def test_the_last_frame_before_a_pause_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = [*range(0, 2000, 33), *range(5000, 7000, 33), *range(12_000, 13_000, 33)]
    path = write_video(tmp_path / "a.mkv", moving(len(times)), rate=30, pts_ms=times, options=B_FRAMES)
    assert left_out(path)[1]
    some, _ = emitted(path)
    monkeypatch.setattr(undue, "_CODECS", frozenset())
    assert shown(some) == shown(emitted(path)[0])
    assert {1980 * MS, 6980 * MS} <= {frame.pts_ns for frame in some}


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80), st.sampled_from([3.0, 10.0, 24.0]), st.integers(0, 12))
def test_whatever_the_times_no_frame_that_is_due_is_left_out(steps: list[int], rate: float, delay: int) -> None:
    made = [Made(sum(steps[:index])) for index in range(len(steps))]
    some = Simulated(made, rate, delay, free=lambda pts: pts % 3 != 0)
    every = Simulated(made, rate, delay, free=lambda pts: False)
    assert some.chosen == every.chosen
    assert some.dropped == every.dropped


def test_once_times_go_back_nothing_more_is_left_out() -> None:
    judged = Simulated([Made(pts) for pts in [*range(0, 3000, 33), *range(0, 3000, 33)]]).judged
    first = len(judged) // 2
    assert any(judged[:first])
    assert not any(judged[first:])


def test_a_frame_without_a_time_ends_it() -> None:
    judged = Simulated([Made(pts) for pts in [*range(0, 3000, 33), None, *range(3033, 6000, 33)]]).judged
    assert any(judged)
    assert not any(judged[3000 // 33 :])


def test_what_is_decoded_but_not_shown_is_no_neighbour() -> None:
    hidden = [Made(pts, is_discard=True) for pts in range(-330, 0, 33)]
    frames = [Made(pts) for pts in range(0, 3000, 33)]
    judged = Simulated([*hidden, *frames]).judged
    assert not any(judged[: len(hidden)])
    assert judged[len(hidden) + undue.AHEAD :] == Simulated(frames).judged[undue.AHEAD :]


def test_from_the_first_interlaced_frame_on_nothing_is_left_out() -> None:
    judged = Simulated([Made(pts, interlaced_frame=pts >= 1980) for pts in range(0, 6000, 33)]).judged
    assert any(judged[:60])
    assert not any(judged[64:])


@dataclass(eq=False)
class Made:
    """As much of a packet, and of the frame in it, as is looked at."""

    pts: int | None
    is_discard: bool = False
    interlaced_frame: bool = False
    size: int = 1
    skip_frame: str = "DEFAULT"
    has_b_frames: bool = False
    extradata: bytes | None = None

    def __bytes__(self) -> bytes:
        """A slice that others refer to: then whether it is decoded is left to the decoder."""
        return b"\0\0\1\x61\x9a"

    @property
    def stream(self) -> Made:
        return self

    @property
    def codec_context(self) -> Made:
        return self


class Simulated:
    """A decoder that gives out each frame once it has ``delay`` more, and leaves out those that it may and that are
    ``free``: by their pts, in ms.
    """

    def __init__(
        self, made: Sequence[Made], rate: float = 10, delay: int = 0, free: Callable[[int], bool] = lambda pts: True
    ) -> None:
        self.judged: list[bool] = []  # of each packet, whether its frame may be left out
        self.dropped = 0
        clock, sampler = StreamClock(Fraction(1, 1000), 0, 33 * MS), Sampler(rate)
        frames = self._decoded([*made, Made(None, size=0)], Undue("h264", clock, sampler), delay, free)
        self.chosen = [(item.t_ns, item.frame.pts) for item in selected(frames, clock, sampler, 0, self._drop)]

    def _decoded(self, made: list[Made], asked: Undue, delay: int, free: Callable[[int], bool]) -> Frames:
        held: deque[Made] = deque()
        for packet in cast("Iterator[Made]", asked.packets(cast("Iterator[Packet[VideoStream]]", iter(made)))):
            if not packet.size:
                delay = 0
            else:
                self.judged.append(packet.skip_frame == "NONREF")
                out = self.judged[-1] and packet.pts is not None and free(packet.pts)
                held.extend(() if out or packet.is_discard else (packet,))
            while len(held) > delay:
                frame = cast("VideoFrame", held.popleft())
                yield from asked.before(frame)
                yield frame

    def _drop(self, reason: str, count: int) -> None:
        assert reason == "rate"
        self.dropped += count

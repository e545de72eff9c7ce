"""The recorder: the camera's packets, unchanged, in segments that play and rows that say where they are."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from packets import PACKETS, Camera, payloads, pictures, write_film

from pipeline.errors import CapsError, StageError
from pipeline.frame import SECOND_NS, Event, EventKind
from pipeline.testing import FakeClock, Harness
from stages.journal import FILE_NAME, Journal, SegmentRow
from stages.recorder import Recorder


def rows(folder: Path) -> list[SegmentRow]:
    with Journal(folder / FILE_NAME) as journal:
        return journal.segments()


def recorder(folder: Path, **properties: object) -> Harness:
    harness = Harness(Recorder, location=str(folder), floor=0, **properties)
    harness.caps(PACKETS)
    return harness


def start(folder: Path, zero_ns: int = 0) -> Event:
    return Event(EventKind.LECTURE_START, 0, {"lecture": folder.name, "folder": str(folder), "zero_ns": zero_ns})


def dropped(harness: Harness) -> dict[str, int]:
    return dict(harness.context.drops)


@pytest.mark.parametrize("form", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("video", "audio", "suffix"),
    [("libx264", "aac", "mp4"), ("libx265", "libopus", "mp4"), ("mjpeg", "aac", "mov"), ("mpeg4", None, "mp4")],
)
def test_packets_come_out_as_they_went_in(
    form: str, video: str, audio: str | None, suffix: str, tmp_path: Path
) -> None:
    film = write_film(tmp_path / f"film.{suffix}", video=video, audio=audio)
    camera = Camera(film)
    harness = recorder(tmp_path / "out", format=form)
    harness.event(camera.connect())
    for frame in camera.frames():
        harness.push(frame)
    harness.eos()
    (row,) = rows(tmp_path / "out")
    assert row.state == "complete" and row.first_key
    segment = tmp_path / "out" / row.file
    assert payloads(segment) == payloads(film)
    assert pictures(segment) == 30
    if audio is not None:
        sound = payloads(segment, "audio")  # what was heard before the first picture is left out
        assert sound == payloads(film, "audio")[-len(sound) :]
        assert len(sound) + dropped(harness).get("before-keyframe", 0) == len(payloads(film, "audio"))
    assert row.bytes == segment.stat().st_size
    assert abs(row.end_pts_ns - row.start_pts_ns - 3 * SECOND_NS) < SECOND_NS // 4
    assert set(dropped(harness)) <= {"before-keyframe"}


def record(harness: Harness, camera: Camera) -> None:
    harness.event(camera.connect())
    for frame in camera.frames():
        harness.push(frame)


def element(harness: Harness, name: str) -> list[dict[str, object]]:
    return [dict(message.data) for message in harness.context.messages if message.name == name]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", seconds=4, options={"sc_threshold": "0"})


def test_a_segment_ends_at_the_first_keyframe_after_its_length(film: Path, tmp_path: Path) -> None:
    harness = recorder(tmp_path, segment=1.5)
    record(harness, Camera(film))
    harness.eos()
    assert [pictures(tmp_path / row.file) for row in rows(tmp_path)] == [20, 20]
    assert all(row.first_key for row in rows(tmp_path))


def test_segments_are_named_by_wall_time_and_are_for_one_person_alone(film: Path, tmp_path: Path) -> None:
    harness = recorder(tmp_path / "out", segment=1)
    record(harness, Camera(film, wall_ns=1_795_515_300_123_456_789))
    harness.eos()
    files = sorted((tmp_path / "out" / "segments").iterdir())
    assert files[0].name == "20261124T101500.123Z.mp4"
    assert len(files) == 4
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "out" / "segments").stat().st_mode & 0o777 == 0o700


def test_a_clock_that_is_set_back_overwrites_nothing(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = recorder(tmp_path)
    for _ in range(3):
        record(harness, camera)
    harness.eos()
    names = [Path(row.file).name for row in rows(tmp_path)]
    assert len(set(names)) == 3
    assert [pictures(tmp_path / row.file) for row in rows(tmp_path)] == [40] * 3


def test_a_growing_segment_is_called_part_and_can_be_read_by_others(film: Path, tmp_path: Path) -> None:
    harness = recorder(tmp_path)
    record(harness, Camera(film))
    (part,) = (tmp_path / "segments").iterdir()
    assert part.name.endswith(".mp4.part")
    assert len(payloads(part)) >= 30
    (row,) = rows(tmp_path)
    assert row.state == "open" and row.file == f"segments/{part.name.removesuffix('.part')}"
    assert [message["state"] for message in element(harness, "segment")] == ["open"]


def test_without_a_lecture_and_a_location_nothing_is_recorded(film: Path, tmp_path: Path) -> None:
    harness = Harness(Recorder, floor=0)
    record(harness, Camera(film))
    harness.eos()
    assert dropped(harness) == {"no-lecture": harness.received}
    assert harness.ledger.missing == 0


def test_a_lecture_has_its_recording_in_its_own_folder(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = Harness(Recorder, floor=0)
    harness.event(camera.connect())
    frames = camera.frames()
    for number, frame in enumerate(frames):
        if number == 20:
            harness.event(start(tmp_path / "one"))
        if number == 50:
            harness.event(Event(EventKind.LECTURE_STOP, frame.pts_ns, {"lecture": "one"}))
        harness.push(frame)
    (row,) = rows(tmp_path / "one")
    assert row.state == "complete"
    keys = [number for number, frame in enumerate(frames) if frame.meta["video"] and frame.meta["key"]]
    begin = max(number for number in keys if number < 20)
    shown = [frame for frame in frames[begin:50] if frame.meta["video"]]
    assert pictures(tmp_path / "one" / row.file) == len(shown)
    assert row.first_key
    assert set(dropped(harness)) == {"no-lecture"}
    assert dropped(harness)["no-lecture"] == 20 + len(frames) - 50
    assert not list((tmp_path / "one").rglob("*.part"))


def test_what_came_since_the_last_keyframe_begins_the_lecture_in_its_time(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = Harness(Recorder, floor=0)
    harness.event(camera.connect())
    frames = camera.frames()
    for frame in frames[:20]:
        harness.push(frame)
    event = start(tmp_path / "one")
    harness.event(replace(event, data={**event.data, "shift_ns": -frames[20].pts_ns}))
    for frame in frames[20:40]:
        harness.push(replace(frame, pts_ns=frame.pts_ns - frames[20].pts_ns))
    harness.eos()
    (row,) = rows(tmp_path / "one")
    key = next(f for f in reversed(frames[:20]) if f.meta["video"] and f.meta["key"])
    assert row.start_pts_ns == key.pts_ns - frames[20].pts_ns < 0


def test_nothing_of_before_a_break_begins_a_lecture(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = Harness(Recorder, floor=0)
    harness.event(camera.connect())
    frames = camera.frames()
    for frame in frames[:20]:
        harness.push(frame)
    harness.event(Event(EventKind.GAP, frames[19].pts_ns, {"reason": "stalled"}))
    harness.event(start(tmp_path / "one"))
    harness.eos()
    assert rows(tmp_path / "one") == []


def test_the_same_lecture_announced_again_changes_nothing(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = Harness(Recorder, floor=0)
    harness.event(start(tmp_path / "one"))
    harness.event(camera.connect())
    for number, frame in enumerate(camera.frames()):
        if number % 10 == 0:
            harness.event(start(tmp_path / "one"))
        harness.push(frame)
    harness.eos()
    (row,) = rows(tmp_path / "one")
    assert pictures(tmp_path / "one" / row.file) == 40


def test_a_gap_ends_the_segment_and_the_next_begins_with_a_keyframe(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = recorder(tmp_path)
    harness.event(camera.connect())
    for number, frame in enumerate(camera.frames()):
        if number == 30:
            harness.event(Event(EventKind.GAP, frame.pts_ns, {"reason": "stalled"}))
        harness.push(frame)
    harness.eos()
    assert [row.state for row in rows(tmp_path)] == ["complete"] * 2
    assert all(row.first_key and pictures(tmp_path / row.file) >= 10 for row in rows(tmp_path))


def test_other_streams_begin_another_segment(film: Path, tmp_path: Path) -> None:
    other = write_film(tmp_path / "other.mp4", video="mpeg4", audio=None, size=(128, 96))
    harness = recorder(tmp_path / "out")
    record(harness, Camera(film))
    record(harness, Camera(other, wall_ns=1_800_000_000 * SECOND_NS))
    harness.eos()
    found = [payloads(tmp_path / "out" / row.file) for row in rows(tmp_path / "out")]
    assert sorted(map(len, found)) == [30, 40]


def test_figures_say_what_is_recorded(film: Path, tmp_path: Path) -> None:
    harness = recorder(tmp_path)
    record(harness, Camera(film))
    harness.tick()
    figures = element(harness, "figures")[-1]
    (part,) = (tmp_path / "segments").iterdir()
    assert figures["recorded_bytes_total"] == part.stat().st_size
    assert figures["segments_total"] == 1 and figures["recording"] == 1
    assert 0 < float(str(figures["unsynced_seconds"])) <= 1.0
    harness.eos()


def test_a_packet_is_acknowledged_once_it_is_durable(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    monkeypatch.setattr(Recorder, "clock", clock)
    harness = recorder(tmp_path)
    camera = Camera(film)
    harness.event(camera.connect())
    frames = camera.frames()
    for frame in frames[:40]:
        harness.push(frame)
    assert harness.context.deferred == 40, "nothing was made durable yet"
    clock.advance(1.0)
    harness.push(frames[40])
    assert 0 < harness.context.deferred <= 20, "the last fragment is still in the muxer"
    harness.eos()
    assert harness.context.deferred == 0


def test_however_fast_packets_come_few_are_unacknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "clock", FakeClock())
    film = write_film(tmp_path / "fast.mp4", seconds=8, rate=100, gop=800, audio=None, options={"bf": "0"})
    harness = recorder(tmp_path / "out")
    camera = Camera(film)
    harness.event(camera.connect())
    most = 0
    for frame in camera.frames():
        harness.push(frame)
        most = max(most, harness.context.deferred)
    harness.eos()
    assert 300 < most < 512
    assert sum(len(payloads(tmp_path / "out" / row.file)) for row in rows(tmp_path / "out")) == 800


def test_sound_that_never_comes_does_not_hold_up_the_picture(film: Path, tmp_path: Path) -> None:
    harness = recorder(tmp_path)
    camera = Camera(film)
    harness.event(camera.connect())
    for frame in camera.frames():
        if frame.meta["video"]:
            harness.push(frame)
    harness.tick()
    assert harness.context.deferred <= 8, "more than 0.5 s of fragment and 0.2 s of waiting for the sound"
    harness.eos()
    (row,) = rows(tmp_path)
    assert pictures(tmp_path / row.file) == 40


def test_raw_video_is_refused_with_what_to_do(tmp_path: Path) -> None:
    film = write_film(tmp_path / "raw.nut", video="rawvideo", audio=None, seconds=1)
    harness = recorder(tmp_path / "out")
    with pytest.raises(CapsError, match="rawvideo.*input_format"):
        harness.event(Camera(film).connect())


def test_an_epoch_that_says_nothing_of_its_streams_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="EPOCH"):
        recorder(tmp_path).event(Event(EventKind.EPOCH, 0, {"epoch": 1}))


def apart(path: Path) -> float:
    """Time from the first picture to the first sound."""
    with av.open(path) as container:
        shown = [(packet.stream.type, packet.pts * packet.time_base) for packet in container.demux() if packet.size]
    return float(min(t for kind, t in shown if kind == "audio") - min(t for kind, t in shown if kind == "video"))


@pytest.mark.parametrize("form", ["mp4", "mkv"])
def test_sound_and_picture_stay_together_in_every_segment(form: str, film: Path, tmp_path: Path) -> None:
    harness = recorder(tmp_path, format=form, segment=1)
    record(harness, Camera(film))
    harness.eos()
    made = rows(tmp_path)
    assert len(made) == 4
    heard = [Fraction(1024, 8000) * n for n in range(-2, 40)]
    for row in made:
        begin = row.start_pts_ns / SECOND_NS
        first = begin + apart(tmp_path / row.file)
        assert min(abs(first - float(time)) for time in heard) < 0.002


def test_a_stream_that_falls_silent_is_made_durable_and_can_go_on(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    harness = recorder(tmp_path)
    harness.event(camera.connect())
    frames = camera.frames()
    for frame in frames[:33]:
        harness.push(frame)
    for _ in range(4):
        harness.tick()
    assert harness.context.deferred == 0
    for frame in frames[33:]:
        harness.push(frame)
    harness.eos()
    assert [row.first_key for row in rows(tmp_path)] == [True, False]
    assert [data for row in rows(tmp_path) for data in payloads(tmp_path / row.file)] == payloads(film)

"""A disk that is full pauses the recording: said once, what was written stays, and it goes on when there is room."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import disks
import pytest
from packets import PACKETS, Camera, pictures, write_film

from pipeline.frame import Event, EventKind
from pipeline.testing import Harness
from stages.journal import FILE_NAME, GapRow, Journal, SegmentRow
from stages.recorder import Recorder

Usage = namedtuple("Usage", "total used free")  # as shutil has it


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    return write_film(folder / "film.mp4", seconds=8, options={"sc_threshold": "0"}, audio=None)


@pytest.fixture(name="small_disk")
def _disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path / "disk", "1200k") as disk:
        yield disk


def tables(folder: Path) -> tuple[list[SegmentRow], list[GapRow]]:
    with Journal(folder / FILE_NAME) as journal:
        return journal.segments(), journal.gaps()


def said(harness: Harness) -> list[object]:
    return [message.data["state"] for message in harness.context.messages if message.name == "recording"]


def fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_a_full_disk_pauses_and_room_lets_it_go_on(film: Path, small_disk: Path) -> None:
    camera = Camera(film)
    harness = Harness(Recorder, location=str(small_disk / "out"), floor=0, fragment=0.3)
    harness.caps(PACKETS)
    harness.event(camera.connect())
    for number, frame in enumerate(camera.frames()):
        if number == 22:
            fill(small_disk / "filler")
        if number == 52:
            (small_disk / "filler").unlink()
        harness.push(frame)
        if number % 10 == 9:
            harness.tick()
    harness.eos()
    harness.stage.stop()
    segments, gaps = tables(small_disk / "out")
    assert said(harness) == ["paused", "on"]
    assert len(harness.context.warnings) == 1 and "paused" in harness.context.warnings[0]
    kept = [row for row in segments if row.bytes]
    assert [row.state for row in kept] == ["salvaged", "complete"]
    assert [pictures(small_disk / "out" / row.file) for row in kept] == [pytest.approx(20, abs=6), 20]
    (gap,) = gaps
    assert (gap.kind, gap.reason, gap.end_pts_ns) == ("recording", "disk-full", kept[1].start_pts_ns)
    assert kept[0].end_pts_ns is not None and abs(gap.start_pts_ns - kept[0].end_pts_ns) < 3e8
    assert harness.context.drops["disk-full"] > 20
    assert harness.context.deferred == 0
    assert not list(small_disk.rglob("*.part"))


def test_at_the_floor_the_recording_stops_before_the_disk_is_full(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [3 << 30]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10 << 30, 0, free[0]))
    camera = Camera(film)
    harness = Harness(Recorder, location=str(tmp_path), floor=1024)
    harness.caps(PACKETS)
    harness.event(camera.connect())
    for number, frame in enumerate(camera.frames()):
        free[0] = {15: 1 << 29, 45: 2 << 30}.get(number, free[0])
        if number % 5 == 0:
            harness.tick()
        harness.push(frame)
    harness.eos()
    segments, gaps = tables(tmp_path)
    assert said(harness) == ["paused", "on"]
    assert [row.state for row in segments] == ["complete", "complete"]
    assert [pictures(tmp_path / row.file) for row in segments] == [15, 30]
    assert [gap.end_pts_ns for gap in gaps] == [segments[1].start_pts_ns]
    assert harness.context.drops == {"disk-full": 30, "before-keyframe": 5}


def test_a_recorder_that_is_restarted_while_paused_ends_the_gap(film: Path, tmp_path: Path) -> None:
    with Journal(tmp_path / FILE_NAME, create=True) as journal:
        journal.open_gap("recording", 5, "disk-full")
    camera = Camera(film, delay_ns=77)
    harness = Harness(Recorder, location=str(tmp_path), floor=0)
    harness.caps(PACKETS)
    harness.event(camera.connect())
    for frame in camera.frames():
        harness.push(frame)
    harness.tick()
    assert [(gap.start_pts_ns, gap.end_pts_ns) for gap in tables(tmp_path)[1]] == [(5, 77)]


def test_a_lecture_that_stops_while_paused_ends_the_gap(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 10, 0))
    camera = Camera(film)
    harness = Harness(Recorder)
    harness.caps(PACKETS)
    harness.event(Event(EventKind.LECTURE_START, 0, {"lecture": "a", "folder": str(tmp_path), "zero_ns": 1}))
    harness.event(camera.connect())
    harness.tick()
    for frame in camera.frames():
        harness.push(frame)
    harness.event(Event(EventKind.LECTURE_STOP, 9_000_000_000, {"lecture": "a"}))
    segments, gaps = tables(tmp_path)
    assert segments == []
    assert [gap.end_pts_ns for gap in gaps] == [9_000_000_000]
    assert said(harness) == ["paused"]


def test_a_lecture_that_begins_on_a_full_disk_is_recorded_once_there_is_room(film: Path, small_disk: Path) -> None:
    camera = Camera(film)
    harness = Harness(Recorder, floor=0)
    harness.caps(PACKETS)
    harness.event(camera.connect())
    fill(small_disk / "filler")
    folder = small_disk / "lecture"
    folder.mkdir()
    harness.event(Event(EventKind.LECTURE_START, 0, {"lecture": "a", "folder": str(folder), "zero_ns": 1}))
    for number, frame in enumerate(camera.frames()):
        if number == 25:
            (small_disk / "filler").unlink()
        harness.push(frame)
        if number % 10 == 9:
            harness.tick()
    harness.eos()
    (row,) = tables(folder)[0]
    assert pictures(folder / row.file) == 50
    assert said(harness) == ["paused", "on"]
    assert len(harness.context.warnings) == 1

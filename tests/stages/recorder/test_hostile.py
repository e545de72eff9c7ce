"""Corrupt and hostile packets: counted, never a crash, and what is recorded before and after plays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packets import PACKETS, Camera, payloads, write_film

from pipeline.frame import Frame, Value
from pipeline.testing import Harness
from stages.journal import FILE_NAME, Journal
from stages.recorder import Recorder


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", options={"sc_threshold": "0", "bf": "0"})


def altered(frame: Frame, **meta: Value) -> Frame:
    return replace(frame, meta={**frame.meta, **meta})


def record(frames: list[Frame], camera: Camera, folder: Path) -> Harness:
    harness = Harness(Recorder, location=str(folder), floor=0)
    harness.caps(PACKETS)
    harness.event(camera.connect())
    for frame in frames:
        harness.push(replace(frame, epoch=camera.epoch))
    harness.eos()
    assert harness.context.deferred == 0
    return harness


def refused(harness: Harness) -> dict[str, int]:
    """What was dropped, but for the sound that the film has before its first picture."""
    return {reason: count for reason, count in harness.context.drops.items() if reason != "before-keyframe"}


def files(folder: Path) -> list[Path]:
    with Journal(folder / FILE_NAME) as journal:
        return [folder / row.file for row in journal.segments() if row.bytes]


@pytest.mark.parametrize(
    "meta",
    [{"stream": 9}, {"stream": -1}, {"stream": None}, {"pts": "soon"}, {"dts": 1.5}, {"pts": 1 << 62}],
)
def test_a_packet_that_makes_no_sense_is_dropped_and_counted(
    meta: dict[str, Value], film: Path, tmp_path: Path
) -> None:
    camera = Camera(film)
    frames = camera.frames()
    frames.insert(20, altered(frames[20], **meta))
    harness = record(frames, camera, tmp_path)
    assert sum(refused(harness).values()) == 1
    assert [payloads(path) for path in files(tmp_path)] == [payloads(film)]


def test_a_packet_without_bytes_is_dropped(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    frames = camera.frames()
    frames.insert(20, replace(frames[20], planes=(np.zeros(0, np.uint8),)))
    assert refused(record(frames, camera, tmp_path)) == {"malformed": 1}


def test_bytes_that_are_no_picture_are_recorded_and_heal_at_the_next_keyframe(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    frames = camera.frames()
    video = [number for number, frame in enumerate(frames) if frame.meta["video"]]
    noise = np.random.default_rng(1).integers(0, 256, 500, dtype=np.uint8)
    for number in video[12:14]:
        frames[number] = replace(frames[number], planes=(noise,))
    harness = record(frames, camera, tmp_path)
    assert not refused(harness)
    (path,) = files(tmp_path)
    assert len(payloads(path)) == 30


def test_a_clock_that_jumps_begins_another_segment_and_loses_nothing(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    frames = camera.frames()
    late = frames[len(frames) // 2 :]
    for number, frame in enumerate(late, len(frames) // 2):
        pts, dts = frame.meta["pts"], frame.meta["dts"]
        assert isinstance(pts, int) and isinstance(dts, int)
        by = 3600 * (12800 if frame.meta["video"] else 8000)
        frames[number] = altered(frame, pts=pts + by, dts=dts + by)
    record(frames, camera, tmp_path)
    made = files(tmp_path)
    assert len(made) == 2
    assert [data for path in made for data in payloads(path)] == payloads(film)


wild = st.one_of(st.none(), st.integers(-(1 << 62), 1 << 62), st.integers(0, 40_000), st.just(0))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.data())
def test_no_stamps_whatever_crash_it(data: st.DataObject, film: Path, tmp_path: Path) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    camera = Camera(film)
    frames = camera.frames()
    for number in data.draw(st.lists(st.integers(0, len(frames) - 1), max_size=6, unique=True)):
        frames[number] = altered(
            frames[number], pts=data.draw(wild), dts=data.draw(wild), duration=data.draw(st.integers(-5, 1 << 62))
        )
    harness = record(frames, camera, folder)
    given_video = sum(bool(frame.meta["video"]) for frame in frames)
    kept = sum(len(payloads(path)) for path in files(folder))
    assert kept >= given_video - sum(harness.context.drops.values())

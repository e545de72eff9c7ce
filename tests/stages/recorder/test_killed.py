"""A recorder that is killed at any moment: its successor is given what was not acknowledged, and nothing is missing.

The kill is simulated by copying the folder as it is at that moment, and by a context that knows what was acknowledged.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packets import PACKETS, Camera, payloads, pictures, write_film

from pipeline.frame import Event, EventKind, Frame
from pipeline.testing import Harness
from stages.journal import FILE_NAME, Journal, SegmentRow
from stages.media.joining import join
from stages.media.pieces import Piece
from stages.recorder import Recorder


class Link:
    """Gives packets to a recorder and keeps those that it has not acknowledged, as a sender does."""

    def __init__(self, folder: Path, incarnation: int, form: str, segment: float = 60) -> None:
        self.harness = Harness(Recorder, location=str(folder), floor=0, format=form, fragment=0.3, segment=segment)
        self.harness.context.incarnation = incarnation
        self.harness.context.defer = self._defer  # type: ignore[method-assign]
        self.harness.caps(PACKETS)
        self.out: dict[int, Frame] = {}
        self._seq = 0

    def _defer(self) -> Callable[[], None]:
        seq = self._seq
        self.kept = True
        return lambda: self.out.pop(seq, None) and None

    def push(self, frame: Frame) -> None:
        self._seq, self.kept = frame.seq, False
        self.out[frame.seq] = frame
        self.harness.push(frame)
        if not self.kept:
            del self.out[frame.seq]


def rows(folder: Path) -> list[SegmentRow]:
    with Journal(folder / FILE_NAME) as journal:
        return journal.segments()


def all_payloads(folder: Path, kind: str) -> list[bytes]:
    return [data for row in rows(folder) if row.bytes for data in payloads(folder / row.file, kind)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", seconds=4)


@pytest.mark.parametrize("form", ["mp4", "mkv"])
@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_missing_and_nothing_is_twice(form: str, seed: int, film: Path, tmp_path: Path) -> None:
    dice = random.Random(seed)
    camera = Camera(film, delay_ns=dice.choice([0, 870_004_353]))
    epoch, frames = camera.connect(), camera.frames()
    if dice.random() < 0.5:  # as RTSP has it
        frames[0] = replace(frames[0], meta={**frames[0].meta, "pts": None, "dts": None})
    folder = tmp_path / "0"
    link = Link(folder, 0, form, segment=dice.choice([0.9, 60]))
    link.harness.event(epoch)
    killed = sorted(dice.sample(range(len(frames)), 2))
    for number, frame in enumerate(frames):
        link.push(frame)
        if dice.random() < 0.05:
            link.harness.tick()
        if number in killed:
            unacknowledged = list(link.out.values())
            folder = Path(shutil.copytree(folder, tmp_path / str(number + 1)))
            link = Link(folder, 1, form)
            link.harness.event(epoch)
            for again in unacknowledged:
                link.push(again)
    link.harness.eos()
    assert all_payloads(folder, "video") == payloads(film)
    assert all_payloads(folder, "audio") == payloads(film, "audio")
    assert link.out == {}
    assert not list(folder.rglob("*.part"))
    assert {row.state for row in rows(folder)} <= {"complete", "salvaged", "deleted"}
    pieces = [Piece(folder / row.file, row.start_pts_ns, row.first_key) for row in rows(folder) if row.bytes]
    (joined,) = join(pieces, [], tmp_path / f"lecture.{form}").files
    assert payloads(joined) == payloads(film)
    assert pictures(joined) == 40


def test_after_a_new_connection_a_keyframe_is_waited_for(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    link = Link(tmp_path / "a", 0, "mp4")
    link.harness.event(camera.connect())
    frames = camera.frames()
    for frame in frames[:30]:
        link.push(frame)
    folder = Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    link = Link(folder, 1, "mp4")
    link.harness.event(camera.connect())
    for frame in camera.frames()[33:]:
        link.push(frame)
    link.harness.eos()
    assert [row.first_key for row in rows(folder)] == [True, True]
    assert link.harness.context.drops["before-keyframe"] > 0
    for row in rows(folder):
        assert pictures(folder / row.file) > 5


def test_a_salvaged_segment_says_where_it_ends(film: Path, tmp_path: Path) -> None:
    camera = Camera(film, delay_ns=5_000_000_000)
    link = Link(tmp_path / "a", 0, "mp4")
    link.harness.event(camera.connect())
    for frame in camera.frames():
        link.push(frame)
    folder = Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    Link(folder, 1, "mp4")
    (row,) = rows(folder)
    assert row.state == "salvaged" and row.end_pts_ns is not None
    assert 8.3e9 <= row.end_pts_ns <= 9.0e9
    assert row.bytes == (folder / row.file).stat().st_size


def test_a_row_whose_file_was_completed_is_put_right(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    link = Link(tmp_path / "a", 0, "mp4")
    link.harness.event(camera.connect())
    for frame in camera.frames():
        link.push(frame)
    link.harness.eos()
    with Journal(tmp_path / "a" / FILE_NAME) as journal:
        journal.update_segment(1, state="open", bytes=0)
    Link(tmp_path / "a", 1, "mp4")
    (row,) = rows(tmp_path / "a")
    assert row.state == "complete" and row.bytes > 1000


def test_a_gap_event_ends_what_may_be_continued(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    epoch = camera.connect()
    link = Link(tmp_path / "a", 0, "mp4")
    link.harness.event(epoch)
    for frame in camera.frames()[:20]:
        link.push(frame)
    link.harness.event(Event(EventKind.GAP, 0, {"reason": "lost"}))
    folder = Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    link = Link(folder, 1, "mp4")
    link.harness.event(epoch)
    link.push(next(frame for frame in camera.frames()[20:] if not frame.meta["key"]))
    assert link.harness.context.drops["before-keyframe"] == 1


def test_sound_that_is_transcoded_has_a_seam_at_most(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mov", audio="pcm_mulaw", seconds=4, options={"bf": "0"})
    camera = Camera(film)
    epoch, frames = camera.connect(), camera.frames()
    link = Link(tmp_path / "a", 0, "mp4")
    link.harness.event(epoch)
    for number, frame in enumerate(frames):
        link.push(frame)
        if number == len(frames) // 2:
            link.harness.tick()
            unacknowledged = list(link.out.values())
            folder = Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
            link = Link(folder, 1, "mp4")
            link.harness.event(epoch)
            for again in unacknowledged:
                link.push(again)
    link.harness.eos()
    assert all_payloads(folder, "video") == payloads(film)
    heard = len(all_payloads(folder, "audio")) * 1024 / 8000
    assert 3.0 < heard <= 4.0


def test_the_row_of_a_kill_before_anything_was_written_is_deleted(film: Path, tmp_path: Path) -> None:
    camera = Camera(film)
    epoch, frames = camera.connect(), camera.frames()
    link = Link(tmp_path / "a", 0, "mp4")
    link.harness.event(epoch)
    for frame in frames[:3]:
        link.push(frame)
    folder = Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    link = Link(folder, 1, "mp4")
    (row,) = rows(folder)
    assert row.state == "deleted" and not (folder / row.file).exists()
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize("lecture_first", [True, False])
def test_in_a_lecture_it_goes_on_in_whatever_order_it_is_told_of_lecture_and_connection(
    lecture_first: bool, film: Path, tmp_path: Path
) -> None:
    def begin(folder: Path, incarnation: int) -> Link:
        link = Link(tmp_path / "unused", incarnation, "mp4")
        started = Event(EventKind.LECTURE_START, 0, {"lecture": "a", "folder": str(folder), "zero_ns": 7})
        for event in (started, epoch) if lecture_first else (epoch, started):
            link.harness.event(event)
        return link

    camera = Camera(film)
    epoch, frames = camera.connect(), camera.frames()
    link = begin(tmp_path / "a", 0)
    for frame in frames[:45]:
        link.push(frame)
    unacknowledged = list(link.out.values())
    folder = Path(shutil.copytree(tmp_path / "a", tmp_path / "b"))
    link = begin(folder, 1)
    for frame in [*unacknowledged, *frames[45:]]:
        link.push(frame)
    assert link.harness.context.drops["repeated"] > 10
    link.harness.event(Event(EventKind.LECTURE_STOP, 4_000_000_000, {"lecture": "a"}))
    assert all_payloads(folder, "video") == payloads(film)
    assert [row.state for row in rows(folder)] == ["salvaged", "complete"]

"""Dedup in a lecture: a restart knows what was found before it, from the journal and the picture files."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.caps import Caps
from pipeline.errors import OutputError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture
from pipeline.testing import Harness, frames_of
from stages.dedup import Dedup
from stages.journal import FILE_NAME, CaptureRow, Journal, PresenterFreeRow, SlideRow
from stages.picture import to_bgr

CAPS = Caps.of("slide/capture")
RULES: dict[str, object] = {"distance": 36, "confirm": "content", "builds": "update"}
GREEN, BLUE = (60, 180, 40), (200, 90, 20)


def slide(*lines: str, ground: tuple[int, int, int] = (240, 240, 240), sar: float = 1.0) -> Picture:
    """As a camera gives it: limited range BT.709, 4:2:0; saturated colours differ in luma by the matrix."""
    image = np.full((360, 640, 3), ground, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (30, 60 + 80 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.8, (20, 20, 120), 3)
    b, g, r = (image[:, :, n].astype(float) for n in range(3))
    luma = 0.0722 * b + 0.7152 * g + 0.2126 * r
    chroma = [128 + 224 / 255 * (b - luma) / 1.8556, 128 + 224 / 255 * (r - luma) / 1.5748]
    planes = [16 + 219 / 255 * luma, *(cv2.resize(plane, (320, 180), interpolation=cv2.INTER_AREA) for plane in chroma)]
    made = tuple(np.clip(np.rint(plane), 0, 255).astype(np.uint8) for plane in planes)
    return Picture(Layout("yuv420p", 640, 360, "bt709", sar=sar), made)


A1, A2, A3 = (slide(*("alpha beta", "gamma delta", "rho sigma tau")[:n]) for n in (1, 2, 3))
B = slide("one two", "three four", "five six", ground=GREEN)
C = slide("WWWW MMM", "QQQ", "zz", ground=BLUE)
D = slide("one two", "three four", "ten of six", ground=GREEN)


class Room:
    """Dedup, and what an exporter would keep of its pages in ``folder``."""

    def __init__(self, folder: Path, **properties: object) -> None:
        self.folder = folder
        self.properties = {**RULES, **properties}
        self.now_ns = 0
        (folder / "slides").mkdir(exist_ok=True)
        with Journal(folder / FILE_NAME, create=True):
            pass
        self.restart()

    def restart(self, **properties: object) -> None:
        self.properties.update(properties)
        self.harness = Harness(Dedup, **self.properties)
        self.harness.caps(CAPS)
        self.start(self.folder)

    def start(self, folder: Path) -> list[Item]:
        data = {"lecture": folder.name, "folder": str(folder), "zero_ns": 0}
        return self.harness.event(Event(EventKind.LECTURE_START, self.now_ns, data))

    def show(self, *pictures: Picture) -> list[tuple[int, str]]:
        told = []
        for picture in pictures:
            self.now_ns += 5 * SECOND_NS
            meta = {"capture": {"start_pts_ns": self.now_ns - 4 * SECOND_NS, "reason": "settled"}}
            for frame in frames_of(self.harness.push(Frame(0, self.now_ns, CAPS, (), picture, meta))):
                page: Any = frame.meta["page"]
                self._export(frame, page)
                told.append((page["slide"], page["decision"]))
        return told

    def file(self, slide: int) -> Path:
        with Journal(self.folder / FILE_NAME) as journal:
            return self.folder / next(row.file for row in journal.slides() if row.id == slide)

    def _export(self, frame: Frame, page: Any) -> None:
        number, new = page["slide"], page["decision"] == "new"
        with Journal(self.folder / FILE_NAME) as journal, journal.transaction():
            if frame.image is not None:
                assert isinstance(frame.image, Picture)
                file = f"slides/slide-{number:04}-{frame.pts_ns}.png"
                assert cv2.imwrite(str(self.folder / file), to_bgr(frame.image))
                row = SlideRow(number, file, 1, "", 640, 360, page["hash"], 0, frame.pts_ns)
                if new:
                    journal.add_slide(row)
                else:
                    journal.update_slide(row)
            last = journal.last_visit()
            again = page["decision"] in ("same", "grown") and last is not None and last.slide == number
            visit = last.id if last is not None and again else journal.open_visit(number, 0, frame.pts_ns)
            journal.add_capture(CaptureRow(0, frame.pts_ns, visit, page["decision"], {}, page))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_restart_knows_the_slides_of_the_lecture_and_counts_on(room: Room) -> None:
    room.show(A3, B)
    room.restart()
    assert room.show(B, A3, C, B) == [(2, "same"), (1, "revisit"), (3, "new"), (2, "revisit")]


def test_after_a_restart_the_newest_slide_grows_on_and_its_states_are_counted_on(room: Room) -> None:
    room.show(B, A1, A2)
    room.restart()
    assert room.show(A3, C) == [(2, "grown"), (3, "new")]
    with Journal(room.folder / FILE_NAME) as journal:
        grown = [capture.dedup["states"] for capture in journal.captures() if capture.decision == "grown"]
    assert grown == [2, 3]


def test_after_a_restart_an_earlier_state_takes_no_slides_place(room: Room) -> None:
    room.show(A3)
    room.restart()
    assert room.show(A2) == [(1, "same")]


def test_the_same_lecture_announced_again_changes_nothing(room: Room) -> None:
    room.show(A1)
    (room.folder / FILE_NAME).unlink()
    room.start(room.folder)
    room.folder = room.folder / "elsewhere"
    room.folder.mkdir()
    (room.folder / "slides").mkdir()
    with Journal(room.folder / FILE_NAME, create=True) as journal:
        journal.add_slide(SlideRow(1, "slides/x", 1, "", 640, 360, "", 0, 0))
    assert room.show(A1) == [(1, "same")]


def test_another_lecture_begins_with_nothing(room: Room, tmp_path: Path) -> None:
    room.show(A3, B)
    other = tmp_path / "other"
    other.mkdir()
    (event,) = room.start(other)
    assert isinstance(event, Event)
    room.folder = other
    (other / "slides").mkdir()
    with Journal(other / FILE_NAME, create=True):
        pass
    assert room.show(B, A3) == [(1, "new"), (2, "new")]


def test_a_lecture_that_was_stopped_is_forgotten_and_known_again_when_it_goes_on(room: Room) -> None:
    room.show(A3, B)
    stop = Event(EventKind.LECTURE_STOP, room.now_ns, {"lecture": room.folder.name})
    assert room.harness.event(stop) == [stop]
    picture = Frame(0, room.now_ns + 1, CAPS, (), B, {"capture": {}})
    (page,) = frames_of(room.harness.push(picture))
    assert page.meta["page"]["decision"] == "new"  # type: ignore[index, call-overload]
    room.start(room.folder)
    assert room.show(B) == [(2, "same")]


@pytest.mark.parametrize("kind", [EventKind.LECTURE_STOP, EventKind.LECTURE_START])
def test_what_is_held_goes_out_before_a_lecture_stops_or_another_begins(kind: EventKind, tmp_path: Path) -> None:
    room = Room(tmp_path, builds="final")
    assert room.show(A3) == []
    items = room.harness.event(Event(kind, room.now_ns, {"lecture": "x", "folder": str(tmp_path / "x")}))
    assert [isinstance(item, Frame) for item in items] == [True, False]
    assert room.harness.ledger.held == 0


def test_without_a_lecture_a_restart_knows_nothing() -> None:
    harness = Harness(Dedup, **RULES)
    harness.context.incarnation = 3
    (page,) = frames_of(harness.push(Frame(0, 0, CAPS, (), A3, {"capture": {}})))
    assert page.meta["page"]["slide"] == 1  # type: ignore[index, call-overload]


def test_a_restart_reads_no_picture_that_it_does_not_need(room: Room) -> None:
    room.show(A3, B, C)
    room.file(1).unlink()
    room.file(2).unlink()
    room.restart()
    assert room.show(C) == [(3, "same")]
    assert room.harness.context.warnings == []


def test_a_missing_picture_is_said_once_and_its_slide_known_by_its_hash_alone(room: Room) -> None:
    room.show(A3, B, C)
    room.file(2).unlink()
    room.restart()
    assert room.show(B, C, B, D) == [(2, "revisit"), (3, "revisit"), (2, "revisit"), (4, "new")]
    (warning,) = room.harness.context.warnings
    assert "slide 2 is known by its hash alone" in warning
    assert "cannot be read" in warning


def test_a_picture_that_is_no_picture_is_as_good_as_missing(room: Room) -> None:
    room.show(A3, B)
    room.file(1).write_bytes(b"")
    room.file(2).write_bytes(b"not a picture")
    room.restart()
    assert room.show(A3, B) == [(1, "revisit"), (2, "revisit")]
    assert len(room.harness.context.warnings) == 2


def test_a_picture_that_was_renewed_after_the_journal_was_read_is_found(room: Room) -> None:
    room.show(B, A3)
    room.restart()
    old = room.file(1)
    with Journal(room.folder / FILE_NAME) as journal:
        row = next(row for row in journal.slides() if row.id == 1)
        old.rename(room.folder / "slides/renewed.png")
        journal.update_slide(replace(row, file="slides/renewed.png"))
    assert room.show(B) == [(1, "revisit")]
    assert room.harness.context.warnings == []


@pytest.mark.parametrize("changed", [{"hash_size": 16, "distance": 64}, {"hash": "phash"}], ids=["size", "name"])
def test_hashes_made_with_other_settings_are_made_again_from_the_pictures(
    room: Room, changed: dict[str, object]
) -> None:
    room.show(A3, B)
    room.restart(**changed)
    assert room.show(A3, C, B) == [(1, "revisit"), (3, "new"), (2, "revisit")]


def test_a_second_hash_is_made_from_the_pictures(tmp_path: Path) -> None:
    room = Room(tmp_path, builds="each", confirm="phash")
    room.show(A3, B)
    room.restart()
    assert room.show(A3, D, B) == [(1, "revisit"), (3, "new"), (2, "revisit")]


def test_a_journal_that_cannot_be_read_is_an_error_that_names_it(room: Room) -> None:
    (room.folder / FILE_NAME).write_bytes(b"no journal " * 100)
    with pytest.raises(OutputError, match=FILE_NAME):
        room.restart()


def test_samples_that_are_not_square_are_known_after_a_restart_too(room: Room) -> None:
    wide, other = slide("alpha", "beta", sar=4 / 3), slide("one two", "three", "four", sar=4 / 3)
    room.show(wide, other)
    room.restart()
    assert room.show(wide, other) == [(1, "revisit"), (2, "revisit")]


def test_slides_are_loaded_while_there_is_nothing_else_to_do(room: Room) -> None:
    room.show(A3, B, C)
    room.restart()
    room.show(C)
    for _ in range(3):
        assert room.harness.tick() == []
    for number in (1, 2, 3):
        room.file(number).unlink()
    assert room.show(B, A3) == [(2, "revisit"), (1, "revisit")]
    assert room.harness.context.warnings == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([A1, A2, A3, B, C, D]), max_size=7), st.integers(0, 7))
def test_a_restart_changes_no_decision(views: list[Picture], at: int) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        unbroken, restarted = Room(Path(one)), Room(Path(other))
        told = restarted.show(*views[:at])
        restarted.restart()
        assert told + restarted.show(*views[at:]) == unbroken.show(*views)


def test_a_restart_knows_of_a_slide_what_was_seen_of_it_and_not_who_stood_before_it(room: Room) -> None:
    room.show(A3, B)
    shown = to_bgr(A3)
    shown[100:, 300:500] = (0, 90, 0)
    seen = np.full((360, 640), 255, np.uint8)
    seen[100:, 300:500] = 0
    assert cv2.imwrite(str(room.folder / "slides/free.png"), shown)
    assert cv2.imwrite(str(room.file(1)), shown)
    with Journal(room.folder / FILE_NAME) as journal:
        row = PresenterFreeRow(1, 0.2, 0.8, "slides/free.png", 1, "", 1, 0)
        journal.set_presenter_free(row, cv2.imencode(".png", seen)[1].tobytes())
    room.restart()
    assert room.show(A3, C) == [(1, "revisit"), (3, "new")]


def test_after_a_restart_a_presenter_free_file_that_cannot_be_read_leaves_the_picture_as_seen(room: Room) -> None:
    room.show(A3, B)
    with Journal(room.folder / FILE_NAME) as journal:
        journal.set_presenter_free(PresenterFreeRow(1, 0.2, 0.8, "slides/none.png", 1, "", 1, 0), None)
    room.restart()
    assert room.show(A3) == [(1, "revisit")]

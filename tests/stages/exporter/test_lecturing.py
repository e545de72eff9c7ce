"""Lectures that go on: begin, end, what is said of each slide, and what stands in slides.json."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pages
import pytest
from watching import CLOCK, WALL, ZERO, Watching, at, begin, connected, end, page, said, visits

from pipeline.errors import OutputError, StageError
from pipeline.frame import SECOND_NS, Event, EventKind
from pipeline.testing import Harness
from stages.exporter import index
from stages.journal import GapRow, Journal, SegmentRow
from stages.lecture import looked_at, opened


def test_a_lecture_is_written_while_it_goes_on_and_closed_at_its_end(watching: Harness, folder: Path) -> None:
    connected(watching, 0)
    begin(watching, folder)
    page(watching, 1, 3, start_s=1)
    watching.event(pages.visit_end(8))
    page(watching, 2, 12, start_s=10)
    assert np.array_equal(pages.read(folder / "slides" / "slide-0002.png"), pages.pixels(2))
    end(watching, folder, 30)
    assert visits(folder) == [(1, 1, 8), (2, 10, 30)]
    made = index.read(folder)
    assert made.complete and made.lecture is not None
    assert (made.lecture.title, made.lecture.state) == ("Analysis II", "closed")
    assert made.lecture.ended_wall_ns == WALL + CLOCK()
    assert [data.data for data in said(watching, "lecture")] == [
        {"lecture": folder.name, "state": "open", "slides": 0},
        {"lecture": folder.name, "state": "closed", "slides": 2},
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["journal.sqlite", "segments", "slides", "slides.json"]
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_pages_outside_of_a_lecture_are_dropped(watching: Harness, folder: Path) -> None:
    page(watching, 1, 1)
    begin(watching, folder)
    end(watching, folder, 5)
    page(watching, 2, 6)
    assert watching.ledger.dropped == {"no-lecture": 2}
    assert looked_at(folder).slides == 0


def test_a_run_without_a_lecture_and_without_a_location_says_what_to_do() -> None:
    harness = Harness(Watching)
    page(harness, 1, 1)
    harness.eos()
    assert harness.context.warnings == ["1 pages, and no lecture they belong to; location=DIR makes a folder"]


def test_the_folder_is_made_if_nobody_has(watching: Harness, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    begin(watching, folder)
    page(watching, 1, 1)
    assert looked_at(folder).slides == 1 and folder.stat().st_mode & 0o777 == 0o700


def test_the_same_lecture_announced_again_changes_nothing_but_the_clock(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    page(watching, 1, 2)
    begin(watching, folder, ZERO - SECOND_NS)
    page(watching, 2, 4)
    assert visits(folder) == [(1, 2, 4), (2, 4, None)]
    assert said(watching, "slide")[-1].data["lag_s"] == 1.0
    assert [message.data["slides"] for message in said(watching, "lecture")] == [0, 1]


def test_a_slide_says_how_long_after_its_picture_and_after_its_calm_it_was_safe(
    watching: Harness, folder: Path
) -> None:
    begin(watching, folder)
    at(12.75)
    watching.push(pages.page(1, 12.5, start_s=12, wall_ns=WALL))
    (slide,) = said(watching, "slide")
    assert slide.data == {
        "number": 1,
        "file": "slides/slide-0001.png",
        "pts_ns": 12_500_000_000,
        "wall_ns": WALL,
        "decision": "new",
        "lag_s": 0.25,
        "settled_lag_s": 0.75,
    }
    watching.tick()
    assert said(watching, "figures")[-1].data == {
        "slides_total": 1,
        "pages_waiting": 0,
        "capture_lag_seconds": 0.25,
    }


def test_a_grown_slide_has_its_newest_picture_alone(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    page(watching, 1, 2)
    page(watching, 1, 5, "grown", seed=50)
    page(watching, 1, 7, "grown", seed=70)
    assert [path.name for path in (folder / "slides").iterdir()] == ["slide-0001-3.png"]
    assert np.array_equal(pages.read(folder / "slides" / "slide-0001-3.png"), pages.pixels(70))
    assert [message.data["file"] for message in said(watching, "grown")] == [
        "slides/slide-0001-2.png",
        "slides/slide-0001-3.png",
    ]
    assert len(said(watching, "slide")) == 1
    end(watching, folder, 9)
    (slide,) = index.read(folder).slides
    assert (slide.version, slide.picture_pts, slide.first_pts) == (3, 7.0, 2.0)
    assert [capture.decision for capture in slide.visits[0].captures] == ["new", "grown", "grown"]


def test_a_lecture_that_was_closed_can_be_opened_again(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    page(watching, 1, 2)
    end(watching, folder, 5)
    begin(watching, folder)
    assert (looked_at(folder).state, looked_at(folder).ended_wall_ns) == ("open", None)
    page(watching, 2, 8)
    end(watching, folder, 9)
    assert looked_at(folder).slides == 2 and index.read(folder).complete


def test_slides_json_follows_at_most_every_ten_seconds(watching: Harness, folder: Path) -> None:
    def listed() -> int:
        watching.tick()
        return len(index.read(folder).slides)

    begin(watching, folder)
    page(watching, 1, 1)
    assert listed() == 1
    page(watching, 2, 5)
    assert listed() == 1
    at(11)
    assert listed() == 2
    before = (folder / "slides.json").stat().st_ino
    at(60)
    assert listed() == 2 and (folder / "slides.json").stat().st_ino == before


def test_what_others_wrote_stands_in_slides_json(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    watching.push(pages.page(1, 1, wall_ns=WALL))
    with opened(folder) as journal:
        journal.add_mark(SECOND_NS, WALL, "Beweis")
        journal.open_segment(SegmentRow("segments/a.mp4", 0, 0, None, WALL, 5, "open"))
    end(watching, folder, 3)
    made = index.read(folder)
    assert [(mark.pts, mark.text) for mark in made.marks] == [(1.0, "Beweis")]
    assert [(s.file, s.start, s.end, s.bytes, s.state) for s in made.segments] == [
        ("segments/a.mp4", 0.0, None, 5, "open")
    ]
    assert made.slides[0].wall_ns == made.slides[0].visits[0].captures[0].wall_ns == WALL


def test_a_lecture_that_another_process_writes_is_refused(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    other = Harness(Watching)
    with pytest.raises(OutputError, match="is being written by another run"):
        begin(other, folder)
    other.stage.stop()


def test_a_beginning_that_says_too_little_is_refused(watching: Harness) -> None:
    with pytest.raises(StageError, match="without lecture, folder or zero_ns"):
        watching.event(Event(EventKind.LECTURE_START, 0, {"lecture": "x"}))


def test_pictures_that_no_row_names_are_removed_when_they_are_old_enough(folder: Path, watching: Harness) -> None:
    stray, fresh = folder / "slides" / "slide-0007.png", folder / "slides" / "slide-0100.png"
    for path in (stray, fresh, folder / "slides" / "notes.txt"):
        path.write_bytes(b"x")
    os.utime(stray, (1, 1))
    begin(watching, folder)
    assert sorted(path.name for path in (folder / "slides").iterdir()) == ["notes.txt", "slide-0100.png"]


def test_the_journal_is_there_for_others_while_the_lecture_goes_on(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    with Journal(folder / "journal.sqlite") as other:
        other.open_gap("analysis", SECOND_NS, "trigger")
        page(watching, 1, 2)
        assert len(other.slides()) == 1
        assert other.gaps() == [GapRow(1, "analysis", SECOND_NS, None, "trigger")]

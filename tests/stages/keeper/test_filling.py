"""Slides of a converted stretch find their place among those of the lecture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from stages.journal import CaptureRow, GapRow, Journal, SegmentRow, SlideRow, TransientRow
from stages.keeper.filling import Found, FoundVisit, enter, found_in, short_in, within
from stages.lecture import create, opened

S = 10**9
GAP = GapRow(1, "analysis", 10 * S, 20 * S, "bgsub: signal 9")


def draw(path: Path, seed: int) -> Path:
    """A slide unlike any other: large dark boxes on white."""
    random = np.random.default_rng(seed)
    picture = np.full((360, 640, 3), 255, np.uint8)
    for _ in range(12):
        x, y = random.integers(0, 560), random.integers(0, 300)
        cv2.rectangle(picture, (int(x), int(y)), (int(x) + 70, int(y) + 40), (40, 40, 40), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)
    return path


def row(number: int) -> SlideRow:
    return SlideRow(number, f"slides/slide-{number:04}.png", 1, "", 640, 360, "00", 0, 0)


def visit(start: float, end: float, *captures: float) -> FoundVisit:
    rows = tuple(CaptureRow(0, round(at * S), 1, "new", {}, {"slide": 1}) for at in captures)
    return FoundVisit(round(start * S), round(end * S), rows)


@pytest.fixture
def lecture(tmp_path: Path) -> Path:
    """Slide 1 is shown up to the gap, and again after it."""
    folder = create(tmp_path, "Analysis", 0)
    draw(folder / "slides" / "slide-0001.png", 1)
    with opened(folder) as journal:
        journal.add_slide(row(1))
        journal.end_visit(journal.open_visit(1, 0, 0), 10 * S)
        journal.open_gap("analysis", 10 * S, "bgsub")
        journal.close_gap(1, 20 * S)
        journal.open_visit(1, 0, 20 * S)
    return folder


def visits(folder: Path) -> list[tuple[int, int, int | None]]:
    with opened(folder) as journal:
        found = [
            (each.slide, each.start_pts_ns // S, each.end_pts_ns and each.end_pts_ns // S) for each in journal.visits()
        ]
    return sorted(found, key=lambda each: each[1])


def entered(folder: Path, *found: Found) -> int:
    with opened(folder) as journal:
        return enter(folder, journal, GAP, list(found))


def test_a_slide_that_nobody_knew_gets_the_next_id_and_its_place_in_time(lecture: Path, tmp_path: Path) -> None:
    new = Found(row(1), draw(tmp_path / "new.png", 2), (visit(12, 17, 13),))
    assert entered(lecture, new) == 1
    assert visits(lecture) == [(1, 0, 10), (2, 12, 17), (1, 20, None)]
    with opened(lecture) as journal:
        slide = journal.slides()[1]
        assert (slide.id, slide.file) == (2, "slides/slide-0002.png")
        assert [(each.pts_ns, each.decision, each.dedup["slide"]) for each in journal.captures()] == [
            (13 * S, "new", 2)
        ]
        assert journal.gaps()[0].filled
    assert (lecture / "slides" / "slide-0002.png").read_bytes() == (tmp_path / "new.png").read_bytes()


def test_a_slide_that_the_lecture_has_is_no_new_one(lecture: Path, tmp_path: Path) -> None:
    again = Found(row(1), draw(tmp_path / "again.png", 1), (visit(5, 14, 6),))
    assert entered(lecture, again) == 0
    assert visits(lecture) == [(1, 0, 14), (1, 20, None)]


def test_it_is_of_the_connection_that_recorded_it_and_has_its_time_on_the_wall(lecture: Path, tmp_path: Path) -> None:
    with opened(lecture) as journal:
        journal.open_segment(SegmentRow("segments/a.mp4", 3, 5 * S, 30 * S, 1005 * S, 1, "complete"))
    new = replace(row(1), picture_pts_ns=13 * S)
    entered(lecture, Found(new, draw(tmp_path / "new.png", 2), (visit(12, 17, 13),)))
    with opened(lecture) as journal:
        slide, (capture,) = journal.slides()[1], journal.captures()
    assert (slide.epoch, slide.wall_ns) == (3, 1013 * S)
    assert (capture.epoch, capture.wall_ns) == (3, 1013 * S)


def test_visits_that_turn_out_to_be_one_keep_their_captures(lecture: Path, tmp_path: Path) -> None:
    with opened(lecture) as journal:
        journal.add_capture(CaptureRow(7, 21 * S, 2, "same", {}, {}))
    assert entered(lecture, Found(row(1), draw(tmp_path / "again.png", 1), (visit(9, 21, 12),))) == 0
    assert visits(lecture) == [(1, 0, None)]
    with opened(lecture) as journal:
        assert sorted((each.pts_ns // S, each.visit) for each in journal.captures()) == [(12, 1), (21, 1)]


def test_what_was_shown_outside_of_the_gap_is_the_lectures_own(lecture: Path, tmp_path: Path) -> None:
    outside = Found(row(1), draw(tmp_path / "new.png", 2), (visit(3, 10, 4), visit(20, 25, 21)))
    assert entered(lecture, outside) == 0
    assert len(visits(lecture)) == 2


def test_a_slide_found_twice_in_the_gap_is_one_slide(lecture: Path, tmp_path: Path) -> None:
    picture = draw(tmp_path / "new.png", 2)
    assert entered(lecture, Found(row(1), picture, (visit(11, 13),)), Found(row(2), picture, (visit(15, 17),))) == 1
    assert visits(lecture) == [(1, 0, 10), (2, 11, 13), (2, 15, 17), (1, 20, None)]


def test_done_again_after_it_was_killed_before_the_rows_it_gives_the_same(
    lecture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Found(row(1), draw(tmp_path / "new.png", 2), (visit(12, 17, 13),))
    with monkeypatch.context() as patched:

        def killed(journal: Journal, gap: int) -> None:
            raise KeyboardInterrupt

        patched.setattr(Journal, "fill_gap", killed)
        with pytest.raises(KeyboardInterrupt):
            entered(lecture, new)
    assert visits(lecture) == [(1, 0, 10), (1, 20, None)]
    assert entered(lecture, new) == 1
    assert visits(lecture) == [(1, 0, 10), (2, 12, 17), (1, 20, None)]
    assert len(list((lecture / "slides").iterdir())) == 2


def test_a_visit_is_cut_to_the_gap_with_the_captures_in_it() -> None:
    part = within(visit(5, 25, 6, 15, 24), GAP)
    assert part is not None
    assert (part.start_ns, part.end_ns) == (10 * S, 20 * S)
    assert [each.pts_ns for each in part.captures] == [15 * S]
    assert within(visit(20, 25), GAP) is None


def test_the_times_of_a_stretch_become_lecture_time(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite", create=True) as journal:
        journal.add_slide(row(1))
        journal.end_visit(journal.open_visit(1, 0, 2 * S), 5 * S)
        journal.add_capture(CaptureRow(0, 3 * S, 1, "new", {}, {}))
        (found,) = found_in(tmp_path, journal, 100 * S)
    (shown,) = found.visits
    assert (shown.start_ns, shown.end_ns, shown.captures[0].pts_ns) == (102 * S, 105 * S, 103 * S)
    assert found.picture == tmp_path / "slides" / "slide-0001.png"


def test_the_transients_of_a_stretch_are_those_of_the_gap_in_lecture_time(lecture: Path, tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite", create=True) as journal:
        journal.add_transients(TransientRow(at * S, at * S + 4, 1.0, 9.0, "left") for at in (1, 4, 14))
        short = short_in(journal, 8 * S)
    with opened(lecture) as journal:
        enter(lecture, journal, GAP, [], short)
        assert journal.transients() == [TransientRow(12 * S, 12 * S + 4, 1.0, 9.0, "left")]

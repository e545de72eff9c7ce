"""Presenter-free slides of a converted stretch come into the lecture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pages
import pytest

from pipeline.frame import SECOND_NS, Frame, Layout, Picture, Plane
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporting import check
from stages.journal import FILE_NAME, Journal
from stages.keeper.filling import Found, enter, found_in
from stages.lecture import create, opened

SIZE = (640, 360)
LEFT, MIDDLE = pages.hiding(0.0, 0.3, SIZE), pages.hiding(0.2, 0.5, SIZE)


def drawn(seed: int) -> Plane:
    """A slide unlike any other: large dark boxes on white."""
    random = np.random.default_rng(seed)
    picture = np.full((360, 640, 3), 255, np.uint8)
    for _ in range(12):
        x, y = random.integers(0, 560), random.integers(0, 300)
        cv2.rectangle(picture, (int(x), int(y)), (int(x) + 70, int(y) + 40), (40, 40, 40), -1)
    return picture


def page(slide: int, at_s: float, seed: int, hidden: Plane | None) -> Frame:
    made = replace(pages.page(slide, at_s), image=Picture(Layout("bgr24", *SIZE), (drawn(seed),)))
    return pages.before(made, hidden)


def result(folder: Path, frame: Frame) -> Path:
    """A conversion of ten seconds with this one page."""
    harness = Harness(Exporter, location=str(folder), pdf=False)
    harness.push(frame)
    harness.event(pages.visit_end(9))
    harness.eos()
    return folder


@pytest.fixture
def lecture(tmp_path: Path) -> Path:
    """Slide 1, drawn(1) with somebody before its left, is shown up to a gap from 10 to 20 s."""
    folder = create(tmp_path, "Analysis", 0)
    (folder / "slides").rmdir()
    made = result(tmp_path / "made", page(1, 3, 1, LEFT))
    (made / "slides").rename(folder / "slides")
    with opened(folder) as journal, Journal(made / FILE_NAME) as of_it:
        row = of_it.presenter_free(1)
        assert row is not None
        journal.add_slide(of_it.slides()[0])
        journal.set_presenter_free(row, of_it.presenter_free_seen(1))
        journal.end_visit(journal.open_visit(1, 0, 0), 10 * SECOND_NS)
        journal.close_gap(journal.open_gap("analysis", 10 * SECOND_NS, "bgsub"), 20 * SECOND_NS)
    return folder


def fill(lecture: Path, stretch: Path) -> list[Found]:
    with Journal(stretch / FILE_NAME) as of_it:
        found = found_in(stretch, of_it, 10 * SECOND_NS)
    with opened(lecture) as journal:
        enter(lecture, journal, journal.gaps()[0], found)
        index.write(lecture, journal)
    return found


def test_a_new_slide_comes_with_what_it_is_without_the_presenter(lecture: Path, tmp_path: Path) -> None:
    stretch = result(tmp_path / "stretch", page(1, 3, 2, MIDDLE))
    fill(lecture, stretch)
    slide = index.read(lecture).slides[1]
    assert slide.presenter is not None
    assert (slide.id, slide.presenter.file) == (2, "slides/slide-0002-free.png")
    assert (slide.presenter.hidden_percent, slide.presenter.revealed_percent) == (30.0, 70.0)
    assert (lecture / slide.presenter.file).read_bytes() == (stretch / "slides" / "slide-0001-free.png").read_bytes()
    with opened(lecture) as journal, Journal(stretch / FILE_NAME) as of_it:
        assert journal.presenter_free_seen(2) == of_it.presenter_free_seen(1)
        row = journal.presenter_free(2)
        assert row is not None and row.pts_ns == 13 * SECOND_NS, "in lecture time"
    assert check(lecture) == []


def test_a_new_slide_that_nobody_stands_before_is_its_own(lecture: Path, tmp_path: Path) -> None:
    fill(lecture, result(tmp_path / "stretch", page(1, 3, 2, None)))
    slide = index.read(lecture).slides[1]
    assert slide.presenter is not None and slide.presenter.file == slide.file == "slides/slide-0002.png"


@pytest.mark.parametrize(("hidden", "percent"), [(MIDDLE, 90.0), (None, 100.0)])
def test_what_is_seen_of_a_slide_that_the_lecture_has_makes_its_own_better(
    lecture: Path, tmp_path: Path, hidden: Plane | None, percent: float
) -> None:
    stretch = result(tmp_path / "stretch", page(1, 3, 1, hidden))
    fill(lecture, stretch)
    (slide,) = index.read(lecture).slides
    assert slide.presenter is not None
    assert (slide.presenter.revealed_percent, slide.presenter.version) == (percent, 2)
    shown = pages.read(lecture / slide.presenter.file)
    assert np.array_equal(shown[:, 300:], drawn(1)[:, 300:]) and np.array_equal(shown[:, :120], drawn(1)[:, :120])
    assert check(lecture) == [] and len(list((lecture / "slides").iterdir())) == 2


def test_where_nobody_looked_there_is_nothing_to_come_into_the_lecture(lecture: Path, tmp_path: Path) -> None:
    plain = replace(pages.page(1, 3), image=Picture(Layout("bgr24", *SIZE), (drawn(2),)))
    (found,) = fill(lecture, result(tmp_path / "stretch", plain))
    assert found.free is None and index.read(lecture).slides[1].presenter is None


def test_a_known_slide_is_recognised_whoever_stands_before_it(lecture: Path, tmp_path: Path) -> None:
    frame = page(1, 3, 1, MIDDLE)
    stood = drawn(1)
    stood[:, 140:310] = (30, 60, 90)  # somebody, and the mask hides them
    shown = replace(frame, image=Picture(Layout("bgr24", *SIZE), (stood,)))
    fill(lecture, result(tmp_path / "stretch", shown))
    assert len(index.read(lecture).slides) == 1

"""Presenter-free slides of a lecture: while it goes on, over restarts, and while there is no room."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pages
from disks import small_disk
from watching import CLOCK, Watching, at, begin, end, said

from pipeline.frame import Frame, Plane
from pipeline.testing import Harness
from stages.exporter import index
from stages.exporter.backlog import KEPT_PAGES, KEPT_REVEALS
from stages.exporter.model import Presenter
from stages.exporting import check
from stages.lecture import create

SIZE = (200, 112)  # about 67 kB as PNG


def push(harness: Harness, at_s: float, frame: Frame) -> None:
    at(at_s)
    harness.push(frame)


def hiding_all_but(share: float) -> Plane:
    return pages.hiding(share, 1.0)


def first_presenter(folder: Path) -> Presenter:
    found = index.read(folder).slides[0].presenter
    assert found is not None
    return found


def test_a_slide_gets_better_while_it_is_shown_at_most_once_a_second(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    push(watching, 1, pages.before(pages.page(1, 1), hiding_all_but(0.1)))
    push(watching, 2, pages.reveal(1, 2, hiding_all_but(0.2)))
    push(watching, 2.3, pages.reveal(1, 2.3, hiding_all_but(0.3)))
    push(watching, 2.6, pages.reveal(1, 2.6, hiding_all_but(0.4)))
    assert [message.data["file"] for message in said(watching, "revealed")] == [
        "slides/slide-0001-free.png",
        "slides/slide-0001-free-2.png",
    ]
    assert watching.context.deferred == 2, "what is in no file yet is not acknowledged"
    at(3.2)
    watching.tick()
    assert watching.context.deferred == 0
    assert said(watching, "revealed")[-1].data["file"] == "slides/slide-0001-free-3.png"
    assert said(watching, "figures")[-1].data["presenter_free_pictures_total"] == 3
    end(watching, folder, 9)
    presenter = first_presenter(folder)
    assert 39 < presenter.revealed_percent < 41 and presenter.version == 3
    assert said(watching, "figures")[-1].data["revealed_percent"] == presenter.revealed_percent


def test_a_page_that_shows_more_is_acknowledged_when_that_is_written(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    push(watching, 1, pages.before(pages.page(1, 1), hiding_all_but(0.1)))
    push(watching, 2, pages.reveal(1, 2, hiding_all_but(0.2)))
    push(watching, 2.1, pages.before(pages.page(1, 2.1, "same", fill=True), hiding_all_but(0.4)))
    assert watching.context.deferred == 1 and watching.ledger.dropped == {}
    at(3.5)
    watching.tick()
    assert watching.context.deferred == 0
    end(watching, folder, 4)
    assert 39 < first_presenter(folder).revealed_percent < 41


def test_many_at_once_do_not_fill_the_link(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    push(watching, 1, pages.before(pages.page(1, 1), hiding_all_but(0.1)))
    for number in range(8):
        push(watching, 2, pages.reveal(1, 2 + number / 100, hiding_all_but(0.2 + number / 20)))
        assert watching.context.deferred < 4
    end(watching, folder, 3)
    assert watching.context.deferred == 0


def test_the_end_of_a_visit_writes_what_is_there(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    push(watching, 1, pages.before(pages.page(1, 1), hiding_all_but(0.1)))
    push(watching, 2, pages.reveal(1, 2, hiding_all_but(0.2)))
    push(watching, 2.1, pages.reveal(1, 2.1, hiding_all_but(0.3)))
    watching.event(pages.visit_end(2.2))
    assert len(said(watching, "revealed")) == 3 and watching.context.deferred == 0


def test_without_a_presenter_no_figures_are_told_of_one(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    push(watching, 1, pages.before(pages.page(1, 1), None))
    watching.tick()
    assert set(said(watching, "figures")[-1].data) == {"slides_total", "pages_waiting", "capture_lag_seconds"}


def test_reveals_outside_of_a_lecture_are_dropped(watching: Harness, folder: Path) -> None:
    push(watching, 1, pages.reveal(1, 1, hiding_all_but(0.1)))
    begin(watching, folder)
    push(watching, 2, pages.reveal(1, 100, hiding_all_but(0.1)))
    assert watching.ledger.dropped == {"no-lecture": 1, "earlier-lecture": 1}


def test_a_reveal_that_was_not_acknowledged_comes_again_after_a_restart(folder: Path) -> None:
    first = Harness(Watching)
    begin(first, folder)
    push(first, 1, pages.before(pages.page(1, 1), hiding_all_but(0.1)))
    push(first, 2, pages.reveal(1, 2, hiding_all_but(0.2)))
    push(first, 2.1, pages.reveal(1, 2.1, hiding_all_but(0.5), seed=6))
    assert first.context.deferred == 1
    first.stage.stop()  # as good as killed: the last one is in no file
    second = Harness(Watching)
    begin(second, folder)
    push(second, 2.2, pages.reveal(1, 2, hiding_all_but(0.2)))
    push(second, 2.2, pages.reveal(1, 2.1, hiding_all_but(0.5), seed=6))
    end(second, folder, 9)
    assert second.ledger.dropped == {"repeated": 1}
    presenter = first_presenter(folder)
    assert presenter.revealed_percent == 50.0 and check(folder) == []
    assert np.array_equal(pages.read(folder / presenter.file)[:, :32], pages.pixels(6)[:, :32])
    second.stage.stop()


def test_on_a_full_disk_reveals_wait_and_take_no_place_of_a_page(tmp_path: Path) -> None:
    CLOCK.now_ns = 0
    with small_disk(tmp_path / "disk", "1m") as disk:
        folder = create(disk, "Analysis", 1)
        harness = Harness(Watching)
        begin(harness, folder)
        push(harness, 1, pages.before(pages.page(1, 1, size=SIZE), pages.hiding(0.1, 1.0, SIZE)))
        filler = disk / "filler"
        filler.write_bytes(b"")
        with open(filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1024))
            except OSError:
                pass
        for number in range(1, 5):
            shown = 0.1 + number / 5
            push(harness, 1 + number, pages.reveal(1, 1 + number, pages.hiding(shown, 1.0, SIZE), size=SIZE))
        for slide in range(2, KEPT_PAGES + 2):
            push(harness, 10 + slide, pages.page(slide, 10 + slide, size=(20, 10)))
        assert harness.ledger.dropped == {"disk-full": 4 - 1 - KEPT_REVEALS}
        assert check(folder) == []
        filler.unlink()
        harness.tick()
        assert harness.context.deferred == 0
        end(harness, folder, 60)
        assert len(index.read(folder).slides) == KEPT_PAGES + 1 and check(folder) == []
        assert first_presenter(folder).revealed_percent == 70.0
        harness.stage.stop()


def test_a_picture_that_may_not_be_written_is_given_up_and_named_once(watching: Harness, folder: Path) -> None:
    begin(watching, folder)
    push(watching, 1, pages.before(pages.page(1, 1), hiding_all_but(0.1)))
    slides = folder / "slides"
    hindrance = slides / ".slide-0001-free-2.png.tmp"
    hindrance.mkdir()
    (hindrance / "x").write_bytes(b"")
    push(watching, 2, pages.reveal(1, 2, hiding_all_but(0.2)))
    watching.tick()
    watching.tick()
    assert len(watching.context.warnings) == 1 and "slide-0001-free-2.png" in watching.context.warnings[0]
    assert watching.context.deferred == 0
    end(watching, folder, 5)
    assert first_presenter(folder).version == 1 and check(folder) == []

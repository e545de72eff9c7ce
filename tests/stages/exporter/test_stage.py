from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pytest

from pipeline.caps import Caps
from pipeline.errors import CapsError, StageError
from pipeline.frame import SECOND_NS, Frame
from pipeline.testing import Harness
from stages.exporter import Exporter, index
from stages.exporting import check
from stages.journal import Journal


def exporting(folder: Path, **properties: Any) -> Harness:
    harness = Harness(Exporter, location=str(folder), pdf=properties.pop("pdf", False), **properties)
    harness.caps(pages.CAPS)
    return harness


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_three_slides_become_pictures_of_the_same_pixels_a_pdf_and_an_index(tmp_path: Path) -> None:
    out = tmp_path / "out"
    harness = exporting(out, pdf=True, source="lecture.mp4")
    for slide in (1, 2, 3):
        harness.push(pages.page(slide, 10 * slide, start_s=10 * slide - 2))
        harness.event(pages.visit_end(10 * slide + 5))
    assert not out.exists()
    harness.eos()
    assert names(out) == [
        "journal.sqlite",
        "slides.json",
        "slides.pdf",
        "slides/slide-0001.png",
        "slides/slide-0002.png",
        "slides/slide-0003.png",
    ]
    assert not (tmp_path / "out.partial").exists()
    made = index.read(out)
    assert made.complete and made.ended == "eos" and made.source.uri == "lecture.mp4"
    for listed in made.slides:
        path = out / listed.file
        assert np.array_equal(pages.read(path), pages.pixels(listed.id))
        assert (listed.bytes, listed.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        assert (listed.width, listed.height) == (64, 36)
    assert check(out) == []
    assert harness.ledger.missing == 3  # the runner counts what a sink used; the stage itself drops and holds none


def test_times_and_reasons_stand_in_the_index(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    harness.push(pages.page(1, 12.5, start_s=10.25))
    harness.event(pages.visit_end(20))
    harness.eos()
    (slide,) = index.read(tmp_path / "out").slides
    assert (slide.first_pts, slide.picture_pts, slide.last_pts) == (10.25, 12.5, 20.0)
    assert (slide.first_pts_ns, slide.picture_pts_ns, slide.last_pts_ns) == (
        10_250_000_000, 12_500_000_000, 20_000_000_000
    )  # fmt: skip
    (visit,) = slide.visits
    (capture,) = visit.captures
    assert (capture.decision, capture.why) == ("new", "new by dhash")
    assert capture.trigger["reason"] == "settled" and capture.trigger["settle_percent"] == 0.01
    assert capture.dedup["nearest"] is None and slide.hash == capture.dedup["hash"]


def test_each_new_slide_and_the_result_are_posted(tmp_path: Path) -> None:
    out = tmp_path / "out"
    harness = exporting(out, pdf=True)
    harness.push(pages.page(1, 1))
    harness.push(pages.page(1, 2, "same"))
    harness.eos()
    slide, result = harness.context.messages
    assert (slide.name, slide.data) == (
        "slide", {"number": 1, "file": "slides/slide-0001.png", "pts_ns": SECOND_NS, "decision": "new"}
    )  # fmt: skip
    assert (result.name, result.data) == (
        "result",
        {
            "location": str(out),
            "slides": 1,
            "transients": 0,
            "areas": 0,
            "json": str(out / "slides.json"),
            "pdf": str(out / "slides.pdf"),
            "pptx": None,
        },
    )


def test_no_slides_is_a_result(tmp_path: Path) -> None:
    out = tmp_path / "out"
    harness = exporting(out, pdf=True, pptx=True)
    harness.eos()
    assert names(out) == ["journal.sqlite", "slides.json"]
    assert index.read(out).slides == [] and index.read(out).complete
    assert harness.context.messages[0].data["slides"] == 0
    assert harness.context.messages[0].data["pdf"] is None


@pytest.mark.parametrize(("form", "suffix"), [("jpeg", ".jpg"), ("webp", ".webp")])
def test_other_formats_are_close_to_the_pixels(tmp_path: Path, form: str, suffix: str) -> None:
    flat = np.full((36, 64, 3), (200, 100, 50), np.uint8)
    harness = exporting(tmp_path / "out", format=form)
    frame = pages.page(1, 1)
    harness.push(Frame(0, frame.pts_ns, frame.caps, image=pages.picture(flat), meta=frame.meta))
    harness.eos()
    read = pages.read(tmp_path / "out" / "slides" / f"slide-0001{suffix}")
    assert read.shape == flat.shape
    assert np.abs(read.astype(int) - flat).max() <= 6


def test_quality_makes_a_smaller_file(tmp_path: Path) -> None:
    sizes = []
    for quality in (95, 20):
        harness = exporting(tmp_path / str(quality), format="jpeg", quality=quality)
        harness.push(pages.page(1, 1, size=(320, 180)))
        harness.eos()
        sizes.append((tmp_path / str(quality) / "slides" / "slide-0001.jpg").stat().st_size)
    assert sizes[1] < sizes[0] / 2


def test_the_same_page_sent_again_is_stored_once(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    for _ in range(2):
        for slide in (1, 2, 3):
            harness.push(pages.page(slide, 10 * slide))
            harness.event(pages.visit_end(10 * slide + 5))
    harness.eos()
    slides = index.read(tmp_path / "out").slides
    assert [(s.id, [(v.start, v.end) for v in s.visits]) for s in slides] == [
        (1, [(10.0, 15.0)]),
        (2, [(20.0, 25.0)]),
        (3, [(30.0, 35.0)]),
    ]
    assert harness.ledger.dropped == {"repeated": 3}


def test_a_new_page_without_a_picture_is_counted_and_the_run_goes_on(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    lost = pages.page(1, 1)
    harness.push(Frame(0, lost.pts_ns, lost.caps, meta=lost.meta))
    harness.push(pages.page(1, 2, "same"))
    harness.push(pages.page(2, 3))
    harness.eos()
    assert [slide.id for slide in index.read(tmp_path / "out").slides] == [2]
    assert harness.ledger.dropped == {"no-picture": 2}
    assert "slide 1 has no picture" in harness.context.warnings[0]


def test_a_frame_that_never_passed_dedup_is_refused(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    with pytest.raises(StageError, match="after trigger and dedup"):
        harness.push(Frame(0, 0, pages.CAPS, image=pages.picture(pages.pixels(1))))
    harness.stage.stop()


def test_a_picture_wider_than_webp_can_hold_is_refused_before_it_comes(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out", format="webp")
    with pytest.raises(CapsError, match="up to 16383 px, not 16384; use format=png"):
        harness.caps(Caps.of("slide/page", picture_width=16384, picture_height=10))
    harness.stage.stop()


@pytest.mark.parametrize("size", [(1, 1), (16384, 2), (2, 16384)])
def test_the_smallest_and_longest_pictures_are_exported(tmp_path: Path, size: tuple[int, int]) -> None:
    harness = exporting(tmp_path / "out", pdf=True, pptx=True)
    harness.push(pages.page(1, 1, size=size))
    harness.eos()
    read = pages.read(tmp_path / "out" / "slides" / "slide-0001.png")
    assert np.array_equal(read, pages.pixels(1, *size))
    assert (tmp_path / "out" / "slides.pdf").is_file() and (tmp_path / "out" / "slides.pptx").is_file()


def test_more_than_a_thousand_slides_stay_in_order_and_file_names_stay_unique(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out", pdf=True)
    order = list(range(1, 1251))
    order[999], order[1000] = order[1000], order[999]  # ids are by appearance, numbers by time
    for at, slide in enumerate(order):
        harness.push(pages.page(slide, 2 * at, size=(8, 6)))
    harness.eos()
    slides = index.read(tmp_path / "out").slides
    assert [slide.number for slide in slides] == list(range(1, 1251))
    assert [slide.id for slide in slides] == order
    assert [slide.first_pts for slide in slides] == [2.0 * at for at in range(1250)]
    assert slides[998].file == "slides/slide-0999.png" and slides[1000].file == "slides/slide-1000.png"
    by_name = [path.name for path in sorted((tmp_path / "out" / "slides").iterdir())]
    assert by_name == [f"slide-{slide:04}.png" for slide in range(1, 1251)]


def test_a_run_that_is_stopped_early_lists_what_it_has_as_incomplete(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    harness.push(pages.page(1, 1))
    harness.event(pages.visit_end(4))
    harness.push(pages.page(2, 5))
    harness.stage.stop()
    assert not (tmp_path / "out").exists()
    made = index.read(tmp_path / "out.partial")
    assert (made.complete, made.ended) == (False, "unfinished")
    assert [(s.id, s.visits[0].end, s.last_pts) for s in made.slides] == [(1, 4.0, 4.0), (2, None, 5.0)]


def test_the_last_visit_ends_with_the_stream_if_nobody_ended_it(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    harness.push(pages.page(1, 3, start_s=1))
    harness.push(pages.page(1, 8, "same"))
    harness.eos()
    (slide,) = index.read(tmp_path / "out").slides
    assert [(v.start, v.end) for v in slide.visits] == [(1.0, 8.0)]


def test_draining_shows_life_between_its_steps(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out", pdf=True, pptx=True)
    for slide in (1, 2, 3):
        harness.push(pages.page(slide, slide))
    assert list(harness._stage().drain()).count(None) >= 6
    harness.stage.stop()


def test_the_journal_of_a_finished_run_is_one_file_that_opens(tmp_path: Path) -> None:
    harness = exporting(tmp_path / "out")
    harness.push(pages.page(1, 1))
    harness.eos()
    with Journal(tmp_path / "out" / "journal.sqlite") as journal:
        assert [row.file for row in journal.slides()] == ["slides/slide-0001.png"]


@pytest.mark.parametrize("module", ["stages.exporter", "stages.exporter.index"])
def test_starting_needs_no_codec(module: str) -> None:
    slow = {"cv2", "PIL", "img2pdf", "pikepdf", "pptx"}
    command = f"import sys, {module}; print(*({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

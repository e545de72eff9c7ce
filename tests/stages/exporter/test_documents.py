from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pikepdf
import pytest
from PIL import Image
from pptx import Presentation

from pipeline.errors import OutputError
from pipeline.frame import Plane
from pipeline.testing import Harness
from stages.exporter import Exporter, documents, index
from stages.exporter.documents import clock

SIZES = ((64, 36), (64, 36), (30, 40))


def export(folder: Path, **properties: Any) -> None:
    harness = Harness(Exporter, location=str(folder), **properties)
    for slide, size in enumerate(SIZES, 1):
        harness.push(pages.page(slide, 3600 * slide, size=size))
        harness.event(pages.visit_end(3600 * slide + 65))
    harness.push(pages.page(1, 4 * 3600, "revisit"))
    harness.eos()


def picture_of(page: pikepdf.Page) -> pikepdf.PdfImage:
    return pikepdf.PdfImage(stream_of(page))


def stream_of(page: pikepdf.Page) -> pikepdf.Stream:
    (image,) = page.obj["/Resources"]["/XObject"].values()
    assert isinstance(image, pikepdf.Stream)
    return image


def as_bgr(image: Image.Image) -> Plane:
    return np.asarray(image.convert("RGB"))[:, :, ::-1]


def make_all(folder: Path) -> None:
    for _ in documents.write_pdf(folder, index.read(folder)):
        pass


@pytest.mark.parametrize("form", ["png", "webp"])
def test_the_pdf_has_a_page_with_the_exact_pixels_of_each_picture(tmp_path: Path, form: str) -> None:
    export(tmp_path / "out", format=form)
    with pikepdf.open(tmp_path / "out" / "slides.pdf") as pdf:
        assert len(pdf.pages) == 3
        for page, slide in zip(pdf.pages, index.read(tmp_path / "out").slides, strict=True):
            shown = as_bgr(picture_of(page).as_pil_image())
            assert np.array_equal(shown, pages.read(tmp_path / "out" / slide.file))


def test_a_jpeg_goes_into_the_pdf_byte_for_byte(tmp_path: Path) -> None:
    export(tmp_path / "out", format="jpeg")
    with pikepdf.open(tmp_path / "out" / "slides.pdf") as pdf:
        assert stream_of(pdf.pages[0]).read_raw_bytes() == (tmp_path / "out" / "slides" / "slide-0001.jpg").read_bytes()


def test_pages_are_960_points_long_at_the_aspect_of_the_picture(tmp_path: Path) -> None:
    export(tmp_path / "out")
    with pikepdf.open(tmp_path / "out" / "slides.pdf") as pdf:
        boxes = [[float(edge) for edge in page.mediabox] for page in pdf.pages]
    assert boxes == [[0, 0, 960, 540], [0, 0, 960, 540], [0, 0, 720, 960]]


def test_the_pdf_has_a_bookmark_with_the_time_of_each_slide_and_a_title(tmp_path: Path) -> None:
    export(tmp_path / "out", source="/videos/lecture.mp4")
    with pikepdf.open(tmp_path / "out" / "slides.pdf") as pdf, pdf.open_outline() as outline:
        assert [item.title for item in outline.root] == ["1  1:00:00", "2  2:00:00", "3  3:00:00"]
        assert str(pdf.docinfo["/Title"]) == "lecture.mp4"


def test_the_same_slides_make_the_same_pdf(tmp_path: Path) -> None:
    export(tmp_path / "out")
    before = (tmp_path / "out" / "slides.pdf").read_bytes()
    make_all(tmp_path / "out")
    assert (tmp_path / "out" / "slides.pdf").read_bytes() == before


def test_a_missing_picture_is_named_and_the_older_pdf_stays(tmp_path: Path) -> None:
    export(tmp_path / "out")
    before = (tmp_path / "out" / "slides.pdf").read_bytes()
    (tmp_path / "out" / "slides" / "slide-0002.png").unlink()
    with pytest.raises(OutputError, match="slide-0002.png' is in the journal, but cannot be read"):
        make_all(tmp_path / "out")
    assert (tmp_path / "out" / "slides.pdf").read_bytes() == before
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == [
        "journal.sqlite", "slides", "slides.json", "slides.pdf"
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["png", "webp"])
def test_the_presentation_has_a_picture_per_slide_and_the_times_in_the_notes(tmp_path: Path, form: str) -> None:
    export(tmp_path / "out", format=form, pptx=True)
    deck = Presentation(str(tmp_path / "out" / "slides.pptx"))
    assert deck.slide_width is not None and deck.slide_height is not None
    assert deck.slide_width * 9 == deck.slide_height * 16
    assert len(deck.slides) == 3
    for page, slide in zip(deck.slides, index.read(tmp_path / "out").slides, strict=True):
        (shape,) = page.shapes
        shown = as_bgr(Image.open(io.BytesIO(shape.image.blob)))
        assert np.array_equal(shown, pages.read(tmp_path / "out" / slide.file))
    first, portrait = deck.slides[0], deck.slides[2].shapes[0]
    assert first.notes_slide.notes_text_frame.text.splitlines() == [
        "Captured at 1:00:00",
        "Visit 1: 1:00:00 to 1:01:05",
        "Visit 2: 4:00:00 to 4:00:00",
    ]
    assert (first.shapes[0].width, first.shapes[0].height) == (deck.slide_width, deck.slide_height)
    assert portrait.height == deck.slide_height and portrait.width * 4 == portrait.height * 3
    assert abs(2 * portrait.left + portrait.width - deck.slide_width) <= 1


def test_the_clock_counts_hours_and_rounds_down() -> None:
    assert clock(59_999_999_999) == "0:00:59"
    assert clock(36_061_000_000_000) == "10:01:01"

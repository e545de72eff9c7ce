from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pages
import pikepdf
import pytest

from pipeline.errors import WriteError
from stages.exporter.pdf_file import PdfFile
from stages.exporter.pictures import encode


def made(*bookmarks: str, title: str = "") -> bytes:
    file = io.BytesIO()
    pdf = PdfFile(file)
    for number, bookmark in enumerate(bookmarks):
        pdf.add(encode(pages.pixels(number), "png", 95), 960, 540, bookmark)
    pdf.close(title)
    return file.getvalue()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_qpdf_finds_nothing_wrong_with_it(count: int) -> None:
    with pikepdf.open(io.BytesIO(made(*map(str, range(count)))), attempt_recovery=False) as pdf:
        assert list(pdf.check_pdf_syntax()) == []
        assert len(pdf.pages) == count
        assert pdf.get_warnings() == []


def test_titles_and_bookmarks_are_text_of_any_script() -> None:
    data = made("1  Größe (½)", "2  微分", title=r"Vorlesung \(1) <π>.mp4")
    with pikepdf.open(io.BytesIO(data)) as pdf, pdf.open_outline() as outline:
        assert [item.title for item in outline.root] == ["1  Größe (½)", "2  微分"]
        targets = [item.destination for item in outline.root]
        assert [
            pdf.pages.index(pikepdf.Page(target[0])) for target in targets if isinstance(target, pikepdf.Array)
        ] == [
            0,
            1,
        ]
        assert str(pdf.docinfo["/Title"]) == r"Vorlesung \(1) <π>.mp4"


def test_a_picture_fills_its_page() -> None:
    with pikepdf.open(io.BytesIO(made("1"))) as pdf:
        assert [float(edge) for edge in pdf.pages[0].mediabox] == [0, 0, 960, 540]
        assert pdf.pages[0].obj["/Contents"].read_bytes() == b"q 960.0000 0 0 540.0000 0 0 cm /Im0 Do Q"


def test_transparency_is_refused() -> None:
    see_through = cv2.imencode(".png", np.zeros((4, 4, 4), np.uint8))[1].tobytes()
    with pytest.raises(WriteError, match="transparency"):
        PdfFile(io.BytesIO()).add(see_through, 10, 10, "")


def test_memory_does_not_grow_with_the_pages(tmp_path: Path) -> None:
    picture = encode(pages.pixels(1, 320, 240), "png", 95)
    with open(tmp_path / "a.pdf", "xb") as file:
        pdf = PdfFile(file)
        pdf.add(picture, 320, 240, "")
        tracemalloc.start()
        try:
            for _ in range(40):
                pdf.add(picture, 320, 240, "")
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        pdf.close("")
    assert (tmp_path / "a.pdf").stat().st_size > 40 * len(picture) * 0.99
    assert kept < 2 * len(picture)

"""slides.pdf and slides.pptx, made from the index and the picture files, as often as one likes.

Both are generators that yield between the steps, so that whoever runs them can show life. They write atomically.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import OutputError, WriteError
from pipeline.frame import SECOND_NS
from stages.durable import replacing
from stages.exporter.model import Index, Slide
from stages.exporter.pdf_file import PdfFile
from stages.exporter.pictures import as_png_or_jpeg
from stages.lecture import PDF_NAME, PPTX_NAME

LONG_EDGE_PT = 960.0  # 13 1/3 inches, the width of a 16:9 page in PowerPoint
SHORTEST_PT = 3.0  # the least edge PDF allows (ISO 32000-1, annex C)
EMU_PER_PT = 12_700
PPTX_EDGE_PT = (72.0, 4032.0)  # PowerPoint takes slides of 1 to 56 inches


def write_pdf(folder: Path, index: Index, to: Path | None = None) -> Iterator[None]:
    """Make slides.pdf in ``folder``, or in ``to``: a page per slide, at the aspect of its picture, with a bookmark.

    PNG and JPEG are embedded as they are, WebP as a PNG of the same pixels. No slides: no file, and an older one is
    removed. Raises WriteError, or OutputError if a picture is missing.
    """
    path = (to or folder) / PDF_NAME
    if not index.slides:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as tmp, open(tmp, "xb") as file:
        pdf = PdfFile(file)
        for slide in index.slides:
            pdf.add(_picture(folder, slide), *_page_pt(slide), f"{slide.number}  {clock(slide.first_pts_ns)}")
            yield
        pdf.close(_title(index))


def write_pptx(folder: Path, index: Index, to: Path | None = None) -> Iterator[None]:
    """Make slides.pptx in ``folder``, or in ``to``: a picture per slide at the first one's aspect, times in the notes.

    python-pptx builds it in memory. A picture of another aspect is centred. No slides: no file, and an older one is
    removed. Raises WriteError, or OutputError if a picture is missing.
    """
    path = (to or folder) / PPTX_NAME
    if not index.slides:
        path.unlink(missing_ok=True)
        return
    from pptx import Presentation
    from pptx.util import Emu

    deck = Presentation()
    width, height = (min(max(edge, PPTX_EDGE_PT[0]), PPTX_EDGE_PT[1]) for edge in _page_pt(index.slides[0]))
    deck.slide_width, deck.slide_height = Emu(round(width * EMU_PER_PT)), Emu(round(height * EMU_PER_PT))
    blank = deck.slide_layouts[6]
    for slide in index.slides:
        data = _picture(folder, slide)
        scale = min(width / slide.width, height / slide.height)
        w, h = slide.width * scale, slide.height * scale
        edges = ((width - w) / 2, (height - h) / 2, w, h)
        page = deck.slides.add_slide(blank)
        page.shapes.add_picture(io.BytesIO(data), *(Emu(round(edge * EMU_PER_PT)) for edge in edges))
        page.notes_slide.notes_text_frame.text = notes_of(slide)
        yield
    deck.core_properties.title = _title(index)
    with replacing(path) as tmp:
        deck.save(str(tmp))


def notes_of(slide: Slide) -> str:
    """The speaker notes of a slide: when it was captured, and each visit."""
    lines = [f"Captured at {clock(slide.picture_pts_ns)}"]
    for number, visit in enumerate(slide.visits, 1):
        end = "the end" if visit.end_ns is None else clock(visit.end_ns)
        lines.append(f"Visit {number}: {clock(visit.start_ns)} to {end}")
    return "\n".join(lines)


def clock(ns: int) -> str:
    """Stream time as h:mm:ss, rounded down."""
    minutes, seconds = divmod(ns // SECOND_NS, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _title(index: Index) -> str:
    if index.lecture is not None:
        return index.lecture.title or index.lecture.name
    return Path(index.source.uri).name if index.source.uri else ""


def _page_pt(slide: Slide) -> tuple[float, float]:
    scale = LONG_EDGE_PT / max(slide.width, slide.height)
    return max(SHORTEST_PT, slide.width * scale), max(SHORTEST_PT, slide.height * scale)


def _picture(folder: Path, slide: Slide) -> bytes:
    path = folder / slide.file
    try:
        return as_png_or_jpeg(path)
    except WriteError:
        raise
    except OSError as e:
        raise OutputError(f"'{path}' is in the journal, but cannot be read: {e.strerror}") from e

"""Every export of a folder made anew from its journal and pictures: what ``slidetap export`` does.

For a lecture, open or closed, for a finished result, and for a DIR.partial that a crash left behind. It changes no
picture of a slide, and in the journal nothing but the note of the slide area.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import OutputError
from stages.exporter import area, documents, index
from stages.exporter.captions import write_vtt
from stages.exporter.folder import Lock
from stages.exporter.model import Index
from stages.journal import FILE_NAME as JOURNAL_NAME
from stages.journal import Journal, SegmentRow
from stages.lecture import INDEX_NAME, LECTURE, OPEN, PDF_NAME, PPTX_NAME, RECORDING_NAME, STATE


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What to make; nothing named: PDF and slides.json. ``output``: where to, instead of the folder itself.

    ``pages``: what PDF and PowerPoint show, as the exporter's property of that name.
    ``area``: whether the slide area is looked for, when slides.json is made in the folder itself; None: unless that
    was switched off. ``dedup``: settings by which slides are grouped anew, see ``regrouping.SETTINGS``.
    """

    pdf: bool = False
    pptx: bool = False
    json: bool = False
    vtt: bool = False
    video: bool = False
    output: Path | None = None
    dedup: Mapping[str, object] = field(default_factory=dict)
    pages: str = "as-seen"
    area: bool | None = None

    @property
    def chosen(self) -> bool:
        """Whether anything is named."""
        return self.pdf or self.pptx or self.json or self.vtt or self.video


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made. ``skipped``: segments of the recording that could not be read."""

    folder: Path
    slides: int
    files: tuple[Path, ...]
    skipped: tuple[Path, ...] = ()


def export(
    folder: Path, options: ExportOptions | None = None, progress: Callable[[float], None] = lambda done: None
) -> Exported:
    """Make what is asked for. ``progress`` is given the fraction of the recording that is joined.

    Raises OutputError if ``folder`` is no result, is being written, or lacks a picture; WriteError; ConfigError for
    dedup settings; DataError if nothing of a recording can be read.
    """
    o = options or ExportOptions()
    if not o.chosen:
        o = ExportOptions(pdf=True, json=True, output=o.output, dedup=o.dedup, pages=o.pages, area=o.area)
    with _opened(folder) as journal:
        made = index.load(journal)
        is_watched = journal.notes().get(STATE) == OPEN
        with_area = o.area if o.area is not None else area.is_wanted(journal)
        if with_area and o.json and o.output is None and not is_watched:
            _all(area.make(folder, journal, made))
            made = index.load(journal)
        segments = [row for row in journal.segments() if row.state != "deleted" and (folder / row.file).is_file()]
    if o.dedup:
        from stages.regrouping import regroup  # it imports dedup, and OpenCV with it

        made = regroup(folder, made, o.dedup)
    to = o.output or folder
    files: list[Path] = []
    skipped: list[Path] = []
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise OutputError(f"cannot create '{to}': {e.strerror}; choose a folder that can be written") from e
    if o.json:
        if to != folder or not is_watched or o.dedup:  # of an open lecture the exporter keeps it up to date
            index.save(to, made if to == folder else _seen_from(to, folder, made))
        files.append(to / INDEX_NAME)
    shown = made.showing(o.pages)
    if made.slides and o.pdf:
        _all(documents.write_pdf(folder, shown, to))
        files.append(to / PDF_NAME)
    if made.slides and o.pptx:
        _all(documents.write_pptx(folder, shown, to))
        files.append(to / PPTX_NAME)
    if o.vtt:
        files.append(write_vtt(to, made, segments[0].start_pts_ns if segments else 0))
    if o.video:
        joined, skipped = _join(folder, segments, made, to / RECORDING_NAME, progress)
        files += joined
    return Exported(to, len(made.slides), tuple(files), tuple(skipped))


def check(folder: Path) -> list[str]:
    """A line for each picture of the journal that is missing or was changed. Raises OutputError for no result."""
    with Journal(folder / JOURNAL_NAME) as journal:
        pictures = [(row.file, row.sha256) for row in (*journal.slides(), *journal.states())]
        pictures += [(row.file, row.sha256) for row in journal.all_presenter_free() if row.file is not None]
        pictures += area.files(journal).items()
    found = []
    for file, sha256 in pictures:
        path = folder / file
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as e:
            found.append(f"'{path}' cannot be read: {e.strerror}")
            continue
        if digest != sha256:
            found.append(f"'{path}' was changed after it was written")
    return found


def chapters(made: Index) -> list[tuple[int, str]]:
    """Time in ns and title: each visit to a slide, and each mark."""
    slides = [(visit.start_ns, f"Slide {slide.number}") for slide in made.slides for visit in slide.visits]
    return sorted([*slides, *((mark.pts_ns, mark.text or "Mark") for mark in made.marks)])


@contextmanager
def _opened(folder: Path) -> Iterator[Journal]:
    """The journal; that of a conversion only if nobody writes in it, as it would be half of a result."""
    if not folder.is_dir():
        raise OutputError(f"'{folder}' cannot be opened: it is no folder")
    with Journal(folder / JOURNAL_NAME) as journal:
        if LECTURE not in journal.notes():
            Lock(folder).release()
        yield journal


def _seen_from(to: Path, folder: Path, made: Index) -> Index:
    """``made`` with paths that lead from ``to`` to the pictures and the recording."""

    def leading(file: str) -> dict[str, str]:
        return {"file": os.path.relpath(folder / file, to)}

    slides = [
        slide.model_copy(
            update={
                **leading(slide.file),
                "states": [state.model_copy(update=leading(state.file)) for state in slide.states],
                "presenter": slide.presenter and slide.presenter.model_copy(update=leading(slide.presenter.file)),
                "area_picture": slide.area_picture
                and slide.area_picture.model_copy(update=leading(slide.area_picture.file)),
            }
        )
        for slide in made.slides
    ]
    segments = [segment.model_copy(update=leading(segment.file)) for segment in made.segments]
    return made.model_copy(update={"slides": slides, "segments": segments})


def _join(
    folder: Path, segments: list[SegmentRow], made: Index, out: Path, progress: Callable[[float], None]
) -> tuple[list[Path], list[Path]]:
    if not segments:
        raise OutputError(f"'{folder}' holds no recording; leave out --video")
    from stages.media.joining import join  # FFmpeg's libraries
    from stages.media.pieces import Piece

    pieces = [Piece(folder / row.file, row.start_pts_ns, row.first_key) for row in segments]
    joined = join(pieces, chapters(made), out, progress)
    return joined.files, joined.skipped


def _all(steps: Iterator[None]) -> None:
    for _ in steps:
        pass

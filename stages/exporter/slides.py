"""Pages become picture files and rows: the picture is safely on disk before a row names it, whatever happens.

For the result of a conversion and for a lecture alike. What a visit is, ``visits`` knows; ``presenter_free`` makes the
same slides without who stands before them.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pydantic import JsonValue

from pipeline.frame import Plane
from stages.durable import TMP_SUFFIX, write_bytes
from stages.exporter import area, visits
from stages.exporter.page import PICTURED, Page, Reveal, Sight
from stages.exporter.pictures import SUFFIXES, Format, encode
from stages.exporter.presenter_free import Drawn, PresenterFree, remove
from stages.journal import Journal, PresenterFreeRow, SlideRow
from stages.lecture import PICTURES

_OURS = re.compile(
    rf"slide-\d+(-free|-area)?(-\d+)?({'|'.join(map(re.escape, SUFFIXES.values()))})|\..*{re.escape(TMP_SUFFIX)}"
)


def file_name(slide: int, form: Format, version: int = 1) -> str:
    """Path of a slide's picture in the folder; ``slide`` is its stable id, ``version`` counts its pictures."""
    return f"{PICTURES}/slide-{slide:04}{'' if version == 1 else f'-{version}'}{SUFFIXES[form]}"


Told: TypeAlias = "tuple[JsonValue, JsonValue]"


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a page. ``dropped``: why it was not entered. ``row``: the slide, if it has a new picture."""

    dropped: str = ""
    row: SlideRow | None = None


class Slides:
    """Writes into ``folder`` and its open ``journal``. ``revealed`` is told of each new presenter-free picture.

    ``free`` has what was revealed and is not on disk yet.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        form: Format,
        quality: int,
        revealed: Callable[[PresenterFreeRow], None],
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._form: Format = form
        self._quality = quality
        self._renamed = self._known_renames()
        self.free = PresenterFree(folder, journal, revealed)

    def enter(self, page: Page, sight: Sight | None) -> Entered:
        """Write the pictures of a new or grown slide, then the rows. Raises WriteError; then nothing has changed.

        A page that is in the journal already, by epoch and pts, is ``repeated``; one without a picture to show for it
        is ``no-picture``.
        """
        if self._journal.has_capture(page.epoch, page.pts_ns):
            self._fill(page, sight)  # it may have been entered, and what it shows not be in a file yet
            return Entered("repeated")
        slide = self._slide_of(page)
        self.free.leave(slide)
        old = self._journal.slide(slide)
        row, drawn = self._write_pictures(page, slide, old, sight)
        if row is None and old is None:
            return Entered("no-picture")
        with self._journal.transaction():
            if page.keeps and row is not None and old is not None:
                self._journal.add_state(old)
            if row is not None:
                (self._journal.add_slide if old is None else self._journal.update_slide)(row)
            if drawn is not None:
                self.free.enter(drawn)
            visits.arrive(self._journal, page, slide)
        if page.decision == "new" and slide != page.slide:
            self._renamed[_told(page.dedup)] = slide
        if row is not None and old is not None and not page.keeps:
            remove(self._folder / old.file)
        if drawn is not None:
            self.free.done(drawn)
        self._fill(page, sight)
        return Entered(row=row)

    def reveal(self, reveal: Reveal, sight: Sight) -> str:
        """Merge another moment of a slide that is known; "" or why it was dropped. Raises WriteError; then nothing has
        changed.
        """
        return self.free.reveal(self._slide_of(reveal), reveal, sight)

    def _fill(self, page: Page, sight: Sight | None) -> None:
        if page.fill and sight is not None:
            self.reveal(Reveal(page.slide, True, page.epoch, page.pts_ns, page.dedup), sight)

    def tidy(self, min_age_s: float = 0.0) -> None:
        """Remove pictures that no row names: of a process that was killed between the file and the row, or after it.

        ``min_age_s`` spares what somebody else may be about to enter.
        """
        named = {self._folder / row.file for row in (*self._journal.slides(), *self._journal.states())}
        named |= {self._folder / row.file for row in self._journal.all_presenter_free() if row.file is not None}
        named |= {self._folder / file for file in area.files(self._journal)}
        for path in (self._folder / PICTURES).iterdir():
            if path not in named and _OURS.fullmatch(path.name) and _age_s(path) >= min_age_s:
                remove(path)

    def _slide_of(self, page: Page | Reveal) -> int:
        """Dedup's id, unless another slide has it: dedup was restarted while that one was on its way to the journal."""
        told = _told(page.dedup)
        if page.decision != "new":
            return self._renamed.get(told, page.slide)
        self._renamed.pop(told, None)
        return page.slide if not self._journal.has_slide(page.slide) else self._journal.last_slide() + 1

    def _known_renames(self) -> dict[Told, int]:
        shown = {visit.id: visit.slide for visit in self._journal.visits()}
        return {
            _told(capture.dedup): shown[capture.visit]
            for capture in self._journal.captures()
            if capture.decision == "new" and capture.dedup.get("slide") != shown[capture.visit]
        }

    def _write_pictures(
        self, page: Page, slide: int, old: SlideRow | None, sight: Sight | None
    ) -> tuple[SlideRow | None, Drawn | None]:
        """None and None for a page that brings none."""
        if sight is None or page.decision not in PICTURED:
            return None, None
        from stages.picture import to_bgr  # it imports OpenCV, which the start need not wait for

        bgr = to_bgr(sight.picture)
        row = self._write_picture(page, slide, old, bgr)
        return row, self.free.draw(slide, old, sight, bgr, page.pts_ns)

    def _write_picture(self, page: Page, slide: int, old: SlideRow | None, bgr: Plane) -> SlideRow:
        data = encode(bgr, self._form, self._quality)
        version = old.version + 1 if old is not None else 1
        file = file_name(slide, self._form, version)
        write_bytes(self._folder / file, data)
        height, width = bgr.shape[:2]
        return SlideRow(
            slide,
            file,
            len(data),
            hashlib.sha256(data).hexdigest(),
            width,
            height,
            page.hash,
            page.epoch,
            page.pts_ns,
            page.wall_ns,
            version,
        )


def _told(dedup: Mapping[str, JsonValue]) -> Told:
    """What a slide is called by dedup, and by which process of it: the next one learns ids from the journal.

    Up to which id a process has learned them tells it from the others that gave out ids.
    """
    return dedup.get("recalled"), dedup.get("slide")


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

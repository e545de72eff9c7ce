"""The slides of a lecture that another process has found: from its journal at once, from its pictures when needed.

So a restarted dedup knows what was shown before. It reads and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.frame import Layout, Plane
from stages.dedup.fingerprint import Fingerprint, fingerprint
from stages.dedup.properties import DedupProperties
from stages.dedup.yuv import like_captured
from stages.journal import FILE_NAME, CaptureRow, Journal, SlideRow

if TYPE_CHECKING:
    from imagehash import ImageHash

_TRIES = 3
_DECIDED = ("new", "grown")  # captures whose picture became that of the slide


@dataclass(frozen=True, slots=True)
class Remembered:
    """A slide: ``hash`` is None if it was made by another method, or when less was seen of the slide than is known now.
    ``states``: how many it has had.
    """

    id: int
    hash: ImageHash | None
    states: int


class EarlierSlides:
    """A lecture's folder. ``warn`` is told, once for each slide, which pictures cannot be had."""

    def __init__(self, folder: Path, properties: DedupProperties, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._properties = properties
        self._warn = warn
        self._files: dict[int, str] = {}
        self._looked_for: set[int] = set()  # in whose pictures a presenter was looked for,
        self._veiled: set[int] = set()  # and found

    def slides(self) -> tuple[list[Remembered], int]:
        """All slides, and the one on screen last (0: none). Raises OutputError if the journal cannot be read."""
        path = self._folder / FILE_NAME
        if self._properties.hash == "none" or not path.is_file():
            return [], 0
        with Journal(path) as journal:
            rows, captures, visit = journal.slides(), journal.captures(), journal.last_visit()
            free = {row.slide: row.file for row in journal.all_presenter_free()}
        self._looked_for = set(free)
        self._veiled = {slide for slide, file in free.items() if file is not None}
        said = {c.dedup.get("slide"): c for c in captures if c.decision in _DECIDED}
        self._files = {row.id: row.file for row in rows}
        return [self._remembered(row, said.get(row.id)) for row in rows], visit.slide if visit else 0

    def load(self, slide: int, like: Layout) -> Fingerprint | None:
        """From the picture file, as if it had been captured like a picture of that layout; None if it cannot be read.

        Luma is made by the weights of the source's matrix, or colours would differ from those of a capture.
        """
        bgr, hidden = self._presenter_free(slide) if slide in self._looked_for else (None, None)
        if bgr is None:
            path = self._folder / self._files[slide]
            bgr = _decoded(path if path.is_file() else self._renewed(slide, path))
            if bgr is None:
                self._warn(f"slide {slide} is known by its hash alone: its picture '{path}' cannot be read")
                return None
        return fingerprint(like_captured(bgr, like), self._properties, hidden, looked_for=slide in self._looked_for)

    def _presenter_free(self, slide: int) -> tuple[Plane | None, Plane | None]:
        """What was seen of a slide, and the mask of what was not. A newer file takes the place of one now and then."""
        for _ in range(_TRIES):
            with Journal(self._folder / FILE_NAME) as journal:
                row, seen = journal.presenter_free(slide), journal.presenter_free_seen(slide)
                same = journal.presenter_free(slide) == row
            if row is None or row.file is None:
                break
            bgr = _decoded(self._folder / row.file)
            if bgr is not None and same:
                return bgr, _unseen(seen) if seen is not None else None
        return None, None

    def _renewed(self, slide: int, path: Path) -> Path:
        """A slide that grew has another file now, and its row says so before the old one is gone."""
        with Journal(self._folder / FILE_NAME) as journal:
            rows = [row for row in journal.slides() if row.id == slide]
        return self._folder / rows[0].file if rows else path

    def _remembered(self, row: SlideRow, capture: CaptureRow | None) -> Remembered:
        from imagehash import hex_to_hash

        p = self._properties
        said = capture.dedup if capture is not None else {}
        states = said.get("states")
        made_alike = said.get("hash_name", p.hash) == p.hash and said.get("hash_size", p.hash_size) == p.hash_size
        digits = math.ceil(p.hash_size * p.hash_size / 4)
        known = made_alike and row.id not in self._veiled and len(row.hash) == digits and _is_hex(row.hash)
        return Remembered(row.id, hex_to_hash(row.hash) if known else None, states if isinstance(states, int) else 1)


def _is_hex(text: str) -> bool:
    return all(digit in "0123456789abcdef" for digit in text)


def _decoded(path: Path) -> Plane | None:
    """BGR, uint8 (h, w, 3); None if the file is not there, or no picture."""
    import cv2
    import numpy as np

    data = np.fromfile(path, np.uint8) if path.is_file() else np.empty(0, np.uint8)
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    return None if bgr is None else np.asarray(bgr, np.uint8)


def _unseen(seen: bytes) -> Plane | None:
    import cv2
    import numpy as np

    mask = cv2.imdecode(np.frombuffer(seen, np.uint8), cv2.IMREAD_GRAYSCALE)
    return None if mask is None else np.asarray(cv2.bitwise_not(mask), np.uint8)

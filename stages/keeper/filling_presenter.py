"""Presenter-free slides of a converted stretch among those of its lecture: new ones come with their slide, and what is
seen of a slide that the lecture has makes its own better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stages.durable import write_bytes
from stages.journal import Journal, PresenterFreeRow

if TYPE_CHECKING:
    from pipeline.frame import Plane
    from stages.exporter.page import Sight


@dataclass(frozen=True, slots=True)
class FoundPresenterFree:
    """``row``: as in the stretch, but in lecture time. ``picture``: its file, the slide's own if nothing is hidden in
    it; ``seen``: as the journal has it.
    """

    row: PresenterFreeRow
    picture: Path
    seen: bytes | None

    def unseen(self) -> Plane | None:
        """The mask of what was never seen of it, uint8 (height, width); None if all of it was."""
        import cv2
        import numpy as np

        mask = None if self.seen is None else cv2.imdecode(np.frombuffer(self.seen, np.uint8), cv2.IMREAD_GRAYSCALE)
        return None if mask is None else np.asarray(cv2.bitwise_not(mask), np.uint8)


def presenter_free_in(
    result: Path, journal: Journal, slide: int, own: str, offset_ns: int
) -> FoundPresenterFree | None:
    """Of one slide of a conversion, whose own picture is ``own``; None if nobody looked for a presenter."""
    row = journal.presenter_free(slide)
    if row is None:
        return None
    seen = journal.presenter_free_seen(slide)
    return FoundPresenterFree(replace(row, pts_ns=row.pts_ns + offset_ns), result / (row.file or own), seen)


def copied(folder: Path, found: FoundPresenterFree, slide: int) -> PresenterFreeRow:
    """The row of a slide that is new in the lecture; its file is durable in ``folder``. Raises WriteError."""
    from stages.exporter.presenter_free import file_name

    if found.row.file is None:
        return replace(found.row, slide=slide, version=0)
    data, file = found.picture.read_bytes(), file_name(slide)
    write_bytes(folder / file, data)
    digest = hashlib.sha256(data).hexdigest()
    return replace(found.row, slide=slide, file=file, bytes=len(data), sha256=digest, version=1)


def improve(folder: Path, journal: Journal, again: Sequence[tuple[int, FoundPresenterFree]], epoch: int) -> None:
    """Fill what the lecture never saw of slides that it has from what the stretch saw. Raises WriteError."""
    from stages.exporter.page import Reveal
    from stages.exporter.presenter_free import PresenterFree

    free = PresenterFree(folder, journal, lambda row: None)
    for slide, found in again:
        sight = _sight(found)
        if sight is not None:
            free.reveal(slide, Reveal(slide, True, epoch, found.row.pts_ns, {}), sight)
    free.flush()


def _sight(found: FoundPresenterFree) -> Sight | None:
    from pipeline.frame import Layout, Picture
    from stages.exporter.hatch import from_png
    from stages.exporter.page import Sight

    composite = from_png(found.picture.read_bytes(), found.seen)
    if composite is None:
        return None
    height, width = composite.seen.shape
    picture = Picture(Layout("bgr24", width, height), (composite.picture,))
    return Sight(picture, found.unseen(), looked=True)

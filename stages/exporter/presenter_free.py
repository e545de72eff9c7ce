"""Slides without who stands before them: as pages and reveals come, files and rows that get better bit by bit.

Beside ``slides``, which knows pages and calls this one for their presenter-free half. One slide is open at a time: its
composite is in memory, and what was merged into it is ``unwritten`` until ``flush`` makes it a new version.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import WriteError
from pipeline.frame import Plane
from stages.durable import may_pass, write_bytes
from stages.exporter.page import Reveal, Sight
from stages.journal import Journal, PresenterFreeRow, RevealRow, SlideRow
from stages.lecture import PICTURES

if TYPE_CHECKING:
    from stages.composite import Composite  # it imports OpenCV, which nobody needs without a presenter


def file_name(slide: int, version: int = 1) -> str:
    """Path of a slide's presenter-free picture in the folder."""
    return f"{PICTURES}/slide-{slide:04}-free{'' if version == 1 else f'-{version}'}.png"


@dataclass(slots=True)
class _Open:
    slide: int
    composite: Composite
    pts_ns: int
    unwritten: list[RevealRow] = field(default_factory=list)
    acknowledge: list[Callable[[], None]] = field(default_factory=list)

    def written(self) -> None:
        for call in self.acknowledge:
            call()
        self.unwritten, self.acknowledge = [], []


@dataclass(frozen=True, slots=True)
class Drawn:
    """The presenter-free half of a page, on disk but for its rows. ``row`` None: nobody looked for a presenter.
    ``replaced``: the file that no row will name any more.
    """

    slide: int
    row: PresenterFreeRow | None
    seen: bytes | None = None
    composite: Composite | None = None
    merged: tuple[RevealRow, ...] = ()
    replaced: str | None = None


class PresenterFree:
    """In ``folder`` and its open ``journal``. ``written`` is told of each file that is new, once a row names it."""

    def __init__(self, folder: Path, journal: Journal, written: Callable[[PresenterFreeRow], None]) -> None:
        self._folder = folder
        self._journal = journal
        self._written = written
        self._open: _Open | None = None

    @property
    def unwritten(self) -> int:
        """How many reveals are merged, but in no file yet."""
        return len(self._open.unwritten) if self._open is not None else 0

    def when_written(self, call: Callable[[], None]) -> None:
        """Call it once there is nothing ``unwritten``."""
        if self._open is not None and self._open.unwritten:
            self._open.acknowledge.append(call)
        else:
            call()

    # -- pages --

    def draw(self, slide: int, old: SlideRow | None, sight: Sight, bgr: Plane, pts_ns: int) -> Drawn:
        """Write the file for a slide's new picture ``bgr``, if anything is hidden in it; ``old``: the slide until now.

        What it hides is taken from what was seen of the slide before. Nothing is entered: the caller does so in its
        transaction with ``enter``, and ends with ``done``. Raises WriteError; then nothing has changed.
        """
        before = self._journal.presenter_free(slide) if old is not None else None
        merged = tuple(self._open.unwritten) if self._open is not None and self._open.slide == slide else ()
        replaced = before.file if before is not None else None
        if not sight.looked:
            return Drawn(slide, None, merged=merged, replaced=replaced)
        version = before.version if before is not None else 0
        hidden, composite = self._renewed(slide, old, before, sight, bgr)
        if composite is None:
            row = PresenterFreeRow(slide, 0.0, 1.0, None, 0, "", version, pts_ns)
            return Drawn(slide, row, merged=merged, replaced=replaced)
        row, seen = self._write(slide, composite, hidden, version + 1, pts_ns)
        return Drawn(slide, row, seen, composite, merged, replaced)

    def enter(self, drawn: Drawn) -> None:
        """Its rows; call it in a transaction, in which the slide is entered before."""
        if drawn.row is None:
            self._journal.drop_presenter_free(drawn.slide)
            return
        self._journal.set_presenter_free(drawn.row, drawn.seen)
        for reveal in drawn.merged:
            self._journal.add_reveal(reveal)

    def done(self, drawn: Drawn) -> None:
        """The transaction is through: the older file goes, and the slide stays open."""
        if self._open is not None and self._open.slide == drawn.slide:
            self._open.written()
            self._open = None
        if drawn.composite is not None and drawn.row is not None:
            self._open = _Open(drawn.slide, drawn.composite, drawn.row.pts_ns)
        if drawn.replaced is not None:
            remove(self._folder / drawn.replaced)
        if drawn.row is not None and drawn.row.file is not None:
            self._written(drawn.row)

    # -- reveals --

    def reveal(self, slide: int, reveal: Reveal, sight: Sight) -> str:
        """Merge a moment of a slide; "" or why it was dropped. Raises WriteError, if another slide has to be written
        first; then nothing is merged.
        """
        from stages.picture import to_bgr

        told = RevealRow(reveal.epoch, reveal.pts_ns, _digest(sight), slide)
        view = self._open if self._open is not None and self._open.slide == slide else None
        if (view is not None and told in view.unwritten) or self._journal.has_reveal(*_key(told)):
            return "repeated"
        row = self._journal.presenter_free(slide)
        if row is None:
            return "not-looked-for" if self._journal.has_slide(slide) else "no-slide"
        if row.file is None:
            return "nothing-new"
        if view is None:
            self.flush()
            composite = self._read(slide, row)
            if composite is None:
                return "unreadable"
            view = self._open = _Open(slide, composite, row.pts_ns)
        bgr = to_bgr(sight.picture)
        if bgr.shape != view.composite.picture.shape:
            return "other-size"
        if not reveal.fill:
            view.composite.renew(bgr, sight.hidden)
        elif view.composite.fill(bgr, sight.hidden) == 0:
            return "nothing-new"
        view.unwritten.append(told)
        view.pts_ns = max(view.pts_ns, reveal.pts_ns)
        return ""

    def leave(self, slide: int) -> None:
        """``slide`` is on screen now: write what another one still has. Raises WriteError."""
        if self._open is not None and self._open.slide != slide:
            self.flush()
            self._open = None

    def flush(self) -> None:
        """Make a version of what is unwritten: the file, then its rows; then the older file goes. Raises WriteError;
        then it is still unwritten, unless waiting would not help.
        """
        view = self._open
        if view is None or not view.unwritten:
            return
        before = self._journal.presenter_free(view.slide)
        assert before is not None, "a slide is open because of its row"
        try:
            row, seen = self._write(view.slide, view.composite, before.hidden, before.version + 1, view.pts_ns)
            with self._journal.transaction():
                self._journal.set_presenter_free(row, seen)
                for reveal in view.unwritten:
                    self._journal.add_reveal(reveal)
        except WriteError as e:
            if not may_pass(e):
                view.written()
                self._open = None
            raise
        view.written()
        if before.file is not None:
            remove(self._folder / before.file)
        self._written(row)

    # -- inside --

    def _renewed(
        self, slide: int, old: SlideRow | None, before: PresenterFreeRow | None, sight: Sight, bgr: Plane
    ) -> tuple[float, Composite | None]:
        """The share that is hidden in ``bgr``, and the slide with it; None if nothing is hidden."""
        if sight.hidden is None:
            return 0.0, None
        from stages.composite import Composite
        from stages.outdated import forget_changed

        alone = Composite(bgr, sight.hidden)
        hidden = 1 - alone.revealed
        if hidden == 0:
            return 0.0, None
        so_far = self._so_far(slide, old, before)
        if so_far is None or so_far.picture.shape != bgr.shape:
            return hidden, alone
        forget_changed(so_far, bgr, sight.hidden)
        so_far.renew(bgr, sight.hidden)
        return hidden, so_far

    def _so_far(self, slide: int, old: SlideRow | None, before: PresenterFreeRow | None) -> Composite | None:
        """What was seen of the slide until now, in memory of its own; None if that is not known."""
        if old is None or before is None:
            return None
        if before.file is None:
            return _read(self._folder / old.file, None)  # nothing was hidden in it
        if self._open is None or self._open.slide != slide:
            return self._read(slide, before)
        from stages.composite import Composite

        known = self._open.composite
        return Composite(known.picture, 255 - known.seen)

    def _read(self, slide: int, row: PresenterFreeRow) -> Composite | None:
        assert row.file is not None
        return _read(self._folder / row.file, self._journal.presenter_free_seen(slide))

    def _write(
        self, slide: int, composite: Composite, hidden: float, version: int, pts_ns: int
    ) -> tuple[PresenterFreeRow, bytes | None]:
        from stages.exporter.hatch import as_png, seen_as_png

        data, seen, file = as_png(composite), seen_as_png(composite), file_name(slide, version)
        write_bytes(self._folder / file, data)
        digest = hashlib.sha256(data).hexdigest()
        row = PresenterFreeRow(slide, hidden, composite.revealed, file, len(data), digest, version, pts_ns)
        return row, seen


def remove(path: Path) -> None:
    """Remove a file that no row names. If that fails, the next start tries again."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass


def _read(path: Path, seen: bytes | None) -> Composite | None:
    from stages.exporter.hatch import from_png

    try:
        data = path.read_bytes()
    except OSError:
        return None
    return from_png(data, seen)


def _digest(sight: Sight) -> int:
    """Tells moments of the same time apart: two frames may show one slide at one time, and each comes once."""
    digest = 0
    for plane in (*sight.picture.planes, *(() if sight.hidden is None else (sight.hidden,))):
        digest = zlib.crc32(plane.tobytes(), digest)
    return digest


def _key(row: RevealRow) -> tuple[int, int, int]:
    return row.epoch, row.pts_ns, row.digest

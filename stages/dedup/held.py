"""What dedup holds back: a slide that may still grow, or a better picture of one that was passed on."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.frame import Event, Frame, Layout, Meta, Picture
from stages.dedup.merging import MOST
from stages.dedup.view import hidden_in
from stages.presenter import Presenter, carrying

if TYPE_CHECKING:
    from stages.composite import Composite  # it imports OpenCV, which nobody needs without a presenter

_SHOWN = 0.0005  # of the picture: a reveal that shows less of what is hidden in the page is not worth its file


@dataclass
class Held:
    """A slide that waits for the next one, in its state by now; ``left`` is the end of its visit, if that came.

    ``merged``: what was seen of it at any time. ``counted``: a frame is on the account for it.
    ``notes`` are of the captures that have become a part of it.
    """

    frame: Frame
    picture: Picture
    page: Meta
    start_pts_ns: int
    states: int = 1
    left: Event | None = None
    merged: Composite | None = None
    counted: bool = False
    newest: Frame | None = None
    notes: deque[Meta] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, note: Meta) -> None:
        """Of a capture that has no page of its own because this one has."""
        self.notes.append(note)

    def become(self, frame: Frame, picture: Picture, states: int, *, afresh: bool, page: Meta | None = None) -> None:
        """Its next state; with a ``page`` of its own if the state until now was passed on. ``afresh``: what was seen
        until now is of no use any more; else that is what was seen where somebody stands now and the slide has changed
        around them.
        """
        if afresh or not self._grow(frame, picture):
            self.merged = None
        self.frame, self.picture, self.states = frame, picture, states
        if page is not None:
            self.page, self.start_pts_ns = page, start_ns(frame)
            self.notes.clear()

    def merge(self, frame: Frame, picture: Picture, *, fill: bool) -> bool:
        """What another moment shows of it, with ``fill`` only where nothing was seen; False if it has another size."""
        from stages.picture import to_bgr

        merged, bgr = self._so_far(), to_bgr(picture)
        if bgr.shape != merged.picture.shape:
            return False
        (merged.fill if fill else merged.renew)(bgr, hidden_in(frame))
        self.newest = frame
        return True

    def _grow(self, frame: Frame, picture: Picture) -> bool:
        from stages.outdated import forget_changed
        from stages.picture import to_bgr

        hidden = hidden_in(frame)
        if hidden is None:
            return False
        merged, bgr = self._so_far(), to_bgr(picture)
        if bgr.shape != merged.picture.shape:
            return False
        forget_changed(merged, bgr, hidden)
        merged.renew(bgr, hidden)
        self.newest = frame
        return True

    def _so_far(self) -> Composite:
        if self.merged is None:
            from stages.composite import Composite
            from stages.picture import to_bgr

            self.merged = Composite(to_bgr(self.picture), hidden_in(self.frame))
        return self.merged

    def revealed(self, meta: Meta) -> Frame | None:
        """All that was seen of it as one frame, if that is more than its picture shows. ``meta``: its page's."""
        mask = hidden_in(self.frame)
        if self.merged is None or self.newest is None or mask is None:
            return None
        from stages.composite import Composite

        alone = Composite(self.merged.picture, mask)
        if self.merged.revealed - alone.revealed < _SHOWN:
            return None
        height, width = self.merged.seen.shape
        picture = Picture(Layout("bgr24", width, height), (self.merged.picture,))
        presenter = Presenter(255 - self.merged.seen) if self.merged.revealed < 1 else None
        frame = replace(self.newest, image=picture, meta={**self.newest.meta, "page": meta})
        return carrying(frame, (), presenter)

    def shown(self) -> Frame:
        """Its frame, calm since its first state was."""
        capture = self.frame.meta.get("capture")
        started = {**(capture if isinstance(capture, Mapping) else {}), "start_pts_ns": self.start_pts_ns}
        return replace(self.frame, meta={**self.frame.meta, "capture": started})

    def told(self, *, last: bool = True) -> Meta:
        """Its page, with the number of states, and what else became a part of it. ``last``: it grows no more."""
        why = str(self.page["why"])
        if self.states > 1:
            why += f"; the last of {self.states} states" if last else f"; state {self.states}"
        merged: Meta = {"merged": list(self.notes)} if self.notes else {}
        return {**self.page, "states": self.states, "why": why, **merged}


@dataclass
class Refined:
    """The newest picture of a slide on which nothing new is to be seen: a page without a picture, unless it is the last
    one. ``left`` is the end of its visit, which was passed on.
    """

    frame: Frame
    picture: Picture
    page: Meta
    left: Event | None = None

    def told(self) -> Meta:
        """The page that it is as the last one."""
        return {**self.page, "decision": "grown", "why": f"slide {self.page['slide']!r} as it was left"}


def said(frame: Frame, key: str) -> object:
    """What the trigger says of a capture."""
    capture = frame.meta.get("capture")
    return capture.get(key) if isinstance(capture, Mapping) else None


def start_ns(frame: Frame) -> int:
    """When the view became calm, as the trigger says, else the capture's own time."""
    start = said(frame, "start_pts_ns")
    return start if isinstance(start, int) else frame.pts_ns

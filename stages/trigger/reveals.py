"""What a settled view shows of itself bit by bit, while somebody walks before it, as frames for whoever gathers it.

Beside the machine: it decides what is captured, this what is revealed of what was captured. ``Telling`` sends moments
as they come, ``Gathering`` makes one picture of them for a view that is captured when it is left. Needed only once a
presenter's mask travels with the frames.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from pipeline.frame import Flags, Frame, Layout, Picture, Plane
from stages.composite import Composite
from stages.picture import to_bgr
from stages.presenter import Presenter, carrying, presenter_of
from stages.trigger.revealing import WATCHED_NS, Moment, Watched, both, either, uncovered
from stages.trigger.taken import Taken

# Shares of the picture. Less than WORTH is the trembling of an outline; merging costs little, and what is not merged
# is lost, a little each time.
WORTH = 0.003
_MERGED = 0.0005


class Account(Protocol):
    """Where frames are accounted for: the stage."""

    def hold(self, change: int) -> None: ...

    def drop(self, reason: str, count: int = 1) -> None: ...


class Reveals(Protocol):
    """One stream. ``see`` each frame; between ``begin`` and ``leave`` of a view, ``keep`` those that it ``wants``."""

    def see(self, frame: Frame) -> None:
        """The next frame, before anything else is asked about it."""

    def begin(self) -> None:
        """A view has settled with the frame seen; that was captured, or a frame is kept for it, this or a later one."""

    def wants(self) -> bool:
        """Whether the frame seen is worth its picture."""

    def keep(self, taken: Taken) -> None:
        """The frame seen, with its picture; it is on the account as held already."""

    def due(self, pts_ns: int, late_ns: int | None) -> list[Frame]:
        """What can be sent by now. ``late_ns``: of the frame that would be captured if the view were left now; None:
        none would. Frames go out in order of time.
        """

    def leave(self, seen_ns: int | None, chosen: Taken | None) -> list[Frame]:
        """The view is left, by motion seen at ``seen_ns``; None: by none. What is still to be sent of it; ``chosen``:
        what is captured of it now.
        """

    def forget(self) -> None:
        """The stream was broken."""


class Telling:
    """A view is captured as it settles; what was hidden then is revealed as it comes out."""

    def __init__(self, margin_ns: int, account: Account) -> None:
        self._account = account
        self._watched: Watched[Taken] = Watched(margin_ns)
        self._unseen: Plane | None = None  # of the view
        self._begun_ns: int | None = None
        self._pts_ns = 0

    def see(self, frame: Frame) -> None:
        self._pts_ns = frame.pts_ns
        self._watched.see(frame.pts_ns, presenter_of(frame))
        if self._begun_ns is not None and frame.pts_ns - self._begun_ns < WATCHED_NS:
            self._unseen = either(self._unseen, self._watched.hidden)  # they may be on the captured picture, unmasked

    def begin(self) -> None:
        self._begun_ns, self._unseen = self._pts_ns, self._watched.hidden

    def wants(self) -> bool:
        return self._watched.wants and uncovered(self._unseen, self._watched.hidden) >= WORTH

    def keep(self, taken: Taken) -> None:
        self._watched.keep(taken)

    def due(self, pts_ns: int, late_ns: int | None) -> list[Frame]:
        moment = self._watched.ripe(pts_ns, late_ns)
        return [] if moment is None else self._told(moment)

    def leave(self, seen_ns: int | None, chosen: Taken | None) -> list[Frame]:
        moment = self._watched.clear() if seen_ns is None else self._watched.ripe(seen_ns)
        frames = [] if moment is None else self._told(moment)
        if self._watched.clear() is not None:
            _superseded(self._account)
        self._begun_ns = self._unseen = None
        return frames

    def forget(self) -> None:
        self._watched.sharpness.forget()

    def _told(self, moment: Moment[Taken]) -> list[Frame]:
        share = uncovered(self._unseen, moment.hidden)
        if share < WORTH:  # somebody came into it
            _superseded(self._account)
            return []
        self._account.hold(-1)
        self._unseen = both(self._unseen, moment.hidden)
        return [_reveal(moment.kept.frame, moment.kept.picture, moment.hidden, share)]


class Gathering:
    """A view is captured when it is left; its moments are merged by then, of each pixel the newest.

    A moment is merged once a later one hides something that it shows. Held are at most three: one that is watched, one
    that nothing hides yet, one that stands for all that were merged.
    """

    def __init__(self, margin_ns: int, account: Account) -> None:
        self._account = account
        self._watched: Watched[Taken] = Watched(margin_ns)
        self._newest: Moment[Taken] | None = None
        self._merged: Composite | None = None
        self._settled = False

    def see(self, frame: Frame) -> None:
        self._watched.see(frame.pts_ns, presenter_of(frame))

    def begin(self) -> None:
        self._settled = True

    def wants(self) -> bool:
        return self._settled and self._watched.wants

    def keep(self, taken: Taken) -> None:
        self._watched.keep(taken)

    def due(self, pts_ns: int, late_ns: int | None) -> list[Frame]:
        moment = self._watched.ripe(pts_ns)
        if moment is not None:
            self._follow(moment)
        return []

    def leave(self, seen_ns: int | None, chosen: Taken | None) -> list[Frame]:
        moment = self._watched.clear() if seen_ns is None else self._watched.ripe(seen_ns)
        if moment is not None:
            self._follow(moment)
        if self._watched.clear() is not None:
            _superseded(self._account)
        presenter = None if chosen is None else presenter_of(chosen.frame)
        self._merge(None if presenter is None else presenter.mask)
        merged, self._merged, self._settled = self._merged, None, False
        if merged is None:
            return []
        revealed = None
        if chosen is not None and presenter is not None:
            revealed = _completed(merged, chosen, presenter.mask, self._watched.sharpness.trusts(presenter))
        if revealed is None:
            _superseded(self._account)
            return []
        self._account.hold(-1)
        return [revealed]

    def forget(self) -> None:
        self._watched.sharpness.forget()

    def _follow(self, moment: Moment[Taken]) -> None:
        self._merge(moment.hidden)
        self._newest = moment

    def _merge(self, hidden: Plane | None) -> None:
        """Merge the newest moment if it shows what is ``hidden`` after it; else it is not needed."""
        newest, self._newest = self._newest, None
        if newest is None:
            return
        if uncovered(hidden, newest.hidden) < _MERGED:
            _superseded(self._account)
            return
        picture = to_bgr(newest.kept.picture)
        if self._merged is not None and self._merged.picture.shape == picture.shape:
            self._merged.renew(picture, newest.hidden)
            self._account.hold(-1)
            self._account.drop("merged")
            return
        if self._merged is not None:  # of another size: the camera was set anew
            _superseded(self._account)
        self._merged = Composite(picture, newest.hidden)  # it stays on the account, for those merged after it too


def _completed(merged: Composite, chosen: Taken, hidden: Plane, trusted: bool) -> Frame | None:
    """The view as captured, with what was seen at other moments where it is ``hidden``; None: nothing was.

    Without a mask to be trusted, somebody may stand beside it: then what was seen at other moments is better.
    """
    picture = to_bgr(chosen.picture)
    if picture.shape != merged.picture.shape:
        return None
    (merged.renew if trusted else merged.fill)(picture, hidden)
    unseen: Plane | None = np.asarray(255 - merged.seen, np.uint8)
    share = uncovered(hidden, unseen)
    if share < WORTH:
        return None
    height, width = picture.shape[:2]
    whole = Picture(Layout("bgr24", width, height), (merged.picture,))
    return _reveal(chosen.frame, whole, unseen if merged.revealed < 1 else None, share)


def _reveal(frame: Frame, picture: Picture, hidden: Plane | None, share: float) -> Frame:
    """``share``: of the picture, shown for the first time in this view."""
    meta = {**frame.meta, "reveal": {"share": share}}
    presenter = None if hidden is None else Presenter(hidden)
    return carrying(replace(frame, image=picture, meta=meta, flags=Flags.NONE), (), presenter)


def _superseded(account: Account) -> None:
    account.hold(-1)
    account.drop("superseded")

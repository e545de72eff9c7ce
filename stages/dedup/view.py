"""The view on screen, whose slide is decided: what its later moments are of. Data, and what is read of frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.frame import Frame, Layout, Picture, Plane
from stages.presenter import presenter_of


@dataclass(frozen=True, slots=True)
class View:
    """``frame``: its capture. ``fill``: its picture is not its slide's, so that only what was not seen yet is taken of
    its moments. ``open``: it is not known what it shows.
    """

    slide: int
    frame: Frame
    fill: bool
    open: bool = False

    def is_at(self, moment: Frame) -> bool:
        """Whether it was captured at that moment: then it was decided by all that is shown there."""
        return _same(self.frame, moment)

    def as_capture(self, moment: Frame) -> Frame:
        """A later moment of it as what it had better been captured as."""
        capture = self.frame.meta.get("capture")
        told = {**(capture if isinstance(capture, Mapping) else {}), "reason": "revealed"}
        meta = {key: value for key, value in moment.meta.items() if key != "reveal"}
        return replace(moment, meta={**meta, "capture": told})


@dataclass(frozen=True, slots=True)
class Sight:
    """A capture that waits for what is revealed of it: that comes right behind it, or never."""

    frame: Frame
    picture: Picture

    def is_shown_by(self, reveal: Frame) -> bool:
        """Whether ``reveal`` is of the same view, whole."""
        return is_reveal(reveal) and _same(self.frame, reveal)


def is_reveal(frame: Frame) -> bool:
    """Whether it is a later moment of the view that was captured last."""
    return "reveal" in frame.meta


def hidden_in(frame: Frame) -> Plane | None:
    """The mask of who stands before the frame's picture."""
    presenter = presenter_of(frame)
    return None if presenter is None else presenter.mask


def is_gathered(frame: Frame) -> bool:
    """Whether what is revealed of a capture comes right behind it."""
    capture = frame.meta.get("capture")
    gathered = isinstance(capture, Mapping) and capture.get("picture") == "last"
    mask = hidden_in(frame) if gathered else None
    return mask is not None and bool(mask.any())


def as_captured(picture: Picture, like: Layout | None) -> Picture:
    """A picture that was merged in BGR, in grey as a capture of that layout has it."""
    if like is None or picture.layout.pix_fmt != "bgr24" or like.pix_fmt == "bgr24":
        return picture
    from stages.dedup.yuv import like_captured

    return like_captured(picture.planes[0], like)


def _same(one: Frame, other: Frame) -> bool:
    return (one.epoch, one.pts_ns, one.seq) == (other.epoch, other.pts_ns, other.seq)

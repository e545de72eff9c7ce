"""What dedup holds back: a slide that may still grow, or a better picture of one that was passed on. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.frame import Event, Frame, Meta, Picture


@dataclass
class Held:
    """A slide that waits for the next one, in its state by now; ``left`` is the end of its visit, if that came."""

    frame: Frame
    picture: Picture
    page: Meta
    start_pts_ns: int
    states: int = 1
    left: Event | None = None

    def shown(self) -> Frame:
        """Its frame, calm since its first state was."""
        capture = self.frame.meta.get("capture")
        started = {**(capture if isinstance(capture, Mapping) else {}), "start_pts_ns": self.start_pts_ns}
        return replace(self.frame, meta={**self.frame.meta, "capture": started})

    def told(self) -> Meta:
        """Its page, with the number of states."""
        why = str(self.page["why"])
        if self.states > 1:
            why += f"; the last of {self.states} states"
        return {**self.page, "states": self.states, "why": why}


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

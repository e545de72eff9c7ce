"""A frame that was not decoded, as it is known to show what is on screen already. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True)
class Unchanged:
    """``pts``: its own; ``frame``: decoded, and shows the same. ``stretch``: counts the stretches in which nothing
    changes; between two of them something may have.
    """

    pts: int
    frame: VideoFrame
    stretch: int

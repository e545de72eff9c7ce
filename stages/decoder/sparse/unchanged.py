"""Frames that were not decoded, as they are known to show what is on screen already. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True)
class Unchanged:
    """``all_pts``: of some in a row; ``frame``: decoded, and shows the same. ``stretch``: counts the stretches in which
    nothing changes; between two of them something may have.
    """

    all_pts: Sequence[int]
    frame: VideoFrame
    stretch: int

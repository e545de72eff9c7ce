"""The small chroma plane as it travels beside a grey analysis plane: who asks for it, which plane it is, its size.

A shared room of the stages: a source adds it if asked, whoever compares grey planes may look at colour as well. What is
in it says ``stages.picture.small_chroma``.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.caps import Caps
from pipeline.frame import Frame, Plane

_FIELD = "chroma"  # a sink that takes it has ``chroma=small`` in its caps
_EVERY_PX = 5  # a tile of 10 px has four samples: few enough to cost nothing, small enough to see a coloured word


def is_asked_for(allowed: Mapping[str, Caps], pad: str) -> bool:
    """Whether who comes next on ``pad`` wants it. A sink that says nothing does not."""
    return pad in allowed and _FIELD in allowed[pad].fields


def chroma_size(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of the chroma that goes with a plane of ``width`` x ``height``."""
    return max(1, round(width / _EVERY_PX)), max(1, round(height / _EVERY_PX))


def chroma_of(frame: Frame) -> Plane | None:
    """Cb and Cr, uint8 (h, w, 2): the only plane with two samples to a pixel. None: the source has or sends none."""
    return next((plane for plane in frame.planes[1:] if plane.ndim == 3 and plane.shape[2] == 2), None)

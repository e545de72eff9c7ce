"""The small chroma plane as it travels beside a grey analysis plane: who asks for it, which plane it is, its size.

A shared room of the stages: a source adds it if asked, whoever compares grey planes may look at colour as well. What is
in it says ``stages.picture.small_chroma``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.caps import Caps
from pipeline.frame import Frame, Plane

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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


def in_tiles(samples: Plane, shape: tuple[int, ...], tile_px: int) -> NDArray[np.bool_]:
    """For each full tile of a grey plane of ``shape``, bool (rows, columns), at least one, whether any of ``samples``
    in it is set: uint8 (h, w) of 0 and 255, of chroma that goes with that plane.
    """
    import cv2  # not at the top: who only asks for chroma needs neither
    import numpy as np

    rows, columns = max(1, shape[0] // tile_px), max(1, shape[1] // tile_px)
    high = min(samples.shape[0], max(1, round(rows * tile_px * samples.shape[0] / shape[0])))
    wide = min(samples.shape[1], max(1, round(columns * tile_px * samples.shape[1] / shape[1])))
    means = cv2.resize(samples[:high, :wide], (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means) > 0

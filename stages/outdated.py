"""What a slide that has grown may have changed where nobody sees it: then its older state is no picture of it any more.

A shared room of the stages, for a grown slide with somebody before it. What was seen behind them of the older state is
kept if the slide is still the same all around them, and forgotten if it has changed beside them; nothing is invented.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.composite import Composite
from stages.presenter import hidden_at

_WIDTH_PX = 640  # at which pictures are compared
_REACH = 0.05  # of the width: so far around them
_CHANGED_LEVELS = 30  # more than coding and noise do, once blurred
_CHANGED_SHARE = 0.01  # of what can be compared around them; a pointer is less
_EDGE_PX = 5  # blurring mixes those beside a mask with what is under it
_KNOWN_SHARE = 0.1  # of what is around them has to be seen in both


def forget_changed(older: Composite, picture: Plane, hidden: Plane) -> None:
    """Make unseen in ``older`` what ``hidden`` hides of ``picture``, BGR of its size, where that has changed around it.

    Each connected part of ``hidden`` (uint8 of any size) is judged by itself.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, _WIDTH_PX / width)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    apart = cv2.absdiff(_reduced(older.picture, small), _reduced(picture, small)).max(axis=2) > _CHANGED_LEVELS
    where = hidden_at(hidden, *small)
    edge = np.ones((_EDGE_PX, _EDGE_PX), np.uint8)
    known = (cv2.dilate(where, edge) == 0) & (_shrunk(older.seen, small) == 255)
    reach = 2 * max(1, round(_REACH * small[0])) + 1
    around = np.ones((reach, reach), np.uint8)
    count, parts = cv2.connectedComponents(where)
    for part in range(1, count):
        ring = (cv2.dilate((parts == part).astype(np.uint8), around) > 0) & (where == 0)
        compared = ring & known
        enough = compared.sum() > _KNOWN_SHARE * ring.sum()
        if enough and apart[compared].mean() <= _CHANGED_SHARE:
            continue
        behind = np.asarray((parts == part) * 255, np.uint8)
        older.seen[hidden_at(behind, width, height) > 0] = 0


def _reduced(picture: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(cv2.blur(_shrunk(picture, size), (3, 3)), np.uint8)


def _shrunk(plane: Plane, size: tuple[int, int]) -> Plane:
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)

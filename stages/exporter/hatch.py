"""A presenter-free picture as bytes and back; what was never seen is hatched, so that nobody takes it for the slide.

The bytes are PNG whatever the format of the slides: the picture is read again to go on with it, and would lose a little
each time. It writes no file and knows no slide.
"""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.errors import WriteError
from pipeline.frame import Plane
from stages.composite import Composite
from stages.exporter.pictures import encode

# Diagonal stripes of pure magenta on grey, at 45 degrees from lower left to upper right: drawn by no slide, told from
# its colours at any size, and dull enough to read beside.
STRIPE_BGR = (255, 0, 255)
GROUND_BGR = (96, 96, 96)
PERIOD_PX = 16
STRIPE_PX = 4


def as_png(composite: Composite) -> bytes:
    """The picture, hatched where it was never seen. Raises WriteError."""
    height, width = composite.seen.shape
    marked = hatch(width, height)
    cv2.copyTo(composite.picture, composite.seen, marked)
    return encode(marked, "png", 100)


def seen_as_png(composite: Composite) -> bytes | None:
    """Which pixels were seen, as a PNG of one bit a pixel; None if all of them were. Raises WriteError."""
    if composite.revealed == 1:
        return None
    done, data = cv2.imencode(".png", composite.seen, [cv2.IMWRITE_PNG_BILEVEL, 1])
    if not done:
        raise WriteError("cannot encode which pixels of a slide were seen")
    return data.tobytes()


def from_png(picture: bytes, seen: bytes | None) -> Composite | None:
    """What ``as_png`` and ``seen_as_png`` were made of; None if they cannot be read, or do not belong together."""
    bgr = _decoded(picture, cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    if seen is None:
        return Composite(bgr)
    mask = _decoded(seen, cv2.IMREAD_GRAYSCALE)
    if mask is None or mask.shape != bgr.shape[:2]:
        return None
    return Composite(bgr, np.asarray(cv2.bitwise_not(mask), np.uint8))


def hatch(width: int, height: int) -> Plane:
    """The pattern, BGR uint8 (height, width, 3); it begins at the upper left corner whatever the size."""
    diagonal = np.arange(width, dtype=np.uint32) + np.arange(height, dtype=np.uint32)[:, None]
    colours = np.full((PERIOD_PX, 3), GROUND_BGR, np.uint8)
    colours[:STRIPE_PX] = STRIPE_BGR
    marked: Plane = colours[diagonal % PERIOD_PX]
    return marked


def _decoded(data: bytes, how: int) -> Plane | None:
    plane = cv2.imdecode(np.frombuffer(data, np.uint8), how) if data else None
    return None if plane is None else np.asarray(plane, np.uint8)

"""Tells decoded pictures apart to the last bit, in all that is coded of them.

Between two keyframes an encoder may show a picture that stands still in a few kinds in turn, which differ in a block or
two.
"""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame

from pipeline.frame import Picture
from stages.decoder.native import coded_picture_of
from stages.decoder.sparse.likeness import Look

_MOST = 0.002  # share of a plane: where more differs it is another picture
_ROWS = 120  # compared at a time: they stay in the processor's cache
_KINDS = 256  # of one picture; then it is none that stands still


class Prints:
    """``of`` gives pictures numbers: two have the same only if they are equal. ``size``: width and height of what is
    coded in px, which may be more than is shown: the decoder predicts from all of it.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._first: tuple[VideoFrame, Picture] | None = None
        self._known: dict[bytes, int] = {}  # by how they differ from the first
        self._next = 0
        self._shown: VideoFrame | None = None
        self._look: Look | None = None  # at what is shown, once somebody compares with it
        self._alike: dict[int, bool] = {}  # whether what is shown is like those that were before

    def forget(self) -> None:
        """What comes next is compared with nothing before it."""
        self._first = None

    def of(self, frame: VideoFrame) -> tuple[int | None, bool]:
        """The number of this picture, and whether it can do without being shown: it was before, and is like what has
        been shown since but for a pointer's worth. None: it was, and is not.
        """
        print_, is_new = self._number(frame)
        if not is_new and self._shown is not None:
            if print_ not in self._alike:
                self._look = self._look or Look(self._shown)
                self._alike[print_] = Look(frame).like(self._look)
            if self._alike[print_]:
                return print_, True
        self._shown, self._look, self._alike = frame, None, {print_: True}
        return print_ if is_new else None, False

    def _number(self, frame: VideoFrame) -> tuple[int, bool]:
        picture = coded_picture_of(frame, self._size)
        difference = None if self._first is None or picture is None else _difference(picture, self._first[1])
        if difference is None or len(self._known) >= _KINDS:
            self._first, difference = None if picture is None else (frame, picture), b""
            self._known.clear()
        is_new = difference not in self._known
        if is_new:
            self._known[difference] = self._next
            self._next += 1
        return self._known[difference], is_new


def _difference(picture: Picture, first: Picture) -> bytes | None:
    """Where and how they differ, in full; None if that is much."""
    if picture.layout != first.layout:
        return None
    found: list[bytes] = []
    for number, (now, then) in enumerate(zip(picture.planes, first.planes, strict=True)):
        left = _MOST * now.size
        for top in range(0, len(now), _ROWS):
            ours, theirs = now[top : top + _ROWS], then[top : top + _ROWS]
            if cv2.norm(ours, theirs, cv2.NORM_INF) == 0:
                continue
            differing = np.bitwise_xor(ours, theirs).reshape(len(ours), -1)
            rows = np.flatnonzero(differing.any(axis=1))
            differing = differing[rows]
            places = np.flatnonzero(differing)
            left -= places.size
            if left < 0:
                return None
            values = differing.reshape(-1)[places]
            # With their lengths, so that what two differences are written as is the same only if they are.
            found += [b"%d %d %d %d " % (number, top, rows.size, places.size), rows.tobytes(), places.tobytes()]
            found.append(values.tobytes())
    return b"".join(found)

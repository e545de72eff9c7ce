"""The aspect of a rectangle from its picture in perspective. Pure.

After Zhengyou Zhang and Li-Wei He, "Whiteboard scanning and image enhancement", Digital Signal Processing 17 (2007),
the section on the aspect ratio: of a camera whose optical axis meets the middle of the picture, four corners give the
focal length, as the edges meet at right angles, and both give the aspect.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stages.area.corners import Corners

USUAL = {"16:9": 16 / 9, "16:10": 1.6, "4:3": 4 / 3}
_SNAP = 0.03  # of the aspect: what is so near to a usual one is that
_FOCALS = np.geomspace(0.6, 6.0, 80)  # of the picture's long edge: angles of view of 80 to 10 degrees
_USUAL_FOCAL, _SPREAD = 1.2, 0.5  # most cameras', and the standard deviation of its logarithm
_RIGHT = 0.004  # cosine by which corners found to a third of a pixel miss a right angle


def aspect(corners: Corners, width: int, height: int) -> float:
    """Width to height of the rectangle whose ``corners`` (top left, top right, bottom right, bottom left, px) are seen
    in a picture of ``width`` x ``height``.

    A weak perspective says little of the focal length. Then it is a usual lens's: the right angle counts as much as it
    is certain.
    """
    n2, n3 = _edges(corners, width, height)
    focals = _FOCALS * max(width, height)
    apart = (n2[:2] @ n3[:2]) / focals**2 + n2[2] * n3[2]  # of equation 21, which says that it is 0
    cosine = apart / (_length(n2, focals) * _length(n3, focals))
    against = (cosine / _RIGHT) ** 2 + (np.log(_FOCALS / _USUAL_FOCAL) / _SPREAD) ** 2
    focal = focals[[int(np.argmin(against))]]
    return float((_length(n2, focal) / _length(n3, focal))[0])  # equation 20


def snapped(found: float) -> tuple[float, str]:
    """The usual aspect that ``found`` is within 3 % of, with its name; else ``found``, without a name."""
    name = min(USUAL, key=lambda each: abs(np.log(USUAL[each] / found)))
    return (USUAL[name], name) if abs(USUAL[name] / found - 1) <= _SNAP else (found, "")


def _edges(corners: Corners, width: int, height: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """n2 and n3 of equations 14 and 16: the upper and the left edge in space, but for the focal length."""
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    m1, m2, m4, m3 = (np.append(corner - middle, 1.0) for corner in corners)  # theirs go by rows
    across = np.cross(m1, m4)
    k2 = across @ m3 / (np.cross(m2, m4) @ m3)
    k3 = across @ m2 / (np.cross(m3, m4) @ m2)
    return k2 * m2 - m1, k3 * m3 - m1


def _length(edge: NDArray[np.float64], focals_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of an edge in space, for each focal length; in units that are the same for all edges."""
    return np.asarray(np.sqrt((edge[0] ** 2 + edge[1] ** 2) / focals_px**2 + edge[2] ** 2))

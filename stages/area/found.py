"""What is said of a slide area: where it is, on what evidence, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from stages.area.corners import Corners
from stages.area.place import Place


@dataclass(frozen=True, slots=True)
class Evidence:
    """Shares are 0..1.

    ``changes``: how many changes of the slide were used; ``changed``: of the area's parts, how many a change reaches,
    the median; ``outside``: of all that changes, what is outside; ``borders``: of each side, at how much of it a
    straight border is seen: top, right, bottom, left; ``corners``: at how many of the four two borders meet;
    ``off_px``: how far the borders are from straight; ``elsewhere``: pages that do not show the room as the others do.
    """

    changes: int
    changed: float
    outside: float
    borders: tuple[float, float, float, float]
    corners: int
    off_px: float
    elsewhere: int


@dataclass(frozen=True, slots=True)
class Area:
    """``corners`` in px of the full picture, ``aspect`` width to height, by name (16:9) if it is a usual one.

    ``place``: to ask whether a page shows the room as the area was found in it.
    """

    corners: Corners
    aspect: float
    aspect_name: str
    confidence: float
    evidence: Evidence
    place: Place


@dataclass(frozen=True, slots=True)
class NoArea:
    """``reason`` in words; ``confidence``, ``evidence`` and ``place`` if one was looked at and found wanting.

    ``is_screen``: no camera looks at a room; more pages will not tell otherwise.
    """

    reason: str
    confidence: float = 0.0
    evidence: Evidence | None = None
    place: Place | None = None
    is_screen: bool = False

"""The slide area in the pages of a lecture: what changes together, the borders around it, and whether that suffices.

Pure: pages come as values, and full pictures from whoever has them. Whatever is less than certain is no area.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.area.aspect import aspect, snapped
from stages.area.borders import Borders, refined
from stages.area.changes import Changes, Levels, Mask, changes, support
from stages.area.corners import LARGEST, SMALLEST, Corners, area_px, extent, heavy, merit, quads
from stages.area.found import Area, Evidence, NoArea
from stages.area.lines import common, lines
from stages.area.place import Place, surroundings

LEAST_CHANGES = 3
CONFIDENT = 0.5

_ASPECTS = (1.2, 2.0)
_GLANCE, _MOST = 6, 40  # pages that are looked at: enough to tell a screen, and enough for a room
_MOST_PICTURES = 7  # in full resolution
_REACH_PX = 2.5  # of a small page, to both sides of a border
_WHOLE = 0.85  # of the picture's width and height
_STILL, _FROZEN = 0.5, 0.8  # share of the pixels around that do not differ at all from page to page
_LEVEL = 0.0025  # tangent of a side's angle: a window on a screen is level
_SCREEN = "nothing around what changes has a camera's noise: it is a recording of a screen"
_USUAL = 1.15  # times as good is a quadrilateral of a usual aspect
_PARTS = (6, 4)  # the area's, across and down
_TOUCHED = 0.02  # of a part
_MOVED = 0.25  # share of the pages that may be elsewhere

Page: TypeAlias = "Callable[[int], Plane | None]"


def look(count: int, page: Page, picture: Page, size: tuple[int, int]) -> Area | NoArea:
    """The slide area of ``count`` pages, in order of time, from as few of them as tell.

    ``page(n)``: page n small (``changes.small``); ``picture(n)``: the same in full resolution, ``size`` its width and
    height; both grey uint8 (h, w), None if it cannot be had.
    """
    for most in (_GLANCE, _MOST):
        some = [(n, plane) for n in _spread(count, most) if (plane := page(n)) is not None]
        found = find([plane for _, plane in some], _of([n for n, _ in some], picture), size)
        if count <= most or (isinstance(found, NoArea) and found.is_screen):
            break
    return found


def find(pages: Sequence[Plane], picture: Page, size: tuple[int, int]) -> Area | NoArea:
    """The same from all of ``pages``. Those that show the room otherwise are left aside, if they are few."""
    found = _search(pages, picture, size)
    if found.place is None or found.evidence is None or found.evidence.elsewhere == 0:
        return found
    if found.evidence.elsewhere > _MOVED * len(pages):
        return _moved(found, found.evidence, len(pages))
    kept = [n for n, page in enumerate(pages) if found.place.is_shown(page)]
    again = _search([pages[n] for n in kept], _of(kept, picture), size)
    if isinstance(again, NoArea):
        return again
    elsewhere = sum(not again.place.is_shown(page) for page in pages)
    again = replace(again, evidence=replace(again.evidence, elsewhere=elsewhere))
    return _moved(again, again.evidence, len(pages)) if elsewhere > _MOVED * len(pages) else again


def _of(numbers: Sequence[int], picture: Page) -> Page:
    return lambda n: picture(numbers[n])


def _moved(found: Area | NoArea, evidence: Evidence, pages: int) -> NoArea:
    why = f"the camera seems to have been moved: {evidence.elsewhere} of {pages} pages show the room otherwise"
    return NoArea(why, found.confidence, evidence)


def _search(pages: Sequence[Plane], picture: Page, size: tuple[int, int]) -> Area | NoArea:
    if len(pages) <= LEAST_CHANGES:
        return NoArea(f"too few pages of one size: {len(pages)}, and more than {LEAST_CHANGES} are needed")
    seen = changes(pages)
    if seen.whole > len(seen.masks):
        return NoArea("the whole picture changes, as in a recording of a screen", is_screen=True)
    if len(seen.masks) < LEAST_CHANGES:
        return NoArea(f"too few changes of the slide: {len(seen.masks)}, and {LEAST_CHANGES} are needed")
    height, width = pages[0].shape
    left, top, right, bottom = extent(*heavy(np.mean(np.stack(seen.masks), axis=0, dtype=np.float32)))
    is_whole = right - left >= _WHOLE * width and bottom - top >= _WHOLE * height
    everywhere = np.ones((height, width), np.bool_)
    if is_whole and _still(pages, everywhere) >= _STILL:
        return NoArea("what changes takes up the whole picture, as in a recording of a screen", is_screen=True)
    median = common(pages)
    often = support(seen.masks)
    candidates = quads(often, *lines(median))
    if not candidates and _still(pages, everywhere) >= _STILL:
        return NoArea(_SCREEN, is_screen=True)
    if not candidates:
        return NoArea(
            f"what changes {'takes up the whole picture' if is_whole else 'has no straight borders around it'}"
        )
    still = _still(pages, surroundings(median.shape, candidates[0].corners))
    if still >= _FROZEN or (still >= _STILL and level_sides(candidates[0].corners, 1.0) >= 3):
        return NoArea(_SCREEN, is_screen=True)
    scale = size[0] / width
    full = list(_some(picture, len(pages)))
    best: tuple[float, Borders] | None = None
    reason = "what changes has no straight borders"
    for quad in candidates:
        borders = refined((quad.corners + 0.5) * scale - 0.5, full, max(6.0, _REACH_PX * scale))
        if borders is None:
            continue
        found = aspect(borders.corners, *size)
        share = area_px(borders.corners) / (size[0] * size[1])
        if not _ASPECTS[0] <= found <= _ASPECTS[1] or not SMALLEST <= share <= LARGEST:
            reason = f"what has straight borders around it is no slide: its aspect would be {found:.2f}"
            continue
        rated = float(merit(np.array(quad.inside), np.array(quad.close), np.array(borders.supported)))
        rated *= _USUAL if snapped(found)[1] else 1.0
        if best is None or rated > best[0]:
            best = rated, borders
    if best is None:
        return NoArea(reason)
    borders = best[1]
    if still >= _STILL and level_sides(borders.corners) >= 2:
        return NoArea(_SCREEN, is_screen=True)
    return _judged(pages, seen, often, borders, size)


def _judged(
    pages: Sequence[Plane], seen: Changes, often: Levels, borders: Borders, size: tuple[int, int]
) -> Area | NoArea:
    small = (borders.corners + 0.5) * (often.shape[1] / size[0]) - 0.5
    place = Place.of(pages, small)
    evidence = _evidence(seen, often, small, borders, sum(not place.is_shown(page) for page in pages))
    confidence = _confidence(evidence)
    if confidence < CONFIDENT:
        return NoArea(f"an area was found, but {_doubt(evidence)}", confidence, evidence, place)
    width_to_height, name = snapped(aspect(borders.corners, *size))
    return Area(borders.corners, width_to_height, name, confidence, evidence, place)


def _some(picture: Page, pages: int) -> Iterator[Plane]:
    for n in _spread(pages, _MOST_PICTURES):
        plane = picture(n)
        if plane is not None:
            yield plane


def _spread(count: int, most: int) -> list[int]:
    return [int(n) for n in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def _evidence(seen: Changes, often: Levels, corners: Corners, borders: Borders, elsewhere: int) -> Evidence:
    across, down = _PARTS
    edges = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * [across * 16, down * 16]
    turn = cv2.getPerspectiveTransform(corners.astype(np.float32), edges.astype(np.float32))
    reached = []
    for mask in seen.masks:
        upright = cv2.warpPerspective(mask.astype(np.uint8), turn, (across * 16, down * 16), flags=cv2.INTER_NEAREST)
        parts = upright.reshape(down, 16, across, 16).mean(axis=(1, 3))
        reached.append(float((parts >= _TOUCHED).mean()))
    points, weights = heavy(often)
    x, y = points.astype(np.intp).T
    share = float(weights[surroundings(often.shape, corners, 0)[y, x]].sum())
    return Evidence(
        len(seen.masks), float(np.median(reached)), share, borders.supported, borders.met, borders.off_px, elsewhere
    )


def _confidence(e: Evidence) -> float:
    """0..1: the product of how far each piece of evidence is from what proves nothing to what leaves no doubt."""
    pieces = (
        1 - 0.5 ** (e.changes - 1),
        _between(e.changed, 0.3, 0.6),
        _between(1 - e.outside, 0.5, 0.8),
        _seen(e),
    )
    return float(np.prod(pieces))


def _doubt(e: Evidence) -> str:
    """What speaks against it most."""
    pieces = {
        "few of its parts change together": _between(e.changed, 0.3, 0.6),
        "much changes outside of it": _between(1 - e.outside, 0.5, 0.8),
        "its borders are not seen well": _seen(e),
        "the slide changes too seldom": 1 - 0.5 ** (e.changes - 1),
    }
    return min(pieces, key=lambda each: pieces[each])


def _seen(e: Evidence) -> float:
    """Of the borders: each of them, all of them, and whether they end where they meet. Somebody may hide a corner."""
    meeting = {4: 1.0, 3: 0.8}.get(e.corners, 0.0)
    return _between(min(e.borders), 0.25, 0.6) * _between(float(np.mean(e.borders)), 0.5, 0.8) * meeting


def _between(value: float, nothing: float, certain: float) -> float:
    return min(max((value - nothing) / (certain - nothing), 0.0), 1.0)


def level_sides(corners: Corners, off_px: float = 0.0) -> int:
    """How many of the four sides are level or upright, as nearly as can be seen; ``off_px``: how exact corners are."""
    along = np.abs(np.roll(corners, -1, axis=0) - corners)
    return int((along.min(axis=1) <= np.maximum(_LEVEL * along.max(axis=1), off_px)).sum())


def _still(pages: Sequence[Plane], around: Mask) -> float:
    """The share of what is around that does not differ at all from page to page: of a camera it has noise."""
    same = [float((a == b)[around].mean()) for a, b in zip(pages, pages[1:], strict=False)]
    return float(np.median(same))

"""What the network is trained on: pictures of people as they are, and lectures made of people and slides.

A lecture is composed anew for each sample: a face cam in a corner, people standing in front of a slide or a projection,
or a slide with nobody. In a face cam's window only the person is foreground, not the window. All is squeezed to a
square at once, as the stage squeezes what the network sees. The same generator gives the same scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator
from segmenter_camera import filmed, lit
from segmenter_pairs import Pair, Picture, Plane
from segmenter_slides import Backdrops

KINDS = ("plain", "facecam", "standing", "empty")
_ASPECTS = (16 / 9, 16 / 9, 16 / 9, 16 / 10, 4 / 3)  # of lectures; most are recorded in 16:9
_FOREGROUND = 128
_EDGE_PX = 3  # a person that comes so near to the picture's edge is cut off by it


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """``picture`` and ``mask`` are squares of the same side; ``kind`` is one of KINDS."""

    kind: str
    picture: Picture
    mask: Plane


@dataclass(frozen=True, slots=True)
class Flips:
    """How likely a plain picture is turned over. Lectures never are: people in them stand on their feet."""

    horizontal: float
    vertical: float


@dataclass(frozen=True, slots=True, eq=False)
class Scenes:
    """Makes scenes out of ``pairs`` and ``backdrops``, ``mix`` being the weights of KINDS, in their order."""

    pairs: Sequence[Pair]
    backdrops: Backdrops
    mix: Sequence[float]
    flips: Flips
    varied: bool = True  # plain pictures zoomed; all as cameras and encoders would have them

    def sample(self, index: int, size: int, crop: int, rng: Generator) -> Scene:
        """A scene of side ``crop`` out of one of side ``size``; pair ``index`` is in it, unless nobody is."""
        weights = np.asarray(self.mix, np.float64)
        kind = KINDS[int(rng.choice(len(KINDS), p=weights / weights.sum()))]
        return self.of_kind(kind, index, size, crop, rng)

    def of_kind(self, kind: str, index: int, size: int, crop: int, rng: Generator) -> Scene:
        """As ``sample``, with the kind given. Raises KeyError if there is no such kind."""
        make = {"plain": self._plain, "facecam": self._facecam, "standing": self._standing, "empty": self._empty}[kind]
        picture, mask = make(self.pairs[index], size, rng)
        y, x = rng.integers(size - crop + 1, size=2)
        picture, mask = picture[y : y + crop, x : x + crop], mask[y : y + crop, x : x + crop]
        if self.varied:
            picture = filmed(picture, rng)
        return Scene(kind, np.ascontiguousarray(picture), np.ascontiguousarray(mask))

    def _plain(self, pair: Pair, size: int, rng: Generator) -> tuple[Picture, Plane]:
        picture, mask = pair.picture, pair.mask
        if self.varied and rng.random() < 0.6:
            picture, mask = _zoomed(picture, mask, rng)
        if rng.random() < self.flips.horizontal:
            picture, mask = picture[:, ::-1], mask[:, ::-1]
        if rng.random() < self.flips.vertical:
            picture, mask = picture[::-1], mask[::-1]
        return resized(picture, size, size), resized(mask, size, size)

    def _facecam(self, pair: Pair, size: int, rng: Generator) -> tuple[Picture, Plane]:
        picture, mask = self._behind(size, 0.0, rng)
        aspect = float(rng.choice(_ASPECTS))
        width = rng.uniform(0.3, 0.55) if rng.random() < 0.15 else rng.uniform(0.1, 0.3)
        shape = float(rng.choice((4 / 3, 4 / 3, 16 / 9, 1.0, 3 / 4)))
        columns, rows = max(4, round(width * size)), max(4, min(size, round(width * size * aspect / shape)))
        gap = int(rng.integers(0, max(1, size // 30) + 1)) if rng.random() < 0.8 else int(rng.integers(0, size // 4))
        x = gap if rng.random() < 0.4 else size - columns - gap
        y = gap if rng.random() < 0.4 else size - rows - gap
        x, y = int(np.clip(x, 0, size - columns)), int(np.clip(y, 0, size - rows))
        pair = _mirrored(pair, rng)
        inner, cut = _window(pair, shape, rng)
        if rng.random() < 0.2:  # a virtual background
            photo = self.backdrops.photo(rng)
            behind = np.full_like(inner, rng.integers(0, 256, 3)) if photo is None else photo
            inner = _over(resized(behind, *inner.shape[1::-1]), inner, cut)
        inner, cut = lit(resized(inner, columns, rows), rng), resized(cut, columns, rows)
        frame = rng.random()
        held = picture[y : y + rows, x : x + columns]
        if frame < 0.12:  # a round window
            inside = np.zeros((rows, columns), np.uint8)
            cv2.ellipse(inside, (columns // 2, rows // 2), (columns // 2, rows // 2), 0, 0, 360, 255, -1)
            cut = np.minimum(cut, inside)
            inner = _over(held, inner, inside)
        elif frame < 0.3:  # no window at all: the person is cut out by the conference software
            inner = _over(held, inner, cut)
        picture[y : y + rows, x : x + columns] = inner
        mask[y : y + rows, x : x + columns] = cut
        return picture, mask

    def _standing(self, pair: Pair, size: int, rng: Generator) -> tuple[Picture, Plane]:
        picture, mask = self._behind(size, 0.4, rng)
        aspect = float(rng.choice(_ASPECTS))
        dim = rng.uniform(0.35, 1.0)
        for number in range(2 if rng.random() < 0.12 else 1):
            one = _mirrored(pair if number == 0 else self.pairs[int(rng.integers(len(self.pairs)))], rng)
            place = _placed(one, size, aspect, rng)
            if place is not None:
                _paste(picture, mask, one, place, dim, rng)
        return picture, mask

    def _empty(self, pair: Pair, size: int, rng: Generator) -> tuple[Picture, Plane]:
        if rng.random() < 0.2:
            photo = self.backdrops.photo(rng)
            if photo is not None:
                return resized(photo, size, size), np.zeros((size, size), np.uint8)
        return self._behind(size, 0.25, rng)

    def _behind(self, size: int, walls: float, rng: Generator) -> tuple[Picture, Plane]:
        backdrop = self.backdrops.wall(rng) if rng.random() < walls else self.backdrops.slide(rng)
        return resized(backdrop, size, size).copy(), np.zeros((size, size), np.uint8)


@dataclass(frozen=True, slots=True)
class _Place:
    """The box of a person: ``rows``, ``columns`` of the pair, and where it goes; it may reach out of the scene."""

    rows: slice
    columns: slice
    x: int
    y: int
    width: int
    height: int


def resized(plane: npt.NDArray[np.uint8], width: int, height: int) -> npt.NDArray[np.uint8]:
    """At the size given; by area when smaller, so that nothing is skipped."""
    smaller = plane.shape[0] * plane.shape[1] > width * height
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(np.ascontiguousarray(plane), (width, height), interpolation=how), np.uint8)


def _mirrored(pair: Pair, rng: Generator) -> Pair:
    if rng.random() < 0.5:
        return pair
    return Pair(pair.name, pair.picture[:, ::-1], pair.mask[:, ::-1])


def _box(mask: Plane) -> tuple[int, int, int, int] | None:
    """Top, bottom, left, right of what is foreground, the ends exclusive; None if nothing is."""
    rows, columns = np.flatnonzero((mask >= _FOREGROUND).any(1)), np.flatnonzero((mask >= _FOREGROUND).any(0))
    if not rows.size:
        return None
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _zoomed(picture: Picture, mask: Plane, rng: Generator) -> tuple[Picture, Plane]:
    """A part of both, with sides of its own: what is near, far, wide and narrow. As it was if the person got lost."""
    height, width = mask.shape
    rows, columns = int(height * rng.uniform(0.55, 1.0)), int(width * rng.uniform(0.55, 1.0))
    y, x = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    part = mask[y : y + rows, x : x + columns]
    if int(part.sum()) * 3 < int(mask.sum()):
        return picture, mask
    return picture[y : y + rows, x : x + columns], part


def _window(pair: Pair, shape: float, rng: Generator) -> tuple[Picture, Plane]:
    """The part of a picture that a face cam of width / height ``shape`` shows: head and shoulders, more or less."""
    height, width = pair.mask.shape
    box = _box(pair.mask)
    if box is None:
        return pair.picture, pair.mask
    top, bottom, left, right = box
    tall = bottom - top > 1.6 * (right - left)  # somebody from head to foot: a face cam shows the upper part
    rows = (bottom - top) * (rng.uniform(0.3, 0.6) if tall else rng.uniform(0.7, 1.2))
    rows = min(height, max(rows, 8.0), width / shape)
    columns = min(width, rows * shape)
    y = min(max(0.0, top - rows * rng.uniform(0.0, 0.35)), height - rows)
    middle = (left + right) / 2 + rng.uniform(-0.15, 0.15) * columns
    x = min(max(0.0, middle - columns / 2), width - columns)
    part = (slice(int(y), max(int(y) + 1, int(y + rows))), slice(int(x), max(int(x) + 1, int(x + columns))))
    return pair.picture[part], pair.mask[part]


def _placed(pair: Pair, size: int, aspect: float, rng: Generator) -> _Place | None:
    box = _box(pair.mask)
    if box is None:
        return None
    top, bottom, left, right = box
    height = int(size * (rng.uniform(0.2, 0.65) if rng.random() < 0.75 else rng.uniform(0.65, 1.2)))
    width = max(2, round(height * (right - left) / (bottom - top) / aspect))
    if bottom >= pair.mask.shape[0] - _EDGE_PX or height > size:  # cut off below: so the scene's edge must do it
        y = size - height + (int(rng.uniform(0.0, 0.3) * height) if rng.random() < 0.3 else 0)
    else:
        y = size - height - int(rng.uniform(0.0, 0.25) * size)
    x = int(rng.uniform(-0.25 * width, size - 0.75 * width))
    if left <= _EDGE_PX < pair.mask.shape[1] - _EDGE_PX <= right and width < size:
        x = int(rng.integers(0, size - width + 1))
    return _Place(slice(top, bottom), slice(left, right), x, y, width, height)


def _paste(picture: Picture, mask: Plane, pair: Pair, place: _Place, dim: float, rng: Generator) -> None:
    size = mask.shape[0]
    cut = resized(pair.mask[place.rows, place.columns], place.width, place.height)
    person = resized(pair.picture[place.rows, place.columns], place.width, place.height)
    person = lit(np.asarray(person * dim, np.uint8), rng)
    y0, y1 = max(0, place.y), min(size, place.y + place.height)
    x0, x1 = max(0, place.x), min(size, place.x + place.width)
    if y0 >= y1 or x0 >= x1:
        return
    inner = (slice(y0 - place.y, y1 - place.y), slice(x0 - place.x, x1 - place.x))
    picture[y0:y1, x0:x1] = _over(picture[y0:y1, x0:x1], person[inner], cut[inner])
    mask[y0:y1, x0:x1] = np.maximum(mask[y0:y1, x0:x1], cut[inner])


def _over(behind: Picture, front: Picture, mask: Plane) -> Picture:
    share = mask[..., None].astype(np.float32) / 255.0
    return np.asarray(behind * (1 - share) + front * share, np.uint8)

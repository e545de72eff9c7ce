"""What stands behind people in training: slides from a folder, or drawn ones; projected on a wall or not.

Drawn slides hold text, boxes, charts and photos: all that a network could take for a person and must not. Photos are
parts of the training pictures in which nobody is, and so teach it what a figure looks like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from segmenter_pairs import Pair, Picture, by_name, read_picture

WIDTH, HEIGHT = 480, 270  # px, of drawn slides; training shows them smaller
_LONGEST_PX = 640
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)
_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_TRIES = 4  # to find a part of a picture without anybody

Colour = tuple[int, int, int]


def read_slides(folder: Path) -> list[Picture]:
    """All pictures in ``folder``. Raises SourceError if there are none, DataError for one that cannot be read."""
    return [read_picture(file, _LONGEST_PX) for file in by_name(folder).values()]


@dataclass(frozen=True, slots=True, eq=False)
class Backdrops:
    """``slides`` as read, or none: then all are drawn. ``pairs``: photos are cut out of their backgrounds.

    ``drawn``: share of drawn slides where there are others as well.
    """

    slides: Sequence[Picture]
    pairs: Sequence[Pair]
    drawn: float = 0.35

    def slide(self, rng: Generator) -> Picture:
        """A slide, of any size; now and then with a photo pasted in, mirrored, cropped or in other colours."""
        if not self.slides or rng.random() < self.drawn:
            return self.draw(rng)
        slide = self.slides[int(rng.integers(len(self.slides)))]
        height, width = slide.shape[:2]
        if rng.random() < 0.5:
            part = rng.uniform(0.6, 1.0)
            rows, columns = int(height * part), int(width * part)
            y, x = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
            slide = slide[y : y + rows, x : x + columns]
        slide = slide.copy()
        if rng.random() < 0.15:
            slide = slide[:, ::-1].copy()
        if rng.random() < 0.15:
            slide = 255 - slide
        if rng.random() < 0.2:
            slide = np.ascontiguousarray(slide[..., rng.permutation(3)])
        if rng.random() < 0.2:
            self._photo(slide, rng)
        return slide

    def draw(self, rng: Generator) -> Picture:
        """A slide of (270, 480): background, title, and one to three of text, photo, chart and boxes."""
        dark = rng.random() < 0.35
        ground, ink = _tone(rng, dark), _tone(rng, not dark)
        slide = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        slide[:] = ground
        if rng.random() < 0.25:
            slope = np.linspace(0.0, 1.0, HEIGHT)[:, None, None]
            slide[:] = np.asarray(slide * (1 - slope) + np.array(_tone(rng, dark)) * slope, np.uint8)
        if rng.random() < 0.3:
            cv2.rectangle(slide, (0, 0), (WIDTH, int(rng.integers(15, 55))), _any(rng), -1)
        _write(slide, rng, 12, int(rng.integers(22, 45)), int(rng.integers(2, 6)), rng.uniform(0.6, 1.1), ink)
        for _ in range(rng.integers(1, 4)):
            chosen = rng.random()
            if chosen < 0.45:
                x, y, scale = int(rng.integers(8, 260)), int(rng.integers(60, 130)), rng.uniform(0.25, 0.6)
                for line in range(rng.integers(2, 8)):
                    _write(slide, rng, x, y + int(line * 42 * scale), int(rng.integers(3, 9)), scale, ink)
            elif chosen < 0.65:
                self._photo(slide, rng)
            elif chosen < 0.85:
                _chart(slide, rng, ink)
            else:
                _boxes(slide, rng)
        return slide

    def wall(self, rng: Generator) -> Picture:
        """A room with a slide projected on its wall, seen at an angle: (270, 480)."""
        slide = self.slide(rng)
        photo = self.photo(rng) if rng.random() < 0.5 else None
        if photo is not None:
            room = np.asarray(cv2.GaussianBlur(_fitted(photo, WIDTH, HEIGHT), (0, 0), rng.uniform(1.0, 5.0)), np.uint8)
        else:
            room = np.empty((HEIGHT, WIDTH, 3), np.uint8)
            room[:] = rng.integers(15, 235, 3) // 2 + rng.integers(0, 128)
            line = int(rng.integers(HEIGHT // 2, HEIGHT))
            room[line:] = rng.integers(10, 200, 3)
        room = np.asarray(room * rng.uniform(0.4, 1.0), np.uint8)
        width, height = rng.uniform(0.4, 0.8) * WIDTH, rng.uniform(0.4, 0.75) * HEIGHT
        x, y = rng.uniform(0, WIDTH - width), rng.uniform(0, 0.4 * (HEIGHT - height))
        corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
        corners += rng.uniform(-0.06, 0.06, (4, 2)) * (width, height)
        rows, columns = slide.shape[:2]
        flat = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
        seen_from = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
        lit = cv2.warpPerspective(np.ones((rows, columns), np.float32), seen_from, (WIDTH, HEIGHT))[..., None]
        beam = cv2.warpPerspective(slide, seen_from, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
        share = rng.uniform(0.6, 1.0)  # the room's own light lifts the dark parts of the slide
        shown = room * (1 - lit) + lit * (beam * share + room * (1 - share) * 0.6)
        return np.asarray(np.clip(shown, 0, 255), np.uint8)

    def photo(self, rng: Generator) -> Picture | None:
        """A part of a picture in which nobody is; None if none was found in a few tries."""
        for _ in range(_TRIES if self.pairs else 0):
            pair = self.pairs[int(rng.integers(len(self.pairs)))]
            height, width = pair.mask.shape
            rows, columns = int(height * rng.uniform(0.3, 0.9)), int(width * rng.uniform(0.25, 0.6))
            y = int(rng.integers(height - rows + 1))
            x = 0 if rng.random() < 0.5 else width - columns
            if columns and rows and not pair.mask[y : y + rows, x : x + columns].any():
                return pair.picture[y : y + rows, x : x + columns]
        return None

    def _photo(self, slide: Picture, rng: Generator) -> None:
        photo = self.photo(rng)
        if photo is None:
            return
        height, width = slide.shape[:2]
        columns, rows = int(width * rng.uniform(0.12, 0.6)), int(height * rng.uniform(0.2, 0.75))
        x, y = int(rng.integers(width - columns + 1)), int(rng.integers(height - rows + 1))
        slide[y : y + rows, x : x + columns] = _fitted(photo, columns, rows)


def _fitted(photo: Picture, width: int, height: int) -> Picture:
    return np.asarray(cv2.resize(photo, (max(1, width), max(1, height)), interpolation=cv2.INTER_LINEAR), np.uint8)


def _any(rng: Generator) -> Colour:
    red, green, blue = rng.integers(0, 256, 3)
    return int(red), int(green), int(blue)


def _tone(rng: Generator, dark: bool) -> Colour:
    if rng.random() < 0.4:
        return (0, 0, 0) if dark else (255, 255, 255)
    red, green, blue = rng.integers(0, 90, 3) if dark else rng.integers(185, 256, 3)
    return int(red), int(green), int(blue)


def _write(slide: Picture, rng: Generator, x: int, y: int, words: int, scale: float, ink: Colour) -> None:
    text = " ".join("".join(_LETTERS[i] for i in rng.integers(0, 26, rng.integers(2, 9))) for _ in range(words))
    font = _FONTS[rng.integers(len(_FONTS))]
    cv2.putText(slide, text, (x, y), font, scale, ink, 1 + int(rng.random() < 0.3), cv2.LINE_AA)


def _chart(slide: Picture, rng: Generator, ink: Colour) -> None:
    left, bottom = int(rng.integers(20, 260)), int(rng.integers(180, 260))
    width, height = int(rng.integers(80, 200)), int(rng.integers(60, 130))
    kind = rng.random()
    if kind < 0.3:  # a pie; with a ring and a box it comes nearest to a head on shoulders
        centre, angle, radius = (left + width // 2, bottom - height // 2), 0.0, height // 2
        while angle < 360:
            upto = angle + rng.uniform(20, 140)
            cv2.ellipse(slide, centre, (radius, radius), 0, angle, min(upto, 360), _any(rng), -1, cv2.LINE_AA)
            angle = upto
        return
    cv2.line(slide, (left, bottom), (left + width, bottom), ink, 1)
    cv2.line(slide, (left, bottom), (left, bottom - height), ink, 1)
    count = int(rng.integers(3, 12))
    step = width // count
    heights = rng.uniform(0.1, 1.0, count) * height
    if kind < 0.65:
        colour = _any(rng)
        for n, each in enumerate(heights):
            x = left + n * step
            cv2.rectangle(slide, (x + 2, bottom - int(each)), (x + max(3, step - 2), bottom), colour, -1)
        return
    for _ in range(rng.integers(1, 4)):
        heights = rng.uniform(0.1, 1.0, count) * height
        points = np.array([(left + n * step, bottom - int(each)) for n, each in enumerate(heights)], np.int32)
        cv2.polylines(slide, [points], False, _any(rng), int(rng.integers(1, 3)), cv2.LINE_AA)


def _boxes(slide: Picture, rng: Generator) -> None:
    for _ in range(rng.integers(1, 6)):
        x, y = int(rng.integers(0, WIDTH - 40)), int(rng.integers(40, HEIGHT - 20))
        filled = -1 if rng.random() < 0.6 else 2
        if rng.random() < 0.35:
            axes = (int(rng.integers(8, 60)), int(rng.integers(8, 60)))
            cv2.ellipse(slide, (x, y), axes, 0, 0, 360, _any(rng), filled, cv2.LINE_AA)
        else:
            far = (x + int(rng.integers(20, 160)), y + int(rng.integers(10, 100)))
            cv2.rectangle(slide, (x, y), far, _any(rng), filled)

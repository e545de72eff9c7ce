"""Draws one state of one slide with Pillow and its built-in font. It knows nothing of time."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, cast

import numpy as np

from pipeline.frame import Plane
from stages.testsource.content import Colour, Content, Theme

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

LEAST_PX = 240  # smaller slides are drawn larger and reduced: letters and lines need pixels
_SIDE = 0.9  # right edge of text, as a fraction of the width
FILM_BOX = (0.5, 0.3, 0.93, 0.82)
_YEARS = ("2019", "2020", "2021", "2022", "2023", "2024")


def draw_slide(slide: Content, parts: int, width: int, height: int) -> Plane:
    """The slide with its first ``parts`` parts, uint8 BGR (height, width, 3). The film's place is left empty."""
    import cv2  # heavy; a check of properties needs neither
    from PIL import Image as images
    from PIL import ImageDraw

    scale = max(1, math.ceil(LEAST_PX / min(width, height)))
    image = images.new("RGB", (width * scale, height * scale), slide.theme.paper)
    _Pen(ImageDraw.Draw(image), slide, image.width, image.height).draw(parts, image)
    bgr = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR)
    if scale > 1:
        bgr = cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA)
    return cast(Plane, bgr)


class _Pen:
    """Draws in fractions of width and height; letters and lines scale with the smaller of both."""

    def __init__(self, draw: ImageDraw, slide: Content, width: int, height: int) -> None:
        self.d = draw
        self.slide = slide
        self.t: Theme = slide.theme
        self.w, self.h = width, height
        self.unit = min(width * 9 / 16, float(height))

    def draw(self, parts: int, image: Image) -> None:
        slide = self.slide
        if slide.kind == "title":
            self._title_page()
            return
        self.box(0, 0, 1, 0.012, self.t.accent)
        self.text(0.06, 0.07, slide.title, 0.066, self.t.ink, _SIDE)
        self.box(0.06, 0.175, 0.16, 0.181, self.t.second)
        self.text(0.06, 0.935, "Lecture notes", 0.026, self.t.muted, 0.4)
        self.text(0.92, 0.935, str(slide.number), 0.026, self.t.muted, 0.98)
        match slide.kind:
            case "bullets":
                self._bullets(slide.lines[:parts], _SIDE, 0.046)
            case "diagram":
                self._bullets(slide.lines[:parts], 0.5, 0.036)
                self._diagram(parts)
            case "chart":
                self._chart()
            case "table":
                self._table()
            case "photo":
                self._bullets(slide.lines[:2], 0.44, 0.036)
                self._photo(image)
            case "film":
                self._bullets(slide.lines[:3], 0.46, 0.036)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        """A filled rectangle, at least one pixel large."""
        left, top = round(x0 * self.w), round(y0 * self.h)
        right, bottom = max(left, round(x1 * self.w) - 1), max(top, round(y1 * self.h) - 1)
        self.d.rectangle((left, top, right, bottom), fill=colour)

    def text(self, x: float, y: float, words: str, size: float, colour: Colour, right: float) -> float:
        """Words from the top left corner, wrapped before ``right``; returns the y below them, a fraction."""
        font = self._font(size)
        step = size * self.unit * 1.3
        line, top = "", y * self.h
        for word in words.split():
            longer = f"{line} {word}".strip()
            if line and self.d.textlength(longer, font) > (right - x) * self.w:
                self.d.text((x * self.w, top), line, colour, font)
                line, top = word, top + step
            else:
                line = longer
        self.d.text((x * self.w, top), line, colour, font)
        return (top + step) / self.h

    def _font(self, size: float) -> FreeTypeFont:
        from PIL import ImageFont

        return cast("FreeTypeFont", ImageFont.load_default(max(6.0, size * self.unit)))

    def _title_page(self) -> None:
        self.box(0, 0, 0.035, 1, self.t.accent)
        self.box(0.035, 0, 0.045, 1, self.t.second)
        below = self.text(0.12, 0.3, self.slide.title, 0.1, self.t.ink, _SIDE)
        self.box(0.12, below + 0.01, 0.4, below + 0.018, self.t.accent)
        self.text(
            0.12, below + 0.07, "A lecture in " + str(len(self.slide.lines)) + " parts", 0.045, self.t.muted, _SIDE
        )
        self.text(0.12, 0.86, "Department of Examples", 0.032, self.t.muted, _SIDE)

    def _bullets(self, lines: tuple[str, ...], right: float, size: float) -> None:
        y, dot = 0.25, 0.011 * self.unit
        for line in lines:
            centre = (0.075 * self.w, y * self.h + size * self.unit * 0.55)
            self.d.ellipse((centre[0] - dot, centre[1] - dot, centre[0] + dot, centre[1] + dot), fill=self.t.accent)
            y = self.text(0.1, y, line, size, self.t.ink, right) + 0.045

    def _chart(self) -> None:
        left, top, right, bottom = 0.12, 0.25, 0.9, 0.8
        for value in range(0, 101, 25):
            y = bottom - (bottom - top) * value / 100
            self.box(left, y, right, y + 0.003, self.t.panel if value else self.t.muted)
            self.text(left - 0.05, y - 0.015, str(value), 0.026, self.t.muted, left)
        group = (right - left) / len(_YEARS)
        for index, year in enumerate(_YEARS):
            x = left + group * (index + 0.2)
            for series, colour in ((0, self.t.accent), (1, self.t.second)):
                high = (bottom - top) * self.slide.numbers[series][index] / 100
                at = x + series * group * 0.3
                self.box(at, bottom - high, at + group * 0.27, bottom, colour)
            self.text(x + group * 0.08, bottom + 0.015, year, 0.028, self.t.muted, 1)
        for series, colour, name in ((0, self.t.accent, "measured"), (1, self.t.second, "predicted")):
            self.box(0.62 + series * 0.15, 0.2, 0.635 + series * 0.15, 0.22, colour)
            self.text(0.645 + series * 0.15, 0.196, name, 0.026, self.t.muted, 1)

    def _table(self) -> None:
        names = ("case", *_YEARS)
        rows = [("first", 0), ("second", 1), ("third", 2)]
        left, top, right, step = 0.07, 0.28, 0.93, 0.12
        column = (right - left) / len(names)
        self.box(left, top, right, top + step, self.t.accent)
        for index, name in enumerate(names):
            self.text(left + column * (index + 0.15), top + 0.035, name, 0.036, self.t.paper, 1)
        for place, (name, series) in enumerate(rows, start=1):
            y = top + place * step
            self.box(left, y, right, y + step, self.t.panel if place % 2 else self.t.paper)
            self.text(left + column * 0.15, y + 0.035, name, 0.036, self.t.ink, 1)
            for index, value in enumerate(self.slide.numbers[series]):
                self.text(left + column * (index + 1.15), y + 0.035, f"{value / 10:.1f}", 0.036, self.t.ink, 1)
        self.text(left, top + 4.3 * step, self.slide.lines[0] + ".", 0.034, self.t.muted, _SIDE)

    def _diagram(self, parts: int) -> None:
        names = ("input", "filter", "model", "check", "output")
        step = 0.6 / len(self.slide.lines)
        for index in range(parts):
            y = 0.26 + index * step
            self.box(0.62, y, 0.86, y + step * 0.62, self.t.accent if index % 2 == 0 else self.t.second)
            self.text(0.68, y + step * 0.31 - 0.02, names[index], 0.036, self.t.paper, 1)
            if index:
                self.box(0.737, y - step * 0.38, 0.743, y - 0.012, self.t.muted)
                tip = (0.74 * self.w, y * self.h)
                wing = 0.014 * self.unit
                self.d.polygon((tip, (tip[0] - wing, tip[1] - wing), (tip[0] + wing, tip[1] - wing)), self.t.muted)

    def _photo(self, image: Image) -> None:
        """Smooth noise about one colour: it has the gradients of a photograph, and no edges."""
        from PIL import Image as images

        rng = random.Random(self.slide.seed)
        base = [rng.randint(70, 170) for _ in range(3)]
        light = [[rng.randint(-65, 75) for _ in range(9)] for _ in range(6)]
        grid = np.array([[[c + v + rng.randint(-12, 12) for c in base] for v in row] for row in light])
        grid = np.clip(grid, 0, 255).astype(np.uint8)
        left, top = round(0.5 * self.w), round(0.26 * self.h)
        size = (max(1, round(0.94 * self.w) - left), max(1, round(0.84 * self.h) - top))
        image.paste(images.fromarray(grid).resize(size, images.Resampling.BICUBIC), (left, top))
        self.text(0.5, 0.855, "Figure " + str(self.slide.number), 0.026, self.t.muted, _SIDE)

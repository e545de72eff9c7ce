"""The drawn presenter: in a box in the corner, or walking in front of the slides. A pure function of time.

It stands between the slide and the noise. It is a drawing: enough to move and to cover, not to look alive.
"""

from __future__ import annotations

import bisect
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipeline.frame import Plane

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, float]
Colour = tuple[int, int, int]
_SHIFT = 4
_SKIN: Colour = (140, 172, 224)
_HAIR: Colour = (38, 48, 66)
_COAT: Colour = (104, 74, 46)
_SHIRT: Colour = (226, 226, 222)
_TROUSERS: Colour = (62, 56, 52)
PIP_WIDTH = 0.22
WALKER_HEIGHT = 0.72


@dataclass(frozen=True, slots=True)
class Step:
    """From ``start_s`` on the walker goes from ``x0`` to ``x1``, fractions of the width, until ``end_s``."""

    start_s: float
    end_s: float
    x0: float
    x1: float


class Presenter:
    """Paints the person into frames of ``width`` x ``height``."""

    def __init__(self, kind: Literal["pip", "walk"], width: int, height: int, duration_s: float, seed: int) -> None:
        self._pip = kind == "pip"
        self.width, self.height = width, height
        self._walk = () if self._pip else _walk(duration_s, random.Random(f"{seed}/presenter"))
        self._starts = [step.start_s for step in self._walk]
        side = max(2, round(min(width * PIP_WIDTH, height * 0.4 * 4 / 3)))
        margin = round(width * 0.012)
        high = max(2, side * 3 // 4)
        self._box = (width - side - margin, height - high - margin, side, high)

    def paint(self, frame: Plane, t_s: float) -> None:
        """Draw the person at ``t_s`` seconds into ``frame``, uint8 BGR (height, width, 3), in place."""
        if self._pip:
            x, y, w, h = self._box
            inset = frame[max(0, y) : y + h, max(0, x) : x + w]
            shade = np.linspace(150, 96, inset.shape[0], dtype=np.float32)[:, None, None]
            inset[:] = (shade * np.array([1.05, 1.0, 0.92], np.float32)).astype(np.uint8)
            _bust(_Brush(inset), t_s, w, h)
        else:
            at, pace, facing = self._place(t_s)
            _figure(_Brush(frame), t_s, at * self.width, self.height, pace, facing)

    def _place(self, t_s: float) -> tuple[float, float, float]:
        """Where the walker is, how far it has gone in strides, and which way it looks (-1 left, 0 ahead, 1 right)."""
        step = self._walk[max(0, bisect.bisect_right(self._starts, t_s) - 1)]
        if t_s >= step.end_s:
            return step.x1, 0.0, 0.0
        done = (t_s - step.start_s) / (step.end_s - step.start_s)
        return step.x0 + (step.x1 - step.x0) * done, t_s - step.start_s, math.copysign(1.0, step.x1 - step.x0)


def _walk(duration_s: float, rng: random.Random) -> tuple[Step, ...]:
    """Walk, stand and talk, walk on; every third time out of the picture."""
    steps: list[Step] = []
    t_s, x = 0.0, -0.2
    while t_s <= duration_s:
        away = len(steps) % 3 == 2
        target = rng.choice((-0.2, 1.2)) if away else rng.uniform(0.12, 0.88)
        if abs(target - x) < 0.05:
            target = x + 0.2 if x < 0.5 else x - 0.2
        end_s = t_s + abs(target - x) / 0.16
        steps.append(Step(t_s, end_s, x, target))
        t_s, x = end_s + rng.uniform(1.5, 6.0), target
    return tuple(steps)


class _Brush:
    """cv2's shapes with fractions of a pixel and smooth edges."""

    def __init__(self, canvas: Plane) -> None:
        import cv2

        self._cv = cv2
        self._canvas = canvas

    def ellipse(self, centre: Point, axes: Point, colour: Colour, turn: float = 0.0, span: float = 360.0) -> None:
        """A filled ellipse, or from the left over the top a part of it of ``span`` degrees."""
        self._cv.ellipse(
            self._canvas, _fixed(centre), _fixed((max(0.5, axes[0]), max(0.5, axes[1]))), turn, 180.0, 180.0 + span,
            colour, -1, self._cv.LINE_AA, _SHIFT,
        )  # fmt: skip

    def limb(self, points: Sequence[Point], thick: float, colour: Colour) -> None:
        """A line with round ends through the points."""
        fixed = np.array([_fixed(point) for point in points], np.int32)
        self._cv.polylines(self._canvas, [fixed], False, colour, max(1, round(thick)), self._cv.LINE_AA, _SHIFT)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        fixed = np.array([_fixed(point) for point in points], np.int32)
        self._cv.fillPoly(self._canvas, [fixed], colour, self._cv.LINE_AA, _SHIFT)


def _fixed(point: Point) -> tuple[int, int]:
    return round(point[0] * (1 << _SHIFT)), round(point[1] * (1 << _SHIFT))


def _head(brush: _Brush, centre: Point, size: float, t_s: float, facing: float) -> None:
    x, y = centre
    look = facing * 0.22 * size
    brush.ellipse((x, y), (size * 0.78, size), _SKIN)
    brush.ellipse((x - look * 0.5, y - size * 0.28), (size * 0.86, size * 0.86), _HAIR, span=180.0)
    for side in (-1, 1):
        brush.ellipse((x + look + side * size * 0.3, y - size * 0.05), (size * 0.09, size * 0.07), (40, 36, 34))
    opening = 0.04 + 0.09 * abs(math.sin(t_s * 7.3) * math.sin(t_s * 2.1))
    brush.ellipse((x + look, y + size * 0.48), (size * 0.26, size * opening), (84, 84, 168))


def _bust(brush: _Brush, t_s: float, w: float, h: float) -> None:
    """Head, shoulders and one hand that talks along."""
    x = w * (0.5 + 0.025 * math.sin(t_s * 0.9) + 0.01 * math.sin(t_s * 2.3))
    y = h * (0.42 + 0.012 * math.sin(t_s * 1.7))
    brush.ellipse((w * 0.5 + (x - w * 0.5) * 0.5, h * 1.08), (w * 0.34, h * 0.4), _COAT)
    brush.shape([(x - w * 0.06, h * 0.72), (x + w * 0.06, h * 0.72), (x, h * 0.98)], _SHIRT)
    brush.limb([(x, y + h * 0.15), (x, h * 0.72)], h * 0.14, _SKIN)
    _head(brush, (x, y), h * 0.22, t_s, 0.6 * math.sin(t_s * 0.5))
    lift = max(0.0, math.sin(t_s * 0.8)) * (0.8 + 0.2 * math.sin(t_s * 5.1))
    hand = (w * (0.8 - 0.05 * math.sin(t_s * 3.0)), h * (1.08 - 0.42 * lift))
    brush.limb([(w * 0.78, h * 1.1), hand], h * 0.11, _COAT)
    brush.ellipse(hand, (h * 0.07, h * 0.08), _SKIN)


def _figure(brush: _Brush, t_s: float, x: float, height: float, pace: float, facing: float) -> None:
    """The whole person, standing on the lower edge; ``x`` is its middle in px."""
    size = height * WALKER_HEIGHT
    ground, bob = height * 1.01, abs(math.sin(pace * 5.5)) * size * 0.012
    hip, neck = ground - size * 0.47 + bob, ground - size * 0.8 + bob
    for side in (-1, 1):
        swing = math.sin(pace * 5.5) * side * size * 0.13 if facing else side * size * 0.05
        knee = (x + swing * 0.6 + facing * size * 0.03, ground - size * 0.24)
        foot = (x + swing, ground - size * 0.02)
        brush.limb([(x + side * size * 0.035, hip), knee, foot], size * 0.085, _TROUSERS)
        brush.ellipse((foot[0] + facing * size * 0.03, foot[1]), (size * 0.055, size * 0.025), (30, 30, 34))
    brush.limb([(x, neck - size * 0.05), (x, neck + size * 0.04)], size * 0.06, _SKIN)
    outline = [(-0.11, neck + size * 0.02), (-0.05, neck - size * 0.01), (0.05, neck - size * 0.01)]
    outline += [(0.11, neck + size * 0.02), (0.085, hip + size * 0.05), (-0.085, hip + size * 0.05)]
    brush.shape([(x + across * size, y) for across, y in outline], _COAT)
    brush.shape([(x - size * 0.025, neck), (x + size * 0.025, neck), (x, neck + size * 0.13)], _SHIRT)
    for side in (-1, 1):
        shoulder = (x + side * size * 0.1, neck + size * 0.04)
        if facing:
            swing = -math.sin(pace * 5.5) * side * size * 0.1
            elbow, hand = (shoulder[0] + swing * 0.5, neck + size * 0.19), (shoulder[0] + swing, neck + size * 0.32)
        else:
            lift = max(0.0, math.sin(t_s * 0.9 + side)) * size * 0.2
            wave = math.sin(t_s * 4.0 + side) * size * 0.02
            elbow = (shoulder[0] + side * size * 0.05, neck + size * 0.19)
            hand = (elbow[0] + side * size * 0.03 + wave, neck + size * 0.31 - lift)
        brush.limb([shoulder, elbow, hand], size * 0.06, _COAT)
        brush.ellipse(hand, (size * 0.033, size * 0.037), _SKIN)
    _head(brush, (x, neck - size * 0.115), size * 0.085, t_s, facing)

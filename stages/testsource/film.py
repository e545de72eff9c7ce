"""The moving film on a slide: a pure function of time. It draws only the film's own box."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from pipeline.frame import Plane

_SHIFT = 4  # cv2 draws with this many bits after the point, so that slow things move smoothly


def draw_film(t_s: float, width: int, height: int) -> Plane:
    """The film at ``t_s`` seconds, uint8 BGR (height, width, 3): a sun that crosses the sky over hills and water.

    At 0 it is the poster, which also stands there before and after.
    """
    import cv2

    one = 1 << _SHIFT
    rows = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    day = 0.5 + 0.5 * math.cos(t_s * 0.7)
    top = np.array([150 + 60 * day, 90 + 70 * day, 40 + 60 * day], np.float32)
    low = np.array([140, 190, 250], np.float32) * (0.5 + 0.5 * day)
    sky = (top + (low - top) * rows).astype(np.uint8)
    frame = cast(Plane, np.repeat(sky[:, None, :], width, axis=1))
    angle = 0.6 + t_s * 0.7
    sun = (width * (0.5 + 0.38 * math.cos(angle)), height * (0.55 - 0.4 * abs(math.sin(angle))))
    cv2.circle(frame, _fixed(*sun), max(1, round(height * 0.07 * one)), (120, 230, 255), -1, cv2.LINE_AA, _SHIFT)
    for depth, colour in ((0, (70, 110, 60)), (1, (50, 80, 42))):
        xs = np.linspace(0, width, 48)
        ys = height * (0.62 + 0.1 * depth + 0.07 * np.sin(xs / width * (7 + 3 * depth) + t_s * (0.5 + depth)))
        hill = np.vstack([np.column_stack([xs, ys]), [[width, height], [0, height]]])
        cv2.fillPoly(frame, [np.round(hill * one).astype(np.int32)], colour, cv2.LINE_AA, _SHIFT)
    ball = (width * (0.5 + 0.4 * math.sin(t_s * 1.9)), height * (0.85 - 0.35 * abs(math.sin(t_s * 3.1))))
    cv2.circle(frame, _fixed(*ball), max(1, round(height * 0.05 * one)), (60, 60, 220), -1, cv2.LINE_AA, _SHIFT)
    return frame


def _fixed(x: float, y: float) -> tuple[int, int]:
    return round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))

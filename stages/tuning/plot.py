"""The plot of a sweep as a picture: strict F1 over the values of what was swept, a line for each method."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from pipeline.frame import Plane
from stages.durable import write_bytes
from stages.tuning.grid import Setting
from stages.tuning.results import Series

_WIDTH, _PANEL, _LEFT, _RIGHT, _TOP, _BOTTOM = 900, 320, 70, 30, 50, 50  # px
_INK, _GRID, _LINE = (60, 60, 60), (225, 225, 225), (180, 110, 20)  # BGR
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def write(path: Path, drawn: Sequence[Series]) -> None:
    """Write a PNG. Raises WriteError."""
    good, data = cv2.imencode(".png", draw(drawn))
    assert good, "a picture of uint8 can be a PNG"
    write_bytes(path, data.tobytes())


def draw(drawn: Sequence[Series]) -> Plane:
    """A panel below the other for each of the series, BGR uint8 (h, 900, 3)."""
    return np.concatenate([_panel(each) for each in drawn])


def _panel(each: Series) -> Plane:
    panel = np.full((_PANEL, _WIDTH, 3), 255, np.uint8)
    _text(panel, f"{each.method}: strict F1 by {each.key}", (_LEFT, 28), 0.55)
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        cv2.line(panel, (_LEFT, y), (_WIDTH - _RIGHT, y), _GRID, 1)
        _text(panel, f"{tenth / 10:.1f}", (_LEFT - 40, y + 5), 0.45)
    places = _places([value for value, _ in each.points])
    points = [(x, _y(f1)) for x, (_, f1) in zip(places, each.points, strict=True)]
    cv2.polylines(panel, [np.array(points, np.int32)], False, _LINE, 2, cv2.LINE_AA)
    for (x, y), (value, _) in zip(points, each.points, strict=True):
        cv2.circle(panel, (x, y), 4, _LINE, -1, cv2.LINE_AA)
        _text(panel, str(value), (x - 4 * len(str(value)), _PANEL - _BOTTOM + 22), 0.45)
    return panel


def _places(values: Sequence[Setting]) -> list[int]:
    """x of each value in px. Where all are above 0 their logarithm counts, as thresholds are tried by factors."""
    numbers = [value for value in values if isinstance(value, int | float)]
    if len(numbers) < len(values) or len(values) < 2:
        scale = [(n + 0.5) / len(values) for n in range(len(values))]
    else:
        marks = [math.log(n) for n in numbers] if min(numbers) > 0 else [float(n) for n in numbers]
        scale = [(mark - marks[0]) / (marks[-1] - marks[0]) for mark in marks]
    room = _WIDTH - _LEFT - _RIGHT - 40
    return [_LEFT + 20 + round(part * room) for part in scale]


def _y(f1: float) -> int:
    return _PANEL - _BOTTOM - round(f1 * (_PANEL - _TOP - _BOTTOM))


def _text(panel: Plane, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(panel, text, at, _FONT, size, _INK, 1, cv2.LINE_AA)

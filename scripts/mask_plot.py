"""Draw precision over recall into a PNG, a line per set of masks, with OpenCV alone. For evaluate_masks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from stages.durable import write_bytes

Curve = tuple[str, Sequence[float], Sequence[float]]  # name, precision, recall

SIDE_PX = 600
MARGIN_PX = 60
TENTHS = 10
# Told apart by people who see few colours (Okabe and Ito), blue, green, red; then they come again.
COLOURS = ((178, 114, 0), (0, 94, 213), (115, 158, 0), (0, 159, 230), (167, 121, 204), (233, 180, 86))
_GREY, _BLACK, _WHITE = (215, 215, 215), (0, 0, 0), (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_curves(path: Path, curves: Sequence[Curve]) -> None:
    """Write the plot to ``path``, which must end with .png, at once. Raises WriteError."""
    side = SIDE_PX + 2 * MARGIN_PX
    canvas = np.full((side, side, 3), _WHITE, np.uint8)
    for tenth in range(TENTHS + 1):
        share = tenth / TENTHS
        cv2.line(canvas, _at(share, 0.0), _at(share, 1.0), _GREY)
        cv2.line(canvas, _at(0.0, share), _at(1.0, share), _GREY)
        right, down = _at(share, 0.0)
        cv2.putText(canvas, f"{share:.1f}", (right - 12, down + 20), _FONT, 0.4, _BLACK, 1, cv2.LINE_AA)
        right, down = _at(0.0, share)
        cv2.putText(canvas, f"{share:.1f}", (right - 35, down + 5), _FONT, 0.4, _BLACK, 1, cv2.LINE_AA)
    cv2.putText(canvas, "recall", (side // 2 - 25, side - 12), _FONT, 0.5, _BLACK, 1, cv2.LINE_AA)
    cv2.putText(canvas, "precision", (10, MARGIN_PX - 20), _FONT, 0.5, _BLACK, 1, cv2.LINE_AA)
    for number, (name, precision, recall) in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        line = np.array([_at(across, up) for across, up in zip(recall, precision, strict=True)], np.int32)
        cv2.polylines(canvas, [line], False, colour, 2, cv2.LINE_AA)
        left, down = _at(0.02, 0.02)
        cv2.putText(canvas, name, (left, down - 20 * number), _FONT, 0.5, colour, 1, cv2.LINE_AA)
    _, packed = cv2.imencode(".png", canvas)
    write_bytes(path, packed.tobytes())


def _at(recall: float, precision: float) -> tuple[int, int]:
    """Pixel right and down; precision grows upwards."""
    return MARGIN_PX + round(recall * SIDE_PX), MARGIN_PX + round((1.0 - precision) * SIDE_PX)

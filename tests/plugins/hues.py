"""Slides that differ in hue alone: red and green of the same luma, as H.264 has it by BT.709."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from media import Bgr, write_video

RED, GREEN = (30, 30, 200), (20, 84, 20)  # B, G, R; luma 66 both
WIDTH, HEIGHT = 640, 360


def chart(*bars: tuple[int, int, int]) -> Bgr:
    """A title, years, and five bars of these colours; of one, if only that is given."""
    image = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
    cv2.putText(image, "Profit by year", (30, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30, 30, 30), 2, cv2.LINE_AA)
    for column, height in enumerate((60, 150, 105, 190, 130)):
        left, colour = 75 + 100 * column, bars[column % len(bars)]
        cv2.rectangle(image, (left, 310 - height), (left + 60, 310), colour, -1)
        cv2.putText(image, str(2019 + column), (left + 5, 335), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (60, 60, 60), 1)
    return image


def remark(colour: tuple[int, int, int]) -> Bgr:
    """Black lines and one that is thin and of this colour."""
    image = np.full((HEIGHT, WIDTH, 3), 245, np.uint8)
    for row, words in enumerate(("What we found", "a line to be read", "another one of them")):
        cv2.putText(image, words, (30, 60 + 60 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 40), 2, cv2.LINE_AA)
    cv2.putText(image, "this is important", (60, 280), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, 1, cv2.LINE_AA)
    return image


def film(path: Path, shots: Sequence[tuple[Bgr, float]], *, noise: float = 0, **options: str) -> Path:
    """``shots``: pictures and for how many seconds each; with sensor noise of such a deviation. 10 frames/s, H.264."""
    rng = np.random.default_rng(1)
    pictures = [
        np.clip(np.rint(image + rng.normal(0, noise, image.shape)), 0, 255).astype(np.uint8) if noise else image
        for image, seconds in shots
        for _ in range(round(seconds * 10))
    ]
    return write_video(path, pictures, matrix="bt709", options={"preset": "veryfast", "g": "20", **options})

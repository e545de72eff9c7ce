"""What a camera, a screen and an encoder do to a picture: light, colours, blur, noise, blocks. For training alone.

Pictures are RGB, 8 bit, and stay so; the mask beside them does not change, since nothing here moves a pixel.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from segmenter_pairs import Picture

_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # BT.601


def lit(picture: Picture, rng: Generator) -> Picture:
    """In another light: gain, offset, gamma, a cast of colour, more colour or less."""
    values = picture.astype(np.float32) / 255.0
    values **= rng.uniform(0.7, 1.4)
    values *= rng.uniform(0.75, 1.25) * (1 + rng.normal(0, 0.05, 3).astype(np.float32))
    grey = (values @ _GREY)[..., None]
    colour = 0.0 if rng.random() < 0.04 else rng.uniform(0.5, 1.3)
    values = grey + (values - grey) * colour + rng.uniform(-0.08, 0.08)
    return np.asarray(np.clip(values * 255.0, 0, 255), np.uint8)


def filmed(picture: Picture, rng: Generator) -> Picture:
    """As a recording has it: often in another light, sometimes blurred, noisy, or with an encoder's blocks."""
    if rng.random() < 0.6:
        picture = lit(picture, rng)
    if rng.random() < 0.25:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.2)), np.uint8)
    if rng.random() < 0.35:
        noise = rng.normal(0, rng.uniform(1, 10), picture.shape[:2] if rng.random() < 0.5 else picture.shape)
        noise = noise[..., None] if noise.ndim == 2 else noise
        picture = np.asarray(np.clip(picture + noise, 0, 255), np.uint8)
    if rng.random() < 0.35:
        picture = _encoded(picture, int(rng.integers(30, 95)))
    return picture


def _encoded(picture: Picture, quality: int) -> Picture:
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]

"""Pictures of a lecture in which slides stand still, for tests of what need not be decoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from media import Bgr

SIZE = (320, 180)


def slide(number: int) -> Bgr:
    """Blocks in colours of its own, BGR (180, 320, 3): costly to code, and unlike any other slide."""
    blocks = np.random.default_rng(number).integers(0, 256, (SIZE[1] // 4, SIZE[0] // 4, 3), np.uint8)
    return blocks.repeat(4, axis=0).repeat(4, axis=1)


def show(parts: Sequence[tuple[int, float]], rate: int) -> list[Bgr]:
    """One picture per frame; ``parts``: which slide, and for how many seconds."""
    return [picture for number, seconds in parts for picture in [slide(number)] * round(seconds * rate)]


def noisy(pictures: Sequence[Bgr]) -> list[Bgr]:
    """The same as a camera would see them in a dark room."""
    rng = np.random.default_rng(7)
    noise = [rng.integers(-12, 13, pictures[0].shape, np.int16) for _ in range(8)]
    return [np.clip(picture + noise[index % 8], 0, 255).astype(np.uint8) for index, picture in enumerate(pictures)]

"""Drawn people with exact masks, as folders of pairs: what a network can learn in seconds, where there are no photos.

A person is a head of skin and shoulders in stripes before a blurred background of patches; nothing else in the pictures
or on slides has both. Pure NumPy and OpenCV.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

HEIGHT, WIDTH = 96, 80  # px

Bytes = npt.NDArray[np.uint8]


def drawn_person(seed: int) -> tuple[Bytes, Bytes]:
    """RGB (96, 80, 3) and the mask (96, 80), 0 or 255; the person is cut off by the lower edge."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(0, 256, (6, 5, 3)).astype(np.uint8)
    picture = np.asarray(cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)
    x, top = int(rng.integers(28, 52)), int(rng.integers(10, 24))
    wide, tall = int(rng.integers(9, 13)), int(rng.integers(12, 17))
    neck = top + 2 * tall - 3
    shoulders = np.array([(x - 8, neck), (x + 8, neck), (x + 24, neck + 12), (x + 27, HEIGHT), (x - 27, HEIGHT)])
    shoulders = np.vstack((shoulders, [(x - 24, neck + 12)])).astype(np.int32)
    body, head = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(body, [shoulders], 255)
    cv2.ellipse(head, (x, top + tall), (wide, tall), 0, 0, 360, 255, -1)
    dark, light = rng.integers(0, 90, 3), rng.integers(165, 256, 3)
    stripes = np.where((np.arange(HEIGHT) // 4 % 2 == 0)[:, None, None], dark, light).astype(np.uint8)
    picture = np.where(body[..., None] > 0, np.broadcast_to(stripes, picture.shape), picture)
    skin = np.array((224, 172, 140)) * rng.uniform(0.75, 1.1)
    picture = np.where(head[..., None] > 0, np.clip(skin, 0, 255).astype(np.uint8), picture)
    return np.ascontiguousarray(picture), np.maximum(body, head)


def write_pairs(folder: Path, splits: Mapping[str, int], seed: int = 0) -> None:
    """``folder`` with images/, masks/ and index.csv; ``splits``: how many pairs are in each."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    rows = ["id,split"]
    for split, many in splits.items():
        for _ in range(many):
            name = f"{len(rows):04d}"
            picture, mask = drawn_person(seed + len(rows))
            cv2.imwrite(str(folder / "images" / f"{name}.png"), picture[..., ::-1])
            cv2.imwrite(str(folder / "masks" / f"{name}.png"), mask)
            rows.append(f"{name},{split}")
    (folder / "index.csv").write_text("\n".join(rows) + "\n")

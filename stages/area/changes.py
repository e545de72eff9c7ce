"""Where consecutive pages of a camera differ, whatever its exposure did between them. Pure.

A slide's pixels differ again and again; somebody before it stands elsewhere each time. What is summed up over all pages
therefore lies in the slide, but for what people add to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.frame import Plane

Levels: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

LONG_EDGE_PX = 640
_GAINS = np.exp(np.linspace(-0.7, 0.7, 57))  # exposures from half to twice, in steps of 2.5 %
_EVERY_PX = 5
_NEAR = 6  # grey levels within which a pixel is explained by an exposure
_USUAL = 0.5  # natural logarithm of the gain, standard deviation: more is rather a slide that became dark
_LEAST = 10.0  # grey levels
_SIGMAS = 5.0
_QUIET = 0.3  # share of the picture that is never part of a slide: its noise is that of all
_QUIET_SIGMAS = 0.385  # |noise| that this share of a normal distribution stays below, in standard deviations
_LOUDEST = 8.0  # grey levels of noise, at most
_TURNED = 0.004  # share of the picture that differs in the least change of a slide
_ONCE = 2  # changes that somebody makes who comes and goes
_OFTEN = 0.5  # of all changes
_NEAR_PX = 10  # a line of text is hardly ever where another was
_WHOLE = 0.75  # share of the picture; more is a cut, or the light


@dataclass(frozen=True, slots=True)
class Changes:
    """``masks``: where each change was, bool (h, w). ``whole``: how many more were of nearly the whole picture, which
    tell of no area.
    """

    masks: tuple[Mask, ...]
    whole: int


def grey(picture: Plane) -> Plane:
    """A BGR picture, uint8 (h, w, 3), in grey."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def small(picture: Plane) -> Plane:
    """A BGR picture in grey, its long edge at LONG_EDGE_PX if it is longer."""
    full = grey(picture)
    height, width = full.shape
    scale = min(1.0, LONG_EDGE_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(full, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else full


def changes(pages: Sequence[Plane]) -> Changes:
    """Between each page and the next; ``pages``: grey uint8 (h, w), all of one size, in order of time."""
    masks = [changed(before, after) for before, after in zip(pages, pages[1:], strict=False)]
    shares = [float(mask.mean()) for mask in masks]
    part = tuple(mask for mask, share in zip(masks, shares, strict=True) if _TURNED <= share < _WHOLE)
    return Changes(part, sum(share >= _WHOLE for share in shares))


def support(masks: Sequence[Mask]) -> Levels:
    """In what share of the changes each pixel differs, where they come again and again: float32 (h, w), 0..1.

    Elsewhere it is 0: who stands at a place once comes and goes, and makes two changes there.
    """
    reach = np.ones((2 * _NEAR_PX + 1, 2 * _NEAR_PX + 1), np.uint8)
    times = np.sum([cv2.dilate(mask.astype(np.uint8), reach) for mask in masks], axis=0)
    often = times >= max(_ONCE + 1, _OFTEN * len(masks))
    return np.asarray(np.where(often, np.mean(np.stack(masks), axis=0), 0), np.float32)


def changed(before: Plane, after: Plane) -> Mask:
    """Where two pages differ by more than noise and exposure: bool (h, w)."""
    a = cv2.GaussianBlur(before, (3, 3), 0).astype(np.float32)
    b = cv2.GaussianBlur(after, (3, 3), 0).astype(np.float32)
    differing = np.abs(a - exposure(a, b) * b)
    noise = min(float(np.quantile(differing[::_EVERY_PX, ::_EVERY_PX], _QUIET)) / _QUIET_SIGMAS, _LOUDEST)
    mask = (differing > max(_LEAST, _SIGMAS * noise)).astype(np.uint8)
    return cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)).astype(np.bool_)


def exposure(before: Levels, after: Levels) -> float:
    """The gain by which most of ``after`` is ``before``; of two that are alike the one nearer to 1."""
    a, b = before[::_EVERY_PX, ::_EVERY_PX].ravel(), after[::_EVERY_PX, ::_EVERY_PX].ravel()
    lit = (a > 16) & (a < 240) & (b > 16) & (b < 240)
    if lit.mean() < 0.05:
        return 1.0
    apart = np.abs(a[lit][None, :] - _GAINS[:, None] * b[lit][None, :])
    explained = np.clip(1 - apart / _NEAR, 0, None).sum(axis=1)
    return float(_GAINS[int(np.argmax(explained * np.exp(-((np.log(_GAINS) / _USUAL) ** 2) / 2)))])

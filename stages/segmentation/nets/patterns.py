"""Pictures of noise for the nets to look at, where there are no real ones: to set them up, and to compare them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_CELLS_PX = (1, 4, 16, 64)  # in px, not in parts of the picture: what a net sees is alike at every size


def patterns(batch: int, channels: int, height: int, width: int, seed: int = 0) -> Tensor:
    """(batch, channels, height, width), float32, mean 0 and deviation 1; squares of several sizes, as in pictures.

    White noise would not do: deep levels see nothing of it, where a real picture shows them a lot.
    """
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(batch, channels, height, width)
    for cell in _CELLS_PX:
        rows, columns = -(-height // cell), -(-width // cell)
        grid = torch.randn(batch, channels, rows, columns, generator=generator)
        total += functional.interpolate(grid, scale_factor=float(cell))[..., :height, :width]
    of_deviation_one: Tensor = total / len(_CELLS_PX) ** 0.5
    return of_deviation_one

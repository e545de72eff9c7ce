"""Residual U-blocks (RSU), of which U2-Net and IS-Net consist (Qin et al. 2020, section 3.1 and figure 2).

Attribute names are those of the published checkpoints: they are the keys in the files and must stay. Sizes need not be
divisible by anything: what was halved is enlarged again to the size that it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


def enlarged(small: Tensor, size: Sequence[int]) -> Tensor:
    """``small`` (N, C, h, w) with bilinear interpolation at ``size`` (height, width); pixels are areas, not points."""
    return functional.interpolate(small, size=list(size), mode="bilinear", align_corners=False)


def halved(large: Tensor) -> Tensor:
    """The maxima of 2x2 pixels; an odd last row or column is kept, by itself."""
    return functional.max_pool2d(large, 2, stride=2, ceil_mode=True)


def joined(upper: Tensor, skipped: Tensor) -> Tensor:
    """Channels of both, ``upper`` first and brought to the size of ``skipped``."""
    if upper.shape[-2:] != skipped.shape[-2:]:
        upper = enlarged(upper, skipped.shape[-2:])
    return torch.cat((upper, skipped), dim=1)


class ConvNormRelu(nn.Module):
    """A 3x3 convolution that keeps the size, batch normalisation, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv_s1 = nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, h, w) -> (N, out, h, w)."""
        return functional.relu(self.bn_s1(self.conv_s1(x)))


class ResidualU(nn.Module):
    """RSU-L: a U-Net of ``len(dilations)`` levels around a residual connection.

    ``dilations`` names that of each encoding level; the deepest has no decoder of its own. Where ``pools``, each level
    but the last two is half the size of the one before; RSU-4F dilates instead.
    """

    def __init__(
        self, in_channels: int, inner: int, out_channels: int, dilations: Sequence[int], pools: bool = True
    ) -> None:
        super().__init__()
        depth = len(dilations)
        self.pools = pools
        self.rebnconvin = ConvNormRelu(in_channels, out_channels)
        for level, dilation in enumerate(dilations, 1):
            self.add_module(f"rebnconv{level}", ConvNormRelu(out_channels if level == 1 else inner, inner, dilation))
        for level in range(depth - 1, 0, -1):
            reached = out_channels if level == 1 else inner
            self.add_module(f"rebnconv{level}d", ConvNormRelu(2 * inner, reached, dilations[level - 1]))
        self._down = [f"rebnconv{level}" for level in range(1, depth + 1)]
        self._up = [f"rebnconv{level}d" for level in range(depth - 1, 0, -1)]

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, h, w) -> (N, out, h, w)."""
        entered = self.rebnconvin(x)
        levels = [self.get_submodule(self._down[0])(entered)]
        for name in self._down[1:]:
            deepest = name == self._down[-1]
            levels.append(self.get_submodule(name)(halved(levels[-1]) if self.pools and not deepest else levels[-1]))
        upper = levels.pop()
        for name in self._up:
            upper = self.get_submodule(name)(joined(upper, levels.pop()))
        summed: Tensor = upper + entered
        return summed


@dataclass(frozen=True, slots=True)
class Rsu:
    """One cell of the configuration table in the paper: ``kind`` is 7, 6, 5, 4 or "4F"; then I, M and O channels."""

    kind: int | str
    in_channels: int
    inner: int
    out_channels: int

    def built(self) -> ResidualU:
        """The block. Raises ValueError for a kind that there is not."""
        if self.kind == "4F":
            return ResidualU(self.in_channels, self.inner, self.out_channels, (1, 2, 4, 8), pools=False)
        if self.kind not in (4, 5, 6, 7):
            raise ValueError(f"RSU kind {self.kind!r}: there are 7, 6, 5, 4 and '4F'")
        dilations = (*(1,) * (int(self.kind) - 1), 2)
        return ResidualU(self.in_channels, self.inner, self.out_channels, dilations)

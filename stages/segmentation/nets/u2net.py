"""U2-Net and its small form U2-NetP (Qin et al. 2020, "U2-Net: Going Deeper with Nested U-Structure", table 1).

Input is an RGB picture, ImageNet-normalised; 320x320 px in the paper, any size here.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stages.segmentation.nets.blocks import Rsu
from stages.segmentation.nets.nested import LEVELS, NestedU

_FULL_DOWN = (
    Rsu(7, 3, 32, 64),
    Rsu(6, 64, 32, 128),
    Rsu(5, 128, 64, 256),
    Rsu(4, 256, 128, 512),
    Rsu("4F", 512, 256, 512),
    Rsu("4F", 512, 256, 512),
)
_FULL_UP = (
    Rsu("4F", 1024, 256, 512),
    Rsu(4, 1024, 128, 256),
    Rsu(5, 512, 64, 128),
    Rsu(6, 256, 32, 64),
    Rsu(7, 128, 16, 64),
)
_KINDS: tuple[int | str, ...] = (7, 6, 5, 4, "4F", "4F")
_SMALL_DOWN = tuple(Rsu(kind, 3 if level == 0 else 64, 16, 64) for level, kind in enumerate(_KINDS))
_SMALL_UP = tuple(Rsu(kind, 128, 16, 64) for kind in reversed(_KINDS[:-1]))


class _Fused(NestedU):
    """The side outputs, and their fusion by ``outconv``, which is the result."""

    def __init__(self, encoder: Sequence[Rsu], decoder: Sequence[Rsu]) -> None:
        super().__init__(encoder, decoder)
        self.outconv = nn.Conv2d(LEVELS, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, h, w) -> seven logits (N, 1, h, w): the fused mask, then side outputs 1 to 6, as in the paper."""
        sides = self.sides(self.features(x), x.shape[-2:])
        return (self.outconv(torch.cat(sides, dim=1)), *sides)


class U2Net(_Fused):
    """The full net, 44.0 million parameters."""

    def __init__(self) -> None:
        super().__init__(_FULL_DOWN, _FULL_UP)


class U2NetP(_Fused):
    """The small net, 1.13 million parameters."""

    def __init__(self) -> None:
        super().__init__(_SMALL_DOWN, _SMALL_UP)

"""A U of residual U-blocks, with a side output per level: what U2-Net, IS-Net and its ground-truth encoder share.

Six encoding stages, each half the size of the one before; none or five decoding ones; ``side1`` to ``side6`` turn the
last features of each level into a mask. Everything here gives logits: losses and sigmoid are up to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from stages.segmentation.nets.blocks import Rsu, enlarged, halved, joined

LEVELS = 6


class NestedU(nn.Module):
    """``encoder`` from the top down (stage1 ... stage6), ``decoder`` from the bottom up (stage5d ... stage1d) or empty.

    Raises ValueError if the channels of neighbours do not fit.
    """

    def __init__(self, encoder: Sequence[Rsu], decoder: Sequence[Rsu] = ()) -> None:
        super().__init__()
        if len(encoder) != LEVELS or len(decoder) not in (0, LEVELS - 1):
            raise ValueError(
                f"{len(encoder)} encoding and {len(decoder)} decoding stages: 6, and 5 or none, are needed"
            )
        for upper, lower in pairwise(encoder):
            if upper.out_channels != lower.in_channels:
                raise ValueError(f"{lower} cannot follow {upper}")
        self._down = [f"stage{level}" for level in range(1, LEVELS + 1)]
        self._up = [f"stage{level}d" for level in range(LEVELS - 1, LEVELS - 1 - len(decoder), -1)]
        for name, rsu in zip((*self._down, *self._up), (*encoder, *decoder), strict=True):
            self.add_module(name, rsu.built())
        last = [*reversed(decoder), encoder[-1]] if decoder else encoder
        for level, rsu in enumerate(last, 1):
            self.add_module(f"side{level}", nn.Conv2d(rsu.out_channels, 1, 3, padding=1))

    def features(self, x: Tensor) -> list[Tensor]:
        """The last features of each level, largest first: those of the decoder, where there is one, and of stage6."""
        encoded: list[Tensor] = []
        for name in self._down:
            encoded.append(self.get_submodule(name)(halved(encoded[-1]) if encoded else x))
        if not self._up:
            return encoded
        decoded = [encoded.pop()]
        for name in self._up:
            decoded.insert(0, self.get_submodule(name)(joined(decoded[0], encoded.pop())))
        return decoded

    def sides(self, features: Sequence[Tensor], size: Sequence[int]) -> list[Tensor]:
        """Logits of side1 to side6, each (N, 1, height, width) of ``size``."""
        masks = [self.get_submodule(f"side{level}")(found) for level, found in enumerate(features, 1)]
        return [mask if mask.shape[-2:] == tuple(size) else enlarged(mask, size) for mask in masks]

"""IS-Net and its ground-truth encoder (Qin et al. 2022, "Highly Accurate Dichotomous Image Segmentation", section 4).

Input is an RGB picture (x - 0.5) / 1.0, 1024x1024 px in the paper, any size here; a strided convolution halves
it first. The encoder is made of the same blocks: it learns to reproduce masks, then its features supervise the net's.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from stages.segmentation.nets.blocks import Rsu
from stages.segmentation.nets.nested import NestedU

_NET_DOWN = (
    Rsu(7, 64, 32, 64),
    Rsu(6, 64, 32, 128),
    Rsu(5, 128, 64, 256),
    Rsu(4, 256, 128, 512),
    Rsu("4F", 512, 256, 512),
    Rsu("4F", 512, 256, 512),
)
_NET_UP = (
    Rsu("4F", 1024, 256, 512),
    Rsu(4, 1024, 128, 256),
    Rsu(5, 512, 64, 128),
    Rsu(6, 256, 32, 64),
    Rsu(7, 128, 16, 64),
)
_TRUTH_DOWN = (
    Rsu(7, 16, 16, 64),
    Rsu(6, 64, 16, 64),
    Rsu(5, 64, 32, 128),
    Rsu(4, 128, 32, 256),
    Rsu("4F", 256, 64, 512),
    Rsu("4F", 512, 64, 512),
)


class Supervised(NamedTuple):
    """Six ``masks``, logits (N, 1, h, w), and the six ``features`` they come from, (N, C, h / 2, w / 2) downwards.

    Net and ground-truth encoder have features of the same shapes, level by level.
    """

    masks: tuple[Tensor, ...]
    features: tuple[Tensor, ...]


class IsNet(NestedU):
    """The net, 44.0 million parameters. Its result is the first mask: side outputs are not fused."""

    def __init__(self) -> None:
        super().__init__(_NET_DOWN, _NET_UP)
        self.conv_in = nn.Conv2d(3, 64, 3, stride=2, padding=1)

    def supervised(self, x: Tensor) -> Supervised:
        """(N, 3, h, w) -> the masks, largest level first, and the features that training compares."""
        features = self.features(self.conv_in(x))
        return Supervised(tuple(self.sides(features, x.shape[-2:])), tuple(features))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, h, w) -> the six masks of ``supervised``."""
        return self.supervised(x).masks


class _InputBlock(nn.Module):
    """Strided 3x3 convolution, batch normalisation, ReLU; the encoder's names differ from those inside the blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, stride=2, padding=1)
        self.bn = nn.BatchNorm2d(16)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, h, w) -> (N, 16, h / 2, w / 2), rounded up."""
        return functional.relu(self.bn(self.conv(x)))


class IsNetTruthEncoder(NestedU):
    """The ground-truth encoder: masks (N, 1, h, w) of 0 and 1 in, the same six masks and features out; no decoder."""

    def __init__(self) -> None:
        super().__init__(_TRUTH_DOWN)
        self.conv_in = _InputBlock()

    def supervised(self, x: Tensor) -> Supervised:
        """(N, 1, h, w) -> the masks it makes of its own input, and the features that the net's are compared with."""
        features = self.features(self.conv_in(x))
        return Supervised(tuple(self.sides(features, x.shape[-2:])), tuple(features))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 1, h, w) -> the six masks of ``supervised``."""
        return self.supervised(x).masks

"""U2-Net and IS-Net with a few channels: the same blocks, outputs and weights' names, a hundredth of the work.

For tests of what is done with nets, not of what nets can do. Needs torch.
"""

from __future__ import annotations

import pytest
from torch import nn

from stages.segmentation.nets.blocks import Rsu
from stages.segmentation.nets.checkpoints import NETS, Net
from stages.segmentation.nets.isnet import IsNet, IsNetTruthEncoder
from stages.segmentation.nets.nested import LEVELS, NestedU
from stages.segmentation.nets.u2net import U2NetP

_KINDS: tuple[int | str, ...] = (7, 6, 5, 4, "4F", "4F")
_WIDE, _INNER = 8, 4


class NarrowU2NetP(U2NetP):
    """Seven masks, the first of them fused."""

    def __init__(self) -> None:
        down, up = _levels(3)
        NestedU.__init__(self, down, up)
        self.outconv = nn.Conv2d(LEVELS, 1, 1)


class NarrowIsNet(IsNet):
    """Six masks, and the features that they come from."""

    def __init__(self) -> None:
        down, up = _levels(_WIDE)
        NestedU.__init__(self, down, up)
        self.conv_in = nn.Conv2d(3, _WIDE, 3, stride=2, padding=1)


class NarrowTruthEncoder(IsNetTruthEncoder):
    """Features of the same shapes."""

    def __init__(self) -> None:
        NestedU.__init__(self, _levels(_WIDE)[0])
        entered = nn.Sequential(nn.Conv2d(1, _WIDE, 3, stride=2, padding=1), nn.BatchNorm2d(_WIDE), nn.ReLU())
        self.add_module("conv_in", entered)


def put_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for a net by name gets a narrow one."""
    narrow = {
        "u2netp": Net(NarrowU2NetP, 320),
        "isnet": Net(NarrowIsNet, 1024),
        "isnet-gt-encoder": Net(NarrowTruthEncoder, 1024, channels=1),
    }
    for name, net in narrow.items():
        monkeypatch.setitem(NETS, name, net)


def _levels(entering: int) -> tuple[tuple[Rsu, ...], tuple[Rsu, ...]]:
    down = tuple(Rsu(kind, entering if level == 0 else _WIDE, _INNER, _WIDE) for level, kind in enumerate(_KINDS))
    return down, tuple(Rsu(kind, 2 * _WIDE, _INNER, _WIDE) for kind in reversed(_KINDS[:-1]))

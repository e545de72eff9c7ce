"""The losses of the papers, on logits. U2-Net: Qin et al. 2020, equation 1; IS-Net: Qin et al. 2022, equations 5 to 8.

All weights are 1, as published.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional


def mask_loss(masks: Sequence[Tensor], truth: Tensor) -> Tensor:
    """The sum of the mean binary cross-entropies of ``masks``, logits (N, 1, h, w), each against ``truth`` (0 to 1)."""
    each = [functional.binary_cross_entropy_with_logits(mask.float(), truth) for mask in masks]
    return torch.stack(each).sum()


def feature_loss(features: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """The sum over the levels of the mean squared difference to the ground-truth encoder's features.

    Raises ValueError if the levels are not as many, or not of the same shapes.
    """
    shapes = [tuple(each.shape) for each in features], [tuple(each.shape) for each in wanted]
    if shapes[0] != shapes[1]:
        raise ValueError(f"features of shapes {shapes[0]} cannot be compared with {shapes[1]}")
    each = [functional.mse_loss(ours.float(), theirs.float()) for ours, theirs in zip(features, wanted, strict=True)]
    return torch.stack(each).sum()

"""Scenes as tensors, batch by batch. Each sample has random numbers of its own, by seed, epoch and position.

So a run that goes on after a halt sees what it would have seen, whatever the number of threads that compose. Threads
suffice: NumPy and OpenCV let others run while they work, and pictures need not be copied to other processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from segmenter_pairs import Picture, Plane
from segmenter_recipes import ENCODER, Plan
from segmenter_scenes import Scenes
from segmenter_together import ALONE, Together
from torch import Tensor

from stages.segmentation.models import IMAGENET_MEAN, IMAGENET_STD

ISNET_NORM = (0.5, 0.5, 0.5), (1.0, 1.0, 1.0)  # mean and deviation
_AHEAD = 2  # batches that are composed while one is trained on


@dataclass(frozen=True, slots=True)
class Batch:
    """``inputs``: what the net sees, (N, channels, h, w); ``truth``: the masks (N, 1, h, w), 0 to 1."""

    inputs: Tensor
    truth: Tensor


def picture_tensor(picture: Picture, net: str) -> Tensor:
    """(height, width, 3) of bytes -> (3, height, width), normalised as the stage does it for ``net``."""
    mean, std = ISNET_NORM if net == "isnet" else (IMAGENET_MEAN, IMAGENET_STD)
    values = (picture.astype(np.float32) / 255.0 - np.array(mean, np.float32)) / np.array(std, np.float32)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))


def mask_tensor(mask: Plane) -> Tensor:
    """(height, width) of bytes -> (1, height, width) from 0 to 1."""
    return torch.from_numpy(mask.astype(np.float32) / 255.0)[None]


def seen_by(net: str, picture: Picture, mask: Plane) -> Tensor:
    """What ``net`` is given of the two: the picture; the mask, if it is the ground-truth encoder."""
    return mask_tensor(mask) if net == ENCODER else picture_tensor(picture, net)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples of one epoch, for one of the processes: every pair comes once before any comes again."""

    scenes: Scenes
    plan: Plan
    epoch: int
    together: Together = ALONE

    def __len__(self) -> int:
        """Full batches; what is left over is too little for the statistics of batch normalisation."""
        return self.plan.samples // self.together.count // self.plan.recipe.batch

    def batch(self, number: int) -> Batch:
        """The batch of that number. The same number gives the same batch."""
        size = self.plan.recipe.batch
        inputs, masks = zip(*(self._sample(number * size + each) for each in range(size)), strict=True)
        return Batch(torch.stack(inputs), torch.stack(masks))

    def __iter__(self) -> Iterator[Batch]:
        """All batches in their order."""
        if not self.plan.workers:
            yield from (self.batch(number) for number in range(len(self)))
            return
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(self.plan.workers) as pool:
            for number in range(len(self)):
                waiting.append(pool.submit(self.batch, number))
                if len(waiting) > self.plan.workers + _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _sample(self, number: int) -> tuple[Tensor, Tensor]:
        position = number * self.together.count + self.together.rank
        count, seed, recipe = len(self.scenes.pairs), self.plan.seed, self.plan.recipe
        # Positions run on over epochs: one that is shorter than the set must not leave out the same pairs every time.
        lap, place = divmod(self.epoch * self.plan.samples + position, count)
        index = int(np.random.default_rng((seed, 1, lap)).permutation(count)[place])
        rng = np.random.default_rng((seed, 2, self.epoch, position))
        scene = self.scenes.sample(index, recipe.size, recipe.crop, rng)
        return seen_by(self.plan.net, scene.picture, scene.mask), mask_tensor(scene.mask)

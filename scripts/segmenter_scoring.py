"""How good a net is on pairs and on composed scenes that it was not trained on; and a picture of what it predicts.

IoU at probability 0.5, of masks at the size of the truth, as scripts/evaluate_masks measures it: the mean over the
pictures with somebody in them. What is found where nobody is has a figure of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from segmenter_batches import seen_by
from segmenter_pairs import Pair, Picture, Plane
from segmenter_recipes import Plan
from segmenter_scenes import KINDS, Scene, Scenes, resized
from torch import nn

THRESHOLD = 0.5
_TRUE_ABOVE = 127
_CELL_PX = 160
_EACH = 4  # examples per kind in the grid; even, since they stand in two columns

Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Score:
    """``plain``, ``facecam``, ``standing``: mean IoU; None where there was nothing to measure.

    ``empty``: the share that is marked of the scenes without anybody.
    """

    plain: float | None
    facecam: float | None
    standing: float | None
    empty: float | None

    @property
    def total(self) -> float:
        """What the best epoch is chosen by: plain and composed pictures count alike, false masks against them."""
        composed = [each for each in (self.facecam, self.standing) if each is not None]
        halves = [each for each in (self.plain, _mean(composed)) if each is not None]
        return (_mean(halves) or 0.0) * (1 - (self.empty or 0.0))


def held_out(scenes: Scenes, plan: Plan) -> list[Scene]:
    """As many composed scenes as ``plan`` wants, of each kind but plain in turn; always the same ones for a seed."""
    side, made = plan.measured_px, []
    for number in range(plan.checks):
        rng = np.random.default_rng((plan.seed, 3, number))
        index = int(rng.integers(len(scenes.pairs)))
        made.append(scenes.of_kind(KINDS[1 + number % (len(KINDS) - 1)], index, side, side, rng))
    return made


def iou(probabilities: Probabilities, truth: Plane) -> float | None:
    """Of what is above 0.5 and what is true; None if nobody is there. Both of the same shape."""
    true = truth > _TRUE_ABOVE
    if not true.any():
        return None
    found = probabilities > THRESHOLD
    return float((found & true).sum() / (found | true).sum())


def predicted(net: nn.Module, examples: Sequence[tuple[Picture, Plane]], plan: Plan) -> Iterator[Probabilities]:
    """The probabilities for each example, at the size it has. Leaves ``net`` in evaluation mode."""
    net.eval()
    side, many = plan.measured_px, plan.recipe.batch
    for start in range(0, len(examples), many):
        some = examples[start : start + many]
        small = [(resized(picture, side, side), resized(mask, side, side)) for picture, mask in some]
        inputs = torch.stack([seen_by(plan.net, picture, mask) for picture, mask in small])
        with torch.inference_mode():
            masks = net(inputs.to(plan.device, memory_format=torch.channels_last))
            found = torch.sigmoid(masks[0].float())[:, 0].cpu().numpy()
        for (picture, _), mask in zip(some, found, strict=True):
            yield np.asarray(cv2.resize(mask, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def scored(net: nn.Module, pairs: Sequence[Pair], scenes: Sequence[Scene], plan: Plan) -> Score:
    """Measure ``net``."""
    reached: dict[str, list[float]] = {kind: [] for kind in KINDS}
    examples = [Scene("plain", pair.picture, pair.mask) for pair in pairs] + list(scenes)
    given = [(example.picture, example.mask) for example in examples]
    for example, found in zip(examples, predicted(net, given, plan), strict=True):
        here = iou(found, example.mask)
        if here is not None:
            reached[example.kind].append(here)
        else:  # no pair without anybody, but people may have been placed out of sight
            reached["empty"].append(float((found > THRESHOLD).mean()))
    return Score(*(_mean(reached[kind]) for kind in KINDS))


def grid(net: nn.Module, pairs: Sequence[Pair], scenes: Sequence[Scene], plan: Plan) -> Picture:
    """Two columns of examples: picture, truth, prediction, and the picture with what was found in it left bright."""
    step = max(1, len(pairs) // _EACH)
    examples = [(pair.picture, pair.mask) for pair in pairs[::step]][:_EACH]
    for kind in KINDS[1:]:
        examples += [(scene.picture, scene.mask) for scene in scenes if scene.kind == kind][:_EACH]
    cells = []
    for (picture, mask), found in zip(examples, predicted(net, examples, plan), strict=True):
        cell = resized(picture, _CELL_PX, _CELL_PX)
        share = np.asarray(cv2.resize(found, (_CELL_PX, _CELL_PX), interpolation=cv2.INTER_LINEAR))[..., None]
        grey = np.repeat(np.asarray(share * 255, np.uint8), 3, axis=2)
        truth = np.repeat(resized(mask, _CELL_PX, _CELL_PX)[..., None], 3, axis=2)
        cells.append(np.hstack((cell, truth, grey, np.asarray(cell * (0.25 + 0.75 * share), np.uint8))))
    if len(cells) % 2:
        cells.append(np.zeros_like(cells[0]))
    return np.hstack((np.vstack(cells[::2]), np.vstack(cells[1::2])))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None

"""How good masks are, by the measures of the papers: pysodmetrics' own, relaxed boundary F, IoU. For evaluate_masks.

Probabilities are taken as they are. The library's default stretches each mask to the full range, which makes a full
mask of the noise in a picture without anybody; that is switched off.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
import py_sod_metrics

Truth = npt.NDArray[np.bool_]
Mask = npt.NDArray[np.float64]

BETA_SQUARED = 0.3
ALPHA = 0.5
SLACK_PX = 3  # of the relaxed boundary F, as in the U2-Net paper


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one set of masks, all from 0 to 1; ``mae`` is better when lower, the others when higher.

    ``max_f``, ``weighted_f``, ``boundary_f`` and ``iou`` are means over the pictures with a person in them: with nobody
    to be found they say nothing. ``s``, ``e`` and ``mae`` are over all. ``precision`` and ``recall`` have an entry per
    threshold, of 256 from high to low. ``hce``: human correction effort, mean number of clicks; None if not asked for.
    """

    pictures: int
    empty: int
    max_f: float
    weighted_f: float
    s: float
    e: float
    mae: float
    boundary_f: float
    iou: float
    precision: list[float]
    recall: list[float]
    hce: float | None = None


@dataclass(slots=True)
class Scoring:
    """Takes pairs one by one. ``threshold``: what is above it counts as a person in boundary F and IoU.

    ``with_hce``: human correction effort too (Qin et al. 2022), which costs far more than all the others.
    """

    threshold: float = 0.5
    with_hce: bool = False
    pictures: int = 0
    _boundary: list[float] = field(default_factory=list)
    _iou: list[float] = field(default_factory=list)
    _f: py_sod_metrics.FmeasureV2 = field(init=False)
    _weighted: py_sod_metrics.WeightedFmeasure = field(init=False)
    _s: py_sod_metrics.Smeasure = field(init=False)
    _e: py_sod_metrics.Emeasure = field(init=False)
    _mae: py_sod_metrics.MAE = field(init=False)
    _hce: py_sod_metrics.HumanCorrectionEffortMeasure = field(init=False)

    def __post_init__(self) -> None:
        curves = {"with_dynamic": True, "with_adaptive": False}
        self._f = py_sod_metrics.FmeasureV2(
            {
                "f": py_sod_metrics.FmeasureHandler(**curves, beta=BETA_SQUARED),
                "precision": py_sod_metrics.PrecisionHandler(**curves),
                "recall": py_sod_metrics.RecallHandler(**curves),
            }
        )
        self._weighted = py_sod_metrics.WeightedFmeasure()
        self._s = py_sod_metrics.Smeasure(alpha=ALPHA)
        self._e = py_sod_metrics.Emeasure()
        self._mae = py_sod_metrics.MAE()
        self._hce = py_sod_metrics.HumanCorrectionEffortMeasure()

    def add(self, mask: Mask, truth: Truth) -> None:
        """One picture: probabilities and what is true, of the same shape. Raises ValueError if they are not."""
        self.pictures += 1
        for measure in (self._s, self._e, self._mae):
            measure.step(mask, truth, normalize=False)
        if not truth.any():
            return
        for measure in (self._f, self._weighted):
            measure.step(mask, truth, normalize=False)
        if self.with_hce:
            self._hce.step(mask, truth, normalize=False)
        found = mask > self.threshold
        self._iou.append(float((found & truth).sum() / (found | truth).sum()))
        self._boundary.append(relaxed_boundary_f(found, truth))

    def scores(self) -> Scores:
        """The means over all pictures so far. Raises ValueError if none of them has anybody in it."""
        if not self._iou:
            raise ValueError(f"none of {self.pictures} true masks has anything in it; nothing can be measured")
        curves = self._f.get_results()
        return Scores(
            pictures=self.pictures,
            empty=self.pictures - len(self._iou),
            max_f=float(curves["f"]["dynamic"].max()),
            weighted_f=float(self._weighted.get_results()["wfm"]),
            s=float(self._s.get_results()["sm"]),
            e=float(self._e.get_results()["em"]["curve"].mean()),
            mae=float(self._mae.get_results()["mae"]),
            boundary_f=float(np.mean(self._boundary)),
            iou=float(np.mean(self._iou)),
            precision=[float(each) for each in curves["precision"]["dynamic"]],
            recall=[float(each) for each in curves["recall"]["dynamic"]],
            hce=float(self._hce.get_results()["hce"]) if self.with_hce else None,
        )


def relaxed_boundary_f(found: Truth, truth: Truth, slack_px: int = SLACK_PX) -> float:
    """F (beta squared 0.3) of the outlines, each a pixel wide; what is within ``slack_px`` of the other is right.

    As in Qin et al. 2020. 0 if nothing was found; ``truth`` must not be empty.
    """
    ours, theirs = _outline(found), _outline(truth)
    if not ours.any():
        return 0.0
    precision = float((_distance(theirs)[ours] <= slack_px).mean())
    recall = float((_distance(ours)[theirs] <= slack_px).mean())
    if precision + recall == 0.0:
        return 0.0
    return (1 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)


def _outline(mask: Truth) -> Truth:
    """Pixels of the mask beside one that is not of it; the picture's edge is no outline."""
    plane = mask.astype(np.uint8)
    inside = np.asarray(cv2.erode(plane, np.ones((3, 3), np.uint8))) != 0
    outline: Truth = mask & ~inside
    return outline


def _distance(outline: Truth) -> npt.NDArray[np.float32]:
    """Of each pixel to the nearest of the outline, in px; everything is far if there is none."""
    if not outline.any():
        return np.full(outline.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~outline).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE))

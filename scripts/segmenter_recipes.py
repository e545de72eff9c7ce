"""How each net is trained, as published, and what a run may do otherwise. No torch: --help shows these figures.

U2-Net: Qin et al. 2020, section 4; the horizontal flip is part of its training set, which has every picture twice.
IS-Net: Qin et al. 2022, section 5, and the code published with it; its pictures are flipped, not cropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENCODER = "isnet-gt-encoder"
MIX = (45.0, 22.0, 23.0, 10.0)  # plain, facecam, standing, empty
SCHEDULES = ("constant", "cosine")
PRECISIONS = ("fp32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class Recipe:
    """``size`` and ``crop``: sides in px. ``rate``: of Adam, with betas 0.9 and 0.999.

    ``horizontal``, ``vertical``: how likely plain pictures are flipped.
    """

    size: int
    crop: int
    batch: int
    rate: float
    horizontal: float
    vertical: float


_U2NET = Recipe(320, 288, 12, 1e-3, 0.5, 0.5)
_ISNET = Recipe(1024, 1024, 8, 1e-3, 0.5, 0.0)
RECIPES: Mapping[str, Recipe] = {"u2net": _U2NET, "u2netp": _U2NET, "isnet": _ISNET}


@dataclass(frozen=True, slots=True)
class Plan:
    """One run. ``recipe``: with all that the command line changed. ``samples``: in an epoch.

    ``schedule``: of the rate, over all ``epochs``. ``average``: the share of the old weights that a step leaves in the
    running average, which is then what is measured and kept; 0 is none, as published. ``encoder``: the weights of
    IS-Net's ground-truth encoder. ``checks``: how many composed scenes are measured. ``valid_px``: the side of what is
    measured; 0 is that of training. ``workers``: threads that compose; 0 is the one that trains.
    """

    net: str
    recipe: Recipe
    out: Path
    epochs: int
    samples: int
    seed: int = 0
    schedule: str = "constant"
    average: float = 0.0
    precision: str = "fp32"
    device: str = "cpu"
    mix: Sequence[float] = MIX
    encoder: Path | None = None
    checks: int = 96
    valid_px: int = 0
    workers: int = 0

    @property
    def measured_px(self) -> int:
        """Side of what is predicted in validation."""
        return self.valid_px or self.recipe.size

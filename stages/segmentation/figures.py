"""What the stage tells of itself in numbers: how many masks, how long they take, how old they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.frame import SECOND_NS
from stages.segmentation.session import WarmUp


@dataclass(slots=True)
class Figures:
    """``made``: for each mask that a network made; ``saw``: for each that counts, also where nothing moved since the
    one before; ``passed``: for each frame. Names end as Prometheus wants them, times are in s.
    """

    masks: int = 0
    reused: int = 0  # masks that were those before them, as nothing moved
    seen: int = 0
    with_presenter: int = 0
    lost: int = 0  # pictures that were overwritten before they were looked at
    skipped: int = 0  # pictures that gave way to a newer one
    failed: int = 0  # pictures of which a service elsewhere made no mask
    _took_ns: int = 0
    _age_ns: int = 0
    _oldest_ns: int = 0
    _latest: tuple[int, int] = (0, 0)  # masks and their time since they were told last

    def saw(self, there: bool) -> None:
        """Whether somebody is in front of the slide, as of a mask."""
        self.seen += 1
        self.with_presenter += there

    def made(self, took_ns: int) -> None:
        """How long a mask took."""
        self.masks += 1
        count, sum_ns = self._latest
        self._latest = (count + 1, sum_ns + took_ns)

    def passed(self, age_ns: int) -> None:
        """A frame went on with what was known ``age_ns`` before it."""
        self._age_ns = age_ns
        self._oldest_ns = max(self._oldest_ns, age_ns)

    def told(self, device: str, fell_back: bool, warm_up: WarmUp) -> dict[str, int | float]:
        """All of them, for a ``figures`` message; the oldest age and the time per mask are since the last time."""
        count, sum_ns = self._latest
        if count:
            self._took_ns = sum_ns // count
        figures = {
            "masks_total": self.masks,
            "masks_reused_total": self.reused,
            "mask_pictures_lost_total": self.lost,
            "mask_pictures_skipped_total": self.skipped,
            "mask_pictures_failed_total": self.failed,
            "mask_seconds": self._took_ns / SECOND_NS,
            "mask_age_seconds": self._age_ns / SECOND_NS,
            "mask_age_seconds_max": self._oldest_ns / SECOND_NS,
            "presenter_share": self.with_presenter / self.seen if self.seen else 0.0,
            "masks_on_gpu": int(device.endswith(("cuda", "tensorrt"))),
            "masks_fell_back": int(fell_back),
            "first_mask_seconds": warm_up.first_ns / SECOND_NS,
            "warm_mask_seconds": warm_up.next_ns / SECOND_NS,
        }
        self._latest, self._oldest_ns = (0, 0), self._age_ns
        return figures

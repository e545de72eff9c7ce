"""How right a set of slides is: matched by time against hand-made truth. Pure; read by the benchmarks as well.

A page's time is the time of its picture. It hits a slide when that lies within the time in which the slide's final
state is on screen, give or take half a second (strict), or in which it is at least partly there (lenient).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stages.tuning.truth import Truth

SLACK_S = 0.5


@dataclass(frozen=True, slots=True)
class Score:
    """``pages`` that count, slides ``found`` of those ``wanted``, and ``duplicates``: further hits on a slide."""

    pages: int
    found: int
    wanted: int
    duplicates: int

    @property
    def precision(self) -> float:
        return self.found / self.pages if self.pages else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.wanted if self.wanted else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both. Where there are no slides, one page is tolerated and more are not."""
        if self.wanted == 0:
            return 1.0 if self.pages <= 1 else 0.0
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(truth: Truth, times: Sequence[float], strict: bool = True) -> Score:
    """Match the times of the pages, in seconds, against the truth."""
    hits = [0] * len(truth.slides)
    pages = 0
    for time in times:
        hit = _hit(truth, time, strict)
        if hit is None:
            pages += not any(start <= time <= end for start, end in truth.ignore)
            continue
        hits[hit] += 1
        slide = truth.slides[hit]
        if not slide.optional and (hits[hit] == 1 or hits[hit] > slide.tolerated):
            pages += 1
    scored = list(zip(truth.slides, hits, strict=True))
    return Score(
        pages,
        sum(count > 0 and not slide.optional for slide, count in scored),
        sum(not slide.optional for slide in truth.slides),
        sum(max(0, count - slide.tolerated) for slide, count in scored if not slide.optional),
    )


def _hit(truth: Truth, time: float, strict: bool) -> int | None:
    for number, slide in enumerate(truth.slides):
        start = slide.start if strict else min(slide.start, slide.partial_from)
        if start - SLACK_S <= time <= slide.end + SLACK_S:
            return number
    return None

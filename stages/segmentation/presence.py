"""Whether somebody is in the picture: enough area, probable enough, seen more than once. Pure; time comes as a value.

Stands behind ``masks``. It changes no mask: it lets one through or says that nobody is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.frame import SECOND_NS, Plane
from stages.segmentation.masks import Probabilities, area, mean_probability, overlap
from stages.segmentation.slide_shape import SlideShape

Role = Literal["presenter", "any"]


@dataclass(frozen=True, slots=True)
class Terms:
    """When a mask counts. ``role`` presenter: not if it is the slide; any: whatever the network marks.

    ``min_area``: share of the picture; somebody in a window of a tenth of its width and height fills half of that,
    0.005. ``min_probability``: mean over the mask. ``masks``: that many in a row must qualify before somebody is there,
    and fail before nobody is. ``min_overlap``: of one with the next while they are counted; noise is elsewhere each
    time. ``memory_ns``: masks further apart than this say nothing about each other.
    """

    role: Role = "presenter"
    min_area: float = 0.003
    min_probability: float = 0.65
    masks: int = 2
    min_overlap: float = 0.1
    memory_ns: int = 3 * SECOND_NS


@dataclass(slots=True)
class Presence:
    """Follows the masks of one stream. ``see`` each in order of time; ``forget`` after a break in the stream."""

    terms: Terms = field(default_factory=Terms)
    _shape: SlideShape = field(default_factory=SlideShape, init=False)
    _kept: Plane | None = field(default=None, init=False)  # the newest that qualified
    _hits: int = field(default=0, init=False)
    _misses: int = field(default=0, init=False)
    _seen_ns: int | None = field(default=None, init=False)
    _there: bool = field(default=False, init=False)

    @property
    def there(self) -> bool:
        """Whether somebody is, as of the newest mask."""
        return self._there

    def see(self, mask: Plane, probabilities: Probabilities, pts_ns: int, stir: float = 0.0) -> Plane | None:
        """The mask of who is there at ``pts_ns``, or None for nobody. Both arrays are (height, width), and kept.

        ``stir``: share of what is under the mask that moved since the one before, 0 to 1.

        While somebody is there, a mask that does not qualify is replaced by the newest that did.
        """
        if self._seen_ns is not None and not 0 <= pts_ns - self._seen_ns <= self.terms.memory_ns:
            self.forget()
        self._seen_ns = pts_ns
        if self._qualifies(mask, probabilities, stir):
            self._count(mask)
        else:
            self._misses += 1
            if self._misses >= self.terms.masks or not self._there:
                self._there, self._hits, self._kept = False, 0, None
        return self._kept if self._there else None

    def shift(self, by_ns: int) -> None:
        """Time is counted differently from here on: the same instant is so much later in it."""
        if self._seen_ns is not None:
            self._seen_ns += by_ns

    def forget(self) -> None:
        """The stream was interrupted, or shows something else: nobody is there until seen again."""
        self._shape.forget()
        self._kept, self._seen_ns = None, None
        self._hits = self._misses = 0
        self._there = False

    def _qualifies(self, mask: Plane, probabilities: Probabilities, stir: float) -> bool:
        terms = self.terms
        is_slide = terms.role == "presenter" and self._shape.is_slide(mask, stir)  # asked of each: it compares them
        return (
            not is_slide
            and area(mask) >= terms.min_area
            and mean_probability(probabilities, mask) >= terms.min_probability
        )

    def _count(self, mask: Plane) -> None:
        kept = self._kept
        follows = kept is not None and kept.shape == mask.shape and overlap(kept, mask) >= self.terms.min_overlap
        self._hits = self._hits + 1 if follows or self._there else 1
        self._misses = 0
        self._kept = mask
        self._there = self._there or self._hits >= self.terms.masks

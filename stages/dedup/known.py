"""Every slide of a lecture so far, by its fingerprint; finds the one that a picture shows again. Pure.

Of two pictures in one of which something is hidden, the hashes that count are those they would have if each showed
there what the other does. Their own say little then, so every slide is a candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from stages.dedup.fingerprint import Fingerprint

if TYPE_CHECKING:
    from imagehash import ImageHash

    from pipeline.frame import Plane
    from stages.dedup.content import Content, Likeness, Look, Rules

Load: TypeAlias = Callable[[], Fingerprint | None]
Hashes: TypeAlias = "Callable[[Plane], tuple[ImageHash, ImageHash | None]]"

_LOADS = 100  # slides loaded for one picture; of 1080p that takes about three seconds
_ALONE = 12  # a hash that nothing can confirm must be equal but for one bit in so many


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest known slide by the first hash, and whether it counts as the same. Distances in bits; None: that was
    not compared.
    """

    slide: int
    distance: int
    confirm_distance: int | None
    likeness: Likeness | None
    same: bool


class KnownSlides:
    """``rules`` are for the content: None leaves it out. ``hashes``: how hashes are made; needed where pictures come in
    which something is hidden.
    """

    def __init__(
        self, distance: int, confirm_distance: int, rules: Rules | None = None, hashes: Hashes | None = None
    ) -> None:
        self._distance = distance
        self._confirm_distance = confirm_distance
        self._rules = rules
        self._hashes = hashes
        self._known: dict[int, Fingerprint] = {}
        self._loads: dict[int, Load] = {}
        self._bare: set[int] = set()  # whose pictures are not to be had

    def add(self, slide: int, fingerprint: Fingerprint) -> None:
        """Remember a slide, or its new state."""
        self._known[slide] = fingerprint
        self._loads.pop(slide, None)
        self._bare.discard(slide)

    def recall(self, slide: int, first: ImageHash | None, load: Load) -> None:
        """Remember a slide of which only the first hash is at hand, or not even that: ``load`` gets the rest when it
        is needed, or None if that cannot be had.
        """
        if first is not None:
            self._known[slide] = Fingerprint(first, None, None)
        self._loads[slide] = load

    def load_one(self) -> bool:
        """Load the newest slide that is not loaded yet; False if all are."""
        if self._loads:
            self._load(max(self._loads))
        return bool(self._loads)

    def content(self, slide: int) -> Content | None:
        """What is on a known slide."""
        known = self.get(slide)
        return known.content if known is not None else None

    def get(self, slide: int) -> Fingerprint | None:
        """What is known of a slide; None if that cannot be had."""
        self._load(slide)
        return self._known.get(slide)

    def distance(self, slide: int, fingerprint: Fingerprint) -> int | None:
        """Bits of the first hash by which a picture differs from a known slide."""
        known = self._known.get(slide)
        if known is None:
            return None
        return (
            self._apart(known, fingerprint)[0]
            if self._veiled(known, fingerprint)
            else int(known.first - fingerprint.first)
        )

    def near(self, slide: int, fingerprint: Fingerprint) -> bool:
        """Whether the first hash takes a picture for a known slide."""
        distance = self.distance(slide, fingerprint)
        return distance is not None and distance <= self._distance

    def find(self, fingerprint: Fingerprint) -> Match | None:
        """The best match: the nearest slide that counts as the same, else the nearest of all; None if none is known."""
        for slide in [slide for slide in self._loads if slide not in self._known][:_LOADS]:
            self._load(slide)
        nearest: Match | None = None
        look = fingerprint.content.looked_at() if fingerprint.content is not None else None
        veiled = fingerprint.veiled
        confirmed = self._rules is not None or fingerprint.second is not None or veiled
        least = len(self._loads) - _LOADS
        # Slides of one template are all candidates, and comparing content takes 0.7 ms: stop at the first that is it.
        for distance, slide in sorted((int(known.first - fingerprint.first), s) for s, known in self._known.items()):
            if confirmed and (veiled or distance <= self._distance) and slide in self._loads:
                if len(self._loads) <= least:
                    continue
                self._load(slide)
            match = self._compare(slide, distance, fingerprint, look)
            if match.same:
                return match
            nearest = nearest or match
            if distance > self._distance and not veiled and not any(known.veiled for known in self._known.values()):
                break
        return nearest

    def _compare(self, slide: int, distance: int, seen: Fingerprint, look: Look | None) -> Match:
        known = self._known[slide]
        if self._veiled(known, seen):
            return self._compare_visible(slide, known, seen)
        if distance > self._distance:
            return Match(slide, distance, None, None, False)
        if slide in self._bare:
            return Match(slide, distance, None, None, distance * _ALONE <= seen.first.hash.size)
        if known.second is not None and seen.second is not None:
            second = int(known.second - seen.second)
            return Match(slide, distance, second, None, second <= self._confirm_distance)
        if self._rules is not None and known.content is not None and look is not None:
            likeness = known.content.looked_at().against(look)
            return Match(slide, distance, None, likeness, likeness.covered(self._rules))
        return Match(slide, distance, None, None, True)

    def _compare_visible(self, slide: int, known: Fingerprint, seen: Fingerprint) -> Match:
        assert known.content is not None, "nobody could see that it is veiled"
        assert seen.content is not None, "nobody could see that it is veiled"
        likeness = known.content.looked_at().against(seen.content.looked_at())
        if likeness.says_nothing or (self._rules is not None and not likeness.covered(self._rules)):
            return Match(slide, int(known.first - seen.first), None, likeness, False)
        first, second = self._apart(known, seen)
        agrees = second is None or second <= self._confirm_distance
        same = first <= self._distance and agrees
        return Match(slide, first, second, likeness if same and self._rules is not None else None, same)

    def _veiled(self, known: Fingerprint, seen: Fingerprint) -> bool:
        """Whether something is hidden in one of the two, and both are at hand."""
        return (known.veiled or seen.veiled) and known.content is not None and seen.content is not None

    def _apart(self, known: Fingerprint, seen: Fingerprint) -> tuple[int, int | None]:
        """Distances of the hashes, with what is hidden in the one taken from the other."""
        assert self._hashes is not None, "something is hidden"
        assert known.content is not None, "it was compared"
        assert seen.content is not None, "it was compared"
        ours, theirs = known.content.looked_at(), seen.content.looked_at()
        first, second = self._hashes(ours.over(theirs).plane)
        their_first, their_second = self._hashes(theirs.over(ours).plane)
        return int(first - their_first), None if second is None or their_second is None else int(second - their_second)

    def _load(self, slide: int) -> None:
        load = self._loads.pop(slide, None)
        if load is None:
            return
        loaded, hashed = load(), self._known.get(slide)
        if loaded is None:
            self._bare.add(slide)
        elif hashed is None:
            self._known[slide] = loaded
        else:
            self._known[slide] = replace(loaded, first=hashed.first)

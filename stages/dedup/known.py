"""Every slide of a lecture so far, by its fingerprint; finds the one that a picture shows again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stages.dedup.fingerprint import Fingerprint

if TYPE_CHECKING:
    from stages.dedup.content import Likeness, Look, Rules


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
    """``rules`` are for the content: None leaves it out."""

    def __init__(self, distance: int, confirm_distance: int, rules: Rules | None = None) -> None:
        self._distance = distance
        self._confirm_distance = confirm_distance
        self._rules = rules
        self._known: dict[int, Fingerprint] = {}

    def add(self, slide: int, fingerprint: Fingerprint) -> None:
        """Remember a slide, or its new state; also how a restart makes the earlier ones known again."""
        self._known[slide] = fingerprint

    def find(self, fingerprint: Fingerprint) -> Match | None:
        """The best match: the nearest slide that counts as the same, else the nearest of all; None if none is known."""
        nearest: Match | None = None
        look = fingerprint.content.looked_at() if fingerprint.content is not None else None
        # Slides of one template are all candidates, and comparing content takes 0.7 ms: stop at the first that is it.
        for distance, slide in sorted((int(known.first - fingerprint.first), s) for s, known in self._known.items()):
            match = self._compare(slide, distance, fingerprint, look)
            if match.same:
                return match
            nearest = nearest or match
            if distance > self._distance:
                break
        return nearest

    def _compare(self, slide: int, distance: int, seen: Fingerprint, look: Look | None) -> Match:
        known = self._known[slide]
        if distance > self._distance:
            return Match(slide, distance, None, None, False)
        if known.second is not None and seen.second is not None:
            second = int(known.second - seen.second)
            return Match(slide, distance, second, None, second <= self._confirm_distance)
        if self._rules is not None and known.content is not None and look is not None:
            likeness = known.content.looked_at().against(look)
            return Match(slide, distance, None, likeness, likeness.covered(self._rules))
        return Match(slide, distance, None, None, True)

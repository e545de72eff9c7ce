"""Visits around a gap and those that were found in it, as one timeline. Pure.

In the gap what was found afterwards counts: a live visit that seemed to go on across it is cut out of it. A slide that
was shown up to the gap and on in it has one visit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.frame import SECOND_NS
from stages.journal import GapRow, VisitRow

_APART_NS = SECOND_NS // 2  # between two analyses of one view


@dataclass(frozen=True, slots=True)
class Part:
    """A slide was found to be shown."""

    slide: int
    start_ns: int
    end_ns: int


@dataclass(slots=True)
class Stretch:
    """``visit``: the visit that is to have these times; None: a new one. ``absorbed``: visits that are a part of it.
    ``end_ns`` None: it lasts.
    """

    slide: int
    start_ns: int
    end_ns: int | None
    visit: int | None = None
    absorbed: list[int] = field(default_factory=list)


def joined(live: Sequence[VisitRow], gap: GapRow, parts: Sequence[Part]) -> list[Stretch]:
    """What becomes of the visits that touch the gap, and what is new. ``parts`` lie in the gap. Without any everything
    stays as it is.
    """
    if not parts:
        return []
    stretches = [stretch for visit in live for stretch in _outside(visit, gap, parts)]
    stretches += [Stretch(part.slide, part.start_ns, part.end_ns) for part in parts]
    stretches.sort(key=lambda stretch: stretch.start_ns)
    done: list[Stretch] = []
    for stretch in stretches:
        last = done[-1] if done else None
        if last is not None and _is_one(last, stretch):
            _absorb(last, stretch)
        else:
            done.append(stretch)
    return done


def _outside(visit: VisitRow, gap: GapRow, parts: Sequence[Part]) -> list[Stretch]:
    """The parts of a live visit before and after the gap; nothing of one that does not come near it."""
    begin_ns, end_ns, last_ns = gap.start_pts_ns, gap.end_pts_ns, visit.end_pts_ns
    assert end_ns is not None
    if visit.start_pts_ns > end_ns + _APART_NS or (last_ns is not None and last_ns < begin_ns - _APART_NS):
        return []
    before = visit.start_pts_ns < begin_ns
    # What is left of it after the gap is the time until the view was looked at again.
    after = last_ns is None or last_ns > end_ns + (0 if visit.start_pts_ns >= end_ns else _APART_NS)
    if not before and not after:
        return [] if last_ns is None else _confirmed(visit, visit.start_pts_ns, last_ns, parts)
    found = []
    if before:
        stop_ns = begin_ns if last_ns is None else min(last_ns, begin_ns)
        found.append(Stretch(visit.slide, visit.start_pts_ns, stop_ns, visit.id))
    if after:
        start_ns = max(visit.start_pts_ns, end_ns)
        found.append(Stretch(visit.slide, start_ns, last_ns, None if before else visit.id))
    return found


def _confirmed(visit: VisitRow, start_ns: int, end_ns: int, parts: Sequence[Part]) -> list[Stretch]:
    """A visit seen live in what was already on its way, as far as it was found again."""
    for part in parts:
        begin_ns, stop_ns = max(start_ns, part.start_ns), min(end_ns, part.end_ns)
        if part.slide == visit.slide and begin_ns <= stop_ns:
            return [Stretch(visit.slide, begin_ns, stop_ns, visit.id)]
    return []


def _is_one(first: Stretch, second: Stretch) -> bool:
    apart = 0 if first.end_ns is None else second.start_ns - first.end_ns
    return first.slide == second.slide and apart <= _APART_NS


def _absorb(first: Stretch, second: Stretch) -> None:
    if first.end_ns is not None:
        first.end_ns = None if second.end_ns is None else max(first.end_ns, second.end_ns)
    if first.visit is None:
        first.visit = second.visit
    elif second.visit is not None:
        first.absorbed.append(second.visit)

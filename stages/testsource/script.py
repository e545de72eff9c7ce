"""The timeline of the test lecture: which slide is on screen when, in which state. Pure; time is a value in ns.

The drawing asks it for a moment, the truth is read off it. It draws nothing.
"""

from __future__ import annotations

import bisect
import random
from dataclasses import dataclass
from itertools import accumulate

from pipeline.frame import SECOND_NS
from stages.testsource.content import Content, write_slides
from stages.testsource.properties import TestSourceProperties

STEP_NS = SECOND_NS // 100  # everything happens at whole hundredths of a second, exact in the truth's decimals
FADE_NS = 6 * SECOND_NS // 10
SECONDS_A_SLIDE = 8.0
REVISIT_EVERY = 5
FADE_EVERY = 3


@dataclass(frozen=True, slots=True)
class Shot:
    """A slide on screen from ``start_ns`` up to, not including, ``end_ns``.

    ``full_ns``: complete from here on. ``reveals_ns``: when each part after the first appears. ``fade_ns``: how long
    it fades in. ``film_ns``: when its film plays, None if never.
    """

    slide: int
    start_ns: int
    end_ns: int
    full_ns: int
    reveals_ns: tuple[int, ...] = ()
    fade_ns: int = 0
    film_ns: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """The pointer goes from ``start`` to ``end``, fractions of width and height."""

    start_ns: int
    end_ns: int
    start: tuple[float, float]
    end: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Moment:
    """All that decides what is on screen, but for presenter and noise. Equal moments look the same.

    ``parts``: how many parts of the slide are there. ``under``: slide and parts that it fades in over, with
    ``fade`` how much of the new one is there, up to 1. ``film_s``: time in the film, 0 is its poster.
    """

    slide: int
    parts: int
    under: tuple[int, int] | None = None
    fade: float = 1.0
    film_s: float = 0.0
    pointer: tuple[float, float] | None = None


class Lecture:
    """The whole lecture: ``slides``, the ``shots`` that show them, without a gap, and the pointer's moves."""

    def __init__(self, properties: TestSourceProperties) -> None:
        p = properties
        self.properties = p
        self.duration_ns = max(1, round(p.duration * 100)) * STEP_NS
        count = p.slides or max(1, round(p.duration / SECONDS_A_SLIDE))
        self.slides: tuple[Content, ...] = write_slides(count, random.Random(f"{p.seed}/words"), p.theme, p.film)
        self.shots = _shots(self.slides, self.duration_ns, p, random.Random(f"{p.seed}/shots"))
        self._starts = [shot.start_ns for shot in self.shots]
        self._moves = _moves(self.duration_ns, random.Random(f"{p.seed}/pointer")) if p.pointer else ()
        self._move_starts = [move.start_ns for move in self._moves]

    @property
    def frames(self) -> int:
        """How many frames the lecture has at its own rate."""
        return max(1, int(self.duration_ns * self.properties.fps / SECOND_NS + 1e-6))

    def pts_ns(self, frame: int) -> int:
        """When frame number ``frame`` is shown."""
        return round(frame * SECOND_NS / self.properties.fps)

    def at(self, t_ns: int) -> Moment:
        """What is on screen at ``t_ns``; before the start and after the end, what is first and last."""
        index = max(0, bisect.bisect_right(self._starts, t_ns) - 1)
        shot = self.shots[index]
        parts = _parts(shot, self.slides[shot.slide], t_ns)
        pointer = self._pointer(t_ns)
        film_s = 0.0
        if shot.film_ns is not None and shot.film_ns[0] <= t_ns < shot.film_ns[1]:
            film_s = (t_ns - shot.film_ns[0]) / SECOND_NS
        if t_ns - shot.start_ns >= shot.fade_ns:
            return Moment(shot.slide, parts, None, 1.0, film_s, pointer)
        before = self.shots[index - 1]
        under = (before.slide, _parts(before, self.slides[before.slide], before.end_ns))
        fade = (t_ns - shot.start_ns + STEP_NS) / (shot.fade_ns + STEP_NS)  # its first frame shows it already
        return Moment(shot.slide, parts, under, fade, film_s, pointer)

    def _pointer(self, t_ns: int) -> tuple[float, float] | None:
        if not self._moves:
            return None
        move = self._moves[max(0, bisect.bisect_right(self._move_starts, t_ns) - 1)]
        done = min(1.0, max(0.0, (t_ns - move.start_ns) / (move.end_ns - move.start_ns)))
        done = done * done * (3 - 2 * done)
        return (
            move.start[0] + (move.end[0] - move.start[0]) * done,
            move.start[1] + (move.end[1] - move.start[1]) * done,
        )


def _parts(shot: Shot, slide: Content, t_ns: int) -> int:
    if not shot.reveals_ns:
        return slide.parts
    return 1 + bisect.bisect_right(shot.reveals_ns, t_ns)


def _shots(
    slides: tuple[Content, ...], duration_ns: int, p: TestSourceProperties, rng: random.Random
) -> tuple[Shot, ...]:
    order: list[int] = []
    for slide in range(len(slides)):
        order.append(slide)
        if p.revisits and slide >= 2 and slide % REVISIT_EVERY == REVISIT_EVERY - 1:
            order.append(rng.randrange(slide - 1))
    shares = [rng.uniform(0.7, 1.3) for _ in order]
    sums = list(accumulate(shares, initial=0.0))
    ends = [round(duration_ns * part / sums[-1] / STEP_NS) * STEP_NS for part in sums]
    seen: set[int] = set()
    shots: list[Shot] = []
    for position, slide in enumerate(order):
        start, end = ends[position], ends[position + 1]
        if end <= start:
            continue  # more slides than hundredths of a second
        fades = p.fades and position % FADE_EVERY == FADE_EVERY - 1 and end - start >= 4 * FADE_NS
        first_time = slide not in seen
        seen.add(slide)
        shots.append(_shot(slides[slide], start, end, FADE_NS if fades else 0, p.builds and first_time, rng))
    return tuple(shots)


def _shot(slide: Content, start: int, end: int, fade: int, builds: bool, rng: random.Random) -> Shot:
    """One shot: points appear during its first half, the film plays through its middle."""
    reveals: list[int] = []
    span = (end - start) // 2
    if builds and slide.parts > 1 and span >= slide.parts * 6 * SECOND_NS // 10:
        for part in range(1, slide.parts):
            jitter = rng.uniform(-0.2, 0.2)
            reveals.append(start + round(span * (part + jitter) / (slide.parts - 1 + 0.2) / STEP_NS) * STEP_NS)
    full = max([start + fade, *reveals])
    film = None
    if slide.kind == "film" and end - full >= 4 * SECOND_NS:
        film = (full + 3 * SECOND_NS // 2, end - 3 * SECOND_NS // 2)
    return Shot(slide.number - 1, start, end, full, tuple(reveals), fade, film)


def _moves(duration_ns: int, rng: random.Random) -> tuple[Move, ...]:
    moves: list[Move] = []
    t_ns, place = 0, (0.6, 0.7)
    while t_ns < duration_ns:
        target = (rng.uniform(0.06, 0.92), rng.uniform(0.08, 0.9))
        end_ns = t_ns + round(rng.uniform(0.4, 1.4) * SECOND_NS)
        moves.append(Move(t_ns, end_ns, place, target))
        t_ns, place = end_ns + round(rng.uniform(1.5, 7.0) * SECOND_NS), target
    return tuple(moves)

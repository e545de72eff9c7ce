"""What stands on the slides of the test lecture: words and numbers, drawn from a seed. Nothing is drawn here."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Colour = tuple[int, int, int]
Kind = Literal["title", "bullets", "chart", "table", "diagram", "photo", "film"]

# Every block of six slides has each of these once, so that a short lecture has them all.
KINDS: tuple[Kind, ...] = ("bullets", "chart", "film", "table", "diagram", "photo")

_TOPICS = (
    "Caches", "Queues", "Schedulers", "File systems", "Networks", "Compilers", "Databases", "Sensors", "Hash tables",
    "Neural nets", "Memory", "Bridges", "Enzymes", "Glaciers", "Markets", "Batteries", "Turbines", "Proteins",
)  # fmt: skip
_ASPECTS = (
    "in practice", "under load", "from first principles", "and their limits", "step by step", "a short history",
    "how they fail", "what we measured", "cost and benefit", "open questions", "compared", "in one picture",
)  # fmt: skip
_SUBJECTS = (
    "A small model", "The first layer", "Every request", "A good estimate", "The slow path",
    "Most of the data", "One outlier", "The naive answer", "A second reader", "The worst case",
)  # fmt: skip
_VERBS = ("depends on", "hides", "explains", "doubles", "needs only", "is bounded by", "competes with", "follows from")
_OBJECTS = (
    "the size of the input", "a fixed budget", "half of the samples", "the order of events", "local structure",
    "one free parameter", "the cost of moving data", "what came before", "a constant factor", "its neighbours",
)  # fmt: skip
_ACCENTS: tuple[Colour, ...] = ((31, 95, 168), (192, 74, 44), (34, 126, 88), (122, 70, 160), (196, 140, 22))


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of a slide, RGB 0..255."""

    paper: Colour
    ink: Colour
    muted: Colour
    panel: Colour
    accent: Colour
    second: Colour


@dataclass(frozen=True, slots=True)
class Content:
    """One slide. ``lines`` are its points; ``numbers`` feed chart and table, one row a series, values 0..100."""

    number: int
    kind: Kind
    title: str
    lines: tuple[str, ...]
    numbers: tuple[tuple[int, ...], ...]
    theme: Theme
    seed: int

    @property
    def parts(self) -> int:
        """How many points can appear one after the other; 0 for a slide that comes all at once."""
        return len(self.lines) if self.kind in ("bullets", "diagram") else 0


def write_slides(count: int, rng: random.Random, theme: str, film: bool) -> tuple[Content, ...]:
    """The words and numbers of ``count`` different slides. No two have the same title."""
    titles = [f"{topic}: {aspect}" for topic in _TOPICS for aspect in _ASPECTS]
    rng.shuffle(titles)
    made: list[Content] = []
    block: list[Kind] = []
    colours = _theme(theme, rng)
    for number in range(1, count + 1):
        if number % 4 == 1:
            colours = _theme(theme, rng, colours)
        if number == 1:
            kind: Kind = "title"
        else:
            block = block or rng.sample(KINDS, len(KINDS))
            kind = block.pop()
            if kind == "film" and not film:
                kind = "photo"
        turn, index = divmod(number - 1, len(titles))
        title = titles[index] + (f" ({turn + 1})" if turn else "")
        lines = tuple(_sentence(rng) for _ in range(rng.randint(3, 5)))
        numbers = tuple(tuple(rng.randint(8, 100) for _ in range(6)) for _ in range(3))
        made.append(Content(number, kind, title, lines, numbers, colours, rng.randrange(2**32)))
    return tuple(made)


def _sentence(rng: random.Random) -> str:
    return f"{rng.choice(_SUBJECTS)} {rng.choice(_VERBS)} {rng.choice(_OBJECTS)}"


def _theme(theme: str, rng: random.Random, before: Theme | None = None) -> Theme:
    accents = [colour for colour in _ACCENTS if before is None or colour != before.accent]
    accent, second = rng.sample(accents, 2)
    dark = theme == "dark" or (theme == "mixed" and rng.random() < 0.4)
    if dark:
        return Theme((24, 27, 38), (236, 238, 244), (138, 146, 164), (44, 49, 66), _lighter(accent), _lighter(second))
    return Theme((252, 252, 250), (32, 36, 44), (120, 126, 136), (232, 236, 242), accent, second)


def _lighter(colour: Colour) -> Colour:
    red, green, blue = (value + (255 - value) * 2 // 5 for value in colour)
    return red, green, blue

"""A trigger that is shown slides with somebody before them, and what is to be read off the frames that it gives out."""

from __future__ import annotations

from typing import Any

import numpy as np
from untraced import Untraced

from pipeline.caps import Caps
from pipeline.frame import Event, Flags, Frame, Item, Layout, Picture, Plane
from pipeline.testing import frames_of
from stages.composite import Composite
from stages.picture import to_bgr
from stages.presenter import Presenter, carrying, presenter_of
from stages.trigger import Trigger

WIDTH, HEIGHT, BROAD = 40, 20, 8
CAPS = Caps.of("video/motion", picture_width=WIDTH, picture_height=HEIGHT)
TENTH = 100_000_000
SOMEBODY = 255


def slide(number: int = 0) -> Plane:
    return np.random.default_rng(number).integers(0, 200, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def outline(x: int | None) -> Plane | None:
    if x is None:
        return None
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[4:, max(0, x) : x + BROAD] = 255
    return mask


class Shown:
    """Pushes frames at 10/s, at ``now`` tenths, of slides with somebody at ``x``; ``items``: what came out."""

    def __init__(self, **properties: object) -> None:
        self.harness = Untraced(Trigger, **{"settle_time": 0.5, **properties})
        self.harness.caps(CAPS)
        self.now = 0
        self.items: list[Item] = []

    def push(
        self,
        x: int | None,
        percent: float | None = 0.0,
        number: int = 0,
        age: int = 0,
        flags: Flags = Flags.NONE,
        masked: bool = True,
        lost: bool = False,
        drawn: int | None = None,
    ) -> list[Item]:
        """``drawn``: where somebody is, if the mask is wrong."""
        shown, mask, body = slide(number), outline(x), outline(x if drawn is None else drawn)
        if body is not None:
            shown[body > 0] = SOMEBODY
        image = None if lost else Picture(Layout("bgr24", WIDTH, HEIGHT), (shown,))
        frame = Frame(self.now, self.now * TENTH, CAPS, (), image, {"foreground_percent": percent}, flags)
        presenter = None if mask is None or not masked else Presenter(mask, age * TENTH)
        items = self.harness.push(carrying(frame, (), presenter))
        self.now += 1
        self.items += items
        assert self.harness.ledger.missing == 0
        assert 0 <= self.harness.ledger.held <= 5
        return items

    def stay(self, x: int | None, tenths: int, **said: Any) -> list[Item]:
        return [item for _ in range(tenths) for item in self.push(x, **said)]

    def end(self) -> list[Item]:
        items = self.harness.eos()
        self.items += items
        assert self.harness.ledger.missing == self.harness.ledger.held == 0
        return items


def kinds(items: list[Item]) -> list[str]:
    return [
        item.kind.value if isinstance(item, Event) else "reveal" if is_reveal(item) else "capture" for item in items
    ]


def is_reveal(frame: Frame) -> bool:
    return "reveal" in frame.meta


def reveals(items: list[Item]) -> list[Frame]:
    return [frame for frame in frames_of(items) if is_reveal(frame)]


def hidden(frame: Frame) -> Plane | None:
    presenter = presenter_of(frame)
    return None if presenter is None else presenter.mask


def bgr(frame: Frame) -> Plane:
    assert isinstance(frame.image, Picture)
    return to_bgr(frame.image)


def gathered(items: list[Item]) -> Composite:
    """What an exporter would make of the first view."""
    first, *more = frames_of(items)
    composite = Composite(bgr(first), hidden(first))
    for frame in more:
        composite.renew(bgr(frame), hidden(frame))
    return composite


def share(frame: Frame) -> float:
    said: Any = frame.meta["reveal"]
    assert isinstance(said["share"], float)
    return said["share"]

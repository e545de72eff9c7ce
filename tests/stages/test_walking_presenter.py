"""Bgsub and trigger together: slides with somebody walking before them, whose mask is exact, are captured as without,
and what is revealed has the slides' own pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from people import is_person, person, slide

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, Item, Layout, Picture
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.composite import Composite
from stages.picture import to_bgr
from stages.presenter import Presenter, carrying, presenter_of
from stages.presets import PRESETS, plane_format
from stages.trigger import Trigger

WIDTH, HEIGHT = 320, 180
TENTH = 100_000_000
SLIDES, EACH = 3, 80  # in frames, 10 a second
Way = Callable[[int], float | None]


def to_and_fro(n: int) -> float:
    """The width of the picture in four seconds."""
    return 0.1 + 0.8 * abs((n / 40) % 2 - 1)


def in_and_out(n: int) -> float | None:
    """There for three seconds, then somewhere else, or not at all."""
    return (None, 0.2, 0.8, None, 0.5)[n // 30 % 5]


def run(method: str, way: Way, picture: str | None = None) -> list[Item]:
    bgsub = Harness(Bgsub, **PRESETS[method]["bgsub"])
    trigger = Harness(Trigger, **{**PRESETS[method]["trigger"], **({"picture": picture} if picture else {})})
    form = plane_format(method)
    grey = form == "gray8"
    caps = Caps.of("video/raw", format=form, width=WIDTH, height=HEIGHT)
    trigger.caps(bgsub.caps(caps)["motion"])
    items: list[Item] = []
    for n in range(SLIDES * EACH):
        shown, at = slide(n // EACH, WIDTH, HEIGHT), way(n)
        presenter = None
        if at is not None:
            shown = person(shown, at)
            mask = np.where(is_person(shown), 255, 0).astype(np.uint8)
            presenter = Presenter(np.asarray(cv2.dilate(mask, np.ones((5, 5), np.uint8)), np.uint8))
        plane = np.asarray(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY), np.uint8) if grey else shown
        frame = Frame(n, n * TENTH, caps, (), Picture(Layout("bgr24", WIDTH, HEIGHT), (shown,)))
        for passed in frames_of(bgsub.push(carrying(frame, (plane,), presenter))):
            items += trigger.push(passed)
    items += trigger.eos()
    assert bgsub.ledger.missing == trigger.ledger.missing == trigger.ledger.held == 0
    return items


def visits(items: list[Item]) -> list[list[Frame]]:
    """The frames of each visit."""
    made: list[list[Frame]] = [[]]
    for item in items:
        if isinstance(item, Event):
            made += [[]] if item.kind is EventKind.VISIT_END else []
        else:
            made[-1].append(item)
    return [each for each in made if each]


def free(frames: list[Frame]) -> Composite:
    """The picture without the presenter, of the frames of a visit."""
    composite: Composite | None = None
    for frame in frames:
        assert isinstance(frame.image, Picture)
        found, shown = presenter_of(frame), to_bgr(frame.image)
        mask = None if found is None else found.mask
        if composite is None:
            composite = Composite(shown, mask)
        else:
            composite.renew(shown, mask)
    assert composite is not None
    return composite


@pytest.mark.parametrize("picture", ["first", "last", "both"])
@pytest.mark.parametrize("way", [to_and_fro, in_and_out], ids=lambda way: str(way.__name__))
@pytest.mark.parametrize("method", ["auto", "tiles", "knn"])
def test_each_slide_is_one_visit_and_what_is_revealed_is_the_slide_itself(method: str, way: Way, picture: str) -> None:
    made = visits(run(method, way, picture))
    assert len(made) == SLIDES
    for number, frames in enumerate(made):
        composite = free(frames)
        right = slide(number, WIDTH, HEIGHT)
        assert composite.revealed > 0.99
        assert np.array_equal(composite.picture[composite.seen > 0], right[composite.seen > 0])
        assert all("reveal" in frame.meta for frame in frames[1:-1])


@pytest.mark.parametrize("method", ["auto", "tiles", "knn", "frame_diff"])
def test_views_are_those_of_the_same_lecture_without_a_presenter(method: str) -> None:
    def starts(way: Way) -> list[int]:
        return [frames[0].pts_ns // (EACH * TENTH) for frames in visits(run(method, way))]

    assert starts(to_and_fro) == starts(lambda n: None)

"""What never settles: one capture every so often, of the calmest moment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Frame, Layout, Picture
from pipeline.testing import Harness, frames_of
from stages.trigger import Trigger

TENTH_NS = SECOND_NS // 10
LASTING = {"start_percent": 0.2, "settle_percent": 0.2, "settle_time": 0.5, "picture": "last"}


def captures(percents: Sequence[float], **properties: object) -> list[tuple[float, object]]:
    """When each capture's picture was taken, in seconds, and why."""
    harness = Harness(Trigger, **{**LASTING, **properties})
    harness.caps(Caps.of("video/motion"))
    picture = Picture(Layout("gray", 2, 2), (np.zeros((2, 2), np.uint8),))
    items = []
    for n, percent in enumerate(percents):
        frame = Frame(n, n * TENTH_NS, Caps.of("video/motion"), (), picture, {"foreground_percent": percent})
        items += harness.push(frame)
    items += harness.eos()
    ledger = harness.ledger
    assert ledger.received == ledger.sent + ledger.held + sum(ledger.dropped.values())
    return [(frame.pts_ns / SECOND_NS, frame.meta["capture"]["reason"]) for frame in frames_of(items)]  # type: ignore[index,call-overload]


def film(seconds: int, *calmer: float) -> list[float]:
    return [5.0 if n / 10 in calmer else 40.0 for n in range(10 * seconds)]


def test_content_that_never_settles_is_captured_at_its_calmest_moment_once_a_time() -> None:
    assert captures(film(25, 3.0, 14.0), max_unsettled=10) == [
        (3.0, "first-view"),
        (14.0, "unsettled"),
        (24.9, "flush"),
    ]


def test_without_a_limit_it_is_captured_once() -> None:
    assert captures(film(25, 3.0), max_unsettled=0) == [(3.0, "flush")]


def test_a_view_that_settled_begins_the_time_anew() -> None:
    moving = film(8)
    assert [why for _, why in captures([*moving, *[0.0] * 20, *moving, *[0.0] * 20], max_unsettled=10)] == [
        "first-view",
        "settled",
    ]

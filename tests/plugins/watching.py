"""An exporter that watches lectures by clocks of the test's own, and what happens to it, in seconds of the lecture."""

from __future__ import annotations

from pathlib import Path

import pages

from pipeline.frame import SECOND_NS, Event, EventKind
from pipeline.messages import Element
from pipeline.stage import Context
from pipeline.testing import FakeClock, Harness
from stages.exporter import Exporter, ExporterProperties
from stages.lecture import opened

ZERO = 1000 * SECOND_NS
WALL = 1_795_000_000_000_000_000
CLOCK = FakeClock()


class Watching(Exporter):
    """With clocks of the test's own."""

    def __init__(self, properties: ExporterProperties, context: Context) -> None:
        super().__init__(properties, context, clock=CLOCK, wall=lambda: WALL + CLOCK())


def begin(harness: Harness, folder: Path, zero_ns: int = ZERO) -> None:
    data = {"lecture": folder.name, "folder": str(folder), "zero_ns": zero_ns}
    harness.event(Event(EventKind.LECTURE_START, CLOCK() - zero_ns, data))


def end(harness: Harness, folder: Path, at_s: float) -> None:
    at(at_s)
    harness.event(Event(EventKind.LECTURE_STOP, round(at_s * SECOND_NS), {"lecture": folder.name}))


def at(lecture_s: float) -> None:
    CLOCK.now_ns = ZERO + round(lecture_s * SECOND_NS)


def page(harness: Harness, slide: int, at_s: float, decision: str = "new", **more: float) -> None:
    at(max(at_s, (CLOCK() - ZERO) / SECOND_NS))
    harness.push(pages.page(slide, at_s, decision, **more))  # type: ignore[arg-type]


def connected(harness: Harness, at_s: float, epoch: int = 0, wall_ns: int = 1) -> None:
    at(at_s)
    harness.event(Event(EventKind.EPOCH, round(at_s * SECOND_NS), {"epoch": epoch, "wall_ns": wall_ns}))


def lost(harness: Harness, at_s: float, reason: str = "lost") -> None:
    at(at_s)
    harness.event(Event(EventKind.GAP, round(at_s * SECOND_NS), {"reason": reason}))


def visits(folder: Path) -> list[tuple[int, float, float | None]]:
    with opened(folder) as journal:
        return [
            (v.slide, v.start_pts_ns / SECOND_NS, None if v.end_pts_ns is None else v.end_pts_ns / SECOND_NS)
            for v in journal.visits()
        ]


def gaps(folder: Path) -> list[tuple[float, float | None, str]]:
    with opened(folder) as journal:
        return [
            (g.start_pts_ns / SECOND_NS, None if g.end_pts_ns is None else g.end_pts_ns / SECOND_NS, g.reason)
            for g in journal.gaps()
        ]


def said(harness: Harness, name: str) -> list[Element]:
    return [message for message in harness.context.messages if message.name == name]

"""What the presets set: names and values that the stages accept, and what live changes of the default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.caps import Caps
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Item, Layout, Picture, Plane
from pipeline.stage import validated
from pipeline.testing import Harness, frames_of
from stages.bgsub import Bgsub
from stages.decoder.properties import DecoderProperties
from stages.dedup import Dedup
from stages.presets import PRESETS
from stages.trigger import Trigger

STAGES = {"bgsub": Bgsub, "trigger": Trigger, "dedup": Dedup}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_sets_what_its_stages_have(name: str) -> None:
    for stage, properties in PRESETS[name].items():
        known = DecoderProperties if stage == "decoder" else STAGES[stage].properties_type
        validated(known, {"uri": "a.mp4", **properties} if stage == "decoder" else properties)


def test_live_differs_from_the_default_only_in_when_slides_go_out() -> None:
    differing = {
        (stage, key): (PRESETS["default"][stage].get(key), value)
        for stage, properties in PRESETS["live"].items()
        for key, value in properties.items()
        if PRESETS["default"][stage].get(key) != value
    }
    assert differing == {("trigger", "picture"): ("last", "both"), ("dedup", "builds"): ("final", "update")}
    assert PRESETS["default"].keys() - PRESETS["live"].keys() == {"decoder"}, "it says how often a file is looked at"


class Line:
    """The stages of a preset one behind the other, without sockets; ``told`` has what comes out, and at which frame."""

    def __init__(self, preset: str) -> None:
        settings = PRESETS[preset]
        self.stages = [Harness(kind, **settings[name]) for name, kind in STAGES.items()]
        self.stages[0].caps(Caps.of("video/raw", format="gray8", width=640, height=360))
        self.told: list[tuple[int, int, str]] = []
        self.tenths = 0

    def show(self, plane: Plane, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            picture = Picture(Layout("gray", 640, 360, full_range=True), (plane,))
            frame = Frame(self.tenths, self.tenths * SECOND_NS // 10, Caps.of("video/raw"), (plane,), picture)
            self.pass_on([frame])
            self.tenths += 1

    def pass_on(self, items: Iterable[Item]) -> None:
        for stage in self.stages:
            items = [
                out for item in items for out in (stage.push(item) if isinstance(item, Frame) else stage.event(item))
            ]
        for frame in frames_of(items):
            page: Any = frame.meta["page"]
            self.told.append((self.tenths, page["slide"], page["decision"]))

    def end(self) -> None:
        for number, stage in enumerate(self.stages):
            rest = stage.eos()
            following, self.stages = self.stages, self.stages[number + 1 :]
            if self.stages:
                self.pass_on(rest)
            self.stages = following
            assert stage.ledger.missing == stage.ledger.held == 0


def board(*lines: str) -> Plane:
    image = np.full((360, 640), 240, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (30, 60 + 80 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 20, 3)
    return image


def test_live_passes_a_slide_on_within_the_settle_time_and_two_intervals_of_the_change() -> None:
    line = Line("live")
    shown_at = []
    for text in (("alpha beta", "gamma"), ("alpha beta", "gamma", "delta rho"), ("one two", "three")):
        shown_at.append(line.tenths)
        line.show(board(*text), 4.0)
    told = [(tenths, slide, decision) for tenths, slide, decision in line.told if decision in ("new", "grown")]
    assert [(slide, decision) for _, slide, decision in told] == [(1, "new"), (1, "grown"), (2, "new")]
    assert all(tenths - at <= 9 for (tenths, _, _), at in zip(told, shown_at, strict=True))


@pytest.mark.parametrize("preset", ["live", "default"])
def test_a_broken_stream_and_two_lectures_leave_nothing_behind(preset: str) -> None:
    line = Line(preset)
    line.pass_on([Event(EventKind.EPOCH, 0, {"epoch": 1})])
    line.show(board("alpha beta", "gamma"), 3.0)
    line.pass_on([Event(EventKind.GAP, 3 * SECOND_NS, {"reason": "lost"})])
    line.tenths += 50
    line.pass_on([Event(EventKind.EPOCH, 8 * SECOND_NS, {"epoch": 2})])
    line.show(board("alpha beta", "gamma"), 3.0)
    before, line.told = line.told, []
    line.pass_on([Event(EventKind.LECTURE_START, 0, {"lecture": "a", "folder": "/nowhere/a", "zero_ns": 0})])
    line.tenths = 0
    line.show(board("one two", "three"), 3.0)
    line.pass_on([Event(EventKind.LECTURE_STOP, 3 * SECOND_NS, {"lecture": "a"})])
    assert {slide for _, slide, _ in before} == {1}
    assert [(slide, decision) for _, slide, decision in line.told if decision in ("new", "revisit")][-1] == (1, "new")
    line.end()

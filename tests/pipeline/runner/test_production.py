"""When a source is asked: one that reads files when there is room, a live one always, and never in a busy loop."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from surroundings import Around, End, node

from pipeline.link import Hub
from pipeline.runner.node import Node
from pipeline.runner.production import Production
from pipeline.stage import Source


class Full:
    """A link; only what the production asks of it."""

    def __init__(self, full: bool) -> None:
        self.full = full
        self.leaky = "no"


class Rig:
    def __init__(self, factory: str, full: bool = False, **properties: object) -> None:
        self.around, self.end, self.hub = Around(), End(), Hub()
        self.node: Node = node(self.around, factory, "tick", **properties)
        self.node.stage.start()
        self.node.connect("", self.end)
        self.at_eos = 0
        assert isinstance(self.node.stage, Source)
        links = ([Full(full)], None)
        self.production = Production(self.node, self.node.stage, self.hub, links, self._at_eos)  # type: ignore[arg-type]

    def _at_eos(self) -> None:
        self.at_eos += 1

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.production.step()


@pytest.fixture
def live() -> Iterator[Rig]:
    rig = Rig("playthings:Ticking", full=True, interval=1000.0, watched=True)
    yield rig
    rig.node.stage.stop()
    rig.hub.close()


@pytest.mark.parametrize(("full", "pause_s"), [(True, None), (False, 0.0)])
def test_a_source_that_reads_files_waits_while_its_links_are_full(full: bool, pause_s: float | None) -> None:
    rig = Rig("playthings:Counting", full=full)
    assert rig.production.pause_s() == pause_s
    rig.hub.close()


def test_a_live_source_is_asked_whatever_the_links_hold(live: Rig) -> None:
    assert live.production.pause_s() == 0.0
    live.steps(3)
    assert live.end.kinds == ["epoch", "caps", 0]
    assert live.production.pause_s() == 0.0


def test_a_live_source_that_has_nothing_is_left_alone_for_a_moment(live: Rig) -> None:
    live.steps(4)
    assert live.production.pause_s() == 0.05


def test_a_live_source_may_say_for_how_long_it_is_left_alone(live: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(live.node.stage), "idle_s", 0.25)
    live.steps(4)
    assert live.production.pause_s() == 0.25


def test_the_descriptor_of_a_live_source_ends_the_wait(live: Rig) -> None:
    live.steps(4)
    live.production.pause_s()
    assert live.node.stage.descriptor is not None  # type: ignore[union-attr]
    os.eventfd_write(live.node.stage.descriptor, 1)  # type: ignore[union-attr]
    begin = time.monotonic()
    assert live.hub.wait(5.0)
    assert time.monotonic() - begin < 4.0


def test_the_end_of_a_live_source_is_eos_and_its_descriptor_is_let_go(live: Rig) -> None:
    live.steps(4)
    live.production.pause_s()
    live.production.finish()
    live.steps(2)
    assert live.end.kinds == ["epoch", "caps", 0, "eos"]
    assert live.at_eos == 1
    assert live.production.pause_s() is None
    assert not live.production.ended
    live.end.let_go()
    assert live.production.ended
    os.eventfd_write(live.node.stage.descriptor, 1)  # type: ignore[union-attr, arg-type]
    assert not live.hub.wait(0.0)

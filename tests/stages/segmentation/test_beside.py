"""The thread that makes masks beside a live stream, and the stage that has one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from pipeline.errors import ResourceError, StageError
from pipeline.frame import SECOND_NS, Plane
from pipeline.testing import FakeClock
from stages.segmentation.beside import STUCK_NS, Beside
from stages.segmentation.looking import Look
from stages.segmentation.segmenter import Segmented


class Gate:
    """A network that works when it is let: ``let()`` makes one mask come out. ``begun``: a picture was taken."""

    device = "cpu"

    def __init__(self) -> None:
        self.begun, self.finished = threading.Semaphore(0), threading.Semaphore(0)
        self._open = threading.Semaphore(0)
        self.seen: list[int] = []
        self.fails: BaseException | None = None

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        self.begun.release()
        self._open.acquire()
        if self.fails is not None:
            raise self.fails
        self.seen += [int(picture[0, 0]) for picture in pictures]
        return [Segmented(picture, np.full(picture.shape, 0.9, np.float32)) for picture in pictures]

    def close(self) -> None:
        """Nothing is open."""

    def let(self) -> None:
        self._open.release()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    for _ in range(10):
        made.let()


def look(number: int) -> Look:
    picture = np.full((4, 4), number, np.uint8)
    return Look(picture, picture, number, lost=False, stretch=0)


def wait_for(semaphore: threading.Semaphore) -> None:
    assert semaphore.acquire(timeout=20)


def numbers(beside: Beside) -> list[int]:
    return [found.look.pts_ns for found in beside.found()]


def until_idle(beside: Beside, gate: Gate, number: int) -> None:
    """Until another picture is in the network: what came before it is to be had."""
    beside.offer(look(number))
    wait_for(gate.begun)


def test_a_mask_comes_when_it_is_made_and_nobody_waits_for_it(gate: Gate) -> None:
    beside = Beside(gate)
    assert not beside.offer(look(1))
    wait_for(gate.begun)
    assert numbers(beside) == []
    gate.let()
    until_idle(beside, gate, 2)
    assert numbers(beside) == [1]
    assert numbers(beside) == [], "each is given once"


def test_the_newest_picture_takes_the_place_of_one_that_waits(gate: Gate) -> None:
    beside = Beside(gate)
    beside.offer(look(1))
    wait_for(gate.begun)
    assert [beside.offer(look(number)) for number in (2, 3, 4)] == [False, True, True]
    gate.let()
    wait_for(gate.begun)
    gate.let()
    until_idle(beside, gate, 5)
    assert numbers(beside) == gate.seen == [1, 4]


def test_what_goes_wrong_there_is_raised_here(gate: Gate) -> None:
    beside = Beside(gate)
    gate.fails = ResourceError("no memory for one picture on cuda")
    beside.offer(look(1))
    gate.let()
    beside._thread.join(20)
    for _ in range(2):
        with pytest.raises(ResourceError, match="no memory for one picture on cuda"):
            beside.found()


def test_an_error_that_nobody_foresaw_is_one_of_the_stage(gate: Gate) -> None:
    beside = Beside(gate)
    gate.fails = RuntimeError("device lost")
    beside.offer(look(1))
    gate.let()
    beside._thread.join(20)
    with pytest.raises(StageError, match="masks cannot be made any more: device lost"):
        beside.found()


def test_a_mask_that_does_not_come_is_noticed(gate: Gate) -> None:
    clock = FakeClock()
    beside = Beside(gate, clock)
    beside.offer(look(1))
    wait_for(gate.begun)
    clock.advance(STUCK_NS / SECOND_NS)
    assert beside.found() == []
    clock.advance(1)
    with pytest.raises(StageError, match="a mask has taken more than 60 s on cpu"):
        beside.found()


def test_it_says_how_long_a_mask_took(gate: Gate) -> None:
    clock = FakeClock()
    beside = Beside(gate, clock)
    beside.offer(look(1))
    wait_for(gate.begun)
    clock.advance(3)
    gate.let()
    until_idle(beside, gate, 2)
    (found,) = beside.found()
    assert found.took_ns == 3 * SECOND_NS


def test_it_ends_when_it_is_told_to_and_makes_no_more(gate: Gate) -> None:
    beside = Beside(gate)
    beside.offer(look(1))
    wait_for(gate.begun)
    beside.offer(look(2))
    gate.let()
    assert beside.stop(20)
    assert gate.seen == [1]


def test_one_that_waits_for_pictures_ends_at_once(gate: Gate) -> None:
    assert Beside(gate).stop(20)


def test_one_that_hangs_is_not_waited_for_longer_than_was_said(gate: Gate) -> None:
    beside = Beside(gate)
    beside.offer(look(1))
    wait_for(gate.begun)
    assert not beside.stop(0.01)

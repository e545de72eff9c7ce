"""Segmentation as a stage of a live stream: frames never wait for a mask."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from people import is_person, person, slide, sway

from pipeline.caps import Caps
from pipeline.errors import StageError
from pipeline.frame import SECOND_NS, Event, EventKind, Frame, Layout, Picture, Plane
from pipeline.testing import Harness, frames_of
from stages.presenter import presenter_of
from stages.segmentation import Segmentation
from stages.segmentation import stage as stage_module
from stages.segmentation.opening import Opened
from stages.segmentation.remote import FarError
from stages.segmentation.segmenter import Segmented
from stages.segmentation.session import WarmUp

TENTH = SECOND_NS // 10
CAPS = Caps.of("video/raw", format="gray8", width=320, height=180)


class Network:
    """Marks what is green, when it is let; ``device`` may be lost."""

    device = "cuda"

    def __init__(self) -> None:
        self.begun, self.open = threading.Semaphore(0), threading.Semaphore(0)
        self.lost = self.closed = self.away = False

    def segment(self, pictures: Sequence[Plane]) -> list[Segmented]:
        self.begun.release()
        self.open.acquire()
        if self.away:
            raise FarError("the mask service at tcp://gpu:5000 does not answer")
        if self.lost:
            raise StageError("model 'green' failed on cuda: CUDA failure 46: device unavailable")
        marked = [is_person(picture) for picture in pictures]
        return [Segmented(each.astype(np.uint8) * np.uint8(255), each.astype(np.float32)) for each in marked]

    def close(self) -> None:
        self.closed = True


class Room:
    """A live stage with that network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.seq = 0
        self.harness = Harness(Segmentation, wait=False, model="green.onnx")
        self.harness.caps(CAPS)

    def push(self, count: int, x: float = 0.4) -> str:
        """Frames with somebody at ``x``; of each the age of its mask in tenths of a second, or -."""
        ages = []
        for _ in range(count):
            picture = person(slide(1), x + sway(self.seq / 10))
            image = Picture(Layout("bgr24", 320, 180), (picture,))
            plane = np.ascontiguousarray(picture.min(axis=2))
            (out,) = frames_of(self.harness.push(Frame(self.seq, self.seq * TENTH, CAPS, (plane,), image)))
            presenter = presenter_of(out)
            ages.append("-" if presenter is None else str(presenter.age_ns // TENTH))
            self.seq += 1
        return " ".join(ages)

    def begun(self) -> None:
        """Wait until the network has taken a picture."""
        assert self.network.begun.acquire(timeout=20)

    def mask(self) -> None:
        """Let the mask be made that was begun, and wait until the stage may have it."""
        beside = self.stage._beside
        assert beside is not None
        with beside._changed:
            before = len(beside._found)
            self.network.open.release()
            assert beside._changed.wait_for(lambda: len(beside._found) > before or beside._failed, timeout=20)

    @property
    def stage(self) -> Segmentation:
        assert isinstance(self.harness.stage, Segmentation)
        return self.harness.stage

    def figures(self) -> dict[str, object]:
        self.harness.tick()
        return [dict(each.data) for each in self.harness.context.messages if each.name == "figures"][-1]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    network = Network()
    monkeypatch.setattr(stage_module, "opened", lambda *_: Opened(network, (180, 320), False, WarmUp(1, 1)))
    made = Room(network)
    yield made
    for _ in range(10):
        made.network.open.release()


def test_frames_pass_while_a_mask_is_made(room: Room) -> None:
    assert room.push(1) == "-"
    room.begun()
    assert room.push(29) == " ".join("-" * 29)
    assert room.harness.ledger.missing == 0
    assert room.figures()["mask_pictures_skipped_total"] == 4, "of 0, 0.5, 1, 1.5, 2 and 2.5 s; the last one waits"


def test_frames_have_the_newest_mask_and_its_age(room: Room) -> None:
    room.push(1)
    room.begun()
    room.push(5)
    room.mask()
    room.begun()
    room.mask()
    assert room.push(3) == "1 2 3", "of the frame at 0.5 s"
    room.push(2)
    room.begun()
    room.mask()
    assert room.push(3) == "1 2 3"
    assert (room.figures()["mask_age_seconds"], room.figures()["masks_on_gpu"]) == (0.3, 1)


def test_the_mask_of_an_older_picture_follows_whoever_walked_on(room: Room) -> None:
    for _ in range(2):
        room.push(5)
        room.begun()
        room.mask()
    room.push(1)
    picture = person(slide(1), 0.46)
    image = Picture(Layout("bgr24", 320, 180), (picture,))
    frame = Frame(room.seq, room.seq * TENTH, CAPS, (np.ascontiguousarray(picture.min(axis=2)),), image)
    (out,) = frames_of(room.harness.push(frame))
    presenter, green = presenter_of(out), is_person(picture)
    assert presenter is not None
    assert np.count_nonzero(presenter.mask[green]) >= 0.98 * np.count_nonzero(green)


def test_a_mask_from_before_a_break_says_nothing_after_it(room: Room) -> None:
    room.push(5)
    room.begun()
    room.harness.event(Event(EventKind.EPOCH, 5 * TENTH, {"epoch": 1}))
    room.mask()
    room.push(1)
    room.begun()
    room.mask()
    assert room.push(2) == "- -", "the second one is the first of this stretch"
    assert room.figures()["masks_total"] == 2


def test_a_gpu_that_goes_away_ends_the_stage_with_its_reason(room: Room) -> None:
    room.push(1)
    room.begun()
    room.network.lost = True
    room.mask()
    with pytest.raises(StageError, match="device unavailable"):
        room.push(1)


def test_it_is_noticed_while_no_frames_come(room: Room) -> None:
    room.push(1)
    room.begun()
    room.network.lost = True
    room.mask()
    with pytest.raises(StageError, match="device unavailable"):
        room.harness.tick()


def test_while_a_service_is_away_frames_pass_without_a_mask_and_that_is_said_once(room: Room) -> None:
    def halves(count: int) -> str:
        for _ in range(count):
            ages = room.push(5)
            room.begun()
            room.mask()
        return ages

    assert halves(3) == "5 6 7 8 9", "of the second mask, as the third was made after them"
    room.network.away = True
    assert halves(2) == "- - - - -"
    assert room.harness.context.warnings == [
        "the mask service at tcp://gpu:5000 does not answer; frames go on without masks until it does"
    ]
    room.network.away = False
    assert halves(3) == "5 6 7 8 9", "it is back"
    assert room.figures()["mask_pictures_failed_total"] == 2
    room.network.away = True
    halves(1)
    room.harness.tick()
    assert len(room.harness.context.warnings) == 2, "another time"


def test_at_the_end_the_thread_ends_and_the_network_is_closed(room: Room) -> None:
    room.push(1)
    room.begun()
    room.network.open.release()
    room.harness.eos()
    assert room.network.closed
    assert room.stage._beside is not None
    assert not room.stage._beside._thread.is_alive()


def test_a_network_that_hangs_at_the_end_is_left_alone(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.push(1)
    room.begun()
    beside = room.stage._beside
    assert beside is not None
    monkeypatch.setattr(beside, "stop", lambda: type(beside).stop(beside, 0.01))
    room.harness.eos()
    assert not room.network.closed
    (warning,) = room.harness.context.warnings
    assert "takes long" in warning

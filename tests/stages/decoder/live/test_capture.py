"""A live source through the stage's own door, on test inputs: events in order, lectures, room, accounts, the end."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from driving import Driven

from pipeline.caps import Caps
from pipeline.errors import ConfigError, SourceError
from pipeline.frame import SECOND_NS, EventKind, Flags, Meta
from pipeline.testing import Harness
from stages.decoder import Decoder
from stages.decoder.live.arrivals import Arrived, Changed
from stages.decoder.live.connection import Connection

TEST = "lavfi:testsrc2=size=320x180:rate=25"
SHORT = TEST + ":duration=0.6"


@pytest.fixture(autouse=True)
def test_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIDETAP_TEST_INPUTS", "1")


def test_an_epoch_comes_first_then_caps_then_frames() -> None:
    with Driven(TEST) as driven:
        driven.until_frames(5)
        assert driven.kinds() == ["epoch", "caps", "frame"]
        assert driven.states == ["connecting", "live"]
    epoch = driven.events(EventKind.EPOCH)[0]
    assert (epoch.data["epoch"], epoch.data["streams"]) == (1, b"")
    caps = Caps.parse(str(driven.events(EventKind.CAPS)[0].data["caps"]))
    assert (caps.value("picture_width"), caps.value("rate")) == (320, 10)
    frames = driven.frames()
    assert [(frame.seq, frame.epoch) for frame in frames] == [(n, 1) for n in range(5)]
    assert [frame.flags for frame in frames] == [Flags.DISCONT] + [Flags.NONE] * 4


def test_time_is_that_of_the_monotonic_clock_and_the_wall_clock_is_kept() -> None:
    before_ns = time.monotonic_ns()
    with Driven(TEST) as driven:
        driven.until_frames(8)
        passed_ns = time.monotonic_ns() - before_ns
    frames = driven.frames()
    assert all(0 <= frame.pts_ns < passed_ns for frame in frames)
    steps = [b.pts_ns - a.pts_ns for a, b in zip(frames, frames[1:], strict=False)]
    assert all(abs(step - SECOND_NS / 10) < 0.03 * SECOND_NS for step in steps)
    assert abs(frames[-1].wall_ns - time.time_ns()) < SECOND_NS


def test_the_end_of_a_stream_is_a_loss_and_each_connection_a_new_epoch() -> None:
    with Driven(SHORT) as driven:
        driven.until(lambda: len(driven.events(EventKind.EPOCH)) == 3)
        driven.until_frames(1)
        assert driven.kinds() == ["epoch", "caps", "frame", "gap", "epoch", "frame", "gap", "epoch", "frame"]
        assert driven.figures()["reconnects_total"] == 2
    assert [event.data["epoch"] for event in driven.events(EventKind.EPOCH)] == [1, 2, 3]
    times = [item.pts_ns for _, item in driven.outputs]
    assert times == sorted(times)
    firsts = [frame for frame in driven.frames() if frame.seq == 0]
    assert all(frame.flags is Flags.DISCONT for frame in firsts) and len(firsts) == 3


def test_a_restarted_source_has_epochs_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with Driven(TEST) as driven:
        driven.harness.context.incarnation = 3
        driven.until_frames(1)
        assert driven.frames()[0].epoch == (3 << 20) + 1


def test_lectures_begin_and_end_in_band() -> None:
    with Driven(TEST) as driven:
        driven.until_frames(3)
        zero_ns = time.monotonic_ns()
        lecture: Meta = {"lecture": "a", "folder": "/a", "zero_ns": zero_ns}
        driven.stage.told("lecture-start", lecture)
        driven.until(lambda: bool(driven.events(EventKind.LECTURE_START)))
        driven.until_frames(5)
        driven.stage.told("lecture-stop", {"lecture": "a"})
        driven.until(lambda: bool(driven.events(EventKind.LECTURE_STOP)))
        driven.until_frames(1)
        assert driven.kinds() == ["epoch", "caps", "frame", "lecture-start", "frame", "lecture-stop", "frame"]
        told = driven.events(EventKind.LECTURE_START)[0].data
        assert {key: told[key] for key in lecture} == lecture
        last = driven.frames()[-1]
        assert 0 <= time.monotonic_ns() - zero_ns - last.pts_ns < SECOND_NS


def test_a_lecture_without_its_zero_is_refused() -> None:
    with Driven(TEST) as driven, pytest.raises(ConfigError, match="zero_ns None; it must be an instant in ns"):
        driven.stage.told("lecture-start", {"lecture": "a"})


def test_without_room_pictures_are_not_made_and_the_newest_goes_out_first() -> None:
    with Driven(TEST) as driven:
        driven.until_frames(2)
        driven.harness.context.full.add("frames")
        driven.until(lambda: driven.harness.context.drops["behind"] >= 5)
        assert len(driven.frames()) == 2
        driven.harness.context.full.clear()
        driven.until_frames(1)
        fresh = driven.frames()[-1]
        now_ns = time.time_ns()
        assert now_ns - fresh.wall_ns < 0.3 * SECOND_NS
        driven.to_end()
    drops = driven.harness.context.drops
    assert set(drops) <= {"rate", "behind"}


def test_every_picture_is_sent_or_dropped_for_a_reason() -> None:
    with Driven(SHORT, rate=10) as driven:
        driven.until(lambda: len(driven.events(EventKind.GAP)) == 2)
        packets = driven.figures()["packets_total"]
        drops = driven.harness.context.drops
        assert len(driven.frames()) + drops["rate"] == packets == 30


def test_no_step_takes_long() -> None:
    with Driven("lavfi:testsrc2=size=1920x1080:rate=30", rate=10) as driven:
        driven.until_frames(15)
        assert sorted(driven.steps_s)[-len(driven.steps_s) // 50] < 0.05  # but for what a busy machine does to one


def test_the_descriptor_says_when_there_is_something() -> None:
    with Driven(TEST) as driven:
        driven.until_frames(1)
        descriptor = driven.stage.descriptor
        assert descriptor is not None
        while driven.step(waits=False) and select.select([descriptor], [], [], 0)[0]:
            pass
        assert select.select([descriptor], [], [], 5)[0] == [descriptor]


def test_finish_ends_it_with_the_last_picture() -> None:
    with Driven(TEST) as driven:
        driven.until_frames(3)
        driven.to_end()
        assert driven.harness.ledger.missing == 0


def test_stop_is_quick_and_may_come_twice_or_before_anything() -> None:
    harness = Harness(Decoder, uri=TEST)
    harness.stage.stop()
    with Driven(TEST) as driven:
        driven.until_frames(1)
        begin = time.monotonic()
        driven.stage.stop()
    assert time.monotonic() - begin < 1


def test_a_thread_that_does_not_come_back_ends_the_stage_and_stop_does_not_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    honest = Connection.packets

    def stuck(self: Connection) -> Iterator[Arrived | Changed]:
        yield next(honest(self))
        release.wait(30)

    monkeypatch.setattr(Connection, "packets", stuck)
    with Driven(TEST, read_timeout=0.1) as driven:
        with pytest.raises(SourceError, match="FFmpeg does not come back"):
            driven.until(lambda: False)
        begin = time.monotonic()
        driven.stage.stop()
        assert time.monotonic() - begin < 1
        release.set()


@pytest.mark.parametrize(
    ("source", "state"),
    [
        ("lavfi:color=black:size=160x90:rate=10", "black"),
        ("lavfi:smptebars=size=320x180:rate=10", "no-signal"),
        ("lavfi:color=0x0000F0:size=320x180:rate=10", "no-signal"),
    ],
)
def test_what_the_picture_shows_is_told(source: str, state: str) -> None:
    with Driven(source) as driven:
        driven.until_state(state)
        assert driven.states == ["connecting", "live", state]


def test_raw_pictures_are_not_recorded() -> None:
    with Driven(TEST, packets=True) as driven, pytest.raises(ConfigError, match="gives raw pictures, which are not"):
        driven.until_frames(1)


def test_the_stream_is_described_at_each_connection() -> None:
    with Driven(SHORT) as driven:
        driven.until(lambda: len(driven.events(EventKind.EPOCH)) == 2)
    found = [message.data for message in driven.harness.context.messages if message.name == "stream"]
    assert len(found) == 2
    assert (found[0]["width"], found[0]["height"], found[0]["fps"], found[0]["duration_ns"]) == (320, 180, 25.0, 0)


def test_interlaced_pictures_are_made_whole() -> None:
    with Driven("lavfi:testsrc2=size=320x180:rate=50,setfield=tff", rate=0) as driven:
        driven.until_frames(5)
    plane = driven.frames()[-1].planes[0].astype(np.int16)
    assert plane.shape == (180, 320)


@pytest.mark.skipif(not Path("/dev/video0").exists(), reason="this machine has no camera at /dev/video0")
def test_a_camera_at_a_device_gives_pictures() -> None:
    with Driven("v4l2:///dev/video0") as driven:
        driven.until_frames(5)
        assert driven.states[-1] in ("live", "black")


def test_a_device_that_is_not_there_is_waited_for() -> None:
    with Driven(f"v4l2:///dev/video{os.getpid()}") as driven:
        driven.until_state("lost")
        why = [m.data["why"] for m in driven.harness.context.messages if m.name == "source"][-1]
        assert str(why).endswith("is not there: No such file or directory")

"""The reading thread, with made-up connections: what it hands on, and when it counts as stuck."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator

import av
from av.packet import Packet
from av.stream import Stream

from pipeline.errors import ConfigError
from pipeline.frame import SECOND_NS
from stages.decoder.live.arrivals import Arrival, Arrived, Connected, Crashed, Lost, Mailbox
from stages.decoder.live.demux import Demuxer
from stages.decoder.live.faults import Fault, Kind
from stages.decoder.live.source import Endpoint, Scheme

PATIENCE_S = 10.0
SOURCE = Endpoint(Scheme.RTSP, "rtsp://me:hunter2@cam", "rtsp://cam", None, ({},), 5, 2, True, frozenset({"hunter2"}))


def packet() -> Arrived:
    made: Packet[Stream] = Packet(8)
    return Arrived(made, 0, True, True, False, None, None, 0, 8, time.monotonic_ns())


def facts() -> Connected:
    with av.open("testsrc2=size=32x32", format="lavfi") as container:
        video = container.streams.video[0]
        assert video.time_base is not None and video.average_rate is not None
        return Connected(video.codec_context, "raw", 32, 32, video.average_rate, video.time_base, 1.0, b"", 0)


class Feed:
    """A connection that gives what it is told."""

    def __init__(self, gives: Callable[[], Iterator[Arrived]]) -> None:
        self.facts = facts()
        self.packets = gives
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


class Thread:
    """A Demuxer at work."""

    def __init__(self, connect: Callable[[Endpoint], Feed], endpoint: Callable[[], Endpoint] = lambda: SOURCE) -> None:
        self.mailbox = Mailbox(1 << 20)
        self.demuxer = Demuxer(endpoint, connect, self.mailbox, lambda: 0.0)

    def __enter__(self) -> Thread:
        self.demuxer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.demuxer.stop()
        assert self.demuxer.join(PATIENCE_S)
        self.mailbox.close()

    def take(self, count: int) -> list[Arrival]:
        """The next so many things it hands on."""
        found: list[Arrival] = []
        deadline = time.monotonic() + PATIENCE_S
        while len(found) < count:
            assert time.monotonic() < deadline, found
            item = self.mailbox.get()
            if item is not None:
                found.append(item)
            elif not self.mailbox.settle():
                select.select([self.mailbox.descriptor], [], [], 0.1)
        return found


def kinds(items: list[Arrival]) -> list[str]:
    return [type(item).__name__ for item in items]


def two_then_end() -> Iterator[Arrived]:
    yield packet()
    yield packet()
    raise Fault(Kind.NETWORK, "the stream has ended")


def test_after_a_loss_it_connects_again_at_once() -> None:
    with Thread(lambda _: Feed(two_then_end)) as thread:
        found = thread.take(8)
    assert kinds(found) == ["Connected", "Arrived", "Arrived", "Lost"] * 2
    assert isinstance(found[3], Lost) and found[3].retry_s == 0


def test_attempts_that_fail_come_less_and_less_often() -> None:
    def refuse(_: Endpoint) -> Feed:
        raise Fault(Kind.NETWORK, "connection refused")

    with Thread(refuse) as thread:
        found = thread.take(3)
    assert [item.retry_s for item in found if isinstance(item, Lost)] == [0, 0.2, 0.4]


def test_an_address_that_was_right_once_is_asked_as_often_as_the_network_allows() -> None:
    feeds = iter([Feed(two_then_end)])

    def connect(_: Endpoint) -> Feed:
        try:
            return next(feeds)
        except StopIteration:
            raise Fault(Kind.ADDRESS, "404") from None

    with Thread(connect) as thread:
        thread.take(4)
        deadline_s = [item.retry_s for item in thread.take(2) if isinstance(item, Lost)]
    assert deadline_s == [0.2, 0.4]


def test_the_source_is_looked_up_anew_for_each_attempt() -> None:
    asked = []

    def endpoint() -> Endpoint:
        asked.append(1)
        if len(asked) == 1:
            raise ConfigError("the file of credentials is gone")
        return SOURCE

    with Thread(lambda _: Feed(two_then_end), endpoint) as thread:
        found = thread.take(2)
    assert isinstance(found[0], Lost) and found[0].fault.why == "the file of credentials is gone"
    assert isinstance(found[1], Connected)


def test_a_connection_is_closed_when_it_ends_and_when_the_thread_is_stopped() -> None:
    feeds = []

    def forever() -> Iterator[Arrived]:
        while True:
            yield packet()

    def connect(_: Endpoint) -> Feed:
        feeds.append(Feed(forever if feeds else two_then_end))
        return feeds[-1]

    with Thread(connect) as thread:
        thread.take(6)
    assert len(feeds) == 2
    assert all(feed.closed.is_set() for feed in feeds)


def test_an_error_nobody_thought_of_is_told_without_its_text() -> None:
    def connect(_: Endpoint) -> Feed:
        raise RuntimeError("rtsp://me:hunter2@cam")

    with Thread(connect) as thread:
        assert thread.take(1) == [Crashed("RuntimeError")]


def test_a_thread_that_ffmpeg_does_not_give_back_is_overdue_and_can_be_left_behind() -> None:
    release = threading.Event()

    def stuck() -> Iterator[Arrived]:
        yield packet()
        release.wait(PATIENCE_S)

    with Thread(lambda _: Feed(stuck)) as thread:
        thread.take(2)
        now_ns = time.monotonic_ns()
        assert not thread.demuxer.overdue(now_ns + 5 * SECOND_NS)
        assert thread.demuxer.overdue(now_ns + 7 * SECOND_NS)
        thread.demuxer.stop()
        assert not thread.demuxer.join(0.01)
        release.set()

"""The bounded queue between the reading thread and the run loop."""

from __future__ import annotations

import select

from av.packet import Packet
from av.stream import Stream

from stages.decoder.live.arrivals import Arrived, Backlog, Crashed, Mailbox, Overflowed


def packet(nbytes: int, key: bool = False, at_ns: int = 0) -> Arrived:
    made: Packet[Stream] = Packet(nbytes)
    return Arrived(made, 0, True, key, False, None, None, 0, nbytes, at_ns)


def everything(mailbox: Mailbox) -> list[object]:
    found: list[object] = []
    while (item := mailbox.get()) is not None:
        found.append(item)
    return found


def readable(mailbox: Mailbox) -> bool:
    return bool(select.select([mailbox.descriptor], [], [], 0)[0])


def test_things_come_out_in_the_order_in_which_they_went_in() -> None:
    mailbox = Mailbox(100)
    given = [Crashed("a"), packet(1), Crashed("b"), packet(2)]
    for item in given:
        mailbox.put(item)
    assert everything(mailbox) == given
    mailbox.close()


def test_what_does_not_fit_is_dropped_up_to_the_next_key_picture_and_counted() -> None:
    mailbox = Mailbox(100)
    first, late, key = packet(90, key=True), packet(5), packet(50, key=True)
    mailbox.put(first)
    mailbox.put(packet(20))
    mailbox.put(late)  # it would fit, but nothing before the key picture can be decoded
    assert mailbox.get() is first
    mailbox.put(key)
    assert everything(mailbox) == [Overflowed(2), key]
    mailbox.close()


def test_news_of_connections_is_never_dropped() -> None:
    mailbox = Mailbox(10)
    mailbox.put(packet(10, key=True))
    mailbox.put(packet(10, key=True))
    mailbox.put(Crashed("a"))
    assert everything(mailbox)[-1] == Crashed("a")
    mailbox.close()


def test_the_descriptor_tells_whether_there_is_something() -> None:
    mailbox = Mailbox(100)
    assert not readable(mailbox)
    mailbox.put(packet(1))
    assert readable(mailbox)
    assert mailbox.settle()
    assert readable(mailbox)
    everything(mailbox)
    assert not mailbox.settle()
    assert not readable(mailbox)
    mailbox.wake()
    assert readable(mailbox)
    mailbox.close()


def test_a_thread_that_comes_too_late_finds_it_closed() -> None:
    mailbox = Mailbox(100)
    mailbox.close()
    mailbox.put(packet(1))
    mailbox.wake()
    mailbox.close()
    assert mailbox.get() is None


def test_packets_are_skipped_up_to_the_newest_key_picture() -> None:
    backlog: Backlog[Arrived | str] = Backlog(1000, str)
    newest = packet(4, key=True)
    for item in (packet(1, key=True), packet(2), packet(3, key=True), newest, packet(5)):
        backlog.offer(item, item.nbytes, item.key)
    assert backlog.skip(lambda item: isinstance(item, Arrived) and item.key) == 3
    assert backlog.get() is newest
    assert backlog.nbytes == 5


def test_nothing_is_skipped_beyond_what_is_never_dropped() -> None:
    backlog: Backlog[Arrived | str] = Backlog(1000, str)
    backlog.offer(packet(1), 1, False)
    backlog.put("lecture")
    backlog.offer(packet(1, key=True), 1, True)
    assert backlog.skip(lambda item: isinstance(item, Arrived) and item.key) == 0


def test_packets_may_wait_for_others_but_a_keyframe_and_whatever_is_no_packet_may_not() -> None:
    mailbox = Mailbox(1000)
    mailbox.patience_ns = 100
    for item in (packet(1, key=True, at_ns=1010), Crashed("x")):
        assert mailbox.get(1000) is None
        mailbox.put(packet(1, at_ns=1010))
        assert not readable(mailbox) and mailbox.get(1020) is None
        mailbox.put(item)
        assert readable(mailbox)
        assert [mailbox.get(1020), mailbox.get(1020)][1] is item
        assert mailbox.get(1020) is None and not mailbox.settle()
    mailbox.close()


def test_packets_wait_no_longer_than_they_may() -> None:
    mailbox = Mailbox(1000)
    mailbox.patience_ns = 100
    assert mailbox.get(1000) is None
    first, second = packet(1, at_ns=1010), packet(1, at_ns=1110)
    mailbox.put(first)
    assert not mailbox.settle()
    mailbox.put(second)
    assert readable(mailbox)
    assert mailbox.get(1110) is first
    mailbox.close()


def test_packets_that_nothing_follows_are_given_out_in_time() -> None:
    mailbox = Mailbox(1000)
    mailbox.patience_ns = 100
    assert mailbox.get(1000) is None
    last = packet(1, at_ns=1010)
    mailbox.put(last)
    assert mailbox.get(1099) is None
    assert mailbox.get(1100) is last
    mailbox.close()

"""Receivers that go and come: what is unacknowledged is sent again, after the caps that hold for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import zmq
from ends import EOS, NAME, Ends, frame, short
from travellers import CAPS

from pipeline.caps import Caps
from pipeline.frame import Event, EventKind, Frame, caps_event
from pipeline.wire import encode_hello

Make = Callable[..., Ends]
LECTURE = Event(EventKind.LECTURE_START, 0, {"lecture": "physics"})


def test_a_restarted_receiver_gets_the_caps_and_then_what_is_unacknowledged(ends: Make) -> None:
    pair = ends(4)
    first = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0), frame(1), frame(2))
    assert short(pair.received(first, 4)) == ["caps", 0, 1, 2]
    pair.acknowledge(first, 1, 3)
    pair.die()
    came = pair.received(pair.receiver(), 3)
    assert short(came) == ["caps", 0, 2]
    assert [number for number, _ in came] == [1, 2, 4]
    assert pair.sender.ledger.resent == 2
    assert pair.done == ["caps", 1]


def test_frames_sent_again_keep_their_own_caps_when_the_caps_have_changed_since(ends: Make) -> None:
    pair = ends(9)
    first = pair.receiver()
    larger = Caps.of("video/raw", format="gray8", width=16, height=12)
    pair.offer(caps_event(CAPS), frame(0), frame(1), caps_event(larger), frame(2))
    pair.acknowledge(first, 1, 2, 4)  # both caps events are through, and a frame of each is not
    pair.die()
    came = pair.received(pair.receiver(), 4)
    assert short(came) == ["caps", 1, "caps", 2]
    assert [item.caps for _, item in came if isinstance(item, Frame)] == [CAPS, larger]


def test_a_receiver_restarted_between_old_frames_and_new_caps_gets_the_old_caps_first(ends: Make) -> None:
    pair = ends(2)
    first = pair.receiver()
    larger = Caps.of("video/raw", format="gray8", width=16, height=12)
    pair.offer(caps_event(CAPS), frame(0), frame(1), caps_event(larger), frame(2))
    pair.acknowledge(first, 1)
    pair.die()
    second = pair.receiver()
    came = pair.received(second, 3)
    assert short(came) == ["caps", 0, 1]
    for number, _ in came:
        pair.acknowledge(second, number)
    assert short(pair.received(second, 2)) == ["caps", 2]


def test_a_receiver_that_comes_when_all_is_acknowledged_gets_the_caps_at_once(ends: Make) -> None:
    pair = ends(2)
    first = pair.receiver()
    pair.offer(caps_event(CAPS))
    pair.acknowledge(first, 1)
    pair.die()
    second = pair.receiver()
    assert short(pair.received(second, 1)) == ["caps"]
    pair.offer(frame(0))
    assert short(pair.received(second, 1)) == [0]
    pair.acknowledge(second, 1)  # of caps that were acknowledged long ago: nothing to be counted
    assert not pair.sender.idle
    pair.acknowledge(second, 2)
    assert pair.done == ["caps", 0]


def test_a_restarted_receiver_gets_the_newest_sticky_events_in_the_order_in_which_they_were_offered(ends: Make) -> None:
    pair = ends(9)
    first = pair.receiver()
    events = (LECTURE, Event(EventKind.EPOCH, 1), caps_event(CAPS), Event(EventKind.GAP, 2), Event(EventKind.EPOCH, 3))
    pair.offer(*events, frame(0))
    pair.acknowledge(first, 1, 2, 3, 4, 5)
    pair.die()
    came = pair.received(pair.receiver(), 4)
    assert [item for _, item in came][:3] == [LECTURE, caps_event(CAPS), Event(EventKind.EPOCH, 3)]
    assert short(came)[3:] == [0]


def test_frames_sent_again_keep_the_epoch_in_which_they_were_offered(ends: Make) -> None:
    pair = ends(9)
    first = pair.receiver()
    pair.offer(caps_event(CAPS), Event(EventKind.EPOCH, 1), frame(0), Event(EventKind.EPOCH, 2), frame(1))
    pair.acknowledge(first, 1, 2, 4)
    pair.die()
    came = pair.received(pair.receiver(), 5)
    assert short(came) == ["caps", "epoch", 0, "epoch", 1]
    assert [item.pts_ns for _, item in came if isinstance(item, Event)] == [0, 1, 2]


def test_the_start_of_a_lecture_is_not_told_again_after_its_stop(ends: Make) -> None:
    pair = ends(9)
    first = pair.receiver()
    pair.offer(LECTURE, caps_event(CAPS), Event(EventKind.LECTURE_STOP), frame(0))
    pair.acknowledge(first, 1, 2, 3)
    pair.die()
    assert short(pair.received(pair.receiver(), 2)) == ["caps", 0]


def test_a_stop_that_was_not_acknowledged_is_told_again_after_its_start(ends: Make) -> None:
    pair = ends(9)
    first = pair.receiver()
    pair.offer(LECTURE, Event(EventKind.LECTURE_STOP))
    pair.acknowledge(first, 1)
    pair.die()
    assert short(pair.received(pair.receiver(), 2)) == ["lecture-start", "lecture-stop"]


def test_sticky_events_do_not_keep_those_alive_that_they_replaced(ends: Make) -> None:
    pair = ends(9)
    receiver = pair.receiver()
    for pts in range(5):
        pair.offer(Event(EventKind.EPOCH, pts))
        pair.acknowledge(receiver, pts + 1)
    (newest,) = pair.sender._holding
    assert newest.item.pts_ns == 4
    assert newest.before == ()


def test_an_unlinked_link_lets_go_of_everything_and_counts_what_nobody_took(ends: Make) -> None:
    pair = ends(2)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), *(frame(seq) for seq in range(4)))
    pair.received(receiver, 2)
    receiver.acknowledge(1)
    receiver.acknowledge(2)
    receiver.flush()
    assert short(pair.received(receiver, 0)) == []
    assert pair.hub.wait(5)
    while len(pair.done) < 2:
        pair.hear()
    pair.sender.unlink()
    pair.offer(frame(4), EOS)
    assert pair.sender.idle
    assert pair.done == ["caps", 0, 1, 2, 3, 4, "eos"]
    made = pair.sender.ledger
    assert (made.received, made.sent, made.held, made.dropped, made.missing) == (5, 1, 0, {"unlinked": 4}, 0)


def test_a_closed_receiver_acknowledges_nothing_and_its_successor_is_told_all(ends: Make) -> None:
    pair = ends(4)
    first = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0))
    came = pair.received(first, 2)
    first.close()
    first.acknowledge(came[1][0])
    first.flush()
    assert short(pair.received(pair.receiver(), 2)) == ["caps", 0]
    assert pair.done == []


def test_an_acknowledgement_from_a_receiver_that_was_replaced_is_ignored(ends: Make) -> None:
    pair = ends(4)
    stale = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0))
    pair.received(stale, 2)
    fresh = pair.receiver()
    pair.acknowledge(stale, 2)
    assert pair.done == []
    pair.acknowledge(fresh, 2)
    assert pair.done == [0]


def test_a_receiver_that_dies_right_after_its_hello_takes_nothing_with_it(
    ends: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object, parts: list[bytes], *__: object, **___: object) -> None:
        assert parts[0] is not None, "sent on to nobody"
        raise zmq.ZMQError(zmq.EHOSTUNREACH)

    pair = ends(3)
    first = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0), frame(1), frame(2))
    pair.acknowledge(first, 1)
    pair.die()
    with monkeypatch.context() as patched:
        patched.setattr(zmq.Socket, "send_multipart", gone)
        pair.receiver()
        pair.offer(EOS)
    pair.die()
    second = pair.receiver()
    came = pair.received(second, 4)
    assert short(came) == ["caps", 0, 1, 2]
    pair.acknowledge(second, came[1][0])
    assert short(pair.received(second, 1)) == ["eos"]


def test_two_hellos_of_one_receiver_do_no_more_than_send_twice(ends: Make) -> None:
    pair = ends(4)
    pair.offer(caps_event(CAPS), frame(0))
    receiver = pair.receiver()
    receiver._socket.send(encode_hello(NAME))
    pair.hear()
    assert short(pair.received(receiver, 4)) == ["caps", 0, "caps", 0]
    pair.acknowledge(receiver, 1, 2, 1, 2)
    assert pair.done == ["caps", 0]

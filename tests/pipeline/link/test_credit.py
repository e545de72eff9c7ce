"""Order, credit and leaks of a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ends import EOS, QUIET_S, Ends, frame, short
from travellers import CAPS, same

from pipeline.frame import Event, EventKind, Frame, Item, caps_event
from pipeline.link.sender import COPY_BELOW, HOLD_NS
from pipeline.wire import MAX_MORE

Make = Callable[..., Ends]


def test_items_arrive_in_order_with_the_caps_of_their_link(ends: Make) -> None:
    pair = ends(8)
    items: list[Item] = [caps_event(CAPS), frame(0), Event(EventKind.VISIT_END, 40, {"x": [1]}), frame(1), EOS]
    receiver = pair.receiver()
    pair.offer(*items)
    came = pair.received(receiver, 5)
    assert [number for number, _ in came] == [1, 2, 3, 4, 5]
    assert all(same(item, offered) for (_, item), offered in zip(came, items, strict=True))


def test_what_was_offered_before_anybody_said_hello_is_not_lost(ends: Make) -> None:
    pair = ends(4)
    pair.offer(caps_event(CAPS), frame(0), EOS)
    assert short(pair.received(pair.receiver(), 3)) == ["caps", 0, "eos"]


@pytest.mark.parametrize("window", [1, 2, 7])
def test_never_more_than_the_window_is_out(ends: Make, window: int) -> None:
    pair = ends(window)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), *(frame(seq) for seq in range(10)))
    came = pair.received(receiver, window)
    assert len(came) == window
    for number in range(1, 12):
        pair.acknowledge(receiver, number)
        if len(came) < 11:
            came += (more := pair.received(receiver, 1))
            assert len(more) == 1
    assert pair.sender.idle
    assert [number for number, _ in came] == list(range(1, 12))


def test_a_link_is_full_at_its_window_with_or_without_a_receiver(ends: Make) -> None:
    pair = ends(2)
    pair.offer(caps_event(CAPS))
    assert not pair.sender.full
    pair.offer(frame(0))
    assert pair.sender.full
    receiver = pair.receiver()
    assert pair.sender.full
    pair.acknowledge(receiver, 1)
    assert not pair.sender.full


def test_an_item_is_done_when_it_was_acknowledged_and_only_once(ends: Make) -> None:
    pair = ends(4)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0))
    assert pair.done == [] and not pair.sender.idle
    pair.acknowledge(receiver, 2, 2, 1)
    assert pair.done == [0, "caps"]
    assert pair.sender.idle


@pytest.mark.parametrize("number", [0, 3, 99, 2**63 - 1])
def test_an_acknowledgement_of_what_was_never_sent_is_ignored(ends: Make, number: int) -> None:
    pair = ends(4)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0))
    pair.acknowledge(receiver, number)
    assert pair.done == [] and pair.sender.ledger.held == 1


def test_the_accounts_of_a_link_add_up(ends: Make) -> None:
    pair = ends(3)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), *(frame(seq) for seq in range(4)))
    pair.acknowledge(receiver, 2)
    made = pair.sender.ledger
    assert (made.received, made.sent, made.held, made.missing) == (4, 1, 3, 0)


def test_a_plane_too_large_to_be_copied_arrives_whole(ends: Make) -> None:
    pair = ends(2)
    receiver = pair.receiver()
    large = np.random.default_rng(0).integers(0, 255, (1200, 1600), np.uint8)
    assert large.nbytes >= COPY_BELOW
    pair.offer(caps_event(CAPS), replace(frame(0), planes=(large,)))
    _, (_, came) = pair.received(receiver, 2)
    assert isinstance(came, Frame) and np.array_equal(came.planes[0], large)


def test_a_paused_receiver_lets_messages_wait(ends: Make) -> None:
    pair = ends(2)
    receiver = pair.receiver()
    receiver.pause(True)
    receiver.pause(True)
    pair.offer(caps_event(CAPS))
    assert not pair.hubs[-1].wait(QUIET_S)
    receiver.pause(False)
    assert short(pair.received(receiver, 1)) == ["caps"]


@pytest.mark.parametrize(
    ("leaky", "kept"), [("upstream", [0, 1, 2, 3]), ("downstream", [0, 1, 8, 9])], ids=["newest", "oldest"]
)
def test_a_leaky_link_drops_from_its_end_of_the_queue(ends: Make, leaky: str, kept: list[int]) -> None:
    pair = ends(2, leaky)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS))
    ((number, _),) = pair.received(receiver, 1)
    pair.acknowledge(receiver, number)
    pair.offer(*(frame(seq) for seq in range(10)))
    assert not pair.sender.full
    came: list[object] = []
    while not pair.sender.idle:
        batch = pair.received(receiver, 1)
        came += short(batch)
        for number, _ in batch:
            pair.acknowledge(receiver, number)
    assert came == kept
    made = pair.sender.ledger
    assert (made.received, made.sent, made.held, made.dropped, made.missing) == (10, 4, 0, {"leaky": 6}, 0)
    assert sorted(pair.done[1:], key=str) == list(range(10))  # whoever waits for a leaked frame is told too


@pytest.mark.parametrize("leaky", ["upstream", "downstream"])
def test_events_never_leak(ends: Make, leaky: str) -> None:
    pair = ends(1, leaky)
    marks = [Event(EventKind.VISIT_END, pts) for pts in range(5)]
    pair.offer(caps_event(CAPS), *(item for seq in range(5) for item in (frame(seq), marks[seq])), EOS)
    receiver = pair.receiver()
    came: list[tuple[int, Item]] = []
    while not pair.sender.idle:
        came += (batch := pair.received(receiver, 1))
        for number, _ in batch:
            pair.acknowledge(receiver, number)
    assert [item.pts_ns for _, item in came if isinstance(item, Event)] == [0, 0, 1, 2, 3, 4, 0]
    assert [number for number, _ in came] == sorted(number for number, _ in came)


def test_frames_of_a_burst_wait_for_each_other_and_events_for_nobody(ends: Make) -> None:
    pair = ends(8)
    pair.sender.burst = 3
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0), frame(1), frame(2))
    assert short(pair.received(receiver, 2)) == ["caps", 0]  # as whoever runs this waits for the first frame
    assert short(pair.received(receiver, 0)) == []
    pair.offer(frame(3), frame(4))
    assert short(pair.received(receiver, 3)) == [1, 2, 3]
    pair.offer(EOS)
    assert short(pair.received(receiver, 2)) == [4, "eos"]


def test_what_waits_for_a_burst_goes_when_it_is_asked_for_or_has_waited_long_enough(
    ends: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000]
    monkeypatch.setattr("pipeline.link.sender.time.monotonic_ns", lambda: now[0])
    pair = ends(8)
    pair.sender.burst = 3
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), frame(0), frame(1))
    assert short(pair.received(receiver, 2)) == ["caps", 0]
    now[0] += HOLD_NS - 1
    pair.sender.serve()
    assert short(pair.received(receiver, 0)) == []
    now[0] += 1
    pair.sender.serve()
    assert short(pair.received(receiver, 1)) == [1]
    pair.offer(frame(2))
    pair.sender.flush()
    assert short(pair.received(receiver, 1)) == [2]


def test_many_items_are_acknowledged_with_one_message(ends: Make) -> None:
    pair = ends(8)
    receiver = pair.receiver()
    pair.offer(caps_event(CAPS), *(frame(seq) for seq in range(4)))
    for number, _ in pair.received(receiver, 5):
        receiver.acknowledge(number)
    assert not pair.hub.wait(QUIET_S)
    receiver.flush()
    pair.hear()
    assert pair.sender.idle
    assert pair.done == ["caps", 0, 1, 2, 3]


def test_a_message_of_acknowledgements_is_bounded(ends: Make) -> None:
    pair = ends(4)
    receiver = pair.receiver()
    for number in range(MAX_MORE + 2):
        receiver.acknowledge(number)
    pair.hear()
    receiver.flush()
    pair.hear()

"""Which requests are taken together: when, whose, and how many may wait."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.testing import FakeClock
from stages.segmentation.batching import Batching, Terms, Waiting

MS = 1_000_000
LONG = 10_000 * MS
TERMS = Terms(batch=4, max_wait_ns=5 * MS, outstanding=3, room=8)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(7)


@pytest.fixture
def batching() -> Batching[int]:
    return Batching(TERMS)


def items(taken: object) -> list[int]:
    assert isinstance(taken, list)
    return [each.item for each in taken if isinstance(each, Waiting)]


def test_nothing_is_due_while_nothing_waits(batching: Batching[int]) -> None:
    assert batching.due_ns() is None
    assert batching.idle


def test_one_alone_waits_no_longer_than_allowed(batching: Batching[int], clock: FakeClock) -> None:
    batching.offer(b"a", 1, clock(), LONG)
    due_ns = batching.due_ns()
    assert due_ns == clock() + 5 * MS
    clock.advance(0.003)
    batching.offer(b"b", 2, clock(), LONG)
    assert batching.due_ns() == due_ns  # the oldest counts
    assert items(batching.take(due_ns)[0]) == [1, 2]


def test_enough_for_a_batch_is_due_at_once(batching: Batching[int], clock: FakeClock) -> None:
    for number, client in enumerate((b"a", b"b", b"a", b"c")):
        assert batching.due_ns() != clock()
        batching.offer(client, number, clock(), LONG)
    assert batching.due_ns() == clock()


def test_while_a_batch_is_made_others_gather(batching: Batching[int], clock: FakeClock) -> None:
    batching.offer(b"a", 1, clock(), LONG)
    batching.take(clock())
    for number in range(2, 8):
        batching.offer(b"b" if number < 5 else b"c", number, clock(), LONG)
    assert batching.due_ns() is None
    batching.finished()
    assert batching.due_ns() == clock()
    assert not batching.idle


def test_a_busy_client_does_not_keep_the_others_waiting(batching: Batching[int], clock: FakeClock) -> None:
    for number in range(3):
        batching.offer(b"a", number, clock(), LONG)
    batching.offer(b"b", 10, clock(), LONG)
    batching.offer(b"c", 20, clock(), LONG)
    assert items(batching.take(clock())[0]) == [0, 10, 20, 1]
    batching.finished()
    batching.offer(b"b", 11, clock(), LONG)
    assert items(batching.take(clock())[0]) == [2, 11]


def test_a_client_may_have_so_many_outstanding_those_in_the_making_included(
    batching: Batching[int], clock: FakeClock
) -> None:
    assert [batching.offer(b"a", number, clock(), LONG) for number in range(4)] == [True, True, True, False]
    batching.take(clock())
    assert not batching.offer(b"a", 4, clock(), LONG)
    assert batching.offer(b"b", 5, clock(), LONG)
    batching.finished()
    assert batching.offer(b"a", 6, clock(), LONG)


def test_no_more_wait_than_there_is_room_for(batching: Batching[int], clock: FakeClock) -> None:
    clients = [bytes([number]) for number in range(9)]
    assert [batching.offer(client, 0, clock(), LONG) for client in clients] == [True] * 8 + [False]
    assert batching.waiting == 8


def test_what_nobody_waits_for_any_more_is_not_made(batching: Batching[int], clock: FakeClock) -> None:
    batching.offer(b"a", 1, clock(), 2 * MS)
    batching.offer(b"b", 2, clock(), LONG)
    clock.advance(0.0021)
    taken, late = batching.take(clock())
    assert (items(taken), items(late)) == ([2], [1])
    batching.finished()
    assert batching.idle


def test_one_that_is_late_is_still_waited_for_in_its_last_instant(batching: Batching[int], clock: FakeClock) -> None:
    batching.offer(b"a", 1, clock(), 2 * MS)
    clock.advance(0.002)
    assert items(batching.take(clock())[0]) == [1]


def test_of_clients_that_are_done_nothing_is_kept(batching: Batching[int], clock: FakeClock) -> None:
    for number in range(1000):
        batching.offer(b"client %d" % number, number, clock(), LONG)
        batching.take(clock())
        batching.finished()
    assert batching.idle
    assert not batching._queues


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_everything_accepted_is_made_once_and_in_its_clients_order(steps: list[tuple[int, bool]]) -> None:
    batching: Batching[int] = Batching(TERMS)
    accepted: list[tuple[bytes, int]] = []
    made: list[tuple[bytes, int]] = []

    def make() -> None:
        taken, late = batching.take(0)
        assert not late and len(taken) <= TERMS.batch
        served, left = Counter(each.client for each in taken), set(batching._queues)
        if left and served:  # nobody who still waits was served less than others, by more than one
            assert max(served.values()) - min(served[client] for client in left) <= 1
        made.extend((each.client, each.item) for each in taken)
        batching.finished()

    for number, (who, now) in enumerate(steps):
        if batching.offer(client := bytes([who]), number, 0, LONG):
            accepted.append((client, number))
        if now:
            make()
    while not batching.idle:
        make()
    for client in {client for client, _ in accepted}:
        assert [each for each in made if each[0] == client] == [each for each in accepted if each[0] == client]
    assert sorted(made) == sorted(accepted)

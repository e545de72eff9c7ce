"""A mask service: what it answers, to whom, and what it counts. Driven by hand, turn by turn."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from mask_services import OFFER, POISON, SIZE, TERMS, Reds, picture

from pipeline.call import Call
from pipeline.errors import StageError
from pipeline.link.caller import Caller, Up
from pipeline.link.hub import Hub
from pipeline.link.service import MALFORMED, Service
from pipeline.testing import FakeClock
from stages.segmentation import protocol
from stages.segmentation.serving import MaskService

ARRIVES_S = 20.0


class Table:
    """The service, and clients that sit at it."""

    def __init__(self) -> None:
        self.masks, self.clock = Reds(), FakeClock()
        self.hub = Hub()
        self.service = Service(self.hub, "tcp://127.0.0.1:*", None, 3 * SIZE[0] * SIZE[1])
        self.serving = MaskService(self.hub, self.service, self.masks, OFFER, TERMS, self.clock)
        self._clients: list[tuple[Caller, Hub]] = []

    def client(self) -> Caller:
        hub = Hub()
        made = Caller(hub, self.service.address, None, 10_000)
        self._clients.append((made, hub))
        self.turns(lambda: made.next(0.01) == Up())
        return made

    def ask(self, client: Caller, *calls: Call) -> None:
        """Send, and have the service hear them."""
        for call in calls:
            assert client.send(call)

    def told(self, client: Caller, count: int = 1) -> list[Call]:
        """So many answers."""
        came: list[Call] = []

        def enough() -> bool:
            if isinstance(happened := client.next(0.005), Call):
                came.append(happened)
            return len(came) >= count

        self.turns(enough)
        return came

    def until(self, **figures: int) -> None:
        """Turns until the figures are so."""
        self.turns(lambda: all(self.serving.figures[name] == value for name, value in figures.items()))

    def turns(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + ARRIVES_S
        while not enough():
            assert time.monotonic() < deadline, self.serving.figures
            self.serving.turn()

    def keep_busy(self, client: Caller) -> None:
        """Its picture 1 is being made until ``masks.gate`` is set, and its picture 2 waits."""
        self.masks.gate.clear()
        self.ask(client, asking(1))
        self.turns(lambda: self.serving._making is not None)
        self.ask(client, asking(2))
        self.turns(lambda: self.serving._batching.waiting == 1)

    def leave(self, client: Caller) -> None:
        hub = next(hub for made, hub in self._clients if made is client)
        self._clients.remove((client, hub))
        client.close()
        hub.close()

    def close(self) -> None:
        self.masks.gate.set()
        for client, _ in list(self._clients):
            self.leave(client)
        self.serving.close()
        self.hub.close()


@pytest.fixture
def table() -> Iterator[Table]:
    made = Table()
    yield made
    made.close()


def asking(number: int, left: int = 0, right: int = 8, patience_ms: int = 60_000) -> Call:
    return protocol.asking(number, picture(left, right), patience_ms)


def test_whoever_says_hello_is_offered_the_network(table: Table) -> None:
    client = table.client()
    table.ask(client, protocol.hello(5))
    (answer,) = table.told(client)
    assert (answer.kind, answer.number) == (protocol.OFFER, 5)
    assert protocol.offer_of(answer) == OFFER


def test_an_offer_says_where_the_network_runs_now(table: Table) -> None:
    table.masks.device = "cpu"
    client = table.client()
    table.ask(client, protocol.hello(1))
    assert protocol.offer_of(table.told(client)[0]).device == "cpu"


def test_a_picture_is_answered_with_its_probabilities(table: Table) -> None:
    client = table.client()
    table.ask(client, asking(3, 4, 12))
    (answer,) = table.told(client)
    found, device = protocol.answered(answer, SIZE)
    assert (answer.number, device) == (3, "gpu")
    np.testing.assert_array_equal(found, picture(4, 12)[:, :, 2] / 255)


def test_two_clients_share_a_batch_and_get_their_own_masks(table: Table) -> None:
    one, other = table.client(), table.client()
    table.masks.gate.clear()
    table.ask(one, asking(1, 0, 1))
    table.turns(lambda: table.serving._making is not None)
    table.ask(one, asking(2, 0, 2))
    table.ask(other, asking(1, 0, 3), asking(2, 0, 4))
    table.turns(lambda: table.serving._batching.waiting == 3)
    table.masks.gate.set()
    widths = [
        {call.number: int(np.count_nonzero(call.planes[0][0])) for call in table.told(client, 2)}
        for client in (one, other)
    ]
    assert widths == [{1: 1, 2: 2}, {1: 3, 2: 4}]
    assert table.masks.batches == [1, 3]


def test_a_client_with_too_many_outstanding_is_told_that_it_is_busy(table: Table) -> None:
    client = table.client()
    table.masks.gate.clear()
    table.ask(client, *(asking(number) for number in range(1, 6)))
    busy = table.told(client, 2)
    assert [(call.kind, call.number) for call in busy] == [(protocol.BUSY, 4), (protocol.BUSY, 5)]
    table.masks.gate.set()
    assert [call.number for call in table.told(client, 3)] == [1, 2, 3]
    assert table.serving.counts.busy == 2


def test_a_busy_service_still_greets(table: Table) -> None:
    table.masks.gate.clear()
    one = table.client()
    table.ask(one, asking(1))
    table.turns(lambda: table.serving._making is not None)
    other = table.client()
    table.ask(other, protocol.hello(1))
    assert table.told(other)[0].kind == protocol.OFFER


def test_what_came_too_late_is_not_made(table: Table) -> None:
    client = table.client()
    table.masks.gate.clear()
    table.ask(client, asking(1))
    table.turns(lambda: table.serving._making is not None)
    table.ask(client, asking(2, patience_ms=1000))
    table.turns(lambda: table.serving._batching.waiting == 1)
    table.clock.advance(1.001)
    table.masks.gate.set()
    assert [call.kind for call in table.told(client, 2)] == [protocol.MASK, protocol.LATE]
    assert table.masks.batches == [1]


def test_a_picture_that_the_network_fails_on_takes_no_other_with_it(table: Table) -> None:
    client = table.client()
    table.masks.gate.clear()
    table.ask(client, asking(1))
    table.turns(lambda: table.serving._making is not None)
    table.ask(client, protocol.asking(2, picture(0, 8, value=POISON), 60_000), asking(3, 0, 5))
    table.turns(lambda: table.serving._batching.waiting == 2)
    table.masks.gate.set()
    answers = table.told(client, 3)
    assert [call.kind for call in answers] == [protocol.MASK, protocol.FAILED, protocol.MASK]
    assert protocol.why_of(answers[1]) == "model 'reds' gives NaN"
    assert np.count_nonzero(answers[2].planes[0][0]) == 5


def test_a_network_that_fails_again_and_again_ends_the_service(table: Table) -> None:
    client = table.client()
    for number in (1, 2):
        table.ask(client, protocol.asking(number, picture(0, 8, value=POISON), 60_000))
        assert table.told(client)[0].kind == protocol.FAILED
    table.ask(client, protocol.asking(3, picture(0, 8, value=POISON), 60_000))
    with pytest.raises(StageError, match="3 batches in a row failed; the last: model 'reds' gives NaN"):
        table.until(failed=4)


def test_failures_with_successes_between_them_do_not_end_it(table: Table) -> None:
    client = table.client()
    for number in range(1, 9):
        poisoned = protocol.asking(number, picture(0, 8, value=POISON), 60_000)
        table.ask(client, asking(number) if number % 3 == 0 else poisoned)
        table.told(client)
    assert (table.serving.counts.failed, table.serving.counts.masks) == (6, 2)


@pytest.mark.parametrize(
    "call",
    [
        Call("dance", 4),
        Call(protocol.PICTURE, 4, {"patience_ms": 1000}),
        Call(protocol.PICTURE, 4, {}, (picture(0, 8),)),
        Call(protocol.PICTURE, 4, {"patience_ms": 1000}, (np.zeros((8, 8, 3), np.uint8),)),
        Call(protocol.HELLO, 4, {"service": "masks", "version": 2}),
        Call(protocol.HELLO, 4),
        Call(protocol.MASK, 4, {"device": "cpu"}, (np.zeros(SIZE, np.uint8),)),
    ],
)
def test_what_cannot_be_asked_is_answered_so_and_counted(table: Table, call: Call) -> None:
    client = table.client()
    table.ask(client, call)
    (answer,) = table.told(client)
    assert (answer.kind, answer.number) == (MALFORMED, 4)
    assert table.serving.figures["malformed"] == 1
    table.ask(client, asking(5))
    assert table.told(client)[0].kind == protocol.MASK


def test_a_client_that_vanishes_leaves_nothing(table: Table) -> None:
    client = table.client()
    table.keep_busy(client)
    table.leave(client)
    other = table.client()  # by now the service has noticed
    table.masks.gate.set()
    table.until(gone=2)
    assert table.serving._batching.idle
    assert not table.serving._batching._queues
    table.ask(other, asking(1))
    assert table.told(other)[0].kind == protocol.MASK


def test_at_the_end_what_was_taken_is_answered_and_nothing_more_is_taken(table: Table) -> None:
    client = table.client()
    table.keep_busy(client)
    table.serving.end()
    table.ask(client, asking(3))
    assert table.told(client)[0] == Call(protocol.BUSY, 3)
    assert not table.serving.drained
    table.masks.gate.set()
    assert [call.number for call in table.told(client, 2)] == [1, 2]
    assert table.serving.drained


def test_figures_hold_all_that_was_counted(table: Table) -> None:
    client = table.client()
    table.ask(client, protocol.hello(1), asking(2))
    table.told(client, 2)
    expected = {"hellos": 1, "masks": 1, "batches": 1}
    names = [each.name for each in dataclasses.fields(table.serving.counts)]
    assert {name: count for name, count in table.serving.figures.items() if count} == expected
    assert {*names, "malformed", "refused", "handshakes_failed", "gone"} == set(table.serving.figures)

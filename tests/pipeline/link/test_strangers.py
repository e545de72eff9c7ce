"""Garbage and oversized messages on every socket: a WireError that names the link, never a crash or a hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgpack
import pytest
import zmq
from ends import NAME, QUIET_S, Ends, frame, short
from travellers import CAPS, plane

from pipeline.errors import WireError
from pipeline.frame import Event, EventKind, caps_event
from pipeline.link import BusClient, BusServer, Hub, Receiver, endpoint
from pipeline.messages import Drain, Hello
from pipeline.wire import MAX_HEADER_BYTES, encode_ack, encode_hello, encode_item, encode_message

Make = Callable[..., Ends]

Stranger = Callable[[int, str], "zmq.Socket[bytes]"]
GARBAGE = [
    [b""],
    [b"GET / HTTP/1.1\r\n"],
    [b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94."],  # a pickle
    [b"\x91" * 100_000],
    [b"x" * 1000, b"y"],
    [b""] * 50,
    [encode_ack(1), encode_ack(1)],
    [encode_message(Drain()), b""],
    [msgpack.packb({"v": 1, "t": "frame", "n": 1})],
    [msgpack.packb({"v": 2, "t": "hello", "n": 0, "link": NAME})],
]


@pytest.mark.parametrize("parts", [*GARBAGE, [encode_message(Drain())], [encode_hello("b-c")]])
def test_garbage_at_a_sender_is_a_wire_error_that_names_the_link(
    ends: Make, stranger: Stranger, parts: list[bytes]
) -> None:
    pair = ends()
    stranger(zmq.DEALER, pair.address).send_multipart(parts)
    with pytest.raises(WireError, match=r"^link a-b: "):
        pair.hear()


@pytest.mark.parametrize("parts", [*GARBAGE, [encode_ack(1)], encode_item(1, frame(0))])
def test_garbage_at_a_receiver_is_a_wire_error_that_names_the_link(
    folder: Path, stranger: Stranger, parts: list[bytes]
) -> None:
    address, hub = endpoint(folder, NAME), Hub()
    socket = stranger(zmq.ROUTER, address)
    receiver = Receiver(hub, address, NAME)
    peer, _ = socket.recv_multipart()
    socket.send_multipart([peer, *parts])
    assert hub.wait(5)
    with pytest.raises(WireError, match=r"^link a-b: "):
        receiver.receive()
    hub.close()


@pytest.mark.parametrize("caps", [None, 3, "", "video", "video/raw,width=[", ["video/raw"]])
def test_caps_that_cannot_be_read_are_a_wire_error(folder: Path, stranger: Stranger, caps: object) -> None:
    address, hub = endpoint(folder, NAME), Hub()
    socket = stranger(zmq.ROUTER, address)
    receiver = Receiver(hub, address, NAME)
    peer, _ = socket.recv_multipart()
    socket.send_multipart([peer, *encode_item(1, Event(EventKind.CAPS, data={"caps": caps}))])  # type: ignore[dict-item]
    assert hub.wait(5)
    with pytest.raises(WireError, match=r"^link a-b: caps"):
        receiver.receive()
    hub.close()


@pytest.mark.parametrize("parts", [*GARBAGE, [encode_hello(NAME)]])
def test_garbage_on_the_bus_is_a_wire_error_in_the_supervisor(
    folder: Path, stranger: Stranger, parts: list[bytes]
) -> None:
    hub = Hub()
    bus = BusServer(hub, endpoint(folder, "bus"))
    stranger(zmq.DEALER, endpoint(folder, "bus")).send_multipart(parts)
    assert hub.wait(5)
    with pytest.raises(WireError, match=r"^bus: "):
        bus.receive()
    hub.close()


@pytest.mark.parametrize("parts", [*GARBAGE, [encode_hello(NAME)]])
def test_garbage_on_the_bus_is_a_wire_error_in_a_child(folder: Path, stranger: Stranger, parts: list[bytes]) -> None:
    hub = Hub()
    socket = stranger(zmq.ROUTER, endpoint(folder, "bus"))
    bus = BusClient(hub, endpoint(folder, "bus"))
    bus.send(Hello("p"))
    peer, _ = socket.recv_multipart()
    socket.send_multipart([peer, *parts])
    assert hub.wait(5)
    with pytest.raises(WireError, match=r"^bus: "):
        bus.receive()
    hub.close()


def test_after_garbage_a_receiver_goes_on_with_the_next_message(folder: Path, stranger: Stranger) -> None:
    address, hub = endpoint(folder, NAME), Hub()
    socket = stranger(zmq.ROUTER, address)
    receiver = Receiver(hub, address, NAME)
    peer, _ = socket.recv_multipart()
    socket.send_multipart([peer, b"garbage", b"of", b"three parts"])
    socket.send_multipart([peer, *encode_item(1, caps_event(CAPS))])
    assert hub.wait(5)
    with pytest.raises(WireError):
        receiver.receive()
    deadline = time.monotonic() + 5
    while (came := receiver.receive()) is None:
        assert time.monotonic() < deadline
        hub.wait(1)
    assert came == (1, caps_event(CAPS))
    hub.close()


def test_what_is_over_the_limit_of_a_header_does_not_even_arrive_at_a_sender(ends: Make, stranger: Stranger) -> None:
    pair = ends()
    stranger(zmq.DEALER, pair.address).send(bytes(MAX_HEADER_BYTES + 1))
    pair.offer(caps_event(CAPS))
    assert short(pair.received(pair.receiver(), 1)) == ["caps"]
    assert not pair.hub.wait(QUIET_S)


def test_what_is_over_the_limit_of_a_header_does_not_even_arrive_on_the_bus(folder: Path, stranger: Stranger) -> None:
    hub, child = Hub(), Hub()
    bus = BusServer(hub, endpoint(folder, "bus"))
    stranger(zmq.DEALER, endpoint(folder, "bus")).send(bytes(MAX_HEADER_BYTES + 1))
    client = BusClient(child, endpoint(folder, "bus"))
    client.send(Hello("p"))
    assert hub.wait(5)
    assert (received := bus.receive()) is not None and received[1] == Hello("p")
    assert not hub.wait(QUIET_S)
    hub.close()
    child.close()


def test_what_is_over_the_limit_of_a_plane_does_not_even_arrive_at_a_receiver(
    folder: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.link.receiver.MAX_PART_BYTES", 1000)
    address, hub = endpoint(folder, NAME), Hub()
    socket = stranger(zmq.ROUTER, address)
    receiver = Receiver(hub, address, NAME)
    peer, _ = socket.recv_multipart()
    socket.send_multipart([peer, *encode_item(1, replace(frame(0), planes=(plane((40, 40)),)))])
    assert not hub.wait(QUIET_S)
    assert receiver.receive() is None
    hub.close()


def test_a_header_over_its_limit_that_fits_a_plane_is_a_wire_error(folder: Path, stranger: Stranger) -> None:
    address, hub = endpoint(folder, NAME), Hub()
    socket = stranger(zmq.ROUTER, address)
    receiver = Receiver(hub, address, NAME)
    peer, _ = socket.recv_multipart()
    socket.send_multipart([peer, bytes(MAX_HEADER_BYTES + 1)])
    assert hub.wait(5)
    with pytest.raises(WireError, match="a header of 1048577 bytes"):
        receiver.receive()
    hub.close()

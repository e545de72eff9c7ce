"""The bus, and the hub that waits for all sockets of a process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.errors import ResourceError, WireError
from pipeline.link import BusClient, BusServer, Hub, endpoint
from pipeline.messages import BusMessage, Drain, Hello, Warn
from pipeline.wire import MAX_HEADER_BYTES


def test_the_bus_carries_messages_both_ways(folder: Path) -> None:
    hub, child = Hub(), Hub()
    server, client = BusServer(hub, endpoint(folder, "bus")), BusClient(child, endpoint(folder, "bus"))
    said: list[BusMessage] = [Hello("p"), Warn("a", "it is dark")]
    for message in said:
        client.send(message)
    heard: list[BusMessage] = []
    while len(heard) < 2:
        assert hub.wait(5)
        while (received := server.receive()) is not None:
            peer, message = received
            heard.append(message)
    assert heard == said
    server.send(peer, Drain())
    assert child.wait(5)
    assert client.receive() == Drain()
    assert client.receive() is None
    hub.close()
    child.close()


def test_telling_a_child_that_is_gone_is_no_error(folder: Path) -> None:
    hub, child = Hub(), Hub()
    server, client = BusServer(hub, endpoint(folder, "bus")), BusClient(child, endpoint(folder, "bus"))
    client.send(Hello("p"))
    assert hub.wait(5)
    received = server.receive()
    assert received is not None
    child.close()
    for _ in range(100):
        server.send(received[0], Drain())
    server.send(b"nobody", Drain())
    hub.close()


def test_a_message_too_large_for_the_bus_is_a_wire_error_where_it_is_sent(folder: Path) -> None:
    hub = Hub()
    client = BusClient(hub, endpoint(folder, "bus"))
    with pytest.raises(WireError, match="at most 1048576"):
        client.send(Warn("a", "x" * (MAX_HEADER_BYTES + 1)))
    hub.close()


@pytest.mark.parametrize("name", ["missing/bus", "x" * 200], ids=["no folder", "too long"])
def test_an_address_that_cannot_be_had_is_named(folder: Path, name: str) -> None:
    hub = Hub()
    with pytest.raises(ResourceError, match=f"cannot listen on ipc://{folder}/{name}"):
        BusServer(hub, endpoint(folder, name))
    hub.close()


def test_the_hub_wakes_for_a_file_descriptor_as_long_as_it_is_watched() -> None:
    hub = Hub()
    reading, writing = os.pipe()
    hub.watch(reading)
    assert not hub.wait(0)
    os.write(writing, b"x")
    assert hub.wait(5)
    hub.unwatch(reading)
    hub.unwatch(reading)
    assert not hub.wait(0)
    hub.close()
    os.close(reading)
    os.close(writing)


def test_waiting_for_less_than_no_time_returns_at_once() -> None:
    hub = Hub()
    assert not hub.wait(-5)
    hub.close()

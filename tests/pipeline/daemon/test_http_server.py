"""/metrics and /healthz, for Prometheus and for others."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from pipeline.daemon.http_server import Address, HttpServer, health, parse_address, respond
from pipeline.daemon.snapshot import Snapshot
from pipeline.errors import ConfigError, ResourceError
from pipeline.metrics import exposition
from pipeline.states import State

GOOD = Snapshot("room", taken_s=100.0, ready=True, states={"a": State.PLAYING}, sources={"a": "live"})


class Published:
    """What the loop has published last."""

    snapshot = GOOD


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def server(published: Published) -> Iterator[HttpServer]:
    found = HttpServer(Address("127.0.0.1", 0), lambda: published.snapshot, exposition)
    yield found
    found.close()


def connected(server: HttpServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.address.port), timeout=10)


def whole(client: socket.socket) -> bytes:
    said = b""
    while piece := client.recv(65536):
        said += piece
    return said


def test_prometheus_can_read_the_metrics(server: HttpServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.address.port, timeout=10)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    names = {family.name for family in text_string_to_metric_families(response.read().decode())}
    assert {"slidetap_stage_state", "slidetap_degraded", "slidetap_source_state"} <= names
    connection.close()


def test_head_says_how_long_and_nothing_more(server: HttpServer) -> None:
    with connected(server) as client:
        client.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = whole(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"Content-Length: 0" not in head
    assert body == b""


def test_the_newest_snapshot_is_told(server: HttpServer, published: Published) -> None:
    published.snapshot = replace(GOOD, degraded=("stage 'a' is failed",))
    with connected(server) as client:
        client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert b'slidetap_degraded{pipeline="room"} 1.0' in whole(client)


def test_one_who_sends_nothing_does_not_keep_others_waiting(server: HttpServer) -> None:
    with connected(server), connected(server) as slow, connected(server) as client:
        slow.sendall(b"GET /met")
        client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert whole(client).startswith(b"HTTP/1.1 ")


def test_headers_without_end_are_cut_off(server: HttpServer) -> None:
    with connected(server) as client:
        try:
            client.sendall(b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 10_000)
            said = whole(client)
        except (BrokenPipeError, ConnectionResetError):
            said = b""
    assert said == b""
    with connected(server) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert whole(client).startswith(b"HTTP/1.1 ")


def test_there_are_places_for_sixteen_and_they_are_given_again(server: HttpServer) -> None:
    for _ in range(3):
        clients = [connected(server) for _ in range(20)]
        clients[-1].settimeout(10)
        try:
            refused = clients[-1].recv(1) == b""
        except ConnectionResetError:
            refused = True
        assert refused
        for client in clients:
            client.close()
        with connected(server) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            whole(client)


def test_figures_that_cannot_be_written_are_an_error_of_this_request_alone(published: Published) -> None:
    def broken(snapshot: Snapshot) -> bytes:
        raise ValueError("never")

    server = HttpServer(Address("127.0.0.1", 0), lambda: published.snapshot, broken)
    for _ in range(2):
        with connected(server) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert whole(client).startswith(b"HTTP/1.1 500 ")
    server.close()


def test_a_port_that_is_taken_is_named(server: HttpServer) -> None:
    with pytest.raises(ResourceError, match=rf"http at 127\.0\.0\.1:{server.address.port} .* Address already in use"):
        HttpServer(Address("127.0.0.1", server.address.port), lambda: GOOD, exposition)


def test_after_the_end_nobody_listens(published: Published) -> None:
    server = HttpServer(Address("127.0.0.1", 0), lambda: published.snapshot, exposition)
    server.close()
    with pytest.raises(ConnectionRefusedError):
        connected(server)


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /metrics HTTP/1.1", 200),
        (b"GET /metrics?x=1 HTTP/1.1\r\nHost: x", 200),
        (b"GET / HTTP/1.1", 404),
        (b"GET /../etc/passwd HTTP/1.1", 404),
        (b"POST /metrics HTTP/1.1", 405),
        (b"GET /metrics", 400),
        (b"", 400),
        (b"GET /metrics HTTP/2.0", 400),
    ],
)
def test_what_is_asked_decides_the_status(request_head: bytes, status: int) -> None:
    assert respond(request_head, GOOD, 100.0, exposition).split()[1] == str(status).encode()


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(head: bytes) -> None:
    assert respond(head, GOOD, 100.0, lambda snapshot: b"").startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize(
    ("snapshot", "now", "status", "problems"),
    [
        (GOOD, 101.0, "ok", []),
        (replace(GOOD, ready=False), 101.0, "starting", []),
        (replace(GOOD, degraded=("stage 'b' is failed: x",)), 101.0, "degraded", ["stage 'b' is failed: x"]),
        (GOOD, 111.0, "degraded", ["the supervisor's loop has shown no sign of life for 11 s"]),
    ],
)
def test_health_names_what_is_degraded(snapshot: Snapshot, now: float, status: str, problems: list[str]) -> None:
    answer = health(snapshot, now)
    told = json.loads(answer.body)
    assert (told["status"], told["degraded"]) == (status, problems)
    assert answer.status == (200 if status == "ok" else 503)


@pytest.mark.parametrize(
    ("text", "address", "exposed"),
    [
        ("127.0.0.1:9101", Address("127.0.0.1", 9101), False),
        (":9101", Address("127.0.0.1", 9101), False),
        ("[::1]:9101", Address("::1", 9101), False),
        ("localhost:9101", Address("localhost", 9101), False),
        ("127.1.2.3:1", Address("127.1.2.3", 1), False),
        ("0.0.0.0:9101", Address("0.0.0.0", 9101), True),
        ("[::]:9101", Address("::", 9101), True),
        ("192.168.1.5:9101", Address("192.168.1.5", 9101), True),
        ("127.example.org:80", Address("127.example.org", 80), True),
    ],
)
def test_all_but_this_machine_is_exposed(text: str, address: Address, exposed: bool) -> None:
    assert parse_address(text) == address
    assert address.exposed is exposed


@pytest.mark.parametrize("text", ["9101", "127.0.0.1", "127.0.0.1:", "::1:9101", ":99999", ":-1", "x:y", ":٣"])
def test_what_is_no_address_is_named_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match=r'write "127\.0\.0\.1:9101"'):
        parse_address(text)

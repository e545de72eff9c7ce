"""The control socket: who may talk, how much, for how long."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from controls import FakeControl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.daemon import control as control_module
from pipeline.daemon.control import ControlSocket
from pipeline.errors import ResourceError, ServiceError


def shout(line: bytes) -> bytes:
    return line.upper() + b"\n"


@pytest.fixture
def loop() -> FakeControl:
    return FakeControl()


@pytest.fixture
def listening(tmp_path: Path, loop: FakeControl) -> Iterator[ControlSocket]:
    control = ControlSocket(tmp_path / "room.sock", shout, loop)
    yield control
    control.close()


def connected(control: ControlSocket) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(5)
    client.connect(str(control.path))
    return client


def test_a_line_is_answered(listening: ControlSocket) -> None:
    with connected(listening) as client:
        client.sendall(b"status\n")
        listening.turn(0.0)
        assert client.recv(100) == b"STATUS\n"


def test_a_line_in_pieces_is_one_line_and_two_lines_are_two(listening: ControlSocket) -> None:
    with connected(listening) as client:
        client.sendall(b"sta")
        listening.turn(0.0)
        client.sendall(b"tus\nmark\n")
        listening.turn(0.1)
        assert client.recv(100) == b"STATUS\nMARK\n"


def test_somebody_who_says_all_and_listens_on_is_answered(listening: ControlSocket, loop: FakeControl) -> None:
    with connected(listening) as client:
        client.sendall(b"status\n")
        client.shutdown(socket.SHUT_WR)
        listening.turn(0.0)
        assert client.recv(100) == b"STATUS\n"
        assert client.recv(100) == b""
    assert len(loop.watched) == 1


def test_several_are_served_while_one_is_silent(listening: ControlSocket) -> None:
    with connected(listening), connected(listening) as first, connected(listening) as second:
        first.sendall(b"a\n")
        second.sendall(b"b\n")
        listening.turn(0.0)
        assert (first.recv(10), second.recv(10)) == (b"A\n", b"B\n")


def test_a_silent_one_is_dropped_after_five_seconds(listening: ControlSocket, loop: FakeControl) -> None:
    with connected(listening) as client:
        listening.turn(0.0)
        listening.turn(4.9)
        assert len(loop.watched) == 2
        listening.turn(5.1)
        assert client.recv(10) == b""
    assert len(loop.watched) == 1


def test_a_line_that_comes_by_drops_does_not_keep_a_place(listening: ControlSocket) -> None:
    with connected(listening) as client:
        for second in range(6):
            client.sendall(b"x")
            listening.turn(float(second))
        listening.turn(5.5)
        assert client.recv(10) == b""


def test_a_line_without_end_is_dropped(listening: ControlSocket) -> None:
    with connected(listening) as client:
        client.setblocking(False)
        try:
            for _ in range(100):
                client.send(b"x" * 4096)
                listening.turn(0.0)
        except (BrokenPipeError, ConnectionResetError):
            return
    raise AssertionError("400 KiB without an end were listened to")


def test_one_who_never_reads_is_dropped_and_blocks_nobody(tmp_path: Path, loop: FakeControl) -> None:
    control = ControlSocket(tmp_path / "room.sock", lambda line: b"x" * 500_000 + b"\n", loop)
    with connected(control) as client, connected(control) as other:
        client.sendall(b"status\n" * 5)
        control.turn(0.0)
        other.sendall(b"status\n")
        control.turn(0.1)
        assert other.recv(10) == b"x" * 10
        control.turn(5.2)
        assert len(loop.watched) == 1
    control.close()


def test_a_flood_of_requests_leaves_the_loop_its_time(tmp_path: Path, loop: FakeControl) -> None:
    heard: list[bytes] = []

    def count(line: bytes) -> bytes:
        heard.append(line)
        return b"\n"

    control = ControlSocket(tmp_path / "room.sock", count, loop)
    with connected(control) as client:
        client.sendall(b"\n" * 10_000)
        control.turn(0.0)
        assert 0 < len(heard) <= 8
    control.close()


def test_there_are_places_for_sixteen(listening: ControlSocket, loop: FakeControl) -> None:
    clients = [connected(listening) for _ in range(16)]
    listening.turn(0.0)
    with connected(listening) as late:
        listening.turn(0.0)
        assert late.recv(10) == b""
    assert len(loop.watched) == 17
    for client in clients:
        client.close()


def test_another_user_is_not_listened_to(listening: ControlSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = os.getuid()
    monkeypatch.setattr(control_module, "_may", lambda found: found not in (uid,))
    with connected(listening) as client:
        listening.turn(0.0)
        assert client.recv(10) == b""


@pytest.mark.parametrize(("uid", "may"), [(0, True), (1000, True), (1001, False), (-1, False)])
def test_only_the_same_user_and_root_may_talk(uid: int, may: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert control_module._may(uid) is may


def test_the_socket_is_for_its_owner_alone(listening: ControlSocket) -> None:
    assert stat.S_IMODE(listening.path.stat().st_mode) == 0o600


def test_a_daemon_that_lives_is_not_replaced(listening: ControlSocket, loop: FakeControl) -> None:
    with pytest.raises(ServiceError, match="already running"):
        ControlSocket(listening.path, shout, loop)
    with connected(listening) as client:
        client.sendall(b"still here\n")
        listening.turn(0.0)
        assert client.recv(100) == b"STILL HERE\n"


def test_one_that_listens_without_a_lock_is_not_replaced(tmp_path: Path, loop: FakeControl) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(tmp_path / "room.sock"))
        other.listen()
        with pytest.raises(ServiceError, match="already running"):
            ControlSocket(tmp_path / "room.sock", shout, loop)


def test_what_a_dead_daemon_left_is_replaced(tmp_path: Path, loop: FakeControl) -> None:
    path = tmp_path / "room.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    assert path.is_socket()
    control = ControlSocket(path, shout, loop)
    with connected(control) as client:
        client.sendall(b"x\n")
        control.turn(0.0)
        assert client.recv(10) == b"X\n"
    control.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path, loop: FakeControl) -> None:
    path = tmp_path / "room.sock"
    path.write_text("precious")
    with pytest.raises(ResourceError, match="no socket"):
        ControlSocket(path, shout, loop)
    assert path.read_text() == "precious"


def test_after_the_end_the_place_is_free(tmp_path: Path, loop: FakeControl) -> None:
    path = tmp_path / "room.sock"
    ControlSocket(path, shout, loop).close()
    assert not path.exists()
    assert loop.watched == set()
    ControlSocket(path, shout, loop).close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=200) | st.sampled_from([b"\n", b"status\n", b"\r\n", b"\0" * 70_000]), max_size=8))
def test_no_bytes_harm_the_next_who_asks(listening: ControlSocket, pieces: list[bytes]) -> None:
    with connected(listening) as hostile:
        hostile.setblocking(False)
        for piece in pieces:
            try:
                hostile.send(piece)
            except OSError:
                break
            listening.turn(0.0)
    with connected(listening) as client:
        client.sendall(b"status\n")
        listening.turn(0.0)
        assert client.recv(100) == b"STATUS\n"
    listening.turn(100.0)

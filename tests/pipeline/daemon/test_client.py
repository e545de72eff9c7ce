"""Asking a daemon, also one that does not answer as it should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.daemon.client import ask
from pipeline.daemon.protocol import MAX_ANSWER_BYTES, Request, decode_request, encode_answer, encode_refusal
from pipeline.errors import ExitCode, PipelineError, ServiceError, WireError

Serve = Callable[[Callable[[socket.socket], None]], Path]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Serve]:
    """Starts one that treats its first visitor in a certain way; returns its socket."""
    threads: list[threading.Thread] = []

    def serve(treat: Callable[[socket.socket], None]) -> Path:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(tmp_path / "x.sock"))
        listening.listen()

        def once() -> None:
            with listening:
                visitor, _ = listening.accept()
            with visitor:
                treat(visitor)

        threads.append(threading.Thread(target=once))
        threads[-1].start()
        return tmp_path / "x.sock"

    yield serve
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_the_answer_comes_back(daemon: Serve) -> None:
    def treat(visitor: socket.socket) -> None:
        request = decode_request(visitor.recv(1000).strip())
        line = encode_answer({"heard": request.command, "text": request.arguments["text"]})
        visitor.sendall(line[:5])
        visitor.sendall(line[5:])

    assert ask(daemon(treat), Request("mark", {"text": "break"})) == {"heard": "mark", "text": "break"}


def test_a_refusal_is_raised_with_its_exit_code(daemon: Serve) -> None:
    def treat(visitor: socket.socket) -> None:
        visitor.recv(1000)
        visitor.sendall(encode_refusal(ServiceError("no lecture is open")))

    with pytest.raises(PipelineError, match="no lecture is open") as raised:
        ask(daemon(treat), Request("stop"))
    assert raised.value.exit_code is ExitCode.UNAVAILABLE


def test_a_daemon_that_is_silent_is_not_waited_for_for_ever(daemon: Serve) -> None:
    def treat(visitor: socket.socket) -> None:
        while visitor.recv(1000):
            pass

    with pytest.raises(ServiceError, match=r"does not answer within 0\.2 s"):
        ask(daemon(treat), Request("status"), timeout_s=0.2)


def test_a_daemon_that_hangs_up_is_told(daemon: Serve) -> None:
    with pytest.raises(ServiceError, match="ended the conversation"):
        ask(daemon(lambda visitor: None), Request("status"))


def test_an_answer_without_end_is_not_read_for_ever(daemon: Serve) -> None:
    def treat(visitor: socket.socket) -> None:
        visitor.recv(1000)
        try:
            visitor.sendall(b"x" * (2 * MAX_ANSWER_BYTES))
        except (BrokenPipeError, ConnectionResetError):
            pass

    with pytest.raises(WireError, match="does not end"):
        ask(daemon(treat), Request("status"))


def test_no_daemon_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no daemon runs at .*x.sock'; 'slidetap run CONFIG' starts one"):
        ask(tmp_path / "x.sock", Request("status"))


def test_what_a_dead_daemon_left_is_no_daemon(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / "x.sock"))
    with pytest.raises(ServiceError, match="no daemon runs"):
        ask(tmp_path / "x.sock", Request("status"))

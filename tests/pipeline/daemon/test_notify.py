"""What the service manager is told."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

import pytest

from pipeline.daemon.notify import Notifier


@pytest.fixture
def manager() -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.settimeout(5)
    return listening


def test_a_manager_is_told_through_its_socket(manager: socket.socket, tmp_path: Path) -> None:
    with manager:
        manager.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        notifier.tell(READY=1, STATUS="all stages\nare playing")
        assert manager.recv(1000) == b"READY=1\nSTATUS=all stages are playing"
        notifier.close()


def test_an_abstract_socket_is_reached_too(manager: socket.socket) -> None:
    with manager:
        name = f"slidetap-{uuid.uuid4()}"
        manager.bind(f"\0{name}")
        notifier = Notifier({"NOTIFY_SOCKET": f"@{name}"})
        notifier.tell(WATCHDOG=1)
        assert manager.recv(1000) == b"WATCHDOG=1"
        notifier.close()


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "vsock:2:1234"}, {"NOTIFY_SOCKET": "/nobody/there"}])
def test_without_a_manager_nothing_happens(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    notifier.tell(READY=1)
    notifier.close()
    notifier.tell(READY=1)


def test_a_manager_that_does_not_listen_blocks_nothing(manager: socket.socket, tmp_path: Path) -> None:
    with manager:
        manager.bind(str(tmp_path / "notify"))
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        for _ in range(2000):
            notifier.tell(STATUS="x" * 100)
        notifier.close()


@pytest.mark.parametrize(
    ("environment", "every_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "1"}, 0.1),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_wants_to_be_fed_in_half_its_time(environment: dict[str, str], every_s: float | None) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": "/nobody/there"} | environment)
    assert notifier.watchdog_s == every_s
    notifier.close()

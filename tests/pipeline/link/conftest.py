"""Folders short enough for a socket, links, and strangers who speak to them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq
from ends import Ends


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="sl"))  # an ipc address may have 107 characters, and tmp_path is long
    yield made
    shutil.rmtree(made)


@pytest.fixture
def ends(folder: Path) -> Iterator[Callable[..., Ends]]:
    made: list[Ends] = []

    def make(window: int = 4, leaky: str = "no") -> Ends:
        made.append(Ends(folder, window, leaky))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def stranger() -> Iterator[Callable[[int, str], zmq.Socket[bytes]]]:
    """A socket of another program."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    kept: list[zmq.Socket[bytes]] = []  # one that nobody holds would be closed, with what it has to send

    def make(kind: int, address: str) -> zmq.Socket[bytes]:
        socket = context.socket(kind)
        socket.linger = 0
        if kind == zmq.ROUTER:
            socket.bind(address)
        else:
            socket.connect(address)
        kept.append(socket)
        return socket

    yield make
    context.destroy(0)

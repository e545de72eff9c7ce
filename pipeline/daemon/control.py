"""The control socket of a daemon: who may talk, how much, and for how long. In the supervisor's loop.

It never blocks. It knows nothing of what is said: whole lines go to ``answer``, which returns a line.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pipeline.daemon.address import lock
from pipeline.daemon.peers import Peer
from pipeline.daemon.protocol import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES
from pipeline.errors import ResourceError

_PATIENCE_S = 5.0
_MOST_PEERS = 16
_MOST_REQUESTS = 8  # of one peer in one turn: the loop has other things to do
_CREDENTIALS = struct.Struct("3i")  # struct ucred of <sys/socket.h>: pid, uid, gid


class Watching(Protocol):
    """What wakes the loop; a ``Control`` of the supervisor is one."""

    def watch(self, descriptor: int) -> None: ...

    def unwatch(self, descriptor: int) -> None: ...


class ControlSocket:
    """Listens at ``path`` from its making until ``close``."""

    def __init__(self, path: Path, answer: Callable[[bytes], bytes], loop: Watching) -> None:
        """Raises ServiceError if a daemon listens there already, ResourceError if the socket cannot be made."""
        self.path = path
        self._answer = answer
        self._loop = loop
        self._peers: list[Peer] = []
        self._lock = lock(path)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            _remove(path)
            os.fchmod(self._listening.fileno(), 0o600)  # Linux gives the file the mode of the socket: 0600 from birth
            self._listening.bind(str(path))
            path.chmod(0o600)
            self._listening.listen(4 * _MOST_PEERS)
        except (OSError, ResourceError) as e:
            self._listening.close()
            os.close(self._lock)
            said = e.strerror if isinstance(e, OSError) else str(e)
            raise ResourceError(f"the control socket '{path}' cannot be made: {said}") from e
        loop.watch(self._listening.fileno())

    def turn(self, now: float) -> None:
        """Accept, read, answer, send on, and let go of whoever takes too long. ``now``: monotonic, in s."""
        self._accept(now)
        for peer in self._peers:
            peer.flush()
            if not (peer.gone or peer.ended):
                peer.read()
                if peer.ended:
                    self._loop.unwatch(peer.descriptor)  # an end stays readable and would keep the loop awake
            self._converse(peer, now)
            if now > peer.deadline or (peer.ended and not peer.owes and b"\n" not in peer.received):
                peer.gone = True
        for peer in [peer for peer in self._peers if peer.gone]:
            self._forget(peer)

    def close(self) -> None:
        """Stop listening; the socket is removed, what was said last is still sent if it can be at once."""
        for peer in list(self._peers):
            peer.flush()
            self._forget(peer)
        self._loop.unwatch(self._listening.fileno())
        with contextlib.suppress(OSError):
            self.path.unlink()
        self._listening.close()
        os.close(self._lock)

    def _accept(self, now: float) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:  # nobody is there; or there are no descriptors left, and the next turn tries again
                return
            if len(self._peers) >= _MOST_PEERS or not _may(_uid(connection)):
                connection.close()
                continue
            peer = Peer(connection, MAX_REQUEST_BYTES, MAX_ANSWER_BYTES, now + _PATIENCE_S)
            self._peers.append(peer)
            self._loop.watch(peer.descriptor)

    def _converse(self, peer: Peer, now: float) -> None:
        for _ in range(_MOST_REQUESTS):
            if peer.gone or peer.owes or (line := peer.take_line()) is None:
                return
            peer.deadline = now + _PATIENCE_S
            peer.write(self._answer(line))

    def _forget(self, peer: Peer) -> None:
        self._peers.remove(peer)
        self._loop.unwatch(peer.descriptor)
        peer.close()


def _uid(connection: socket.socket) -> int:
    """Of the process at the other end, as the kernel says; a folder's mode may be changed by mistake, that may not."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(found)[1])


def _may(uid: int) -> bool:
    """Only the daemon's own user and root."""
    return uid in (0, os.geteuid())


def _remove(path: Path) -> None:
    """What a dead daemon left; whoever calls holds the lock. Raises ResourceError for what is no socket."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise ResourceError("something exists there that is no socket")
        path.unlink()

"""One connection of somebody who may be slow, silent or hostile: never blocks, takes and owes no more than a bound.

The control socket and the HTTP server both speak through it. Time is a value, so tests need no clock.
"""

from __future__ import annotations

import contextlib
import socket

_PIECE = 16 * 1024


class Peer:
    """A non-blocking connection with its buffers, and the time by which it must be through."""

    def __init__(self, connection: socket.socket, most_in: int, most_out: int, deadline: float) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._most_in = most_in
        self._most_out = most_out
        self.descriptor = connection.fileno()
        self.deadline = deadline
        self.received = bytearray()
        self._unsent = bytearray()
        self._closing = False  # it is to be closed once all is sent
        self.ended = False  # the other side will say no more, but may still listen
        self.gone = False

    @property
    def owes(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._unsent)

    def read(self) -> None:
        """Take what is there, up to the bound; with more than that, or after an error, the peer is gone."""
        try:
            while len(self.received) <= self._most_in:
                piece = self._connection.recv(_PIECE)
                if not piece:
                    self.ended = True
                    return
                self.received += piece
        except BlockingIOError:
            return
        except OSError:
            pass  # reset by the other side
        self.gone = True

    def take_line(self) -> bytes | None:
        """The next whole line without its end."""
        end = self.received.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.received[:end])
        del self.received[: end + 1]
        return line.removesuffix(b"\r")

    def write(self, data: bytes, last: bool = False) -> None:
        """Send it, or what the other side takes of it now; ``last``: the connection ends with it."""
        self._unsent += data
        self._closing = self._closing or last
        self.flush()

    def flush(self) -> None:
        """Send what is owed, as far as the other side takes it."""
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent[:_PIECE])]
        except BlockingIOError:
            self.gone = self.gone or len(self._unsent) > self._most_out
        except OSError:
            self.gone = True
        self.gone = self.gone or (self._closing and not self._unsent)

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        self._connection.close()

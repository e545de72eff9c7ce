"""A client that decodes nothing: it plays an address and hands out the packets, for tests of what is on the wire."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

CHANNEL = 0


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet and when it came, in s of the monotonic clock."""

    channel: int
    marker: bool
    sequence: int
    timestamp: int
    payload: bytes
    came: float


class Viewer:
    """Plays the pictures at a port. Reads raise TimeoutError after ``patience_s`` and EOFError at the end."""

    def __init__(self, port: int, patience_s: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), patience_s)
        self._buffer = b""
        self._asked = 0
        self._url = f"rtsp://127.0.0.1:{port}/live"

    def __enter__(self) -> Viewer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def ask(self, method: str, control: str = "", headers: str = "") -> str:
        """Send a request; the answer. Not while packets flow."""
        self._asked += 1
        self.socket.sendall(f"{method} {self._url}{control} RTSP/1.0\r\nCSeq: {self._asked}\r\n{headers}\r\n".encode())
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.startswith(b"Content-Length")), 0)
        return (head + b"\r\n\r\n" + self._take(length)).decode()

    def play(self) -> Viewer:
        """From DESCRIBE to PLAY."""
        self.ask("DESCRIBE")
        self.ask("SETUP", "/video", f"Transport: RTP/AVP/TCP;unicast;interleaved={CHANNEL}-{CHANNEL + 1}\r\n")
        assert "200 OK" in self.ask("PLAY")
        return self

    def packets(self) -> Iterator[Packet]:
        """Packet by packet. Raises ValueError if what comes is none."""
        while True:
            mark, channel, length = struct.unpack(">cBH", self._take(4))
            if mark != b"$":
                raise ValueError(f"no packet begins with {mark!r}")
            data = self._take(length)
            second, sequence, timestamp = struct.unpack_from(">xBHI", data)
            yield Packet(channel, bool(second & 0x80), sequence, timestamp, data[12:], time.monotonic())

    def units(self) -> Iterator[list[Packet]]:
        """The packets of one access unit after the other."""
        unit: list[Packet] = []
        for packet in self.packets():
            unit.append(packet)
            if packet.marker:
                yield unit
                unit = []

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _more(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(f"the server ended the connection; {len(self._buffer)} bytes were left")
        self._buffer += data

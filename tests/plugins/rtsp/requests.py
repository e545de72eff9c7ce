"""RTSP/1.0 requests out of a stream of bytes, and responses into one. Pure; RFC 2326."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
    454: "Session Not Found", 455: "Method Not Valid in This State", 461: "Unsupported Transport",
}  # fmt: skip
LARGEST = 64 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class Reader:
    """Takes bytes as they come; packets that the client interleaves (its RTCP) are skipped."""

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[Request]:
        """The requests that are complete now. Raises ValueError for what is no request."""
        self._buffer += data
        while self._buffer:
            if self._buffer[0] == ord("$"):
                if len(self._buffer) < 4 or len(self._buffer) < (whole := 4 + int.from_bytes(self._buffer[2:4], "big")):
                    return
                del self._buffer[:whole]
                continue
            head, separator, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not separator:
                if len(head) > LARGEST:
                    raise ValueError("a request without an end")
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            method, url, version = first.split(" ")
            if not version.startswith("RTSP/"):
                raise ValueError(f"no RTSP: {first}")
            headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._buffer = bytearray(rest[length:])
            yield Request(method, url, headers)


def response(code: int, request: Request, headers: Mapping[str, str] | None = None, body: str = "") -> bytes:
    """The bytes of an answer to ``request``."""
    told = {"CSeq": request.headers.get("cseq", "0"), **(headers or {})}
    if body:
        told |= {"Content-Type": "application/sdp", "Content-Length": str(len(body))}
    lines = [f"RTSP/1.0 {code} {REASONS[code]}", *(f"{name}: {value}" for name, value in told.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def interleaved(transport: str) -> int | None:
    """The first channel that a Transport header asks for; None if it asks for anything but TCP."""
    if not transport.upper().startswith("RTP/AVP/TCP"):
        return None
    for part in transport.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "interleaved":
            return int(value.split("-")[0])
    return None

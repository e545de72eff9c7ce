"""The other end of the control socket: ask the daemon one thing and wait for its answer, not for ever."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from pipeline.daemon import address
from pipeline.daemon.protocol import MAX_ANSWER_BYTES, Plain, Request, decode_answer, encode_request
from pipeline.errors import ServiceError, WireError

_TIMEOUT_S = 10.0


def ask(path: Path, request: Request, timeout_s: float = _TIMEOUT_S) -> dict[str, Plain]:
    """The daemon's answer. Raises what the daemon told, ServiceError if it does not answer, WireError for nonsense."""
    line = encode_request(request)
    deadline = time.monotonic() + timeout_s
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            connection.connect(str(address.checked(path)))
            connection.sendall(line)
            answer = _line(connection, deadline)
        except (FileNotFoundError, ConnectionRefusedError) as e:
            raise ServiceError(f"no daemon runs at '{path}'; 'slidetap run CONFIG' starts one") from e
        except PermissionError as e:
            raise ServiceError(f"'{path}' may not be used by this user; ask as the daemon's user or as root") from e
        except (TimeoutError, BlockingIOError) as e:
            raise ServiceError(f"the daemon at '{path}' does not answer within {timeout_s:g} s; is it stuck?") from e
        except OSError as e:
            raise ServiceError(f"the daemon at '{path}' ended the conversation: {e.strerror or e}") from e
    if answer is None:
        raise ServiceError(f"the daemon at '{path}' ended the conversation without an answer; it may be ending itself")
    return decode_answer(answer)


def _line(connection: socket.socket, deadline: float) -> bytes | None:
    received = bytearray()
    while (end := received.find(b"\n")) < 0:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        piece = connection.recv(64 * 1024)
        if not piece:
            return None
        received += piece
        if len(received) > MAX_ANSWER_BYTES + 1:
            raise WireError("the daemon's answer does not end")
    return bytes(received[:end])

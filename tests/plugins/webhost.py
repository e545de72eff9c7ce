"""A small web server on loopback for tests: files, endless streams, playlists and refusals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

Answer = bytes | int | Callable[[], Iterator[bytes]]


class WebHost:
    """``pages``: what is answered at each path: bytes, a status, or pieces that come as they are made, without an end
    that could be known. ``asked``: the paths, in order. A piece b"" means: wait a little.
    """

    def __init__(self, pages: dict[str, Answer]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        self.closing = threading.Event()
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                host.answer(self, host.pages.get(self.path.partition("?")[0], 404))

            def log_message(self, *args: object) -> None:
                """Nothing: what is printed would hide what the program prints."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> WebHost:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str, login: str = "") -> str:
        """``login``: "user:password"."""
        return f"http://{login}{'@' if login else ''}127.0.0.1:{self._server.server_address[1]}{path}"

    def answer(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        try:
            if isinstance(answer, int):
                request.send_error(answer)
            elif isinstance(answer, bytes):
                self._send(request, answer)
            else:
                request.send_response(200)
                request.end_headers()
                for piece in answer():
                    if self.closing.is_set():
                        return
                    if piece:
                        request.wfile.write(piece)
                        request.wfile.flush()
                    else:
                        self.closing.wait(0.02)
        except (BrokenPipeError, ConnectionResetError):
            return  # the reader went away

    def _send(self, request: BaseHTTPRequestHandler, data: bytes) -> None:
        begin = 0
        wanted = request.headers.get("Range", "")
        if wanted.startswith("bytes="):
            begin = int(wanted.removeprefix("bytes=").partition("-")[0] or 0)
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            request.send_response(200)
        request.send_header("Accept-Ranges", "bytes")
        request.send_header("Content-Length", str(len(data) - begin))
        request.end_headers()
        request.wfile.write(data[begin:])

"""Models over HTTP: a server on loopback that breaks off, lies, stalls or is not there."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, DataError, PipelineError, SourceError, WriteError
from stages.segmentation.downloading import download
from stages.segmentation.models import MODELS, ModelSpec
from stages.segmentation.store import Store

pytest.importorskip("pooch", reason="fetches the files of these tests")

CONTENT = os.urandom(300_000)
DIGEST = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


class Server(http.server.ThreadingHTTPServer):
    """Serves ``CONTENT``; ``mode`` says how."""

    mode = "whole"
    asked = 0
    stalled = threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        mode = self.server.mode
        if mode == "missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if mode == "whole":
            self.wfile.write(CONTENT)
        elif mode == "other":
            self.wfile.write(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
        elif mode == "half":
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
            self.close_connection = True
        elif mode == "stall":
            self.wfile.write(CONTENT[:1000])
            self.server.stalled.wait(30)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server(("127.0.0.1", 0), _Handler) as serving:
        serving.stalled = threading.Event()
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving
        serving.stalled.set()
        serving.shutdown()
        thread.join()


def url_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/u2netp.onnx"


def table_of(url: str) -> dict[str, ModelSpec]:
    return {"u2netp": dataclasses.replace(MODELS["u2netp"], url=url, digest=DIGEST)}


@pytest.fixture
def store(tmp_path: Path, server: Server) -> Store:
    return Store(tmp_path / "models", table_of(url_of(server)))


def files(store: Store) -> list[str]:
    return sorted(file.name for file in store.folder.iterdir())


def test_a_model_is_fetched_once(store: Store, server: Server) -> None:
    path = store.pull("u2netp")
    assert path.read_bytes() == CONTENT
    assert store.pull("u2netp") == path
    assert server.asked == 1
    assert files(store) == ["u2netp.onnx"]
    assert store.model("u2netp")[1] == path
    assert store.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("mode", "error", "message"),
    [
        ("half", SourceError, "u2netp.onnx broke off; try again"),
        ("other", DataError, f"has the sum md5:.*, not {DIGEST}; it was thrown away"),
        ("missing", SourceError, "u2netp.onnx cannot be fetched: 404 Client Error: Not Found$"),
    ],
)
def test_a_download_that_fails_leaves_nothing(
    store: Store, server: Server, mode: str, error: type[PipelineError], message: str
) -> None:
    server.mode = mode
    with pytest.raises(error, match=message) as raised:
        store.pull("u2netp")
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)
    assert files(store) == []
    with pytest.raises(ConfigError, match="slidetap models pull u2netp"):
        store.model("u2netp")


@pytest.mark.parametrize("mode", ["half", "other", "missing"])
def test_a_download_that_fails_leaves_the_older_file(store: Store, server: Server, mode: str) -> None:
    store.folder.mkdir()
    (store.folder / "u2netp.onnx").write_bytes(b"older, and damaged")
    server.mode = mode
    with pytest.raises(SourceError):
        store.pull("u2netp")
    assert [(name, (store.folder / name).read_bytes()) for name in files(store)] == [
        ("u2netp.onnx", b"older, and damaged")
    ]


def test_a_damaged_file_is_replaced_by_a_whole_one(store: Store) -> None:
    store.pull("u2netp").write_bytes(CONTENT[:-1])
    assert store.pull("u2netp").read_bytes() == CONTENT


def test_after_a_failure_the_same_pull_may_succeed(store: Store, server: Server) -> None:
    server.mode = "half"
    with pytest.raises(SourceError):
        store.pull("u2netp")
    server.mode = "whole"
    assert store.pull("u2netp").read_bytes() == CONTENT


def test_the_name_is_given_only_after_the_sum_was_compared(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def watched(path: Path, algorithm: str) -> str:
        seen.append(files(store))
        return f"{algorithm}:{hashlib.md5(path.read_bytes()).hexdigest()}"

    monkeypatch.setattr("stages.segmentation.downloading.digest", watched)
    store.pull("u2netp")
    assert seen == [[".u2netp.onnx.tmp"]]


def test_without_a_network_one_line_says_so(tmp_path: Path, server: Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/u2netp.onnx"
        store = Store(tmp_path / "models", table_of(url))
        with pytest.raises(SourceError, match="u2netp.onnx cannot be reached; is there a network\\?$"):
            store.pull("u2netp")
    assert files(store) == []


def test_a_server_that_stalls_is_given_up(tmp_path: Path, server: Server) -> None:
    server.mode = "stall"
    with pytest.raises(SourceError, match=r"gave nothing for 0\.1 s|cannot be reached"):
        download(url_of(server), DIGEST, tmp_path / "a", timeout_s=0.1)


def test_a_full_disk_is_said_with_the_space_that_is_left(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        store = Store(folder, table_of(url_of(server)))
        with pytest.raises(WriteError, match="No space left on device; .* MiB are free in"):
            store.pull("u2netp")
        assert files(store) == []
    finally:
        subprocess.run(["umount", folder], check=True)


def test_an_unknown_model_is_refused_with_those_that_there_are(store: Store, server: Server) -> None:
    with pytest.raises(ConfigError, match="there is no model 'u3net' to be pulled; there is: u2netp"):
        store.pull("u3net")
    assert server.asked == 0


class Counting:
    """A bar that nobody sees."""

    total = 0

    def __init__(self) -> None:
        self.counted = 0
        self.closed = False

    def update(self, count: int) -> None:
        self.counted += count

    def reset(self) -> None:
        """pooch does so once all has come, and counts it again in one step."""
        self.counted = 0

    def close(self) -> None:
        self.closed = True


def test_progress_is_told_in_bytes_of_a_known_total(store: Store) -> None:
    bar = Counting()
    store.pull("u2netp", bar)
    assert (bar.total, bar.counted, bar.closed) == (len(CONTENT), len(CONTENT), True)

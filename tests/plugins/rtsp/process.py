"""The RTSP server as a process of its own, to be killed and started again on the same port and in the same lecture."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType

from rtsp.clips import Clip, Size, lecture_clip
from rtsp.truth import Truth

_PLUGINS = Path(__file__).parents[1]
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Film:
    """What is shown: the arguments of ``lecture_clip``, and the sound."""

    size: Size = (320, 180)
    fps: int | Fraction = 10
    seconds: float = 20.0
    seed: int = 0
    gop_s: float = 1.0
    codec: str = "h264"
    audio: str = ""
    more: Mapping[str, object] = field(default_factory=dict)

    def clip(self) -> Clip:
        return lecture_clip(self.size, self.fps, self.seconds, self.seed, self.gop_s, codec=self.codec, more=self.more)

    def options(self) -> list[str]:
        """The same for the command line."""
        made = ["--size", f"{self.size[0]}x{self.size[1]}", "--fps", str(self.fps), "--seconds", str(self.seconds)]
        made += ["--seed", str(self.seed), "--gop", str(self.gop_s), "--codec", self.codec]
        return [*made, "--more", json.dumps(dict(self.more)), *(["--audio", self.audio] if self.audio else [])]


class ServerProcess:
    """A running server. ``pid`` may be stopped and continued by whoever tests.

    ``zero_ns``: when the lecture began (CLOCK_MONOTONIC); None: when the server is there.
    """

    def __init__(self, film: Film | None = None, *, zero_ns: int | None = None, lifetime_s: float = 120.0) -> None:
        self.film = film or Film()
        self._lifetime_s = lifetime_s
        self._clip = self.film.clip()  # in the folder of made clips before the process needs it
        self.port, self._zero_ns = 0, zero_ns
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    @property
    def truth(self) -> Truth:
        assert self._zero_ns is not None
        return Truth(self._clip, self._zero_ns)

    def url(self, login: str = "") -> str:
        """``login``: "user:password"."""
        return f"rtsp://{login}{'@' if login else ''}127.0.0.1:{self.port}/live"

    def start(self) -> None:
        """Serve: the first time on any port and from now on, then on the same port, as if the lecture had gone on."""
        command = [sys.executable, "-m", "rtsp", *self.film.options(), "--lifetime", str(self._lifetime_s)]
        if self.port:
            command += ["--port", str(self.port)]
        if self._zero_ns is not None:
            command += ["--zero-ns", str(self._zero_ns)]
        path = os.pathsep.join(filter(None, (str(_PLUGINS), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )
        told = self._line()
        self.port, self._zero_ns = int(str(told["port"])), int(str(told["zero_ns"]))

    def say(self, order: str) -> Mapping[str, object]:
        """Give an order (see ``speech.obey``); the counts. Raises ValueError if it is none."""
        assert self._process is not None and self._process.stdin is not None, "it is not running"
        self._process.stdin.write(order.encode() + b"\n")
        self._process.stdin.flush()
        told = self._line()
        if "error" in told:
            raise ValueError(told["error"])
        return told

    def kill(self) -> None:
        """SIGKILL; the kernel ends the connections."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGKILL)
        with process:
            pass  # waits, and closes the pipes

    def _line(self) -> Mapping[str, object]:
        assert self._process is not None and self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _PATIENCE_S)
        line = self._process.stdout.readline() if readable else b""
        if not line:
            self.kill()
            raise TimeoutError("the server said nothing; its errors are above")
        told = json.loads(line)
        assert isinstance(told, dict)
        return told

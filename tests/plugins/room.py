"""A lecture hall for tests: the daemon as its users start it, watching a test server; what it says and what it wrote.

The configuration is configs/room.toml with other places and shorter times, so that the tests watch what people run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
SLIDETAP = Path(sys.executable).with_name("slidetap")
Told = Mapping[str, Any]


class Room:
    """One daemon in ``folder``, started and stopped as often as a test likes. Not for two at a time."""

    def __init__(
        self,
        folder: Path,
        uri: str,
        *,
        stages: Mapping[str, Mapping[str, object]] | None = None,
        lectures: Mapping[str, object] | None = None,
        limits: Mapping[str, float] | None = None,
        restart: Mapping[str, float] | None = None,
    ) -> None:
        self.folder, self.root = folder, folder / "lectures"
        self.socket = folder / "control.sock"
        self.config = folder / "room.toml"
        folder.mkdir(parents=True, exist_ok=True)
        given = {**(stages or {}), "decoder": {"uri": uri, **(stages or {}).get("decoder", {})}}
        self.config.write_text(_config(given, self.root, self.socket, lectures or {}, limits or {}, restart or {}))
        self.events: list[Told] = []
        self._arrived = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._reading: threading.Thread | None = None

    def __enter__(self) -> Room:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None, "it is not running"
        return self._process.pid

    def start(self) -> None:
        """Start the daemon; what it says is kept in ``events``, each with ``at_ns`` of CLOCK_MONOTONIC."""
        command: list[str | Path] = [SLIDETAP, "run", self.config, "--log", "json"]
        self._process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)
        self._reading = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reading.start()

    def wait_for(self, wanted: Callable[[Told], bool], patience_s: float = 20.0, *, since: int = 0) -> Told:
        """The first event from number ``since`` on that is ``wanted``. Raises TimeoutError with what came instead."""
        end = time.monotonic() + patience_s
        with self._arrived:
            while True:
                for told in self.events[since:]:
                    if wanted(told):
                        return told
                left = end - time.monotonic()
                if left <= 0 or (self._process is not None and self._process.poll() is not None):
                    last = "\n".join(json.dumps(told)[:300] for told in self.events[-12:])
                    raise TimeoutError(f"it did not come within {patience_s:g} s; the last it said:\n{last}")
                self._arrived.wait(min(left, 0.5))

    def stop(self, patience_s: float = 20.0) -> int:
        """SIGTERM, and wait for the end; the exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        code = process.wait(patience_s)
        self._gone()
        return code

    def kill(self) -> None:
        """SIGKILL the daemon, if it runs; the kernel ends its children."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._gone()

    def ask(self, *command: str) -> str:
        """What ``slidetap COMMAND`` answers. Raises CalledProcessError."""
        told = subprocess.run(
            [SLIDETAP, *command, str(self.config)], check=True, capture_output=True, text=True, timeout=20
        )
        return told.stdout

    def lectures(self) -> list[Path]:
        """The folders of its lectures, in order of time."""
        return sorted(path for path in self.root.iterdir() if path.is_dir()) if self.root.is_dir() else []

    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it is not running"
        return self._process

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            try:
                told: Told = json.loads(line)
            except ValueError:
                told = {"event": "text", "text": line.rstrip(), "stage": "", "level": "info"}
            with self._arrived:
                self.events.append({**told, "at_ns": time.monotonic_ns()})
                self._arrived.notify_all()

    def _gone(self) -> None:
        assert self._process is not None and self._reading is not None
        self._reading.join(10)
        if self._process.stderr is not None:
            self._process.stderr.close()
        self._process = None


def is_event(event: str, stage: str = "", **data: object) -> Callable[[Told], bool]:
    """A judge for ``wait_for``: an event of that name, of that stage, with these data."""

    def wanted(told: Told) -> bool:
        if told.get("event") != event or (stage and stage not in str(told.get("stage")).split("+")):
            return False
        found = told.get("data", {})
        return all(found.get(key) == value for key, value in data.items())

    return wanted


def run_folder() -> Path:
    """Where runs of this test keep sockets and pools."""
    return Path(os.environ["SLIDETAP_RUN_DIR"])


def _config(
    stages: Mapping[str, Mapping[str, object]],
    root: Path,
    socket: Path,
    lectures: Mapping[str, object],
    limits: Mapping[str, float],
    restart: Mapping[str, float],
) -> str:
    """configs/room.toml with these properties, places and times instead of its own."""
    document = tomllib.loads((ROOT / "configs" / "room.toml").read_text())
    for stage in document["stage"]:
        name = stage.get("name", stage["type"])
        stage["properties"] = {**stage.get("properties", {}), **stages.get(name, {})}
    document["service"] = {**document.get("service", {}), "socket": str(socket), "http": ""}
    document["lectures"] = {"begin": "auto", "folder": str(root), "free_floor_gib": 0, **lectures}
    document["limits"] = {**document.get("limits", {}), **limits}
    document["restart"] = {**document["restart"], **restart}
    return _toml(document)


def _toml(document: Mapping[str, Any]) -> str:
    """Tables of plain values and one list of tables: all that a config has."""
    lines: list[str] = []
    for name, table in document.items():
        for each in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {_value(value)}" for key, value in each.items()]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)

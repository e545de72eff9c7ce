"""The processes that bench_segmentation asks, each in its own venv: started, asked in turn, ended.

They answer in lines of JSON, see segmentation_contestants. A process that fails is a reason in the table, no end of
the benchmark.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

SERVER = Path(__file__).resolve().parent / "segmentation_contestants.py"


class NotRunError(Exception):
    """Why a contestant gives no figures, in one line."""


class Process:
    """A contestant that is ready. ``device`` and ``about`` are what it says of itself. Raises NotRunError."""

    def __init__(self, command: Sequence[str | Path], kind: str, job: Mapping[str, object]) -> None:
        whole = [*command, SERVER, kind, json.dumps(job, default=str)]
        try:
            self._process = subprocess.Popen(
                whole, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        except OSError as e:
            raise NotRunError(f"'{command[0]}' cannot be started: {e.strerror}") from e
        try:
            told = self._read()
        except NotRunError:
            self.close()
            raise
        self.device, self.about = str(told["device"]), str(told["about"])

    @property
    def pid(self) -> int:
        """To look up what it holds."""
        return self._process.pid

    def took(self, work: str, calls: int) -> list[int]:
        """Time in ns of each of ``calls`` calls."""
        ns = self._ask({"work": work, "calls": calls})["ns"]
        assert isinstance(ns, list)
        return [int(each) for each in ns]

    def save(self, to: Path) -> None:
        """Write its masks, a .npy file."""
        self._ask({"save": str(to)})

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended by itself
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, wanted: Mapping[str, object]) -> dict[str, object]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as e:
            raise NotRunError(f"it ended with exit code {self._process.wait()}") from e
        return self._read()

    def _read(self) -> dict[str, object]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotRunError(f"it ended with exit code {self._process.wait()}")
        told = json.loads(line)
        if "error" in told:
            raise NotRunError(str(told["error"]))
        assert isinstance(told, dict)
        return told


def gpu_memory(pid: int) -> int:
    """Bytes that a process holds on the GPU; 0 if that cannot be told."""
    return sum(
        int(memory) << 20
        for each, memory in _smi("--query-compute-apps=pid,used_memory")
        if each == str(pid) and memory.isdecimal()
    )


def gpu_name() -> str:
    """Of the first GPU; nothing where there is none."""
    found = _smi("--query-gpu=name,driver_version")
    return f"{found[0][0]}, driver {found[0][1]}" if found else ""


def _smi(query: str) -> list[tuple[str, str]]:
    command = ["nvidia-smi", query, "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    rows = [[each.strip() for each in line.split(",")] for line in told.splitlines()]
    return [(row[0], row[1]) for row in rows if len(row) == 2]
